"""A process that takes a piece of work on and kills itself (SIGKILL) at a boundary between two steps of it.

It is forked by `tests.support.processes.prepared`, which makes the application once for all, as a server does that is
preloaded. A boundary is the moment before or after a commit, or before or after a request; they are counted from 1.
Nothing of this is known to the portal's own code.
"""

import gc
import json
import os
import signal
import sys
from functools import cache
from secrets import token_hex
from uuid import UUID

import requests
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session
from sqlmodel import select

from portal import create_app
from portal.campaigns.checking import batches
from portal.contacts.importing import batches as imports
from portal.customers.provisioning import state_machine
from portal.db.engine import writing
from portal.extensions import db, session
from portal.messages.sending import outbox
from portal.mirror import runs
from portal.models import Account, Membership, Message, Person, Webhook
from portal.relay import switching
from portal.settings import Settings
from portal.vault import issuing

REHEARSAL = 0
"""No boundary: the work is done in the prepared process itself, once, so that whoever is forked next has what is made
but once, such as compiled statements."""


def die_at(boundary: int) -> None:
    """Let this process die at that boundary."""
    passed = 0

    def reached(*_arguments: object) -> None:
        nonlocal passed
        passed += 1
        if passed == boundary:
            os.kill(os.getpid(), signal.SIGKILL)

    send = requests.Session.send

    def sending(self, request, **options):
        reached()
        answer = send(self, request, **options)
        reached()
        return answer

    requests.Session.send = sending
    event.listen(Session, "before_commit", reached)
    event.listen(Session, "after_commit", reached)


def make_token(account_id: UUID) -> None:
    """As the form does it, for the account's owner."""
    owner = session().exec(select(Person).join(Membership).where(Membership.account_id == account_id)).one()
    issuing.create(
        owner, session().get_one(Account, account_id), issuing.TokenRequest("Order system"), token_hex()
    )


def confirm_message(message_id: UUID) -> None:
    """As the review's button does it, for the account's owner."""
    message = session().get_one(Message, message_id)
    is_member = Membership.account_id == message.account_id
    owner = session().exec(select(Person).join(Membership).where(is_member)).one()
    outbox.confirm(owner, session().get_one(Account, message.account_id), message)


def switch_over(webhook_id: UUID) -> None:
    """As the button does it, for the account's owner."""
    row = session().get_one(Webhook, webhook_id)
    owner = session().exec(select(Person).join(Membership).where(Membership.account_id == row.account_id)).one()
    switching.switch(owner, session().get_one(Account, row.account_id), row)


WORK = {
    "set-up": lambda row: state_machine.advance(UUID(row)),
    "token": lambda row: make_token(UUID(row)),
    "message": lambda row: confirm_message(UUID(row)),
    "campaign_check": lambda row: batches.check(UUID(row)),
    "contact_import": lambda row: imports.carry_on(UUID(row)),
    "switch": lambda row: switch_over(UUID(row)),
    "mirror": lambda row: runs.advance(int(row)),
}


def run(settings: dict, work: str, row: str, boundary: int) -> str:
    """Let a process do the work until it comes to the boundary: whether it was "killed" there, or is "done"."""
    app = application(json.dumps(settings))
    if boundary == REHEARSAL:
        _rehearse(app, work, row)
        return "done"
    child = os.fork()
    if child == 0:
        try:
            _do(app, work, row, boundary)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    was_killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    return "killed" if was_killed else "done" if status == 0 else "failed"


@cache
def application(settings: str) -> Flask:
    """The application, which has done nothing yet that a fork would take along."""
    app = create_app(Settings(_env_file=None, **json.loads(settings)))
    with app.app_context():
        session().execute(select(1))  # what the first statement makes is made once
        session().close()
        db.engine.dispose()
    gc.collect()
    gc.freeze()  # what is not looked through is not copied either
    return app


def _rehearse(app: Flask, work: str, row: str) -> None:
    with app.test_request_context(), writing():
        WORK[work](row)
    with app.app_context():
        app.extensions["connexease"].close()
        db.engine.dispose()
    gc.collect()
    gc.freeze()


def _do(app: Flask, work: str, row: str, boundary: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    die_at(boundary)
    with app.test_request_context(), writing():
        WORK[work](row)
