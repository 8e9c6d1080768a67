"""The language that a page is written in: chosen by the reader, else by their browser."""

from functools import cache

from babel import Locale
from flask import Flask, Response, has_request_context, request

from portal.translations import SOURCE, languages
from portal.web.access import current_person

COOKIE = "language"
YEAR = 365 * 24 * 60 * 60


def init_app(app: Flask) -> None:
    """Say with every page which language it is in, and that others get it in another."""

    def say(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.headers.setdefault("Content-Language", of_reader())
            response.vary.update(("Accept-Language", "Cookie"))
        return response

    app.after_request(say)


def of_reader() -> str:
    """The language of this request's reader: of their profile, of their cookie, of their browser, else English."""
    if not has_request_context():
        return SOURCE
    person = current_person()
    for chosen in (person.language if person else None, request.cookies.get(COOKIE)):
        if chosen in languages():
            return str(chosen)
    return request.accept_languages.best_match(list(languages())) or SOURCE


def locale_of_reader() -> Locale:
    """The same as Babel has it."""
    return _locale(of_reader())


@cache
def _locale(language: str) -> Locale:
    """Read once, and the same each time: what is remembered for a locale is found quicker then."""
    return Locale.parse(language)


def remember(response: Response, language: str) -> Response:
    """Keep the choice in this browser, for somebody who is not logged in."""
    response.set_cookie(COOKIE, language, max_age=YEAR, secure=request.is_secure, httponly=True, samesite="Lax")
    return response
