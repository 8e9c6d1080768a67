"""The first page of the staff."""

from flask.typing import ResponseReturnValue

from portal.staff import blueprint
from portal.staff import dashboard as service
from portal.web import access, htmx


@blueprint.get("/staff/")
@access.staff_page()
def dashboard() -> ResponseReturnValue:
    """How the business goes, and what needs somebody."""
    zone = access.person_or_401().time_zone
    return htmx.page(
        "staff/dashboard.html",
        "overview",
        failures=service.failures(),
        charts=service.charts(zone),
        funnel=service.funnel(),
        days=service.DAYS,
    )
