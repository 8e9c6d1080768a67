"""The audit log's page, and its export."""

from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, current_app, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from portal.audit import log
from portal.models import now
from portal.staff.audit import export
from portal.staff.audit.forms import AuditForm, audit_form
from portal.staff.blueprint import blueprint
from portal.web import access, csv_export, htmx


@blueprint.get("/staff/audit/")
@access.staff_page()
def audit_log() -> ResponseReturnValue:
    """Who did what to which account, by day."""
    form = audit_form(request.args)
    if not form.validate():
        return htmx.page("staff/audit/index.html", "log", 422, form=form, page=None, **_addresses(form))
    page = log.page(_filter(form), _number("before"), _number("after"))
    context = {"form": form, "page": page, "names": log.names_of(page.entries), **_addresses(form)}
    response = htmx.page("staff/audit/index.html", "log", 200, **context)
    response.headers["HX-Push-Url"] = context["address"]
    return response


@blueprint.get("/staff/audit/export.csv")
@access.staff_page()
def audit_export() -> ResponseReturnValue:
    """The same as a file for a spreadsheet, however long it is."""
    form = audit_form(request.args)
    if not form.validate():
        abort(400)
    rows = export.exported(access.person_or_401(), _filter(form), _sentences())
    lines = csv_export.lines(export.COLUMNS, rows)
    response = Response(stream_with_context(lines), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="audit-{now():%Y-%m-%d}.csv"'
    return response


def _sentences() -> Any:
    """What puts an entry into words, as the page does."""
    words = current_app.jinja_env.get_template("customers/accounts/_history.html").module.words  # type: ignore[attr-defined]
    return lambda entry: " ".join(words(entry).striptags().split())


def _filter(form: AuditForm) -> log.Filter:
    return form.filter(access.person_or_401().time_zone)


def _number(name: str) -> int:
    """An entry's number from the address; 0 for none and for what is no number."""
    return max(0, min(request.args.get(name, 0, int), log.HIGHEST))


def _addresses(form: AuditForm) -> dict[str, Any]:
    path = url_for("staff.audit_log")
    query = urlencode(form.arguments)
    return {"arguments": form.arguments, "address": f"{path}?{query}" if query else path}
