"""The log of what was forwarded: of an event, of a destination, and of each hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from portal import audit
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.models import (
    Account,
    Destination,
    DestinationState,
    Forward,
    ForwardAttempt,
    ForwardState,
    ForwardTally,
    Person,
    now,
)
from portal.relay.forwarding.claiming import WAITS
from portal.web.rendering.charts import Chart

PAGE = 50


@dataclass(frozen=True)
class Entry:
    """A forward with its destination, and every attempt."""

    forward: Forward
    destination: Destination
    attempts: Sequence[ForwardAttempt]


def of_event(account: Account, event_id: int) -> list[Entry]:
    """Where an event went, or is to go."""
    query = select(Forward, Destination).join(Destination, col(Destination.id) == col(Forward.destination_id))
    query = query.where(Forward.delivery_id == event_id, Forward.account_id == account.id)
    rows = session().exec(query.order_by(col(Forward.id))).all()
    attempts = _attempts([forward.id or 0 for forward, _destination in rows])
    return [Entry(forward, destination, attempts.get(forward.id or 0, [])) for forward, destination in rows]


def latest(destination: Destination, before: int | None = None) -> list[Entry]:
    """The newest forwards of a destination, or those before one."""
    query = select(Forward).where(Forward.destination_id == destination.id)
    if before is not None:
        query = query.where(col(Forward.id) < before)
    rows = session().exec(query.order_by(col(Forward.id).desc()).limit(PAGE)).all()
    attempts = _attempts([forward.id or 0 for forward in rows])
    return [Entry(forward, destination, attempts.get(forward.id or 0, [])) for forward in rows]


def waiting(destinations: Sequence[Destination]) -> dict[UUID, int]:
    """How many events wait for each."""
    query = (
        sa.select(col(Forward.destination_id), sa.func.count())
        .where(col(Forward.destination_id).in_([each.id for each in destinations]), WAITS)
        .group_by(col(Forward.destination_id))
    )
    return {row[0]: row[1] for row in session().execute(query)}


def replay(person: Person, account: Account, forward_id: int) -> Destination:
    """Send an event to its destination again, with the same identifier.

    Raises:
        DomainError: it cannot be sent again.
    """
    query = select(Forward, Destination).join(Destination, col(Destination.id) == col(Forward.destination_id))
    found = session().exec(query.where(Forward.id == forward_id, Forward.account_id == account.id)).first()
    if found is None:
        raise DomainError(_("This event was deleted, so it can't be sent again."))
    forward, destination = found
    if destination.state == DestinationState.OFF:
        raise DomainError(_("This destination is switched off. Switch it on first."))
    again = {"state": ForwardState.WAITING, "next_attempt_at": now(), "claimed_until": None, "tries": 0}
    changed: Any = session().execute(
        sa.update(Forward)
        .where(col(Forward.id) == forward_id, col(Forward.state) != ForwardState.WAITING)
        # Without a lane: what is sent again stands outside its conversation's order, and holds up nothing.
        .values(**again, problem="", finished_at=None, lane=None)
        .execution_options(synchronize_session=False)
    )
    if not changed.rowcount:
        raise DomainError(_("This event is already waiting to be sent."))
    audit.record(person, account, "destination.replayed", destination.name, event=forward.delivery_id)
    session().commit()
    return destination


def tallies(destination: Destination, hours: int) -> list[ForwardTally]:
    """What was counted in the last hours, the newest first; hours without an attempt are left out."""
    query = select(ForwardTally).where(
        ForwardTally.destination_id == destination.id,
        col(ForwardTally.hour) > now() - timedelta(hours=hours),
    )
    return list(session().exec(query.order_by(col(ForwardTally.hour).desc())))


def charts(rows: Sequence[ForwardTally], hours: int) -> list[Chart]:
    """The same as bars: every hour has its place."""
    last = now().replace(minute=0, second=0, microsecond=0)
    times = [last - timedelta(hours=ago) for ago in reversed(range(hours))]
    found = {row.hour: row for row in rows}
    tallies = [found.get(time) for time in times]
    return [
        Chart(_("Accepted"), times, [row.successes if row else 0 for row in tallies]),
        Chart(_("Failed"), times, [row.failures if row else 0 for row in tallies]),
        Chart(_("Average time (ms)"), times, [average(row) if row else 0 for row in tallies]),
    ]


def average(row: ForwardTally) -> int:
    """Milliseconds that an attempt took on average."""
    return row.milliseconds // max(row.successes + row.failures, 1)


def _attempts(forward_ids: Sequence[int]) -> dict[int, list[ForwardAttempt]]:
    found: dict[int, list[ForwardAttempt]] = {}
    if forward_ids:
        query = select(ForwardAttempt).where(col(ForwardAttempt.forward_id).in_(forward_ids))
        for row in session().exec(query.order_by(col(ForwardAttempt.forward_id), col(ForwardAttempt.number))):
            found.setdefault(row.forward_id, []).append(row)
    return found
