"""One way to answer htmx and plain requests alike: a page or one block of it, a redirect, an event."""

from typing import Any, cast
from urllib.parse import urlsplit

from flask import Response, current_app, make_response, render_template, request, url_for
from flask import redirect as flask_redirect
from jinja2_fragments.flask import render_block
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter


def is_htmx() -> bool:
    """Whether htmx sent this request."""
    return request.headers.get("HX-Request") == "true"


def is_fragment_request() -> bool:
    """Whether htmx wants a part of a page: not a restored or boosted whole one."""
    return is_htmx() and request.headers.get("HX-Request-Type") != "full"


def page(template: str, block: str | None = None, status: int = 200, **context: Any) -> Response:
    """The whole page, or for htmx only `block` of the same template.

    Args:
        template: its path below a room's `templates/`, such as `identity/login.html`.
        block: the block that htmx swaps; none for a page that is always whole.
        status: 422 for a refused form.
    """
    if block is not None and is_fragment_request():
        body = render_block(template, block, **context)
    else:
        body = render_template(template, **context)
    return vary(make_response(body, status))


def redirect(url: str) -> Response:
    """Go to `url`: by 303 for a plain request, by `HX-Redirect` for htmx."""
    if is_htmx():
        response = make_response("", 204)
        response.headers["HX-Redirect"] = url
        return vary(response)
    return make_response(flask_redirect(url, 303))


def next_address() -> str:
    """Where the visitor wanted to go before they had to log in: a path of ours and nothing else."""
    wanted = request.args.get("next", "")
    return wanted if _is_ours(wanted) else url_for("accounts.home")


def page_to_read() -> str:
    """The page that the visitor stands on, as a form of every page says; the front page if it has no address."""
    wanted = request.form.get("next", "")
    try:
        _adapter().match(urlsplit(wanted).path, "GET")
    except (HTTPException, ValueError):
        return url_for("accounts.front")
    return wanted if _is_ours(wanted) else url_for("accounts.front")


def _adapter() -> MapAdapter:
    return cast(MapAdapter, current_app.create_url_adapter(request))


def _is_ours(address: str) -> bool:
    # Browsers drop tabs and line ends and read a backslash as a slash: only plain printable paths pass.
    is_plain = address.isprintable() and "\\" not in address
    # Browsers take any number of slashes at the beginning for the two before a host.
    if not is_plain or not address.startswith("/") or address.startswith("//"):
        return False
    try:
        return not urlsplit(address).netloc
    except ValueError:
        return False


def trigger(response: Response, event: str) -> Response:
    """Let the page know that something changed, so that lists which listen for `event` refresh."""
    response.headers["HX-Trigger"] = event
    return response


def vary(response: Response) -> Response:
    """Keep a cache from handing a fragment to somebody who asked for the page."""
    response.headers.add("Vary", "HX-Request, HX-Request-Type")
    return response
