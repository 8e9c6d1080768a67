"""The worker's schedule: a task for each row that it is woken for, and a sweep each minute for whatever is due.

What there is to do is said by the rooms (`portal.db.task_registry`).
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from flask import Flask
from huey import crontab

from portal import discovery
from portal.db import task_registry
from portal.db.queue import huey
from portal.db.task_registry import Run
from portal.extensions import session
from portal.operations import heartbeats

BEAT_EVERY = 30
"""Seconds between two signs of life in a sweep that takes long."""
LONGEST = 50
"""Seconds after which a sweep leaves the rest to the next, which begins every minute."""

log = logging.getLogger(__name__)


def register(app: Flask) -> None:
    """Make the tasks known to the application's queue, each in an application context of its own."""
    discovery.load("tasks")
    queue = huey(app)
    app.extensions["tasks"] = {
        name: queue.task(name=name)(_in_app(app, run)) for name, run in task_registry.all_woken().items()
    }
    queue.periodic_task(crontab(), name="sweep")(lambda: sweep(app))


def sweep(app: Flask) -> None:
    """Do what is due, whoever forgot to say so; one failure stops nothing else.

    One of each kind in turn, and no longer than until the next sweep begins: a mail server that keeps everybody
    waiting shall hold up neither the other kinds nor every thread of the worker.
    """
    began = beaten = time.monotonic()
    _do(app, heartbeats.beat)
    for run, row in in_turn(_due(app)):
        _do(app, run, row)
        now = time.monotonic()
        if now - began > LONGEST:
            return
        if now - beaten > BEAT_EVERY:
            _do(app, heartbeats.beat)
            beaten = now


def in_turn(kinds: Sequence[tuple[Run, Sequence[Any]]]) -> Iterator[tuple[Run, Any]]:
    """The first row of every kind, then the second, and so on."""
    for place in range(max((len(rows) for _run, rows in kinds), default=0)):
        yield from ((run, rows[place]) for run, rows in kinds if place < len(rows))


def _due(app: Flask) -> list[tuple[Run, list[Any]]]:
    """What is due of each kind, asked by one session: most often there is nothing, and that is soon said."""
    with app.app_context():
        return [(run, _rows(due)) for run, due in task_registry.all_swept()]


def _rows(due: Callable[[], Iterable[Any]]) -> list[Any]:
    try:
        return [*due()]
    except Exception:
        log.exception("the sweep could not find out what is due")
        session().rollback()
        return []


def _do(app: Flask, run: Callable[..., None], *row: object) -> None:
    try:
        with app.app_context():
            run(*row)
    except Exception:
        log.exception("the sweep failed on one of its rows")


def _in_app(app: Flask, run: Callable[[str], None]) -> Callable[[str], None]:
    def task(row: str) -> None:
        with app.app_context():
            run(row)

    return task
