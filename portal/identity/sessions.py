"""Login sessions, each a row: listed, ended one by one or all at once, and expiring by themselves.

They do when nobody comes for a while, and in any case with time.
"""

import hashlib
import logging
import secrets
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from portal.db.engine import storable, writing
from portal.db.unit_of_work import unit_of_work
from portal.extensions import db, session, settings
from portal.models import LoginSession, Person, now

log = logging.getLogger(__name__)

SEEN_EVERY = timedelta(minutes=5)
"""How exactly it is known when somebody was last here."""


def start(person: Person, address: str, agent: str) -> str:
    """A new session; its token is for the cookie.

    Args:
        address: the network address of the browser.
        agent: what the browser says of itself.
    """
    token = secrets.token_urlsafe(32)
    row = LoginSession(
        person_id=person.id,
        token_hash=_hash(token),
        session_epoch=person.session_epoch,
        address=address[:64],
        agent=storable(agent, 300),
    )
    person.last_login_at = now()
    session().add_all([row, person])
    session().commit()
    return token


def find(token: str) -> tuple[LoginSession, Person] | None:
    """The session that a cookie's token belongs to and whose it is, while it lasts."""
    found = session().execute(_query(), {"token_hash": _hash(token), **_limits()}).first()
    return (found[0], found[1]) if found else None


@cache
def _query() -> sa.Select[LoginSession, Person]:
    """Made once, as each page begins with it."""
    return (
        sa.select(LoginSession, Person)
        .join(Person, col(Person.id) == col(LoginSession.person_id))
        .where(
            col(LoginSession.token_hash) == sa.bindparam("token_hash"),
            col(LoginSession.session_epoch) == col(Person.session_epoch),
            _lasts(),
            col(Person.is_enabled),
        )
    )


def note_seen(login_id: UUID, address: str) -> None:
    """Remember that somebody was here just now, in a transaction of its own; it matters too little to fail."""
    change = (
        sa.update(LoginSession)
        .where(col(LoginSession.id) == login_id)
        .values(last_seen_at=now(), address=address[:64])
    )
    try:
        with writing(), db.engine.begin() as connection:
            connection.execute(change)
    except SQLAlchemyError:
        log.warning("a log-in session could not be marked as seen", exc_info=True)


def is_seen_long_ago(row: LoginSession) -> bool:
    """Whether `note_seen` has something new to say."""
    return row.last_seen_at <= now() - SEEN_EVERY


def of_person(person_id: UUID) -> list[LoginSession]:
    """Where somebody is logged in, the newest visit first."""
    query = (
        select(LoginSession)
        .join(Person, col(Person.id) == col(LoginSession.person_id))
        .where(
            LoginSession.person_id == person_id,
            LoginSession.session_epoch == Person.session_epoch,
            _lasts(),
        )
        .order_by(col(LoginSession.last_seen_at).desc(), col(LoginSession.created_at).desc())
    )
    return list(session().exec(query, params=_limits()))


def end(person_id: UUID, login_id: UUID) -> bool:
    """End one session of a person; false when there is none such. The caller commits."""
    return bool(_delete(LoginSession.person_id == person_id, LoginSession.id == login_id))


def end_all(person_id: UUID, but: UUID | None = None) -> int:
    """End every session of a person, but for one where that is given; how many. The caller commits."""
    others = [] if but is None else [LoginSession.id != but]
    return _delete(LoginSession.person_id == person_id, *others)


def end_by_token(token: str) -> None:
    """End the session of a cookie."""
    if _delete(LoginSession.token_hash == _hash(token)):
        session().commit()


def overdue(limit: int = 1) -> list[datetime]:
    """Since when nobody came, where there are sessions to be taken away for it."""
    since = _idle_since()
    found = session().exec(select(LoginSession.id).where(LoginSession.last_seen_at <= since).limit(limit)).first()
    return [since] if found else []


def prune(since: datetime) -> None:
    """Take away the sessions that ran out."""
    with unit_of_work():
        _delete(LoginSession.last_seen_at <= since)
        session().commit()


def _delete(*conditions: sa.ColumnElement[bool] | bool) -> int:
    done = session().execute(
        sa.delete(LoginSession).where(*conditions).execution_options(synchronize_session=False)  # type: ignore[arg-type]
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def _lasts() -> sa.ColumnElement[bool]:
    """Whether a session, of the person in the same query, counts still.

    One that is too old is found no more, so it is seen no more either: `prune` comes by it as by the others.
    """
    return sa.and_(
        col(LoginSession.last_seen_at) > sa.bindparam("idle_since"),
        col(LoginSession.created_at) > sa.bindparam("longest"),
        sa.or_(col(Person.staff_role).is_(None), col(LoginSession.created_at) > sa.bindparam("longest_of_staff")),
    )


def _limits() -> dict[str, datetime]:
    """The values for `_lasts`."""
    return {
        "idle_since": _idle_since(),
        "longest": now() - timedelta(days=settings().session_max_days),
        "longest_of_staff": now() - timedelta(hours=settings().staff_session_hours),
    }


def _idle_since() -> datetime:
    return now() - timedelta(hours=settings().session_idle_hours)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
