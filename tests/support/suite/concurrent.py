"""What happens at the same moment, in an order that a test chooses. Nothing here is waited for without end."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa

from portal.extensions import db
from tests.support.application.browser import Page
from tests.support.application.portal import Portal
from tests.support.suite.patience import patient, wait_until

T = TypeVar("T")


def beside(call: Callable[[], T]) -> Future[T]:
    """Begin a call in a thread of its own, which keeps no process from ending."""
    begun: Future[T] = Future()

    def run() -> None:
        try:
            begun.set_result(call())
        except BaseException as error:
            begun.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return begun


def outcomes(begun: list[Future[T]], seconds: float = 120) -> list[T]:
    """What each of these comes to, once all have ended; the first error is raised."""
    ended, others = wait(begun, patient(seconds))
    for each in begun:
        if each in ended:
            each.result()
    assert not others, f"{len(others)} of {len(begun)} calls do not end"
    return [each.result() for each in begun]


def outcome(begun: Future[T], seconds: float = 120) -> T:
    """What it comes to, once it has ended."""
    return outcomes([begun], seconds)[0]


def at_once(*calls: Callable[[], T]) -> list[T]:
    """What each of these comes to, when all begin at the same moment; the first error is raised."""
    start = threading.Barrier(len(calls), timeout=patient(30))

    def begin(call: Callable[[], T]) -> T:
        start.wait()
        return call()

    return outcomes([beside(lambda call=call: begin(call)) for call in calls])


def waiting_for_locks() -> int:
    """On PostgreSQL: how many transactions wait for a lock. To be asked inside the application."""
    with db.engine.connect() as asking:
        waiting = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return int(asking.execute(waiting).scalar_one())


@contextmanager
def meanwhile(portal: Portal, request: Callable[[], Page], statement: str, **values: Any) -> Iterator[Page]:
    """On PostgreSQL: another transaction has done this and not yet committed; it does so once the request waits for it."""
    with portal.app.app_context(), db.engine.connect() as connection:
        connection.execute(sa.text(statement), values)
        asked = beside(request)
        wait_until(lambda: asked.done() or waiting_for_locks(), pause=0)
        connection.commit()
    yield outcome(asked)
