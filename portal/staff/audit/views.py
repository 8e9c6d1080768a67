"""The audit log's page, and its export."""

from typing import Any

from flask import abort, current_app, request, url_for
from flask.typing import ResponseReturnValue

from portal.audit import log
from portal.staff.audit import export
from portal.staff.audit.forms import AuditForm, audit_form
from portal.staff.blueprint import blueprint
from portal.web import access, listing


@blueprint.get("/staff/audit/")
@access.staff_page()
def audit_log() -> ResponseReturnValue:
    """Who did what to which account, by day."""
    form = audit_form(request.args)
    context = form.context(url_for("staff.audit_log"))
    if not form.validate():
        return listing.refused("staff/audit/index.html", context)
    page = log.page(_filter(form), listing.number("before"), listing.number("after"))
    return listing.shown("staff/audit/index.html", {**context, "page": page, "names": log.names_of(page.rows)})


@blueprint.get("/staff/audit/export.csv")
@access.staff_page()
def audit_export() -> ResponseReturnValue:
    """The same as a file for a spreadsheet, however long it is."""
    form = audit_form(request.args)
    if not form.validate():
        abort(400)
    rows = export.exported(access.person_or_401(), _filter(form), _sentences())
    return listing.export("audit", export.COLUMNS, rows)


def _sentences() -> Any:
    """What puts an entry into words, as the page does."""
    words = current_app.jinja_env.get_template("customers/accounts/_history.html").module.words  # type: ignore[attr-defined]
    return lambda entry: " ".join(words(entry).striptags().split())


def _filter(form: AuditForm) -> log.Filter:
    return form.filter(access.person_or_401().time_zone)
