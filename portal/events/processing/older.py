"""Finds for older events what each new one has from the beginning: its line for the lists, its kinds, its words.

The worker goes backwards through the log, so that what people look at comes first, and ends at its beginning.
"""

import sqlalchemy as sa
from sqlmodel import col

from portal.db import first_come
from portal.db.unit_of_work import unit_of_work
from portal.events.processing import acting, stored
from portal.extensions import session
from portal.models import Delivery, DeliveryState, ReadPosition

POSITION = "older_events"
BATCH = 200
MOST_BATCHES = 20
"""Each sweep."""


def left() -> range:
    """The batches of this sweep; none once the beginning of the log was reached."""
    row = session().get(ReadPosition, POSITION)
    return range(MOST_BATCHES if row is None or row.position > 0 else 0)


def note(_batch: int = 0) -> None:
    """Look at the next batch."""
    with unit_of_work():
        first_come.insert(ReadPosition, [{"name": POSITION, "position": _newest() + 1}])
        row = session().get_one(ReadPosition, POSITION, with_for_update=True, populate_existing=True)
        if row.position > 0:
            numbers = _before(row.position)
            was_tried = col(Delivery.state) != DeliveryState.RECEIVED
            older = stored.found(numbers, col(Delivery.about).is_(None), was_tried)
            acting.note(acting.read([each.id for each in older]), older)
            row.position = numbers[-1] if numbers else 0
            session().add(row)
            session().commit()


def _newest() -> int:
    return session().execute(sa.select(sa.func.max(col(Delivery.id)))).scalar_one() or 0


def _before(number: int) -> list[int]:
    query = sa.select(col(Delivery.id)).where(col(Delivery.id) < number).order_by(col(Delivery.id).desc())
    return list(session().execute(query.limit(BATCH)).scalars())
