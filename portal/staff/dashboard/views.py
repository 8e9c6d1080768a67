"""The first page of the staff."""

from flask.typing import ResponseReturnValue

from portal.staff.blueprint import blueprint
from portal.staff.dashboard import overview
from portal.web import access, htmx


@blueprint.get("/staff/")
@access.staff_page()
def dashboard() -> ResponseReturnValue:
    """How the business goes, and what needs somebody."""
    zone = access.person_or_401().time_zone
    return htmx.page(
        "staff/dashboard/index.html",
        "overview",
        failures=overview.failures(),
        charts=overview.charts(zone),
        funnel=overview.funnel(),
        days=overview.DAYS,
    )
