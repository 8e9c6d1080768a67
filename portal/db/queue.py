"""The queue that wakes the worker.

What is to be done stands in the database, each row with the time when it is due; a message in the queue only
says "look at this row now". A lost or doubled message is therefore harmless: the worker's sweep finds what is
due, and each row is claimed before it is worked on.
"""

import logging
from pathlib import Path

import psycopg
from flask import Flask, current_app
from huey import Huey, MemoryHuey, PostgresHuey, RedisHuey, SqliteHuey
from sqlalchemy.engine import make_url

from portal.settings import Settings

LOCK = 0x7175657565
"""What two who make the tables at once in one PostgreSQL wait for."""

log = logging.getLogger(__name__)


def init_app(app: Flask, settings: Settings) -> None:
    """Open the queue that belongs to the settings' database or Redis."""
    app.extensions["huey"] = _open(settings)


def huey(app: Flask | None = None) -> Huey:
    """The application's queue."""
    return (app or current_app).extensions["huey"]


def wake(task: str, *args: str, delay: float = 0) -> None:
    """Ask the worker to run a task soon; call it after the commit that the task depends on.

    Args:
        task: the name it is registered under in `portal.db.task_registry`.
        args: identifiers, as text.
        delay: seconds to wait first.
    """
    try:
        wrapper = current_app.extensions["tasks"][task]
        wrapper.schedule(args=args, delay=delay) if delay else wrapper(*args)
    except Exception:  # the row is safe and the sweep will find it: a broken queue must not fail the request
        log.warning("the queue did not take %s; the worker's sweep will find it", task, exc_info=True)


def _open(settings: Settings) -> Huey:
    if settings.portal_env == "testing":
        return MemoryHuey("portal", results=False)
    if settings.redis_url is not None:
        return RedisHuey("portal", results=False, url=settings.redis_url.get_secret_value())
    url = make_url(settings.database_sqlalchemy_url)
    if url.get_backend_name() == "postgresql":
        return _on_postgresql(url.set(drivername="postgresql").render_as_string(hide_password=False))
    return SqliteHuey("portal", results=False, filename=f"{_sqlite_file(url.database)}.queue")


def _on_postgresql(dsn: str) -> Huey:
    """It makes its tables where there are none: one process at a time, as PostgreSQL fails one of two at once."""
    with psycopg.connect(dsn) as turn:
        turn.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        return PostgresHuey("portal", results=False, dsn=dsn)


def _sqlite_file(database: str | None) -> Path:
    if database in (None, "", ":memory:"):
        raise ValueError("DATABASE_URL must name a file: an in-memory database is gone with its process.")
    return Path(database or "")
