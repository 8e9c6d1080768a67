"""Setting an account up at Connexease: a state machine that can be stopped anywhere and taken up again.

account created -> the portal's own webhook registered -> ready

Each call is three steps: commit what we are about to do, call, commit what happened. A row that still says
that a call was begun, with no outcome, is looked into before anything is asked for again. Both calls have a
natural key at Connexease (`contact_email`; callback URL with triggers), so nothing is made twice.
"""

import logging
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal.connexease import errors as cx
from portal.customers.provisioning import create_account, register_webhook, steps
from portal.db import leases
from portal.db.queue import wake
from portal.db.unit_of_work import unit_of_work
from portal.extensions import session
from portal.models import (
    Account,
    Problem,
    Provisioning,
    Step,
    now,
)

log = logging.getLogger(__name__)

WORKING = (Step.CREATING_ACCOUNT, Step.REGISTERING_WEBHOOK)
PATIENCE = timedelta(seconds=3)
"""How long a page view leaves a due step to the worker."""
FIRST_DELAY, LONGEST_DELAY = 2, 900


def due(limit: int = 100) -> list[UUID]:
    """The accounts whose set-up should be taken up now."""
    query = (
        sa.select(col(Provisioning.account_id))
        .where(_is_working(), col(Provisioning.next_attempt_at) <= now(), leases.is_free(Provisioning))
        .order_by(col(Provisioning.next_attempt_at))
        .limit(limit)
    )
    return list(session().execute(query).scalars())


def advance_if_overdue(account_id: UUID) -> None:
    """Take the set-up on from a page view when no worker does, so that nothing hangs on one process."""
    row = session().get_one(Provisioning, account_id)
    if row.step in WORKING and row.next_attempt_at and row.next_attempt_at < now() - PATIENCE:
        advance(account_id)


def advance(account_id: UUID) -> None:
    """Take the set-up as far as it goes now. Does nothing when it waits or another process is at it."""
    with unit_of_work():
        while (row := leases.take(Provisioning, account_id, _is_working())) is not None:
            step = row.step
            _try_step(row, session().get_one(Account, account_id))
            if row.step == step:
                return


def _try_step(row: Provisioning, account: Account) -> None:
    interrupted = row.call_started_at is not None
    try:
        _STEPS[row.step](row, account)
    except cx.ConnexeaseError as error:
        log.warning("set-up of account %s at step %s: %s", row.account_id, row.step, type(error).__name__)
        _note_failure(row, _problem(error), error.message)
        if error.method == "POST" and not isinstance(error, cx.OutcomeUnknown) and not interrupted:
            row.call_started_at = None  # certainly not done, so there is nothing to find out
        _retry_later(row, error.retry_after if isinstance(error, cx.RateLimited | cx.Unavailable) else None)
    except Exception:
        log.exception("set-up of account %s at step %s", row.account_id, row.step)
        _note_failure(row, Problem.UNEXPECTED, "")
        _retry_later(row, None)
    finally:
        _give_back(row)


def _is_working() -> sa.ColumnElement[bool]:
    return col(Provisioning.step).in_(WORKING)


def _give_back(row: Provisioning) -> None:
    row.claimed_until = None
    steps.save(row)


def _note_failure(row: Provisioning, problem: Problem, text: str) -> None:
    session().rollback()  # half a transaction is dropped; what was committed stands
    session().refresh(row)
    row.problem, row.problem_text = problem, text[:500]
    row.attempts += 1


def _retry_later(row: Provisioning, asked: float | None) -> None:
    delay = max(leases.delay(row.attempts, FIRST_DELAY, LONGEST_DELAY), asked or 0)
    row.next_attempt_at = now() + timedelta(seconds=delay)
    steps.save(row)
    wake("provision", str(row.account_id), delay=delay)


def _problem(error: cx.ConnexeaseError) -> Problem:
    by_class = {
        cx.OutcomeUnknown: Problem.UNKNOWN_OUTCOME,
        cx.RateLimited: Problem.BUSY,
        cx.Unauthorized: Problem.NOT_ALLOWED,
        cx.BadAnswer: Problem.UNEXPECTED,
        cx.Unavailable: Problem.UNREACHABLE,
    }
    return next((problem for kind, problem in by_class.items() if isinstance(error, kind)), Problem.UNEXPECTED)


_STEPS = {
    Step.CREATING_ACCOUNT: create_account.create_account,
    Step.REGISTERING_WEBHOOK: register_webhook.register_webhook,
}
