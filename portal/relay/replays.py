"""Sending many events to a destination again: counted first, at a chosen rate, with a way to stop."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from portal import audit
from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.models import (
    Account,
    Delivery,
    Destination,
    DestinationState,
    Forward,
    ForwardState,
    Person,
    Replay,
    now,
)

STEP = timedelta(seconds=1)


@dataclass(frozen=True)
class Wanted:
    """Which events are to be sent again."""

    kind: str = ""
    since: datetime | None = None
    only_failed: bool = True
    rate: int = 10


def count(destination: Destination, wanted: Wanted) -> int:
    """How many events that would be."""
    counted = _matching(destination.id, wanted.kind, wanted.since, now(), only_failed=wanted.only_failed)
    found: int = session().execute(sa.select(sa.func.count()).select_from(counted.subquery())).scalar_one()
    return found


def begin(person: Person, account: Account, destination: Destination, wanted: Wanted, intent: str) -> None:
    """Have the worker send them again, a few each second. A form that is sent twice begins one.

    Raises:
        DomainError: nothing was begun.
    """
    if session().exec(select(Replay).where(Replay.intent == intent)).first() is not None:
        return
    if destination.state == DestinationState.OFF:
        raise DomainError(_("This destination is switched off. Switch it on first."))
    if any(row.next_at for row in of_destination(destination)):
        raise DomainError(_("Events are being sent again already. Wait until that is finished, or stop it."))
    facts: dict[str, Any] = {
        "kind": wanted.kind,
        "since": wanted.since,
        "only_failed": wanted.only_failed,
        "rate": wanted.rate,
    }
    total = count(destination, wanted)
    session().add(Replay(destination_id=destination.id, intent=intent, total=total, next_at=now(), **facts))
    audit.record(person, account, "destination.replay_begun", destination.name, count=total)
    try:
        session().commit()
    except IntegrityError:  # the same form, a moment ago, in another request
        session().rollback()


def stop(person: Person, account: Account, destination: Destination) -> None:
    """Send no more of them again. What became due already goes out."""
    stopped: Any = session().execute(
        sa.update(Replay)
        .where(col(Replay.destination_id) == destination.id, col(Replay.next_at).is_not(None))
        .values(next_at=None, stopped_at=now())
        .execution_options(synchronize_session=False)
    )
    if stopped.rowcount:
        audit.record(person, account, "destination.replay_stopped", destination.name)
    session().commit()


def of_destination(destination: Destination, limit: int = 5) -> list[Replay]:
    """The newest ones."""
    query = select(Replay).where(Replay.destination_id == destination.id)
    return list(session().exec(query.order_by(col(Replay.created_at).desc()).limit(limit)))


def advance() -> int:
    """Make the next events due, of the replay that waits longest; how many were looked at."""
    due = sa.select(col(Replay.id)).where(col(Replay.next_at) <= now()).order_by(col(Replay.next_at)).limit(1)
    found = session().execute(due).scalar()
    session().rollback()
    return 0 if found is None else _step(found)


def _step(replay_id: UUID) -> int:
    with unit_of_work():
        query = select(Replay).where(Replay.id == replay_id).with_for_update(skip_locked=True)
        row = session().exec(query).first()
        if row is None or row.next_at is None or row.next_at > now():
            return 0
        matching = _matching(row.destination_id, row.kind, row.since, row.until, only_failed=row.only_failed)
        after = matching.where(col(Forward.id) > row.position).order_by(col(Forward.id)).limit(row.rate)
        ids = list(session().execute(after).scalars())
        _send_again(ids)
        row.position, row.done = (ids[-1] if ids else row.position), row.done + len(ids)
        row.next_at = now() + STEP if len(ids) == row.rate else None
        session().add(row)
        session().commit()
        return len(ids)


def _send_again(ids: list[int]) -> None:
    """Without a lane: what is sent again stands outside its conversation's order, and holds up nothing."""
    again = {"state": ForwardState.WAITING, "next_attempt_at": now(), "claimed_until": None, "tries": 0}
    session().execute(
        sa.update(Forward)
        .where(col(Forward.id).in_(ids), col(Forward.state) != ForwardState.WAITING)
        .values(**again, problem="", finished_at=None, lane=None)
        .execution_options(synchronize_session=False)
    )


def _matching(
    destination_id: UUID, kind: str, since: datetime | None, until: datetime, *, only_failed: bool
) -> sa.Select[Any]:
    query = sa.select(col(Forward.id)).where(
        col(Forward.destination_id) == destination_id, col(Forward.created_at) <= until
    )
    wanted = [ForwardState.FAILED] if only_failed else [ForwardState.FAILED, ForwardState.DELIVERED]
    query = query.where(col(Forward.state).in_(wanted))
    if since is not None:
        query = query.where(col(Forward.created_at) >= since)
    if kind:
        padded = sa.literal(" ") + col(Delivery.hook) + sa.literal(" ")
        query = query.join(Delivery, col(Delivery.id) == col(Forward.delivery_id))
        query = query.where(padded.contains(f" {kind} ", autoescape=True))
    return query
