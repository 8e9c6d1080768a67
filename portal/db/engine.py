"""Engine options and transactions: the same promises on SQLite and on PostgreSQL."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import sqlalchemy as sa
from flask import Flask, current_app, request
from sqlalchemy import event

PATIENCE: float = 15
"""Seconds that a writer waits for others on SQLite."""
ASKED_AGAIN = 0.001
"""Seconds between two questions whether it may write now. SQLite's own waits grow to a tenth of a second, in which
the lock would often lie idle."""

V = TypeVar("V", bound=Callable[..., Any])

_writing: ContextVar[bool] = ContextVar("writing", default=False)


@contextmanager
def writing() -> Iterator[None]:
    """Let the transactions that begin inside take SQLite's write lock at once.

    A transaction that reads first and writes later fails on SQLite when another one wrote in between;
    taking the lock at the beginning makes it wait instead. PostgreSQL needs none of this.
    """
    token = _writing.set(True)
    try:
        yield
    finally:
        _writing.reset(token)


def only_reads(view: V) -> V:
    """Mark a view that is asked by POST and changes nothing, so that it waits for nobody who writes."""
    view.only_reads = True  # type: ignore[attr-defined]
    return view


def engine_options(url: str) -> dict[str, Any]:
    """What `create_engine` needs for this database."""
    # Parameters are password hashes, sealed secrets and what people typed: no exception may quote them.
    options: dict[str, Any] = {"url": url, "hide_parameters": True}
    if url.startswith("sqlite"):
        return options | {"connect_args": {"timeout": PATIENCE, "check_same_thread": False}}
    return options | {"pool_pre_ping": True, "pool_size": 8, "max_overflow": 8}


def lacks_tables(error: Exception) -> bool:
    """Whether the database answered that it has not got what this version of the portal asks for."""
    reason = getattr(error, "orig", None)
    lacks = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn)
    return isinstance(reason, lacks) or str(reason).startswith(("no such table", "no such column"))


def storable(text: str, limit: int | None = None) -> str:
    """Text that both databases keep: without NUL and halves of surrogate pairs, and not above `limit`."""
    whole = text if text.isascii() else text.encode("utf-8", "replace").decode()
    return (whole.replace("\0", "") if "\0" in whole else whole)[:limit]


def uuid_or_none(value: object) -> UUID | None:
    """The UUID that somebody sent as text; none where it is not one."""
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def init_app(app: Flask, engine: sa.Engine) -> None:
    """Make requests that may write begin as writers, and prepare a SQLite engine."""
    if engine.dialect.name == "sqlite":
        prepare_sqlite(engine)
        app.before_request(_begin_as_writer)


def _begin_as_writer() -> None:
    # The context variable lives as long as the request's own context, so nothing has to reset it
    # before the next request; a GET sets it back all the same, for servers that reuse the context.
    is_reader = getattr(current_app.view_functions.get(request.endpoint or ""), "only_reads", False)
    _writing.set(request.method not in ("GET", "HEAD", "OPTIONS") and not is_reader)


def prepare_sqlite(engine: sa.Engine) -> None:
    """Give a SQLite engine real transactions, foreign keys, and commits that survive a power cut."""

    def on_connect(connection: Any, _record: Any) -> None:
        # The driver's own implicit BEGIN comes too late for a read followed by a write.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    turn = threading.Lock()

    def on_begin(connection: sa.Connection) -> None:
        if _writing.get():
            _begin_to_write(connection, turn)
        else:
            connection.exec_driver_sql("BEGIN")

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)


def _begin_to_write(connection: sa.Connection, turn: threading.Lock) -> None:
    """Take the write lock as soon as it is free.

    SQLite itself would look again after ever longer pauses, in which the lock lies idle. One thread of a process
    asks at a time, and the others wait for their turn: many would take the processor from the one that writes.
    """
    driver: Any = connection.connection.driver_connection
    last = time.monotonic() + PATIENCE
    is_next = turn.acquire(timeout=PATIENCE)
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < last:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if not _is_busy(error):
                    break
                time.sleep(ASKED_AGAIN)
            else:
                return
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # once more, so that SQLAlchemy says what is in the way
    finally:
        driver.execute(f"PRAGMA busy_timeout={int(PATIENCE * 1000)}")
        if is_next:
            turn.release()


def _is_busy(error: object) -> bool:
    return bool(getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY)
