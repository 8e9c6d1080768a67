"""One destination: its state, its secret, and what was forwarded to it."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from flask import flash, make_response, request, url_for
from flask.typing import ResponseReturnValue

from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.events import also_shown
from portal.events.also_shown import Section
from portal.i18n import _
from portal.identity import browser_login
from portal.identity.forms import PasswordForm
from portal.identity.step_up import confirm
from portal.models import Account, Delivery, Destination, DestinationState, Person, now
from portal.relay import coverage, destinations, log, replays
from portal.relay.blueprint import blueprint
from portal.relay.forwarding import claiming
from portal.relay.views import common
from portal.relay.views.common import ONE, ROOT
from portal.web import access, htmx, listing, rate_limits
from portal.web.access import BUILDERS, LOOKERS
from portal.web.rate_limits import Limit
from portal.webhooks import also_listed
from portal.webhooks.also_listed import Part

SHOWN_FOR = 60
"""Seconds that a revealed secret stays on the screen."""
DAY, WEEK = 24, 7 * 24


@also_listed.also
def rows(account: Account) -> Part:
    """The account's destinations, for the list of webhooks."""
    listed = destinations.of_account(account)
    facts = {"destinations": listed, "waiting": log.waiting(listed), "names": common.names(account)}
    may_add = access.may_enter("relay.create")
    new = url_for("relay.new", account_id=account.id) if may_add else ""
    return Part("relay/_rows.html", facts, len(listed), new, _("Add destination"), _warning(listed))


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
    """All about one destination, but its secret."""
    return _page(account, common.destination_or_404(account, destination_id))


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


@blueprint.post(f"{ONE}/reveal")
@access.account_page(*BUILDERS)
def reveal(account: Account, destination_id: UUID) -> ResponseReturnValue:
    """Let somebody see its secret, after they typed the password."""
    return _after_password(account, destination_id, lambda _person, _row: None)


@blueprint.post(f"{ONE}/roll")
@access.account_page(*BUILDERS)
def roll(account: Account, destination_id: UUID) -> ResponseReturnValue:
    """Give it a new secret, after the password was typed; the next page shows it."""
    return _after_password(account, destination_id, lambda person, row: destinations.roll(person, account, row))


@blueprint.get(f"{ONE}/secret")
@access.account_page(*BUILDERS)
def revealed(account: Account, destination_id: UUID) -> ResponseReturnValue:
    """The secret, for a minute; only right after it was made or the password was typed."""
    row = common.destination_or_404(account, destination_id)
    if request.method == "HEAD":
        return make_response("")
    if not browser_login.use_grant(row.id):
        return htmx.redirect(common.address(account, row))
    with unit_of_work():
        secret = destinations.reveal(access.person_or_401(), account, row)
    page = htmx.page("relay/secret.html", account=account, destination=row, secret=secret.get_secret_value())
    page.headers["Cache-Control"] = "no-store"
    page.headers["Refresh"] = f"{SHOWN_FOR}; url={common.address(account, row)}"
    return page


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


def _after_password(
    account: Account, destination_id: UUID, change: Callable[[Person, Destination], None]
) -> ResponseReturnValue:
    row, form = common.destination_or_404(account, destination_id), PasswordForm()
    try:
        if form.validate():
            confirm(form)
            rate_limits.take_for_account(Limit.REVEALS, account.id)
            change(access.person_or_401(), row)
            browser_login.grant(row.id)
            return htmx.redirect(url_for("relay.revealed", account_id=account.id, destination_id=row.id))
    except DomainError as error:
        form.show_refusal(error)
    return _page(account, row, form, 422)


def _page(
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
        "gaps": coverage.gaps(account, row),
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
