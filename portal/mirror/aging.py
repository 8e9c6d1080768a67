"""What becomes of an account by time alone: its last activity lies further back, its token expires soon.

The worker's sweep marks those for which that became so since the last time, and reads no others.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from portal.db import first_come
from portal.db.unit_of_work import unit_of_work
from portal.extensions import session
from portal.mirror import facets, search_index
from portal.models import MirroredAccount, ReadPosition, now
from portal.vault.snapshot import EXPIRES_SOON

NAME = "aging"
"""Of the moment up to which it is done, in seconds."""
OVERLAP = timedelta(minutes=10)
"""Whoever marked an account before the last time may have committed it after that."""
BATCH = 500

_ROW = MirroredAccount.__table__.c  # type: ignore[attr-defined]
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def age(_row: None = None) -> None:
    """Mark what has aged."""
    moment = now()
    done = session().get(ReadPosition, NAME)
    since = max(_BEGINNING, datetime.fromtimestamp(done.position, UTC) - OVERLAP) if done else _BEGINNING
    for column, back in _crossings():
        for number in list(_crossed(column, since + back, moment + back, moment)):
            with unit_of_work():
                _mark(number)
    with unit_of_work():
        first_come.insert(ReadPosition, [{"name": NAME, "position": 0}])
        row = session().get_one(ReadPosition, NAME, with_for_update=True, populate_existing=True)
        row.position = int(moment.timestamp())
        session().add(row)
        session().commit()


def _crossings() -> list[tuple[sa.ColumnElement[Any], timedelta]]:
    """What is told apart by time, and how far from now it changes."""
    expiry = [(_ROW.token_expires_at, timedelta(0)), (_ROW.token_expires_at, EXPIRES_SOON)]
    return [*expiry, *((_ROW.last_activity_at, -limit) for limit in facets.LIMITS)]


def _crossed(column: Any, after: datetime, until: datetime, at: datetime) -> Iterator[int]:
    """The accounts whose moment lies between two, and whose marks do not say so yet."""
    columns = (_ROW.id, _ROW.marks, _ROW.kind, _ROW.last_activity_at, _ROW.token_expires_at)
    start, number = after, 0
    while True:
        query = sa.select(*columns, column).where(
            sa.tuple_(column, _ROW.id) > sa.tuple_(sa.literal(start, column.type), sa.literal(number)),
            column <= until,
        )
        rows = session().execute(query.order_by(column, _ROW.id).limit(BATCH)).all()
        session().rollback()
        for row in rows:
            is_marked = f" {facets.EXPIRING} " in row.marks
            is_current = row.kind % facets.RECENCIES == facets.recency(row.last_activity_at, at)
            if not is_current or is_marked != facets.expires_soon(row.token_expires_at, at):
                yield row.id
        if len(rows) < BATCH:
            return
        start, number = rows[-1][-1], rows[-1].id


def _mark(number: int) -> None:
    """One account in a transaction of its own, so that nobody waits here for one while holding another."""
    session().rollback()
    query = select(MirroredAccount).where(col(MirroredAccount.id) == number).with_for_update()
    row = session().exec(query.execution_options(populate_existing=True)).first()
    if row is not None:
        before = row.marks
        facets.mark(row)
        session().add(row)
        if row.marks != before:
            search_index.put(session(), [row])
    session().commit()
