"""How every error is answered: with a page, or with a fragment where htmx asked for one."""

import logging
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, make_response, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, Unauthorized

from portal.i18n import _, _l
from portal.web import access, htmx

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Answer every error with a page, or with a fragment where htmx asked for one."""
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(Unauthorized, _log_in_first)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


_SENTENCES = {
    400: (_l("We couldn't read that request"), _l("Go back, reload the page and try again.")),
    403: (_l("You can't do this"), _l("Your role doesn't allow it.")),
    404: (
        _l("Page not found"),
        _l("Check the address. You may also need to log in with a login that has access."),
    ),
    405: (
        _l("This doesn't work here"),
        _l("This address doesn't accept this kind of request. Go back and try again."),
    ),
    413: (_l("That was too big"), _l("Send less at a time and try again.")),
    429: (_l("Too many attempts"), _l("Wait a few minutes, then try again. Nothing was changed.")),
    500: (
        _l("Something went wrong on our side"),
        _l("We've recorded the error. Try again in a minute. If it happens again, tell us when."),
    ),
    503: (_l("We're briefly unavailable"), _l("Try again in a minute.")),
}


def _whom_to_ask() -> str:
    person = access.current_person()
    if access.is_helping() or (person is not None and person.is_staff):
        return _("Ask one of our admins.")
    return _("Ask an owner of the account.")


def error_page(status: int, title: str | None = None, text: str | None = None, **more: Any) -> Response:
    """A page, or for htmx a message in the page's own message area, so that no table row is overwritten."""
    default_title, default_text = _SENTENCES.get(status, (HTTPStatus(status).phrase, _l("Go back and try again.")))
    if status == HTTPStatus.FORBIDDEN:
        default_text = f"{default_text} {_whom_to_ask()}"
    context = {"status": status, "title": title or default_title, "text": text or default_text, **more}
    if htmx.is_fragment_request():
        response = make_response(render_template("errors/_fragment.html", **context), status)
        response.headers["HX-Retarget"] = "#messages"
        response.headers["HX-Reswap"] = "innerHTML"
        return htmx.vary(response)
    return htmx.vary(make_response(render_template("errors/page.html", **context), status))


def _http(error: HTTPException) -> Response:
    if error.response is not None:
        return make_response(error.response)
    response = error_page(error.code or 500)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _csrf(error: CSRFError) -> Response:
    title = _("This page was open for too long")
    if htmx.is_fragment_request():  # the page gets a token that counts, and keeps what was typed
        return error_page(400, title, _("To keep you safe, we changed nothing. Do it again."), renews_token=True)
    # To reload what is shown now would send the same old form again.
    text = _("To keep you safe, we changed nothing. Go back, reload the page, and do it again if needed.")
    return error_page(400, title, text)


def _log_in_first(_error: Unauthorized) -> Response:
    wanted = request.full_path.rstrip("?") if request.method == "GET" and not htmx.is_htmx() else None
    address = url_for("auth.login", next=wanted)
    if htmx.is_fragment_request() and request.method == "POST":  # what was typed stays
        text = _("Nothing was changed, and what you typed is still here. Log in in another tab, then do it again.")
        return error_page(401, _("You're no longer logged in"), text, login=address)
    if htmx.is_htmx() or request.accept_mimetypes.best == "application/json":
        response = make_response("", 401)
        response.headers["HX-Redirect"] = address
        return htmx.vary(response)
    return htmx.redirect(address)


def _unexpected(error: Exception) -> Response:
    # The exception's text may quote what a person typed: the log gets the trace, the person a sentence.
    log.error("unexpected error in %s %s", request.method, request.endpoint, exc_info=error)
    access.after_failure()
    return error_page(500)
