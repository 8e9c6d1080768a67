"""The worker's threads: Huey's consumer, and one for each thing that comes in by the thousands."""

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from flask import Flask
from huey.consumer import Consumer
from sqlalchemy.exc import SQLAlchemyError

from portal.db import task_registry
from portal.db.queue import huey
from portal.db.task_registry import Drained
from portal.extensions import db
from portal.operations import heartbeats
from portal.worker import quiet, throttle
from portal.worker.quiet import Quiet

IDLE, AFTER_TROUBLE = 0.2, 5.0
"""Seconds until it is asked again whether something came in, and after a batch failed as a whole."""
MANY, MUCH = 50, 0.025
"""After a batch of fewer that took fewer seconds of the processor, more may gather for the next: it would
have cost hardly more if it had been larger. A few events that each carry a whole conversation are no such
batch."""

NICENESS = 5
"""People and the vendor, who wait for the web, go first where there are not cores enough for all."""

log = logging.getLogger(__name__)


def run(app: Flask) -> None:
    """Work until SIGINT or SIGTERM; a task that has begun is finished first."""
    settings = app.config["SETTINGS"]
    os.nice(NICENESS)
    logging.getLogger("huey").setLevel(logging.WARNING)
    with app.app_context():
        db.engine.dispose()
        with suppress(SQLAlchemyError):  # the sweep says it again
            heartbeats.beat()
    consumer = Consumer(
        huey(app),
        workers=settings.worker_threads,
        worker_type="thread",
        initial_delay=0.05,
        max_delay=0.5,
    )
    log.info("the worker is ready")
    with _draining(app):
        consumer.run()


@contextmanager
def _draining(app: Flask) -> Iterator[None]:
    """Meanwhile what is drained is drained, each in a thread of its own; a batch that has begun is finished."""
    is_over = Event()
    with app.app_context():
        pause, version = throttle.pause(), quiet.versions()
    threads = [
        Thread(target=_drain, args=(app, each, pause, Quiet(version), is_over))
        for each in task_registry.all_drained()
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def _drain(app: Flask, drained: Drained, throttled: Callable[[], float], silence: Quiet, is_over: Event) -> None:
    while not is_over.is_set():
        try:
            pause = _batch(app, drained, throttled, silence) if silence.is_over() else IDLE
        except Exception:
            log.exception("a batch failed; trying again in %d seconds", AFTER_TROUBLE)
            pause = AFTER_TROUBLE
        is_over.wait(pause)
    if drained.finish is not None:
        try:
            with app.app_context():
                drained.finish()
        except Exception:
            log.exception("what was under way could not be finished")


def _batch(app: Flask, drained: Drained, throttled: Callable[[], float], silence: Quiet) -> float:
    """Do a batch of what there is; seconds until the next."""
    with app.app_context():
        if drained.may_wait and (pause := throttled()):
            silence.end()
            return pause
        begun = time.thread_time()
        done = drained.drain()
        spent = time.thread_time() - begun
    if done:
        silence.end()
    is_worth_it = done >= MANY or (done > 0 and spent >= MUCH)
    return 0 if is_worth_it else IDLE
