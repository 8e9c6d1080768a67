"""The check: how far it is, what it found, and the wrong rows as a file."""

from uuid import UUID

from flask import flash
from flask.typing import ResponseReturnValue

from portal.campaigns import drafting, tallies
from portal.campaigns.blueprint import blueprint
from portal.campaigns.checking import preflight
from portal.campaigns.checking.problems import word
from portal.campaigns.prices import estimate
from portal.campaigns.views.common import ONE, address, draft_or_404
from portal.errors import DomainError
from portal.models import Account, CampaignState, RowState
from portal.web import access, htmx, listing
from portal.web.access import SENDERS


@blueprint.get(f"{ONE}check")
@access.account_page(*SENDERS)
def check(account: Account, campaign_id: UUID) -> ResponseReturnValue:
    """What the check has found by now."""
    campaign = draft_or_404(account, campaign_id)
    if campaign.state == CampaignState.DRAFT:
        if campaign.problem:
            flash(campaign.problem, "warning")
        return htmx.redirect(address(campaign, "columns"))
    is_done = campaign.state == CampaignState.CHECKED
    before, after = listing.number("before"), listing.number("after")
    return htmx.page(
        "campaigns/check.html",
        "check",
        account=account,
        campaign=campaign,
        is_done=is_done,
        counts=tallies.of(campaign.id),
        states=RowState,
        share=preflight.share_done(campaign),
        first=preflight.first_messages(campaign) if is_done else [],
        wrong=preflight.wrong_rows(campaign, before, after) if is_done else None,
        cost=estimate.of(campaign, with_recent=False) if is_done else None,
        word=word,
    )


@blueprint.post(f"{ONE}check")
@access.account_page(*SENDERS)
def check_again(account: Account, campaign_id: UUID) -> ResponseReturnValue:
    """Look at every row once more."""
    campaign = draft_or_404(account, campaign_id)
    try:
        drafting.check_again(account, campaign_id)
    except DomainError as error:
        flash(error.message, "warning")
    return htmx.redirect(address(campaign, "check"))


@blueprint.get(f"{ONE}wrong.csv")
@access.account_page(*SENDERS)
def wrong_file(account: Account, campaign_id: UUID) -> ResponseReturnValue:
    """The wrong rows, to be corrected."""
    campaign = draft_or_404(account, campaign_id)
    return listing.download("wrong-rows", preflight.export(access.person_or_401(), account, campaign))
