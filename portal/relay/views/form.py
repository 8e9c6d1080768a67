"""The form of a destination: a new one, and a changed one."""

from uuid import UUID

from flask import flash, url_for
from flask.typing import ResponseReturnValue

from portal.channels import snapshot
from portal.errors import DomainError
from portal.events.watches import Outcome
from portal.i18n import _
from portal.identity import browser_login
from portal.messages.reports import parsing
from portal.models import Account, Destination
from portal.relay import coverage, destinations
from portal.relay.blueprint import blueprint
from portal.relay.forms import DestinationForm, meanings
from portal.relay.views import common
from portal.relay.views.common import ONE, ROOT
from portal.web import access, htmx
from portal.web.access import BUILDERS
from portal.webhooks.rules import callback_addresses


@blueprint.get(f"{ROOT}new")
@access.account_page(*BUILDERS, set_up=True)
def new(account: Account) -> ResponseReturnValue:
    """An empty form."""
    return _page(account, _form(account, None), None)


@blueprint.post(f"{ROOT}new")
@access.account_page(*BUILDERS, set_up=True)
def create(account: Account) -> ResponseReturnValue:
    """Make a destination; the next page shows its secret."""
    form = _form(account, None)
    try:
        if form.validate():
            person = access.person_or_401()
            row = destinations.create(person, account, form.wish(), form.intent.data or "")
            say(coverage.close(person, account, row))
            browser_login.grant(row.id)
            return htmx.redirect(url_for("relay.revealed", account_id=account.id, destination_id=row.id))
    except DomainError as error:
        form.show_refusal(error)
    return _page(account, form, None, 422)


@blueprint.get(f"{ONE}/edit")
@access.account_page(*BUILDERS)
def edit(account: Account, destination_id: UUID) -> ResponseReturnValue:
    """The form, filled with what the destination is now."""
    row = common.destination_or_404(account, destination_id)
    form = _form(account, row)
    form.fill(row)
    return _page(account, form, row)


@blueprint.post(f"{ONE}/edit")
@access.account_page(*BUILDERS)
def change(account: Account, destination_id: UUID) -> ResponseReturnValue:
    """Change a destination."""
    row = common.destination_or_404(account, destination_id)
    form = _form(account, row)
    try:
        if form.validate():
            person = access.person_or_401()
            destinations.change(person, account, row, form.wish())
            say(coverage.close(person, account, row))
            flash(_("Destination saved."))
            if doubt := callback_addresses.doubt_by_itself(row.url):
                flash(doubt, "warning")
            return htmx.redirect(common.address(account, row))
    except DomainError as error:
        form.show_refusal(error)
    return _page(account, form, row, 422)


@blueprint.post(f"{ONE}/watch")
@access.account_page(*BUILDERS)
def watch(account: Account, destination_id: UUID) -> ResponseReturnValue:
    """Have everything that it takes delivered to the portal."""
    row = common.destination_or_404(account, destination_id)
    outcome = coverage.close(access.person_or_401(), account, row)
    say(outcome)
    if not outcome.refusals and not outcome.unknown:
        flash(_("The portal now receives these events, as far as your own webhooks leave them to it."))
    return htmx.redirect(common.address(account, row))


def say(outcome: Outcome) -> None:
    """What could not be arranged; the page of the destination shows what is missing."""
    for refusal in outcome.refusals:
        flash(
            _(
                "Some events don't reach the portal yet (%(place)s): %(reason)s",
                place=refusal.place.label,
                reason=refusal.message,
            ),
            "warning",
        )
    if outcome.unknown:
        flash(_("%(Vendor)s hasn't confirmed yet that it delivers these events. We're checking."), "warning")


def _form(account: Account, row: Destination | None) -> DestinationForm:
    form = DestinationForm()
    form.prepare(snapshot.channels_of(account), row)
    return form


def _page(
    account: Account, form: DestinationForm, row: Destination | None, status: int = 200
) -> ResponseReturnValue:
    context = {
        "account": account,
        "form": form,
        "destination": row,
        "meanings": meanings(),
        "gateway_kinds": parsing.KINDS,
    }
    return htmx.page("relay/form.html", "form", status, **context)
