"""The form of a destination: a new one, and a changed one."""

from collections.abc import Sequence
from uuid import UUID

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue

from portal.channels import snapshot
from portal.errors import DomainError
from portal.i18n import _
from portal.identity import browser_login
from portal.messages.reports import parsing
from portal.models import Account, Destination, Person
from portal.relay import conditions, coverage, destinations, preview, switching
from portal.relay.blueprint import blueprint
from portal.relay.forms.destination import DestinationForm, meanings
from portal.relay.views import common
from portal.relay.views.common import ONE, ROOT
from portal.relay.views.switching import say_switched
from portal.web import access, htmx
from portal.web.access import BUILDERS
from portal.webhooks.header_fields import BLANK_ROWS
from portal.webhooks.rules import callback_addresses
from portal.webhooks.rules.headers import SECRET_NAMES


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
        if (shown := _shown_only(account, form, None)) is not None:
            return shown
        if form.validate():
            if (asked := _asked(account, form, None)) is not None:
                return asked
            person = access.person_or_401()
            row = destinations.create(person, account, form.wish(), form.intent.data or "")
            _have_delivered(person, account, row)
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
        if (shown := _shown_only(account, form, row)) is not None:
            return shown
        if form.validate():
            if (asked := _asked(account, form, row)) is not None:
                return asked
            person = access.person_or_401()
            destinations.change(person, account, row, form.wish())
            _have_delivered(person, account, row)
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
    common.say(outcome)
    if not outcome.refusals and not outcome.unknown:
        flash(_("The portal now receives these events, as far as your own webhooks leave them to it."))
    return htmx.redirect(common.address(account, row))


def _asked(account: Account, form: DestinationForm, row: Destination | None) -> ResponseReturnValue | None:
    """The form again, where somebody must say first what is to become of their own webhooks."""
    if "switch" in request.form or "leave" in request.form:
        return None
    found = switching.conflicts(account, form.wish())
    return _page(account, form, row, 422, conflicts=found) if found else None


def _have_delivered(person: Person, account: Account, row: Destination) -> None:
    """Have what a destination takes delivered to the portal, by switching webhooks over where that was chosen."""
    for conflict in switching.conflicts(account, row) if "switch" in request.form else ():
        try:
            heir = switching.switch(person, account, conflict.webhook.row)
            say_switched(conflict.webhook.row, heir)
        except DomainError as error:
            flash(error.message, "danger")
    common.say(coverage.close(person, account, row))


def _shown_only(account: Account, form: DestinationForm, row: Destination | None) -> ResponseReturnValue | None:
    """The form again, where somebody asked for more room or a preview and not for it to be saved."""
    if "more" in request.form:
        form.add_blank_headers(BLANK_ROWS * 2)
        return _page(account, form, row, more="headers")
    if "more_conditions" in request.form:
        form.add_blank_conditions(2)
        return _page(account, form, row, more="conditions")
    if "preview" in request.form and form.validate():
        return _page(account, form, row, seen=preview.preview(account, form.wish()))
    return _page(account, form, row, 422) if "preview" in request.form else None


def _form(account: Account, row: Destination | None) -> DestinationForm:
    form = DestinationForm()
    form.prepare(snapshot.channels_of(account), row)
    return form


def _page(
    account: Account,
    form: DestinationForm,
    row: Destination | None,
    status: int = 200,
    *,
    more: str = "",
    seen: preview.Preview | None = None,
    conflicts: Sequence[switching.Conflict] = (),
) -> ResponseReturnValue:
    form.add_blank_headers()
    form.add_blank_conditions()
    context = {
        "more": more,
        "more_from": form.first_blank_header if more == "headers" else None,
        "secret_names": SECRET_NAMES,
        "preview": seen,
        "conflicts": conflicts,
        "most_conditions": conditions.MOST,
        "account": account,
        "form": form,
        "destination": row,
        "meanings": meanings(),
        "gateway_kinds": parsing.KINDS,
    }
    return htmx.page("relay/form.html", "form", status, **context)
