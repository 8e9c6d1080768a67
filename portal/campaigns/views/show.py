"""One campaign: before its confirmation this leads to the page where it goes on."""

from uuid import UUID

from flask.typing import ResponseReturnValue

from portal.campaigns.blueprint import blueprint
from portal.campaigns.results import page
from portal.campaigns.views.common import ONE, address, campaign_or_404
from portal.campaigns.words import BEFORE
from portal.models import Account, CampaignState
from portal.web import access, htmx
from portal.web.access import SENDERS


@blueprint.get(ONE)
@access.account_page(*SENDERS)
def show(account: Account, campaign_id: UUID) -> ResponseReturnValue:
    """Where it stands."""
    campaign = campaign_or_404(account, campaign_id)
    if campaign.state in BEFORE:
        return htmx.redirect(address(campaign, "columns" if campaign.state == CampaignState.DRAFT else "check"))
    return page.show(account, campaign)
