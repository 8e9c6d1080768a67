"""Huey's consumer, run in the foreground until it is told to stop."""

import logging
from contextlib import suppress

from flask import Flask
from huey.consumer import Consumer
from sqlalchemy.exc import SQLAlchemyError

from portal.db.queue import huey
from portal.extensions import db
from portal.operations import heartbeats


def run(app: Flask) -> None:
    """Work until SIGINT or SIGTERM; a task that has begun is finished first."""
    settings = app.config["SETTINGS"]
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
    logging.getLogger(__name__).info("the worker is ready")
    consumer.run()
