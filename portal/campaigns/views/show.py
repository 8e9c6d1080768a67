"""One campaign: before its confirmation this leads to the page where it goes on."""

from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue

from portal.campaigns.blueprint import blueprint
from portal.campaigns.views.common import ONE, campaign_or_404
from portal.models import Account
from portal.web import access, htmx
from portal.web.access import SENDERS


@blueprint.get(ONE)
@access.account_page(*SENDERS)
def show(account: Account, campaign_id: UUID) -> ResponseReturnValue:
    """Where it stands."""
    campaign_or_404(account, campaign_id)
    return htmx.redirect(url_for("campaigns.index", account_id=account.id))
