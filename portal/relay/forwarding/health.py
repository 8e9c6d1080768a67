"""How a destination is: when its owners are told that it fails, when it is held back, and when it is back.

One that is held back keeps its events and is tried with one of them an hour. A success sends what was kept.
"""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal import audit
from portal.connexease.texts import gettext_noop
from portal.extensions import session
from portal.identity.memberships import owners_of
from portal.mail import outbox
from portal.models import Account, Destination, DestinationState, Forward, Mail, MailKind
from portal.relay.forwarding import schedule
from portal.relay.forwarding.claiming import WAITS

MOST_FAILURES = 100
LONGEST_FAILING = timedelta(days=5)
"""It is held back after so many failures in a row, or so long without a success."""
WARNINGS = (90, 70, 50)
"""Per cent of the limit at which its owners are told."""
HELD, GONE = 100, 410


def share(destination: Destination, at: datetime) -> float:
    """How much of the limit is reached: from 0 to 1 and above."""
    if destination.failing_since is None:
        return 0.0
    return max(destination.failures / MOST_FAILURES, (at - destination.failing_since) / LONGEST_FAILING)


def succeeded(destination: Destination, at: datetime) -> list[Mail]:
    """It took an event: all is well, and what was kept goes out."""
    was_held = destination.held_at is not None
    if destination.failures:
        destination.ready_at = None
    destination.failures, destination.failing_since, destination.warned = 0, None, 0
    destination.succeeded_at = at
    if not was_held:
        return []
    destination.held_at = None
    send_what_was_kept(destination)
    audit.record(None, destination.account_id, "destination.recovered", destination.name)
    return []


def failed(destination: Destination, at: datetime, asked: timedelta | None, *, was_probe: bool) -> list[Mail]:
    """It did not take an event.

    Args:
        asked: how long it asked to be left alone, where it did.
    """
    destination.failures += 1
    destination.failing_since = destination.failing_since or at
    if was_probe and destination.held_at is not None:
        destination.ready_at = at + schedule.PROBE_EVERY
        return []
    if destination.held_at is not None:
        return []
    pause = max(schedule.cooling(destination.failures), asked or timedelta())
    destination.ready_at = max(destination.ready_at or at, at + pause)
    reached = share(destination, at) * 100
    if reached >= HELD:
        destination.held_at, destination.ready_at = at, at + schedule.PROBE_EVERY
        audit.record(None, destination.account_id, "destination.held", destination.name)
        return _tell(destination, HELD)
    step = next((step for step in WARNINGS if reached >= step), 0)
    return _tell(destination, step) if step > destination.warned else []


def is_gone(destination: Destination, at: datetime) -> list[Mail]:
    """It answered that it is no longer there."""
    destination.failures += 1
    destination.failing_since = destination.failing_since or at
    if destination.state == DestinationState.OFF:
        return []
    destination.state, destination.held_at = DestinationState.OFF, None
    destination.problem_text = gettext_noop("It answered 410 Gone: it wants no more events.")
    audit.record(None, destination.account_id, "destination.gone", destination.name)
    return _tell(destination, GONE)


def send_what_was_kept(destination: Destination) -> None:
    """Make due what waits for a later attempt. The caller commits."""
    session().execute(
        sa.update(Forward)
        .where(
            col(Forward.destination_id) == destination.id,
            WAITS,
            col(Forward.claimed_until).is_(None),
            col(Forward.next_attempt_at) > col(Forward.created_at),
        )
        .values(next_attempt_at=col(Forward.created_at))
        .execution_options(synchronize_session=False)
    )
    destination.ready_at = None


def _tell(destination: Destination, step: int) -> list[Mail]:
    destination.warned = min(step, HELD)
    facts = {"destination": str(destination.id), "step": step}
    return [outbox.promise(MailKind.DESTINATION_FAILING, to, **facts) for to in owners_of(destination.account_id)]


@outbox.writes(MailKind.DESTINATION_FAILING)
def _write(mailed: Mail) -> outbox.Context | None:
    row = session().get(Destination, UUID(mailed.context["destination"]))
    if row is None:
        return None
    account = session().get_one(Account, row.account_id)
    return {**mailed.context, "destination": row, "account": account}
