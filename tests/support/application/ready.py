"""Customers that are ready: the first of a kind goes the whole way, and those after it are copies of that one.

A copy is the database and the sandbox as they were when the first was ready. It is taken only by a test that has
done nothing else yet, and that does not look at how a customer is made. It is never old: pages tell how long ago
something was.
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import psycopg
from psycopg import sql

from portal.sandbox.server import Sandbox
from portal.sandbox.state import State
from tests.support.suite.patience import patient

FRESH = 40
"""Seconds for which a copy stands in for a customer who was just made."""

Key = tuple[Any, ...]
Made = tuple[UUID, str]
"""The account, and the token of the log-in session."""


class Database(Protocol):
    """A database as a test gets it, with nothing in it."""

    def is_untouched(self) -> bool:
        """Whether nothing has happened in it."""

    def kept(self) -> Any:
        """All that is in it."""

    def put(self, kept: Any) -> None:
        """Put that in again."""

    def drop(self, kept: Any) -> None:
        """Let go of it."""


@dataclass
class _Copy:
    account_id: UUID
    token: str
    made_at: float
    database: Any
    state: State
    requests: list[Any]


class Ready:
    """Copies for all tests of this process."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._core = sandbox.core
        self._copies: dict[Key, _Copy] = {}

    def customer(self, database: Database, typed: dict[str, str], make: Callable[[], Made]) -> Made:
        """Make a customer, or take a copy of one where nothing has happened yet.

        Args:
            typed: what the customer typed.
            make: the whole way.
        """
        if not (self._is_untouched() and database.is_untouched()):
            return make()
        key = (type(database), *sorted(typed.items()))
        copy = self._copies.get(key)
        if copy is None or time.monotonic() - copy.made_at > FRESH:
            made = make()
            self._keep(key, database, made)
            return made
        database.put(copy.database)
        self._core.log._rows.extend(deepcopy(copy.requests))
        self._core.log._last_number = len(copy.requests)
        with self._core.changing():
            self._core.state = deepcopy(copy.state)
        return copy.account_id, copy.token

    def _is_untouched(self) -> bool:
        """Whether the sandbox is in its first state."""
        core = self._core
        return core.state == State() and not core.presets and not core.faults.rows() and not core.log.rows()

    def _keep(self, key: Key, database: Database, made: Made) -> None:
        if key in self._copies:
            database.drop(self._copies.pop(key).database)
        kept = database.kept()
        with self._core.reading() as state:
            rows = list(self._core.log._rows)
            self._copies[key] = _Copy(*made, time.monotonic(), kept, deepcopy(state), deepcopy(rows))


class SqliteFile:
    """A file that was just copied."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._log = file.with_name(f"{file.name}-wal")
        self._copied_at = file.stat().st_mtime_ns

    def is_untouched(self) -> bool:
        return self._file.stat().st_mtime_ns == self._copied_at and not (
            self._log.exists() and self._log.stat().st_size
        )

    def kept(self) -> sqlite3.Connection:
        kept = sqlite3.connect(":memory:", check_same_thread=False)
        with closing(sqlite3.connect(self._file)) as database:
            _copy(database, kept)
        return kept

    def put(self, kept: sqlite3.Connection) -> None:
        with closing(sqlite3.connect(self._file)) as database:
            _copy(kept, database)

    def drop(self, kept: sqlite3.Connection) -> None:
        kept.close()


class PostgresDatabase:
    """A database whose rows were all deleted. Its sequences go on, so no number of a copy is given again."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def is_untouched(self) -> bool:
        return not self._filled()

    def kept(self) -> dict[str, bytes]:
        with self._connection.transaction(), self._connection.cursor() as cursor:
            kept = {}
            for table in self._filled():
                with cursor.copy(_statement("COPY {} TO STDOUT", table)) as rows:
                    kept[table] = b"".join(rows)
            return kept

    def put(self, kept: dict[str, bytes]) -> None:
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")  # in any order
            for table, rows in kept.items():
                with cursor.copy(_statement("COPY {} FROM STDIN", table)) as into:
                    into.write(rows)

    def drop(self, kept: dict[str, bytes]) -> None:
        pass

    def _filled(self) -> list[str]:
        """The tables with rows."""
        one = "SELECT {name} WHERE EXISTS (SELECT FROM {table})"
        each = [sql.SQL(one).format(name=name, table=sql.Identifier(name)) for name in _tables(self._connection)]
        return [str(name) for (name,) in self._connection.execute(sql.SQL(" UNION ALL ").join(each))]


@cache
def _tables(connection: psycopg.Connection[Any]) -> list[str]:
    own = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    return [str(name) for (name,) in connection.execute(own)]


def _statement(template: str, table: str) -> sql.Composed:
    return sql.SQL(template).format(sql.Identifier(table))


def _copy(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """By itself, sqlite3 asks for ever whether a locked database is free by now."""
    deadline = time.monotonic() + patient(60)

    def still(*_pages: int) -> None:
        assert time.monotonic() < deadline, "somebody keeps the database locked"

    source.backup(target, progress=still)
