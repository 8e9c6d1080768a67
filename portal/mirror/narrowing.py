"""Finding the next accounts of an order that pass a filter, at a cost that does not grow with the list.

What many accounts pass is met among the next ones along the order's index. What few pass is looked up in an
index of its own - words and marks, times - and put in order here. What is neither near nor rare is met on the way
along the order's index, which then takes longer; that is left.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from portal.extensions import session
from portal.mirror import search
from portal.mirror.asking import Filter, Order, Position
from portal.models import MirroredAccount, now
from portal.models.base import UtcDateTime
from portal.vault.holdings import EXPIRES_SOON

NEAR = 500
"""So many of the next accounts are looked at before any index is asked."""
FEW = 2000
"""As many are put in order here."""
_FAR = datetime(9999, 1, 1, tzinfo=UTC)

_TABLE = MirroredAccount.__table__.c  # type: ignore[attr-defined]
_SHOWN = tuple(column for column in _TABLE if column.name not in ("listed", "terms", "marks"))
_CHECKED = (_TABLE.id, _TABLE.terms, _TABLE.marks, _TABLE.token_expires_at)

Row = sa.Row[Any]
"""A line of the list: the columns of a mirrored account that a list shows."""
Found = list[tuple[Any, int]]
"""The key in the order, and the number, of accounts."""


def rows(wanted: Filter, order: Order, place: Position | None, limit: int) -> Sequence[Row]:
    """The first accounts that come after a place."""
    if wanted.is_empty:
        return _along(order, place, [], limit)
    near = _near(wanted, order, place)
    if len(near) >= limit:
        return _shown(sorted(near, reverse=order.descending)[:limit])
    few, conditions = _narrowed(wanted, order)
    if few is None:
        return _along(order, place, conditions, limit)
    return _shown(_ordered(few, conditions, order, place)[:limit])


def _along(
    order: Order, place: Position | None, conditions: Sequence[sa.ColumnElement[bool]], limit: int
) -> Sequence[Row]:
    query = _after(sa.select(*_SHOWN).where(*conditions), order, place)
    return session().execute(query.limit(limit)).all()


def _after(query: sa.Select[Any], order: Order, place: Position | None) -> sa.Select[Any]:
    key, number = _TABLE[order.column], _TABLE.id
    if place is not None:
        here = sa.tuple_(sa.literal(place.key, key.type), sa.literal(place.number, number.type))
        there = sa.tuple_(key, number)
        query = query.where(there < here if order.descending else there > here)
    return query.order_by(*((key.desc(), number.desc()) if order.descending else (key, number)))


def _near(wanted: Filter, order: Order, place: Position | None) -> Found:
    columns = {column.name: column for column in (*_CHECKED, _TABLE[order.column], _TABLE.last_activity_at)}
    near = _after(sa.select(*columns.values()), order, place).limit(NEAR).subquery().c
    conditions = search.matches(near, wanted.words, wanted.marks)
    for name, since, until in _times(wanted):
        conditions += _between(near[name], since, until)
    query = sa.select(near[order.column], near.id).where(*conditions)
    return [(row[0], row[1]) for row in session().execute(query)]


def _ordered(
    numbers: Sequence[int], conditions: Sequence[sa.ColumnElement[bool]], order: Order, place: Position | None
) -> Found:
    query = sa.select(_TABLE[order.column], _TABLE.id).where(_TABLE.id.in_(numbers), *conditions)
    found = sorted(((row[0], row[1]) for row in session().execute(query)), reverse=order.descending)
    if place is None:
        return found
    here = (place.key, place.number)
    return [each for each in found if (each < here if order.descending else each > here)]


def _shown(found: Found) -> Sequence[Row]:
    numbers = [number for _key, number in found]
    by_number = {row.id: row for row in session().execute(sa.select(*_SHOWN).where(_TABLE.id.in_(numbers)))}
    return [by_number[number] for number in numbers if number in by_number]


def _narrowed(wanted: Filter, order: Order) -> tuple[Sequence[int] | None, list[sa.ColumnElement[bool]]]:
    """The few accounts that a part of the filter leaves, if one does, and the conditions that are left."""
    few: Sequence[int] | None = None
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.words or wanted.marks:
        found = search.find(session(), wanted.words, wanted.marks, FEW + 1)
        if len(found) <= FEW:
            few = found
        else:
            conditions += search.matches(_TABLE, wanted.words, wanted.marks)
    for name, since, until in _times(wanted):
        if name == order.column:
            conditions += _between(_TABLE[name], since, until)
        elif few is None and (in_time := _in_time(name, since, until)) is not None:
            few = in_time
        else:
            # Wrapped, so that no database takes this column's index for the way and sorts what it finds there.
            wrapped = sa.func.coalesce(_TABLE[name], sa.literal(_FAR, UtcDateTime()), type_=UtcDateTime())
            conditions += _between(wrapped, since, until)
    return few, conditions


def _in_time(name: str, since: datetime | None, until: datetime | None) -> Sequence[int] | None:
    """The accounts of a time; none when they are many."""
    query = sa.select(_TABLE.id).where(*_between(_TABLE[name], since, until)).limit(FEW + 1)
    found = session().execute(query).scalars().all()
    return found if len(found) <= FEW else None


def _times(wanted: Filter) -> list[tuple[str, datetime | None, datetime | None]]:
    found: list[tuple[str, datetime | None, datetime | None]] = []
    if wanted.expires_soon:
        found.append(("token_expires_at", now(), now() + EXPIRES_SOON))
    if wanted.active_since or wanted.quiet_since:
        found.append(("last_activity_at", wanted.active_since, wanted.quiet_since))
    return found


def _between(column: Any, since: datetime | None, until: datetime | None) -> list[sa.ColumnElement[bool]]:
    return [*([column >= since] if since else []), *([column < until] if until else [])]
