"""Processing stored deliveries, each once, however often and in whatever order they came.

The worker takes a batch at a time. What it changes and the marks "processed" are one transaction, so a crash
between them is impossible.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import col

from portal import audit
from portal.connexease.texts import gettext_noop
from portal.db.dialect import is_sqlite
from portal.db.unit_of_work import unit_of_work
from portal.events.processing import acting, claiming, stored
from portal.events.processing.stored import Stored
from portal.extensions import session
from portal.models import Account, Delivery, DeliveryState, Person, now
from portal.models.events.delivery import TRIED

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
LEFT_BEHIND = timedelta(seconds=10)
"""So old is a delivery at least when it is tried again."""

_IS_WAITING = col(Delivery.state) == DeliveryState.RECEIVED


def process_waiting() -> int:
    """Process the oldest deliveries that nobody has tried yet; how many there were.

    An event that fails holds up only itself: then each is processed alone. So is one with very many reports.
    """
    # Whoever writes to SQLite keeps all others waiting, so what they tell is read before it is locked.
    batch = acting.read(claiming.claim()) if is_sqlite(session()) else None
    with unit_of_work():
        batch = batch or acting.read(claiming.claim())
        numbers = [*batch.contents]
        if not numbers:
            return 0
        try:
            acting.act_on(batch, stored.found(numbers, _IS_WAITING))
            session().commit()
        except Exception as error:
            if not isinstance(error, acting.ManyReportsError):
                log.exception("a batch of %d deliveries could not be processed at once", len(numbers))
            session().rollback()
        else:
            return len(numbers)
    for number in numbers:
        process(number)
    return len(numbers)


def due(limit: int = 500) -> list[int]:
    """Deliveries that failed and are tried again.

    What nobody has tried yet is left to the worker's next batch, however much that is: nothing is done twice.
    """
    query = (
        sa.select(col(Delivery.id))
        .where(sa.text(TRIED), col(Delivery.received_at) < now() - LEFT_BEHIND)
        .order_by(col(Delivery.id))
        .limit(limit)
    )
    return list(session().execute(query).scalars())


def process(delivery_id: int) -> None:
    """Process one delivery, unless that is done or another process is at it.

    Only an event with very many reports takes several transactions, so that others may write meanwhile.
    """
    with unit_of_work():
        if not _lock(delivery_id):
            return
        try:
            [delivery] = stored.found([delivery_id])
            acting.act_in_parts(acting.read([delivery_id]), delivery)
            session().commit()
        except Exception:
            log.exception("delivery %d could not be processed", delivery_id)
            session().rollback()
            _note_failure(delivery_id)


def process_again(person: Person, account: Account, delivery: Delivery) -> None:
    """Try once more what failed; if it fails again it says so at once. Does nothing to what has not failed."""
    claimed = session().execute(
        sa.update(Delivery)
        .where(col(Delivery.id) == delivery.id, col(Delivery.state) == DeliveryState.FAILED)
        .values(state=DeliveryState.RECEIVED, attempts=MAX_ATTEMPTS - 1, problem_text="")
        .execution_options(synchronize_session=False)
    )
    if claimed.rowcount and delivery.id is not None:  # type: ignore[attr-defined]
        audit.record(
            person, account, "event.processed_again", delivery.hook or str(delivery.id), event=delivery.id
        )
        session().commit()
        process(delivery.id)


def _lock(delivery_id: int) -> bool:
    """Whether it waits still, and nobody else is at it."""
    query = sa.select(col(Delivery.id)).where(col(Delivery.id) == delivery_id, _IS_WAITING)
    return session().execute(query.with_for_update(skip_locked=True)).first() is not None


def _note_failure(delivery_id: int) -> None:
    delivery = session().get_one(Delivery, delivery_id)
    delivery.attempts += 1
    if delivery.attempts >= MAX_ATTEMPTS:
        delivery.state = DeliveryState.FAILED
        delivery.problem_text = gettext_noop("Something went wrong on our side while processing this event.")
    session().add(delivery)
    session().commit()
    if delivery.state == DeliveryState.FAILED:
        for bring in (acting.give_up, acting.note):
            _bring(bring, delivery_id)


def _bring(bring: Callable[[acting.Batch, Sequence[Stored]], None], delivery_id: int) -> None:
    """What failed can be found too, and goes where others go, unless it is this that fails."""
    try:
        bring(acting.read([delivery_id]), stored.found([delivery_id]))
        session().commit()
    except Exception:
        log.exception("delivery %d is not in the log or not passed on", delivery_id)
        session().rollback()
