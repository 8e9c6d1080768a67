"""Leases: one process claims a row for a while, and a failed try is made again later, with backoff.

A claim runs out by itself, so a process that was killed keeps the others waiting no longer than that.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel

from portal.db.queue import wake
from portal.extensions import session, settings
from portal.models import Credential, Webhook, now

M = TypeVar("M", bound=SQLModel)

SHORTEST = 90
"""Seconds."""
FIRST_DELAY, LONGEST_DELAY = 3, 900
"""Seconds between two tries to find out what became of a call."""


def until() -> datetime:
    """When a claim that is made or renewed now runs out: longer than any one call to Connexease can last."""
    return now() + timedelta(seconds=max(SHORTEST, settings().connexease_timeout * 2 + 30))


def is_free(model: type[SQLModel]) -> sa.ColumnElement[bool]:
    """Whether nobody holds a claim on the row."""
    column = _columns(model).claimed_until
    return sa.or_(column.is_(None), column < now())


def take(model: type[M], key: UUID | int, *conditions: sa.ColumnElement[bool], **changes: Any) -> M | None:
    """Claim a row, in a transaction of its own; none when somebody else has it or it is not due.

    Args:
        conditions: what else must hold of the row.
        changes: what else to write when it is claimed.
    """
    session().rollback()
    primary_key = sa.inspect(model).primary_key[0]
    claimed = session().execute(
        sa.update(model)
        .where(primary_key == key, is_free(model), _columns(model).next_attempt_at <= now(), *conditions)
        .values(claimed_until=until(), **changes)
        .execution_options(synchronize_session=False)
    )
    session().commit()
    if not claimed.rowcount:  # type: ignore[attr-defined]
        return None
    return session().get(model, key, populate_existing=True)


def delay(attempts: int, first: float, longest: float) -> float:
    """Seconds until the next try: twice as long each time, up to a bound, with jitter of a quarter."""
    grown: float = min(first * 2.0 ** (max(attempts, 1) - 1), longest)
    return grown * (0.75 + secrets.randbelow(500) / 1000)


def try_later(row: Webhook | Credential, task: str, problem: str) -> None:
    """Let go of a row whose call to Connexease has no end yet, until its next try.

    Args:
        task: what the worker is woken for.
        problem: what stopped this try, for people.
    """
    row.attempts += 1
    row.problem_text = problem[:500]
    seconds = delay(row.attempts, FIRST_DELAY, LONGEST_DELAY)
    row.next_attempt_at, row.claimed_until = now() + timedelta(seconds=seconds), None
    session().add(row)
    session().commit()
    wake(task, str(row.id), delay=seconds)


def _columns(model: type[SQLModel]) -> Any:
    return model
