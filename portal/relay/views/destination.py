"""One destination: its state, its secret, and what was forwarded to it."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue

from portal.errors import DomainError
from portal.events import also_shown
from portal.events.also_shown import Section
from portal.i18n import _
from portal.identity.forms import PasswordForm
from portal.models import Account, Delivery, Destination, DestinationState, Person, now
from portal.relay import conditions, coverage, destinations, fanout, log, replays, switching
from portal.relay.blueprint import blueprint
from portal.relay.forwarding import claiming
from portal.relay.views import common
from portal.relay.views.common import ONE, ROOT
from portal.web import access, htmx, listing
from portal.web.access import BUILDERS, LOOKERS
from portal.webhooks import also_listed
from portal.webhooks.also_listed import Part

DAY, WEEK = 24, 7 * 24


@also_listed.also
def rows(account: Account) -> Part:
    """The account's destinations, for the list of webhooks."""
    listed = destinations.of_account(account)
    facts = {"destinations": listed, "waiting": log.waiting(listed), "names": common.names(account)}

    def takers(trigger: str, channel: UUID | None) -> list[tuple[str, str]]:
        on = (row for row in listed if row.state != DestinationState.OFF)
        return [(row.name, common.address(account, row)) for row in on if fanout.takes(row, [trigger], channel)]

    may_add = access.may_enter("relay.create")
    new = url_for("relay.new", account_id=account.id) if may_add else ""
    return Part("relay/_rows.html", facts, len(listed), new, _("Add destination"), _warning(listed), takers)


def _warning(listed: Sequence[Destination]) -> str:
    failing = [row.name for row in listed if row.state == DestinationState.ON and (row.held_at or row.warned)]
    if not failing:
        return ""
    return _("These destinations don't accept events: %(names)s.", names=", ".join(failing))


@also_shown.also
def of_event(account: Account, event: Delivery) -> Section | None:
    """Where an event went, for its page."""
    entries = log.of_event(account, event.id or 0)
    facts = {"entries": entries, "message_id": claiming.message_id(event.id or 0)}
    return Section("relay/_event.html", facts) if entries else None


@blueprint.get(ONE)
@access.account_page(*LOOKERS, staff=True)
def show(account: Account, destination_id: UUID) -> ResponseReturnValue:
    """All about one destination but its secret; to the page that asks itself, how far events are."""
    row = common.destination_or_404(account, destination_id)
    if htmx.is_fragment_request():
        facts: dict[str, Any] = {"account": account, "destination": row, "replays": replays.of_destination(row)}
        return htmx.page("relay/destination.html", "progress", **facts)
    return page(account, row)


@blueprint.post(f"{ONE}/state")
@access.account_page(*BUILDERS)
def set_state(account: Account, destination_id: UUID) -> ResponseReturnValue:
    """Pause it, resume it, or switch it off or on."""
    row = common.destination_or_404(account, destination_id)
    change: Callable[[Person, Account, Destination], None]
    if "pause" in request.form:
        change, said = destinations.pause, _("Paused. We keep its events until you resume it.")
    elif "off" in request.form:
        change, said = destinations.switch_off, _("Switched off. It gets no more events.")
    else:
        change, said = destinations.resume, _("It gets events again.")
    change(access.person_or_401(), account, row)
    flash(said)
    return htmx.redirect(common.address(account, row))


@blueprint.post(f"{ROOT}replay/<int:forward_id>")
@access.account_page(*BUILDERS)
def replay(account: Account, forward_id: int) -> ResponseReturnValue:
    """Send one event to its destination again."""
    try:
        row = log.replay(access.person_or_401(), account, forward_id)
    except DomainError as error:
        flash(error.message, "danger")
        return htmx.redirect(url_for("webhooks.index", account_id=account.id))
    flash(_("The event will be sent to “%(name)s” again in a moment.", name=row.name))
    return htmx.redirect(common.address(account, row))


def page(
    account: Account, row: Destination, form: PasswordForm | None = None, status: int = 200
) -> ResponseReturnValue:
    before = listing.number("before") or None
    entries = log.latest(row, before)
    is_week = request.args.get("range") == "week"
    hours = WEEK if is_week else DAY
    tallies = log.tallies(row, hours)
    context: dict[str, Any] = {
        "account": account,
        "destination": row,
        "form": form or PasswordForm(formdata=None),
        "names": common.names(account),
        "gaps": [gap for gap in coverage.gaps(account, row) if gap.holder is None],
        "conflicts": switching.conflicts(account, row),
        "took_over": [
            webhook_id for webhook_id, each in switching.destinations_of(account).items() if each.id == row.id
        ],
        "conditions": conditions.of(row),
        "lacks_gateway": coverage.lacks_gateway(account, row),
        "entries": entries,
        "older": entries[-1].forward.id if len(entries) == log.PAGE else None,
        "is_first": before is None,
        "tallies": tallies,
        "charts": log.charts(tallies, hours),
        "average": log.average,
        "replays": replays.of_destination(row),
        "is_week": is_week,
        "waiting": log.waiting([row]).get(row.id, 0),
        "message_id": claiming.message_id,
        "is_rolling": row.previous_until is not None and row.previous_until > now(),
    }
    return htmx.page("relay/destination.html", None, status, **context)
