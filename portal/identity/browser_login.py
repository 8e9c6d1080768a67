"""Logs a browser in and out, and remembers for a while that its person confirmed who they are.

Flask-Login stays behind this file and `portal.web.access`.
"""

from datetime import timedelta
from uuid import UUID

import flask_login
from flask import Flask, Response, g, request, url_for
from flask import session as cookie

from portal.extensions import login_manager, session
from portal.identity import sessions
from portal.identity.second_factor import authenticator
from portal.models import LoginSession, Person, now
from portal.web.access import current_person

CONFIRMED = "confirmed_at"
CONFIRMED_FOR = timedelta(minutes=10)
GRANTED = "granted"
"""In the cookie of somebody to whom the next page shows a secret: which, and since when."""
GRANTED_FOR = timedelta(minutes=1)
HALF = "half"
"""In the cookie of somebody whose password was right, and who must still show a code or set an app up."""
HALF_FOR = timedelta(minutes=10)
TOKEN = "_user_id"
"""Where Flask-Login looks for who is logged in: the token of a log-in session."""


def init_app(app: Flask) -> None:
    """Bind the log-in machinery."""
    login_manager.init_app(app)
    login_manager.user_loader(_load_person)
    login_manager.session_protection = None
    app.after_request(_note_visit)


def enter(person: Person, goal: str) -> str:
    """Let somebody in whose password, or link, was right; where to send them now.

    Whoever has an app for codes shows one first, and whoever must have one sets it up first.

    Args:
        goal: a path of ours, for when they are in.
    """
    if (row := authenticator.of(person)) is None and not person.is_staff:
        log_in(person)
        return goal
    log_out()
    begun = None if row else authenticator.begin(person)
    cookie[HALF] = {
        "person": str(person.id),
        "epoch": person.session_epoch,
        "at": int(now().timestamp()),
        "app": str(begun.id) if begun else None,
    }
    return url_for("auth.enrol" if begun else "auth.code", next=goal)


def half_person() -> tuple[Person, UUID | None] | None:
    """Whose password was right a moment ago in this browser, and the app that they are to set up, if any."""
    half = cookie.get(HALF)
    if not half or not 0 <= now().timestamp() - half["at"] < HALF_FOR.total_seconds():
        return None
    person = session().get(Person, UUID(half["person"]))
    if person is None or not person.is_enabled or person.session_epoch != half["epoch"]:
        return None
    return person, UUID(half["app"]) if half["app"] else None


def log_in(person: Person) -> None:
    """Start a session for this person, with nothing left over from the one before."""
    log_out()
    token = sessions.start(person, request.remote_addr or "", request.user_agent.string)
    flask_login.login_user(person)
    cookie[TOKEN] = token


def log_out() -> None:
    """End this browser's session."""
    if token := cookie.get(TOKEN):
        sessions.end_by_token(token)
    flask_login.logout_user()
    cookie.clear()


def this_login() -> LoginSession | None:
    """The log-in session of this browser."""
    return g.get("login") if current_person() is not None else None


def note_confirmed() -> None:
    """The person has just shown again that it is they who sit there."""
    cookie[CONFIRMED] = int(now().timestamp())


def has_confirmed() -> bool:
    """Whether the person typed their password, and a code where they have an app for it, in the last ten minutes.

    A log-in is no such thing.
    """
    age = now().timestamp() - int(cookie.get(CONFIRMED, 0))
    return 0 <= age < CONFIRMED_FOR.total_seconds()


def grant(what: UUID) -> None:
    """Let the next page show a secret, once.

    So the secret is not on the answer to the form with the password, which a browser keeps and sends again at
    "back" and "reload", however much later.
    """
    cookie[GRANTED] = {"what": str(what), "at": int(now().timestamp())}


def use_grant(what: UUID) -> bool:
    """Whether this secret may be shown now. It may not be shown again."""
    granted = cookie.pop(GRANTED, None)
    if not granted or granted["what"] != str(what):
        return False
    return bool(0 <= now().timestamp() - granted["at"] < GRANTED_FOR.total_seconds())


def _load_person(token: str) -> Person | None:
    found = sessions.find(token)
    if found is None:
        return None
    g.login, person = found
    g.long_unseen = g.login.id if sessions.is_seen_long_ago(g.login) else None
    return person


def _note_visit(response: Response) -> Response:
    """Remember that somebody was here; a page that asks by itself for its next state is nobody."""
    login_id: UUID | None = g.get("long_unseen")
    if login_id is not None and "X-Portal-Poll" not in request.headers:
        session().rollback()  # on SQLite the request's own transaction may still hold the lock
        sessions.note_seen(login_id, request.remote_addr or "")
    return response
