"""Writing down what came of attempts: at the forward, in its log, at its destination, and in the hour's tally."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal.db import first_come, queue
from portal.extensions import session
from portal.models import Destination, Forward, ForwardAttempt, ForwardState, ForwardTally, Mail
from portal.relay.forwarding import health, schedule
from portal.relay.forwarding.claiming import Job

GONE = 410


@dataclass(frozen=True)
class Result:
    """What came of one attempt. Without a status no answer came, and `problem` says why."""

    job: Job
    at: datetime
    milliseconds: int
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    answer: bytes = field(default=b"", repr=False)
    problem: str = ""
    is_put_back: bool = False
    """It was not sent: its turn came too late, so that its claim could have run out."""

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def record(results: Sequence[Result]) -> list[Mail]:
    """Write these down; the mails that this promised. The caller commits, and wakes the worker for them."""
    if not results:
        return []
    # In one order, so that two workers wait for each other, and not in a circle.
    destinations = _lock_destinations({result.job.destination_id for result in results})
    forwards = _lock_forwards([result.job.forward_id for result in results])
    known = [result for result in results if _is_current(result, forwards.get(result.job.forward_id))]
    made = [result for result in known if not result.is_put_back]
    first_come.insert_whole(ForwardAttempt, [_attempt(result) for result in made])
    _move([result for result in known if result.is_success], [result for result in known if not result.is_success])
    mails: list[Mail] = []
    for result in made:
        mails += _judge(destinations[result.job.destination_id], result)
    session().add_all(destinations.values())
    session().flush()
    _tally(made)
    return mails


def wake(mails: Iterable[Mail]) -> None:
    """Have the mails sent; after the commit."""
    for mailed in mails:
        queue.wake("mail", str(mailed.id))


def _lock_destinations(ids: set[UUID]) -> dict[UUID, Destination]:
    query = sa.select(Destination).where(col(Destination.id).in_(ids)).order_by(col(Destination.id))
    locked = query.with_for_update().execution_options(populate_existing=True)
    return {row.id: row for row in session().execute(locked).scalars()}


def _lock_forwards(ids: list[int]) -> dict[int, Any]:
    columns = (col(Forward.id), col(Forward.state), col(Forward.attempts))
    query = sa.select(*columns).where(col(Forward.id).in_(ids)).order_by(col(Forward.id)).with_for_update()
    return {row.id: row for row in session().execute(query)}


def _is_current(result: Result, forward: Any) -> bool:
    """Whether this is the attempt that is awaited: its event may be forgotten, or another worker took it over."""
    return forward is not None and forward.attempts == result.job.number - 1


def _attempt(result: Result) -> dict[str, Any]:
    return {
        "forward_id": result.job.forward_id,
        "number": result.job.number,
        "at": result.at,
        "milliseconds": result.milliseconds,
        "status": result.status,
        "problem": result.problem,
        "answer": result.answer,
    }


def _move(successes: Sequence[Result], others: Sequence[Result]) -> None:
    """Move forwards. Most attempts succeed, and all of these are one statement."""
    if successes:
        ids = [result.job.forward_id for result in successes]
        done = _ended("", successes[-1].at) | {"state": ForwardState.DELIVERED}
        _change(col(Forward.id).in_(ids), {**done, "attempts": col(Forward.attempts) + 1})
    for result in others:
        # What was ended meanwhile stays so.
        is_waiting = sa.and_(col(Forward.id) == result.job.forward_id, col(Forward.state) == ForwardState.WAITING)
        _change(is_waiting, _failure(result))


def _change(which: sa.ColumnElement[bool], values: Mapping[str, Any]) -> None:
    change = sa.update(Forward).where(which).values(**values)
    session().execute(change.execution_options(synchronize_session=False))


def _failure(result: Result) -> dict[str, Any]:
    again: dict[str, Any] = {"claimed_until": None, "next_attempt_at": result.at}
    if result.is_put_back:
        return again
    again["attempts"] = result.job.number
    if result.status == GONE:
        return again | _ended("gone", result.at)
    if result.job.is_probe:
        return again  # it is kept: only its destination was tried with it
    tries = result.job.tries + 1
    pause = schedule.delay(tries)
    if pause is None:
        return again | _ended("attempts", result.at) | {"tries": tries}
    later = result.at + max(pause, schedule.wished(result.headers, result.at))
    return again | {"next_attempt_at": later, "tries": tries}


def _ended(problem: str, at: datetime) -> dict[str, Any]:
    return {
        "state": ForwardState.FAILED,
        "problem": problem,
        "finished_at": at,
        "next_attempt_at": None,
        "claimed_until": None,
    }


def _judge(destination: Destination, result: Result) -> list[Mail]:
    if result.is_success:
        return health.succeeded(destination, result.at)
    if result.status == GONE:
        return health.is_gone(destination, result.at)
    asked = schedule.wished(result.headers, result.at) if result.status in (429, 503) else None
    return health.failed(destination, result.at, asked, was_probe=result.job.is_probe)


def _tally(results: Sequence[Result]) -> None:
    sums: dict[tuple[UUID, datetime], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for result in results:
        hour = result.at.replace(minute=0, second=0, microsecond=0)
        counted = sums[result.job.destination_id, hour]
        counted[0] += result.is_success
        counted[1] += not result.is_success
        counted[2] += result.milliseconds
        counted[3] = max(counted[3], result.milliseconds)
    keys = [{"destination_id": destination, "hour": hour} for destination, hour in sums]
    nothing = {"successes": 0, "failures": 0, "milliseconds": 0, "slowest": 0}
    first_come.insert_whole(ForwardTally, [{**key, **nothing} for key in keys])
    for (destination, hour), (successes, failures, milliseconds, slowest) in sums.items():
        is_slower = col(ForwardTally.slowest) < slowest
        session().execute(
            sa.update(ForwardTally)
            .where(col(ForwardTally.destination_id) == destination, col(ForwardTally.hour) == hour)
            .values(
                successes=col(ForwardTally.successes) + successes,
                failures=col(ForwardTally.failures) + failures,
                milliseconds=col(ForwardTally.milliseconds) + milliseconds,
                slowest=sa.case((is_slower, slowest), else_=col(ForwardTally.slowest)),
            )
            .execution_options(synchronize_session=False)
        )
