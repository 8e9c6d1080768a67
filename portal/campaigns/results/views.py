"""The page of a campaign that was confirmed: how it stands, its rows, its file, and what may be done with it."""

import secrets
from uuid import UUID

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from portal.campaigns import query
from portal.campaigns.blueprint import blueprint
from portal.campaigns.results import again as sending_again
from portal.campaigns.results import overview, rows, words
from portal.campaigns.sending import control
from portal.campaigns.words import BEFORE
from portal.errors import DomainError
from portal.models import Account, Campaign, CampaignState, RowState
from portal.web import access, htmx, listing
from portal.web.access import SENDERS

ONE = "/accounts/<uuid:account_id>/campaigns/<uuid:campaign_id>/"
_BY_PEOPLE = {"pause": control.pause, "resume": control.resume, "stop": control.stop}


@blueprint.get(f"{ONE}rows")
@access.account_page(*SENDERS)
def campaign_rows(account: Account, campaign_id: UUID) -> ResponseReturnValue:
    """The rows in a state."""
    campaign = _confirmed_or_404(account, campaign_id)
    state = next((state for state in overview.SHOWN if state == request.args.get("state")), RowState.FAILED)
    found = rows.page(campaign, state, listing.number("before"), listing.number("after"))
    return htmx.page(
        "campaigns/results/rows.html",
        account=account,
        campaign=campaign,
        state=state,
        state_word=words.STATE_WORDS[state],
        page=found,
        lines=[rows.Line(row) for row in found.rows],
    )


@blueprint.get(f"{ONE}results.csv")
@access.account_page(*SENDERS)
def export_results(account: Account, campaign_id: UUID) -> ResponseReturnValue:
    """What became of every row, as a file."""
    campaign = _confirmed_or_404(account, campaign_id)
    return listing.download("campaign", rows.export(access.person_or_401(), account, campaign))


@blueprint.post(f"{ONE}state")
@access.account_page(*SENDERS)
def set_state(account: Account, campaign_id: UUID) -> ResponseReturnValue:
    """Pause it, resume it, or stop it for good."""
    campaign = _confirmed_or_404(account, campaign_id)
    do = _BY_PEOPLE.get(request.form.get("do", ""))
    if do is None:
        abort(400)
    try:
        do(access.person_or_401(), account, campaign.id)
    except DomainError as error:
        flash(error.message, "danger")
    return htmx.redirect(_address(campaign.id, account))


@blueprint.get(f"{ONE}stop")
@access.account_page(*SENDERS)
def ask_to_stop(account: Account, campaign_id: UUID) -> ResponseReturnValue:
    """What stopping means, before it is done."""
    campaign = _confirmed_or_404(account, campaign_id)
    if campaign.state not in (CampaignState.RUNNING, CampaignState.PAUSED):
        return htmx.redirect(_address(campaign.id, account))
    facts = overview.of(campaign)
    return htmx.page(
        "campaigns/results/stop.html", account=account, campaign=campaign, left=facts.total - facts.done
    )


@blueprint.post(f"{ONE}again")
@access.account_page(*SENDERS)
def send_again(account: Account, campaign_id: UUID) -> ResponseReturnValue:
    """A new campaign with those that failed for a reason that passes."""
    campaign = _confirmed_or_404(account, campaign_id)
    intent = request.form.get("intent", "")[:64] or secrets.token_hex(16)
    try:
        made = sending_again.prepare(access.person_or_401(), account, campaign, intent)
    except DomainError as error:
        flash(error.message, "danger")
        return htmx.redirect(_address(campaign.id, account))
    return htmx.redirect(_address(made, account))


def _address(campaign_id: UUID, account: Account) -> str:
    return url_for("campaigns.show", account_id=account.id, campaign_id=campaign_id)


def _confirmed_or_404(account: Account, campaign_id: UUID) -> Campaign:
    campaign = query.find(account, campaign_id)
    if campaign is None or campaign.state in BEFORE:
        abort(404)
    return campaign
