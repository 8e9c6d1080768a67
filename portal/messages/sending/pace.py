"""How fast a gateway key is used: by every campaign and every single message with it, in every process.

Each call of a campaign gets an instant of its own, one after the other, so that no second holds more of them than
the gateway allows. A single message waits for nobody; it takes an instant, which campaigns then go without.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import select

from portal.db import first_come
from portal.extensions import session
from portal.messages.sending.results import Result
from portal.models import Credential, KeyPace, now

PER_SECOND, PER_MINUTE = 80, 4800
"""What the gateway documents, until its answers say something else."""
SHARE = 0.97
"""Of what is allowed: the rest is left to single messages and to calls that arrive a moment early or late."""
AHEAD = timedelta(milliseconds=120)
"""How far ahead instants are given away, at least."""
SLOW_FOR = timedelta(minutes=2)
"""After Meta asked for it, a key is used half as fast, and faster again by and by."""
USUAL_WAIT = 5.0
"""Seconds that a busy gateway is left alone when it does not say how long."""


def locked(credential_id: UUID) -> KeyPace:
    """The pace of a key, which nobody else changes until the transaction ends."""
    query = select(KeyPace).where(KeyPace.credential_id == credential_id).with_for_update()
    found = session().exec(query.execution_options(populate_existing=True)).first()
    if found is not None:
        return found
    first_come.insert(KeyPace, [{"credential_id": credential_id}])
    return session().exec(query.execution_options(populate_existing=True)).one()


def allowed(pace: KeyPace) -> int:
    """Calls a second that the gateway allows."""
    return pace.per_second or PER_SECOND


def rate(pace: KeyPace, at: datetime) -> float:
    """Calls a second that campaigns may make now."""
    most = min(allowed(pace), (pace.per_minute or PER_MINUTE) / 60) * SHARE
    if pace.slowed_until is None or pace.slowed_until <= at:
        return most
    return most * (1 - 0.5 * min(1.0, (pace.slowed_until - at) / SLOW_FOR))


def room(pace: KeyPace, at: datetime, ahead: timedelta = AHEAD) -> int:
    """How many calls may be given an instant now.

    Args:
        ahead: how long it takes at least until somebody asks again.
    """
    free = at + max(ahead, AHEAD) - max(pace.ready_at or at, at)
    return int(free.total_seconds() * rate(pace, at)) + 1 if free > timedelta() else 0


def take(pace: KeyPace, count: int, at: datetime) -> list[datetime]:
    """Instants for so many calls. The caller commits."""
    first, step = max(pace.ready_at or at, at), timedelta(seconds=1 / rate(pace, at))
    pace.ready_at = first + count * step
    session().add(pace)
    return [first + number * step for number in range(count)]


def note_single(credential_id: UUID | None) -> None:
    """A single message goes out now: campaigns leave an instant free for it. The caller commits."""
    pace = session().get(KeyPace, credential_id, with_for_update=True, populate_existing=True)
    at = now()
    if pace is not None and pace.ready_at is not None and pace.ready_at > at - AHEAD:
        take(pace, 1, at)


def learn(credential_id: UUID | None, told: Sequence[Result]) -> None:
    """Keep what the gateway's answers say of the pace. The caller commits."""
    if credential_id is None or session().get(Credential, credential_id) is None:
        return
    limits = next((result.rate_limits for result in reversed(told) if result.rate_limits), None)
    busy = [result for result in told if result.is_busy]
    if limits is None and not busy:
        return
    pace, at = locked(credential_id), now()
    if limits is not None:
        known = pace.per_second, pace.per_minute
        pace.per_second = limits.get("per_second") or pace.per_second
        pace.per_minute = limits.get("per_minute") or pace.per_minute
        pace.changed_at = at if known != (pace.per_second, pace.per_minute) else pace.changed_at
    if busy:
        waits = [USUAL_WAIT if result.wait is None else result.wait for result in busy]
        hold(pace, at + timedelta(seconds=max(waits)))
        if pace.per_second is None:  # what is documented is too much for this key
            pace.slowed_until = at + SLOW_FOR
    session().add(pace)


def hold(pace: KeyPace, until: datetime) -> None:
    """Nothing of campaigns goes out before. The caller commits."""
    pace.ready_at = max(pace.ready_at or until, until)
    session().add(pace)


def slow_down(credential_id: UUID) -> None:
    """Meta wants fewer messages from this number. The caller commits."""
    pace = locked(credential_id)
    pace.slowed_until = now() + SLOW_FOR
    session().add(pace)
