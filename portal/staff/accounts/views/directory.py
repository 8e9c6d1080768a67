"""The staff's list of accounts, its export, and the mirror behind it."""

from typing import Any
from uuid import UUID

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from portal.i18n import _
from portal.mirror import account_sync, directory, runs
from portal.staff.accounts import export
from portal.staff.accounts.forms.filter import AccountFilter, account_filter
from portal.staff.accounts.views import account_page
from portal.staff.accounts.views.account_page import HELPERS
from portal.staff.blueprint import blueprint
from portal.web import access, htmx, listing


@blueprint.get("/staff/accounts/")
@access.staff_page()
def accounts() -> ResponseReturnValue:
    """Find an account: by words, by what it lacks, in the order that is wanted."""
    form = account_filter(request.args)
    if not form.validate():
        return htmx.page("staff/accounts/index.html", "accounts", 422, page=None, **_context(form))
    context = {"page": _page(form), **_context(form)}
    response = htmx.page("staff/accounts/index.html", "accounts", 200, **context)
    if not request.args.keys() & {"after", "before"}:  # looking further is no step back for the browser
        response.headers["HX-Push-Url"] = context["address"]
    return response


@blueprint.get("/staff/accounts/accounts.csv")
@access.staff_page()
def accounts_export() -> ResponseReturnValue:
    """The same as a file for a spreadsheet, however long it is."""
    form = account_filter(request.args)
    if not form.validate():
        abort(400)
    rows = export.exported(access.person_or_401(), form.filter(), form.order)
    return listing.export("accounts", export.COLUMNS, rows)


@blueprint.get("/staff/accounts/mirror")
@access.staff_page()
def mirror() -> ResponseReturnValue:
    """How far the reading of everything at Connexease has come; the list asks while it goes on."""
    form = account_filter(request.args)
    if not htmx.is_fragment_request():
        return htmx.redirect(_context(form)["address"])
    return htmx.page("staff/accounts/_mirror.html", None, 200, asked_again=True, **_context(form))


@blueprint.post("/staff/accounts/refresh")
@access.staff_page(*HELPERS)
def refresh() -> ResponseReturnValue:
    """Read everything at Connexease now."""
    form = account_filter(request.args)
    runs.begin(access.person_or_401())
    if htmx.is_fragment_request():
        return htmx.page("staff/accounts/_mirror.html", None, 200, **_context(form))
    flash(_("A refresh of all accounts has started."))
    return htmx.redirect(_context(form)["address"])


@blueprint.get("/staff/accounts/<uuid:uuid>")
@access.staff_page()
def account(uuid: UUID) -> ResponseReturnValue:
    """Everything about one account, by its UUID of ours or of Connexease's."""
    row = directory.find(uuid)
    if row is None:
        abort(404)
    return account_page.show(row)


@blueprint.post("/staff/accounts/<uuid:uuid>/refresh")
@access.staff_page(*HELPERS)
def refresh_account(uuid: UUID) -> ResponseReturnValue:
    """Read one account at Connexease now; what could not be read its page says itself."""
    row = directory.find(uuid)
    if row is None or not row.is_there:
        abort(404)
    if account_sync.read_now(row):
        flash(_("The account was refreshed from Connexease."))
    return htmx.redirect(url_for("staff.account", uuid=uuid))


def _page(form: AccountFilter) -> directory.Page:
    wanted, order = form.filter(), form.order
    if place := directory.position(request.args.get("after", ""), order):
        return directory.page_after(wanted, order, place)
    if place := directory.position(request.args.get("before", ""), order):
        return directory.page_before(wanted, order, place)
    return directory.first_page(wanted, order)


def _context(form: AccountFilter) -> dict[str, Any]:
    return {**form.context(url_for("staff.accounts")), "run": runs.newest(), "state_of": export.state_of}
