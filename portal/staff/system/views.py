"""How the portal itself is, and what a monitoring system reads."""

import secrets

from flask import Response, abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from portal.extensions import settings
from portal.i18n import _n
from portal.models import StaffRole
from portal.operations import doctor
from portal.operations import metrics as gauges
from portal.staff.blueprint import blueprint
from portal.staff.system import failed_mail
from portal.web import access, htmx


@blueprint.get("/staff/system/")
@access.staff_page()
def system() -> ResponseReturnValue:
    """What this machine knows at once; what others are asked for follows by itself, or on a click."""
    asked = "outside" in request.args
    return htmx.page(
        "staff/system/index.html",
        findings=doctor.quick_checks(),
        outside=doctor.slow_checks() if asked else None,
        failed_mails=failed_mail.failed_mails(),
        settings_shown=doctor.shown_settings(),
    )


@blueprint.get("/staff/system/outside")
@access.staff_page()
def system_outside() -> ResponseReturnValue:
    """The slow part alone."""
    if not htmx.is_fragment_request():
        return htmx.redirect(url_for("staff.system", outside=1))
    return htmx.page("staff/system/index.html", "outside", outside=doctor.slow_checks())


@blueprint.post("/staff/system/mails")
@access.staff_page(StaffRole.ADMIN, StaffRole.SUPPORT)
def send_mails_again() -> ResponseReturnValue:
    """Try once more to send what nobody took."""
    count = failed_mail.send_mails_again(access.person_or_401())
    flash(_n("We're sending %(num)d email again.", "We're sending %(num)d emails again.", count))
    return htmx.redirect(url_for("staff.system"))


@blueprint.get("/metrics")
@access.machine
def metrics() -> ResponseReturnValue:
    """For a monitoring system that knows the token; for everybody else there is no such page."""
    token = settings().metrics_token
    if token is None:
        abort(404)
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not secrets.compare_digest(shown.encode(), token.get_secret_value().encode()):
        return Response("wrong token\n", 401, {"WWW-Authenticate": "Bearer"}, mimetype="text/plain")
    return Response(gauges.exposition(), content_type=gauges.CONTENT_TYPE, headers={"Cache-Control": "no-store"})
