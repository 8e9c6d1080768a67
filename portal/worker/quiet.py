"""Whether it is worth asking what there is to do: while nobody commits anything, it is asked ever more seldom."""

import time
from collections.abc import Callable
from threading import Lock
from typing import Any

from portal.extensions import db

SHARE = 0.2
"""What became due by time alone is found late by a fifth of the time since anything was committed..."""
LONGEST = 1.0
"""...and by no more than so many seconds."""


class Quiet:
    """Of one thing that is drained: says when to ask.

    Args:
        version: something that changes with every commit of anybody; asking for it costs next to nothing.
    """

    def __init__(self, version: Callable[[], object]) -> None:
        self._version = version
        self.end()

    def end(self) -> None:
        """It was not quiet, so ask again in any case."""
        self._seen: object = None
        self._since = self._next = 0.0

    def is_over(self) -> bool:
        """Whether something may have come in, or become due."""
        version, now = self._version(), time.monotonic()
        if version != self._seen:
            self._seen, self._since = version, now
        elif now < self._next:
            return False
        self._next = now + min((now - self._since) * SHARE, LONGEST)
        return True


def versions() -> Callable[[], object]:
    """What changes with every commit. PostgreSQL has nothing of the kind that is cheaper than to ask."""
    if db.engine.dialect.name != "sqlite":
        return object  # each time another one
    own = db.engine.raw_connection()
    own.detach()  # for good: only a connection that itself commits nothing hears of every commit
    lock = Lock()

    def version() -> object:
        driver: Any = own.dbapi_connection
        with lock:
            return driver.execute("PRAGMA data_version").fetchone()[0]

    return version
