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
from portal.relay import health, schedule
from portal.relay.claiming import Job

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
    first_come.insert_whole(ForwardAttempt, [_attempt(result) for result in known])
    mails: list[Mail] = []
    for result in known:
        destination = destinations[result.job.destination_id]
        _move(forwards[result.job.forward_id], result)
        mails += _judge(destination, result)
        session().add_all([destination, forwards[result.job.forward_id]])
    session().flush()
    _tally(known)
    return mails


def wake(mails: Iterable[Mail]) -> None:
    """Have the mails sent; after the commit."""
    for mailed in mails:
        queue.wake("mail", str(mailed.id))


def _lock_destinations(ids: set[UUID]) -> dict[UUID, Destination]:
    query = sa.select(Destination).where(col(Destination.id).in_(ids)).order_by(col(Destination.id))
    locked = query.with_for_update().execution_options(populate_existing=True)
    return {row.id: row for row in session().execute(locked).scalars()}


def _lock_forwards(ids: list[int]) -> dict[int, Forward]:
    query = sa.select(Forward).where(col(Forward.id).in_(ids)).order_by(col(Forward.id))
    locked = query.with_for_update().execution_options(populate_existing=True)
    return {row.id or 0: row for row in session().execute(locked).scalars()}


def _is_current(result: Result, forward: Forward | None) -> bool:
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


def _move(forward: Forward, result: Result) -> None:
    forward.attempts, forward.claimed_until = result.job.number, None
    if result.is_success:
        forward.state, forward.problem = ForwardState.DELIVERED, ""
        forward.finished_at, forward.next_attempt_at = result.at, None
    elif forward.state != ForwardState.WAITING:
        return  # it was ended meanwhile
    elif result.status == GONE:
        end(forward, "gone", result.at)
    elif result.job.is_probe:
        forward.next_attempt_at = result.at  # it is kept: only its destination was tried with it
    else:
        forward.tries += 1
        pause = schedule.delay(forward.tries)
        if pause is None:
            end(forward, "attempts", result.at)
        else:
            forward.next_attempt_at = result.at + max(pause, schedule.wished(result.headers, result.at))


def end(forward: Forward, problem: str, at: datetime) -> None:
    """Give up for good."""
    forward.state, forward.problem, forward.finished_at = ForwardState.FAILED, problem, at
    forward.next_attempt_at = forward.claimed_until = None


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
