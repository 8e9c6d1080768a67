"""All accounts' events, without what was in them."""

from flask import request, url_for
from flask.typing import ResponseReturnValue

from portal.events import reading
from portal.events.forms import state_words
from portal.staff.blueprint import blueprint
from portal.staff.events import log
from portal.staff.events.forms import event_form
from portal.web import access, listing


@blueprint.get("/staff/events/")
@access.staff_page()
def events() -> ResponseReturnValue:
    """What came for whom, and what became of it."""
    form = event_form(request.args)
    context = {**form.context(url_for("staff.events")), "state_words": state_words()}
    if not form.validate():
        return listing.refused("staff/events/index.html", context)
    wanted = form.filter(access.person_or_401().time_zone)
    page = log.page(wanted, listing.number("before"), listing.number("after"))
    accounts, channels = log.names(page.events)
    return listing.shown(
        "staff/events/index.html",
        {**context, "page": page, "accounts": accounts, "names": channels, "line": reading.line_for_staff},
    )
