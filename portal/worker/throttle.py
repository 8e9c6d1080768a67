"""Throttling the worker in a flood of events, which is taken in first and worked off after it.

With SQLite, web and worker share one machine and one write lock. Those who send a flood wait for the web, while
nobody waits for the worker: so it leaves them the processors, but for a tenth, and never for long.
"""

import os
import time
from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import col

from portal.extensions import db
from portal.models import Delivery

FLOOD = 300
"""Events a second: more than one busy WhatsApp number causes."""
SHARE = 0.1 * (os.cpu_count() or 1)
"""Of one processor: what the worker takes in a flood."""
LONGEST = 30.0
"""Seconds that a flood slows the worker down, and seconds without a flood until another one may do so as long."""
LOOK = 0.25
"""Seconds between two looks at how many events came in."""


class _Look(NamedTuple):
    at: float
    cpu: float
    """Seconds of processor time that this process has taken, in all its threads."""
    events: int


class Throttle:
    """Says when the next batch may begin.

    Args:
        count: how many events have ever come in.
    """

    def __init__(self, count: Callable[[], int]) -> None:
        self._count, self._lock = count, Lock()
        self._last: _Look | None = None
        self._begun: _Look | None = None
        self._left = LONGEST

    def pause(self) -> float:
        """Seconds until this is asked again; none when a batch may begin."""
        with self._lock:
            if self._last is None or time.monotonic() - self._last.at >= LOOK:
                self._judge(self._look())
            if self._begun is None:
                return 0
            earned = self._begun.cpu + (time.monotonic() - self._begun.at) * SHARE
            return min(max(time.process_time() - earned, 0) / SHARE, LOOK)

    def _judge(self, now: _Look) -> None:
        before, self._last = self._last or now, now
        passed = now.at - before.at
        is_flood = now.events - before.events > FLOOD * passed
        self._left = min(max(self._left + (-passed if is_flood else passed), 0), LONGEST)
        self._begun = (self._begun or before) if is_flood and self._left else None

    def _look(self) -> _Look:
        return _Look(time.monotonic(), time.process_time(), self._count())


def pause() -> Callable[[], float]:
    """What says when the next batch may begin. On PostgreSQL always: the web may be far from the worker."""
    return Throttle(_events).pause if db.engine.dialect.name == "sqlite" else lambda: 0


def _events() -> int:
    """The number of the newest event."""
    with db.engine.connect() as connection:
        return connection.execute(sa.select(sa.func.max(col(Delivery.id)))).scalar_one() or 0
