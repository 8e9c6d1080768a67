"""Giving up for good what waits for a destination that is switched off, or was held back for too long."""

import sqlalchemy as sa
from sqlmodel import col

from portal.db.unit_of_work import unit_of_work
from portal.extensions import session
from portal.models import Destination, DestinationState, Forward, ForwardState, now
from portal.relay.forwarding import schedule
from portal.relay.forwarding.claiming import WAITS

BATCH = 500
MOST_BATCHES = 20
"""Each sweep."""


def overdue() -> range:
    """The batches of this sweep."""
    return range(MOST_BATCHES if any(_of(problem, 1) for problem in ("switched_off", "kept_too_long")) else 0)


def end(_batch: int = 0) -> None:
    """End the next batch; each can be sent again by replay."""
    with unit_of_work():
        for problem in ("switched_off", "kept_too_long"):
            session().execute(
                sa.update(Forward)
                .where(col(Forward.id).in_(_of(problem, BATCH)), WAITS)
                .values(
                    state=ForwardState.FAILED,
                    problem=problem,
                    finished_at=now(),
                    next_attempt_at=None,
                    claimed_until=None,
                )
                .execution_options(synchronize_session=False)
            )
        session().commit()


def _of(problem: str, count: int) -> list[int]:
    query = sa.select(col(Forward.id)).join(Destination, col(Destination.id) == col(Forward.destination_id))
    is_free = sa.or_(col(Forward.claimed_until).is_(None), col(Forward.claimed_until) <= now())
    if problem == "switched_off":
        query = query.where(col(Destination.state) == DestinationState.OFF)
    else:
        is_held = sa.and_(col(Destination.held_at).is_not(None), col(Destination.state) == DestinationState.ON)
        query = query.where(is_held, col(Forward.created_at) < now() - schedule.KEPT_FOR)
    return list(session().execute(query.where(WAITS, is_free).limit(count)).scalars())
