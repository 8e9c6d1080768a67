"""Finding the next accounts of an order that pass a filter, at a cost that does not grow with the list.

What many accounts pass is met among the next ones along the order's index. Filters are numbers that each order
has an index for (`portal.mirror.walking`). Words that few accounts have are looked up in an index of their own and
put in order here. What is neither near nor rare is looked for along the order, a stretch at a time, and whoever
reads on goes on from its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.extensions import session
from portal.mirror import search, walking
from portal.mirror.asking import Filter, Order, Position
from portal.models import MirroredAccount

NEAR = 200
"""So many of the next accounts are looked at before any index is asked."""
FEW = 1000
"""As many are put in order here."""
OFTEN = 5
"""Of those that are near, if as many have the words, then a stretch of the list does as well."""
STRETCH = 2000
"""So many are looked through at once for words that many accounts have, and none that is near."""

_TABLE = MirroredAccount.__table__.c  # type: ignore[attr-defined]
_SHOWN = tuple(column for column in _TABLE if column.name not in ("listed", "terms", "marks", "kind"))
_PLACED = (_TABLE.id, _TABLE.kind, _TABLE.name_key, _TABLE.created_at, _TABLE.last_activity_at)

Row = sa.Row[Any]
"""A line of the list: the columns of a mirrored account that a list shows."""


@dataclass(frozen=True)
class Found:
    """The next accounts, and where looking for them stopped when it did not come to the end of the list."""

    rows: Sequence[Row]
    stopped: Position | None = None


def rows(wanted: Filter, order: Order, place: Position | None, limit: int) -> Found:
    """The first accounts that come after a place."""
    of = walking.kinds(wanted)
    if not wanted.words:
        return Found(_shown(walking.first(of, order, place, limit)))
    near, end = walking.look_through(of, wanted.words, order, place, NEAR)
    if len(near) >= limit or end is None:
        return Found(_shown(near[:limit]))
    if len(near) < OFTEN:
        few = _few(wanted, of)
        if few is not None:
            return Found(_shown(_after(few, order, place)[:limit]))
    far, end = walking.look_through(of, wanted.words, order, place, STRETCH)
    return Found(_shown(far[:limit]), end if len(far) < limit else None)


def _few(wanted: Filter, of: walking.Kinds) -> Sequence[sa.Row[Any]] | None:
    """Every account that passes, when the words and marks leave only a few."""
    some = search.numbers(session(), wanted.words, wanted.marks, FEW + 1).subquery()
    found = session().execute(sa.select(*_PLACED).join(some, some.c[0] == _TABLE.id)).all()
    if len(found) > FEW:
        return None
    return found if of is None else [row for row in found if row.kind in set(of)]


def _after(found: Sequence[sa.Row[Any]], order: Order, place: Position | None) -> walking.Found:
    placed = sorted(((row._mapping[order.column], row.id) for row in found), reverse=order.descending)
    if place is None:
        return placed
    here = (place.key, place.number)
    return [each for each in placed if (each < here if order.descending else each > here)]


def _shown(found: walking.Found) -> Sequence[Row]:
    if not found:
        return []
    numbers = [number for _key, number in found]
    by_number = {row.id: row for row in session().execute(sa.select(*_SHOWN).where(_TABLE.id.in_(numbers)))}
    return [by_number[number] for number in numbers if number in by_number]
