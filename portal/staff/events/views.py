"""All accounts' events, without what was in them."""

from typing import Any
from urllib.parse import urlencode

from flask import request, url_for
from flask.typing import ResponseReturnValue

from portal.events.forms import STATE_WORDS
from portal.events.log import HIGHEST
from portal.staff.blueprint import blueprint
from portal.staff.events import log
from portal.staff.events.forms import event_form
from portal.web import access, htmx


@blueprint.get("/staff/events/")
@access.staff_page()
def events() -> ResponseReturnValue:
    """What came for whom, and what became of it."""
    form, path = event_form(request.args), url_for("staff.events")
    arguments = form.arguments
    context: dict[str, Any] = {"form": form, "arguments": arguments, "state_words": STATE_WORDS}
    if not form.validate():
        return htmx.page("staff/events/index.html", "log", 422, page=None, **context)
    wanted = form.filter(access.person_or_401().time_zone)
    page = log.page(wanted, _number("before"), _number("after"))
    accounts, channels = log.names(page.events)
    context |= {"page": page, "accounts": accounts, "names": channels}
    response = htmx.page("staff/events/index.html", "log", 200, **context)
    response.headers["HX-Push-Url"] = f"{path}?{urlencode(arguments)}" if arguments else path
    return response


def _number(name: str) -> int:
    """An event's number from the address; 0 for none and for what is no number."""
    return max(0, min(request.args.get(name, 0, int), HIGHEST))
