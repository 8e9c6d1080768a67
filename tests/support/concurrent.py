"""What happens at the same moment, in an order that a test chooses."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa

from portal.extensions import db
from tests.support.browser import Page
from tests.support.portal import Portal

T = TypeVar("T")


def at_once(*calls: Callable[[], T]) -> list[T]:
    """What each of these comes to, when all begin at the same moment; the first error is raised."""
    start = threading.Barrier(len(calls))

    def begin(call: Callable[[], T]) -> T:
        start.wait(10)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [done.result() for done in [pool.submit(begin, call) for call in calls]]


@contextmanager
def meanwhile(portal: Portal, request: Callable[[], Page], statement: str, **values: Any) -> Iterator[Page]:
    """On PostgreSQL: another transaction has done this and not yet committed; it does so once the request waits for it."""
    answers: list[Page] = []
    with portal.app.app_context(), db.engine.connect() as connection:
        connection.execute(sa.text(statement), values)
        thread = threading.Thread(target=lambda: answers.append(request()))
        thread.start()
        waiting = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        deadline = time.monotonic() + 10
        while thread.is_alive() and time.monotonic() < deadline:
            with db.engine.connect() as other:
                if other.execute(waiting).scalar():
                    break
        connection.commit()
    thread.join()
    yield answers[0]
