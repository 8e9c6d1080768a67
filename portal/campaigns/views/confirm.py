"""The last step: when and how fast, what it may cost, and the one button that lets it go out."""

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from portal.campaigns import confirming, duration, tallies
from portal.campaigns.blueprint import blueprint
from portal.campaigns.checking import preflight
from portal.campaigns.forms.confirming import ConfirmForm
from portal.campaigns.prices import estimate
from portal.campaigns.views.common import ONE, address, campaign_or_404, draft_or_404
from portal.campaigns.words import BEFORE
from portal.db.engine import only_reads
from portal.errors import DomainError
from portal.models import Account, Campaign, CampaignState, RowState
from portal.web import access, htmx
from portal.web.access import SENDERS
from portal.web.forms import text


@blueprint.get(f"{ONE}confirm")
@access.account_page(*SENDERS)
def confirm(account: Account, campaign_id: UUID) -> ResponseReturnValue:
    """Everything about a campaign before it goes out."""
    campaign, form = draft_or_404(account, campaign_id), ConfirmForm()
    if campaign.state != CampaignState.CHECKED:
        return htmx.redirect(address(campaign, "check"))
    form.show(campaign)
    return _page(account, campaign, form)


@blueprint.post(f"{ONE}confirm")
@access.account_page(*SENDERS)
def send(account: Account, campaign_id: UUID) -> ResponseReturnValue:
    """Let it go out; once, however often this is pressed."""
    campaign, form = campaign_or_404(account, campaign_id), ConfirmForm()
    if campaign.state not in BEFORE:
        return htmx.redirect(address(campaign))
    try:
        if form.validate():
            number = int(text(form.people)) if text(form.people).isdigit() else None
            wishes, seen = form.wishes(account.time_zone), text(form.seen)
            confirming.confirm(access.person_or_401(), account, campaign_id, wishes, seen=seen, number=number)
            return htmx.redirect(address(campaign))
    except DomainError as error:
        form.show_refusal(error)
    return _page(account, campaign, form, 422)


@blueprint.post(f"{ONE}forecast")
@access.account_page(*SENDERS)
@only_reads
def look_ahead(account: Account, campaign_id: UUID) -> ResponseReturnValue:
    """What the choices mean, while they are made."""
    campaign, form = draft_or_404(account, campaign_id), ConfirmForm()
    form.validate()
    return htmx.page("campaigns/confirm.html", "forecast", **_context(account, campaign, form))


def _page(account: Account, campaign: Campaign, form: ConfirmForm, status: int = 200) -> ResponseReturnValue:
    return htmx.page("campaigns/confirm.html", "confirm", status, **_context(account, campaign, form))


def _context(account: Account, campaign: Campaign, form: ConfirmForm) -> dict[str, Any]:
    wishes = form.wishes(account.time_zone)
    people = confirming.people(campaign, with_recent=wishes.with_recent)
    if not form.seen.data:
        form.seen.data = confirming.mark(campaign)
    form.people.data = str(people)
    return {
        "account": account,
        "campaign": campaign,
        "form": form,
        "people": people,
        "recent": tallies.of(campaign.id).get(RowState.RECENT, 0),
        "forecast": duration.of(campaign, people, wishes, account.time_zone),
        "cost": estimate.of(campaign, with_recent=wishes.with_recent),
        "first": preflight.first_messages(campaign)[:1],
    }
