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
from pathlib import Path
from typing import Any
from uuid import UUID

from portal.sandbox.server import Sandbox
from portal.sandbox.state import State
from tests.support.patience import patient

FRESH = 20
"""Seconds for which a copy stands in for a customer who was just made."""

Key = tuple[Any, ...]
Made = tuple[UUID, str]
"""The account, and the token of the log-in session."""


@dataclass
class _Copy:
    account_id: UUID
    token: str
    made_at: float
    database: sqlite3.Connection
    state: State
    requests: list[Any]


class Ready:
    """Copies for all tests of this process."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._core = sandbox.core
        self._copies: dict[Key, _Copy] = {}

    def customer(self, file: Path, key: Key, make: Callable[[], Made]) -> Made:
        """Make a customer, or take a copy of one.

        Args:
            file: the database, in which nothing has happened.
            key: what the customer depends on.
            make: the whole way.
        """
        copy = self._copies.get(key)
        if copy is None or time.monotonic() - copy.made_at > FRESH:
            made = make()
            self._keep(key, file, made)
            return made
        with closing(sqlite3.connect(file)) as database:
            _copy(copy.database, database)
        self._core.log._rows.extend(deepcopy(copy.requests))
        self._core.log._last_number = len(copy.requests)
        with self._core.changing():
            self._core.state = deepcopy(copy.state)
        return copy.account_id, copy.token

    def is_untouched(self, file: Path, copied_at: int) -> bool:
        """Whether the database is as it was copied then, and the sandbox in its first state."""
        log = file.with_name(f"{file.name}-wal")
        core = self._core
        return (
            file.stat().st_mtime_ns == copied_at
            and not (log.exists() and log.stat().st_size)
            and core.state == State()
            and not core.presets
            and not core.faults.rows()
            and not core.log.rows()
        )

    def _keep(self, key: Key, file: Path, made: Made) -> None:
        kept = sqlite3.connect(":memory:", check_same_thread=False)
        with closing(sqlite3.connect(file)) as database:
            _copy(database, kept)
        if key in self._copies:
            self._copies.pop(key).database.close()
        with self._core.reading() as state:
            rows = list(self._core.log._rows)
            self._copies[key] = _Copy(*made, time.monotonic(), kept, deepcopy(state), deepcopy(rows))


def _copy(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """By itself, sqlite3 asks for ever whether a locked database is free by now."""
    deadline = time.monotonic() + patient(60)

    def still(*_pages: int) -> None:
        assert time.monotonic() < deadline, "somebody keeps the database locked"

    source.backup(target, progress=still)
