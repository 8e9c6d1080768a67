"""Which forwards are due, and claiming them: one worker gets each, and others of its conversation wait for it.

A worker that claims for a destination locks its row, so that two workers never look at its forwards at the same
time. On PostgreSQL the others skip it.
"""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.orm import aliased
from sqlmodel import col

from portal.extensions import session
from portal.models import Delivery, Destination, DestinationState, Forward, now
from portal.relay import signing

LEASE = timedelta(seconds=60)
"""Longer than any attempt takes, and what waits to be written down after it."""
AT_ONCE = 4
"""Requests to one destination at the same time, in one worker."""
AHEAD = 2.0
"""Seconds of work that are claimed at once for a destination that is known to be fast."""
MOST = 64
"""Forwards that are claimed at once for one destination."""
WAITS = col(Forward.state) == sa.literal_column("'waiting'")
"""As the index says it: SQLite uses one that holds a part of the rows only where the words are the same."""


@dataclass(frozen=True)
class Job:
    """One attempt to make."""

    forward_id: int
    delivery_id: int
    destination_id: UUID
    number: int
    tries: int
    is_probe: bool
    url: str
    body: bytes = field(repr=False)
    signed_with: Sequence[SecretStr]
    headers: Mapping[str, str] = field(repr=False)
    """What is sent along for the customer."""
    secret_headers: Collection[str]
    """The names of those whose values are shown nowhere."""
    message_id: str
    """What every attempt at this event carries, whatever destination it goes to."""
    claimed_at: float = field(default_factory=time.monotonic)


def message_id(delivery_id: int) -> str:
    """The identifier of an event at its destinations."""
    return f"evt_{delivery_id}"


def is_anything_due() -> bool:
    """Whether there may be something to claim."""
    return session().execute(_ready(now()).limit(1)).first() is not None


def claim(room: int, busy: Mapping[UUID, int], seconds: Mapping[UUID, float] = MappingProxyType({})) -> list[Job]:
    """Claim what is due, at most so many. The caller commits before anything is sent.

    Args:
        busy: how many requests to each destination this worker is making now, or has claimed for it.
        seconds: how long a request to a destination takes, where that is known.
    """
    at, jobs = now(), list[Job]()
    for destination in _locked(at):
        if room <= len(jobs):
            break
        count = min(
            _share(destination, busy.get(destination.id, 0), seconds.get(destination.id, AHEAD)), room - len(jobs)
        )
        rows = _due(destination, at, count) if count > 0 else []
        if rows:
            _pace(destination, len(rows), at)
            jobs += _jobs(destination, rows)
    if jobs:
        until = at + LEASE
        session().execute(
            sa.update(Forward)
            .where(col(Forward.id).in_([job.forward_id for job in jobs]))
            .values(claimed_until=until, next_attempt_at=until)
            .execution_options(synchronize_session=False)
        )
    return jobs


def _ready(at: datetime) -> sa.Select[Any]:
    mine = col(Forward.destination_id) == col(Destination.id)
    waits = sa.exists().where(mine, WAITS)
    is_due = sa.exists().where(mine, WAITS, col(Forward.next_attempt_at) <= at)
    return sa.select(Destination).where(
        col(Destination.state) == DestinationState.ON,
        sa.or_(col(Destination.ready_at).is_(None), col(Destination.ready_at) <= at),
        sa.or_(is_due, sa.and_(col(Destination.held_at).is_not(None), waits)),
    )


def _locked(at: datetime) -> Sequence[Destination]:
    """Those that have something due and that no other worker is at; who was served longest ago comes first."""
    query = _ready(at).order_by(col(Destination.ready_at).asc().nulls_first(), col(Destination.id))
    locked = query.with_for_update(skip_locked=True, of=Destination)
    return session().execute(locked.execution_options(populate_existing=True)).scalars().all()


def _share(destination: Destination, busy: int, seconds: float) -> int:
    """How many more requests it may have: one that fails is asked one thing at a time, a fast one gets many."""
    if destination.failures or destination.held_at:
        return 1 - busy
    count = min(max(AT_ONCE, int(AT_ONCE * AHEAD / max(seconds, 0.001))), MOST) - busy
    return min(count, destination.rate) if destination.rate else count


def _pace(destination: Destination, count: int, at: datetime) -> None:
    if destination.rate:
        destination.ready_at = max(destination.ready_at or at, at) + timedelta(seconds=count / destination.rate)
        session().add(destination)


def _due(destination: Destination, at: datetime, count: int) -> Sequence[Any]:
    earlier = aliased(Forward)
    before_it = sa.exists().where(
        col(earlier.destination_id) == col(Forward.destination_id),
        col(earlier.lane) == col(Forward.lane),
        col(earlier.state) == sa.literal_column("'waiting'"),
        col(earlier.id) < col(Forward.id),
        # One that is tried again much later holds up nothing.
        col(earlier.tries) <= 1,
    )
    is_free = sa.or_(col(Forward.claimed_until).is_(None), col(Forward.claimed_until) <= at)
    columns = (col(Forward.id), col(Forward.delivery_id), col(Forward.attempts), col(Forward.tries))
    query = sa.select(*columns).where(col(Forward.destination_id) == destination.id, WAITS, is_free)
    if destination.held_at:
        query = query.order_by(col(Forward.id)).limit(1)
    else:
        query = query.where(col(Forward.next_attempt_at) <= at, sa.not_(before_it))
        query = query.order_by(col(Forward.next_attempt_at), col(Forward.id)).limit(count)
    return session().execute(query).all()


def _jobs(destination: Destination, rows: Sequence[Any]) -> Iterator[Job]:
    of_events = sa.select(col(Delivery.id), col(Delivery.body)).where(
        col(Delivery.id).in_([row.delivery_id for row in rows])
    )
    bodies = {row.id: row.body for row in session().execute(of_events)}
    held = signing.held_by(destination)
    for row in rows:
        yield Job(
            forward_id=row.id,
            delivery_id=row.delivery_id,
            destination_id=destination.id,
            number=row.attempts + 1,
            tries=row.tries,
            is_probe=destination.held_at is not None,
            url=destination.url,
            body=bodies[row.delivery_id],
            signed_with=held.signed_with,
            headers=held.headers,
            secret_headers=held.secret_headers,
            message_id=message_id(row.delivery_id),
        )
