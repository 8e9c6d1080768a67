"""The worker's tasks, registered on the application's queue."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from flask import Flask
from huey import crontab

from portal.channels import confirmation
from portal.customers.provisioning import state_machine
from portal.db.queue import huey
from portal.events import processing, retention
from portal.identity import email_change, second_factor, sessions
from portal.mail import outbox
from portal.messages import retention as message_retention
from portal.messages.sending import gateway_call
from portal.mirror import account_sync, activity, aging, projection, runs
from portal.operations import heartbeats
from portal.staff.dashboard import counters
from portal.vault import keys, reminders, revoking, snapshot
from portal.webhooks import reconcile

BEAT_EVERY = 30
"""Seconds between two signs of life in a sweep that takes long."""
LONGEST = 50
"""Seconds after which a sweep leaves the rest to the next, which begins every minute."""
Run = Callable[..., None]

log = logging.getLogger(__name__)

TASKS: dict[str, Callable[[str], None]] = {
    "provision": lambda account_id: state_machine.advance(UUID(account_id)),
    "webhook": lambda webhook_id: reconcile.push(UUID(webhook_id)),
    "credential": lambda credential_id: revoking.finish(UUID(credential_id)),
    "message": lambda message_id: gateway_call.send(UUID(message_id)),
    "mail": lambda mail_id: outbox.send(UUID(mail_id)),
    "delivery": lambda delivery_id: processing.process(int(delivery_id)),
    "mirror": lambda run_id: runs.advance(int(run_id)),
    "read_account": lambda account_id: account_sync.read_account(UUID(account_id)),
}


DUE: list[tuple[Run, Callable[[], Iterable[Any]]]] = [
    (state_machine.advance, state_machine.due),
    (reconcile.push, reconcile.due),
    (revoking.finish, revoking.due),
    (revoking.revoke_replaced, revoking.overdue),
    (keys.forget_unshown, keys.unshown),
    (snapshot.read_again, snapshot.unread),
    (reminders.remind, reminders.due),
    (gateway_call.send, gateway_call.due),
    (outbox.send, outbox.due),
    (processing.process, processing.due),
    (confirmation.expire, confirmation.overdue),
    (retention.prune, retention.overdue),
    (projection.project, projection.missing),
    (activity.fold, lambda: activity.SOURCES),
    (aging.age, lambda: [None]),
    (runs.begin_when_due, lambda: [None]),
    (runs.advance, runs.due),
    (message_retention.prune, message_retention.overdue),
    (counters.count, counters.due),
    (sessions.prune, sessions.overdue),
    (second_factor.prune, second_factor.unconfirmed),
    (email_change.prune, email_change.overdue),
]
"""What a sweep does with each row, and where it finds them."""


def register(app: Flask) -> None:
    """Make the tasks known to the application's queue, each in an application context of its own."""
    queue = huey(app)
    app.extensions["tasks"] = {name: queue.task(name=name)(_in_app(app, run)) for name, run in TASKS.items()}
    queue.periodic_task(crontab(), name="sweep")(lambda: sweep(app))


def sweep(app: Flask) -> None:
    """Do what is due, whoever forgot to say so; one failure stops nothing else.

    One of each kind in turn, and no longer than until the next sweep begins: a mail server that keeps everybody
    waiting shall hold up neither the other kinds nor every thread of the worker.
    """
    began = beaten = time.monotonic()
    _do(app, heartbeats.beat)
    for run, row in in_turn([(run, _rows(app, due)) for run, due in DUE]):
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


def _rows(app: Flask, due: Callable[[], Iterable[Any]]) -> list[Any]:
    try:
        with app.app_context():
            return [*due()]
    except Exception:
        log.exception("the sweep could not look for what is due")
        return []


def _do(app: Flask, run: Callable[..., None], *row: object) -> None:
    try:
        with app.app_context():
            run(*row)
    except Exception:
        log.exception("the sweep could not do one of its rows")


def _in_app(app: Flask, run: Callable[[str], None]) -> Callable[[str], None]:
    def task(row: str) -> None:
        with app.app_context():
            run(row)

    return task
