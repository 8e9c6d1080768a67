"""Finding the next accounts of an order that pass a filter, at a cost that does not grow with the list.

What many accounts pass is met among the next ones along the order's index. Filters are numbers that each order
has an index for (see `index_scan`). Words that are not met so are looked up in an index of their own, and the
database puts in order what it has. When that would be too much, the words are looked for along the order, a
stretch at a time, and whoever reads on goes on from its end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.extensions import session
from portal.mirror import search_index
from portal.mirror.query import index_scan
from portal.mirror.query.filters import Filter, Order, Position
from portal.models import MirroredAccount

NEAR = 200
"""So many of the next accounts are looked at before any index is asked."""
OFTEN = 5
"""Of those that are near, if as many have the words, then a stretch of the list is likely to do."""
STRETCH = 2000
"""So many are looked through at once."""
MOST_PUT_IN_ORDER = 20_000
"""As many are put in order at once: it takes a database some milliseconds."""

_TABLE = MirroredAccount.__table__.c  # type: ignore[attr-defined]
_SHOWN = tuple(column for column in _TABLE if column.name not in ("listed", "terms", "marks", "kind"))

Row = sa.Row[Any]
"""A line of the list: the columns of a mirrored account that a list shows."""


@dataclass(frozen=True)
class Found:
    """The next accounts, and where looking for them stopped when it did not come to the end of the list."""

    rows: Sequence[Row]
    stopped: Position | None = None


def rows(wanted: Filter, order: Order, place: Position | None, limit: int) -> Found:
    """The first accounts that come after a place."""
    of = index_scan.kinds(wanted)
    if not wanted.words:
        return Found(_shown(index_scan.first(of, order, place, limit)))
    for most in (NEAR, STRETCH):
        met, end = index_scan.look_through(of, wanted.words, order, place, most)
        if len(met) >= limit or end is None:
            return Found(_shown(met[:limit]))
        if len(met) < OFTEN:
            break
    looked_up = _look_up(wanted, of, order, place, limit)
    if looked_up is not None:
        return Found(_shown(looked_up))
    if most < STRETCH:
        met, end = index_scan.look_through(of, wanted.words, order, place, STRETCH)
    return Found(_shown(met[:limit]), end if len(met) < limit else None)


def _look_up(
    wanted: Filter, of: index_scan.Kinds, order: Order, place: Position | None, limit: int
) -> index_scan.Found | None:
    """The first accounts after a place by the search index; none when it has too many with these words."""
    found = search_index.numbers(session(), wanted.words, wanted.marks, MOST_PUT_IN_ORDER + 1).cte("found")
    counted = sa.select(sa.func.count().label("many")).select_from(found).cte("counted")
    # One account at a time, which no planner does by itself: it overestimates how many there are.
    key = sa.select(_TABLE[order.column]).where(_TABLE.id == found.c[0], *_passes(of, order, place))
    columns = key.scalar_subquery().label("key"), found.c[0].label("number")
    by = sa.desc if order.descending else sa.asc
    first = (
        sa.select(*columns)
        .where(sa.select(counted.c.many).scalar_subquery() <= MOST_PUT_IN_ORDER)
        .order_by(by("key").nulls_last(), by("number"))
        .limit(limit)
        .subquery()
    )
    # The count comes along with each row, and alone where there is none.
    rows = session().execute(sa.select(counted, first).join_from(counted, first, sa.true(), isouter=True)).all()
    if rows[0].many > MOST_PUT_IN_ORDER:
        return None
    return sorted(((row.key, row.number) for row in rows if row.key is not None), reverse=order.descending)


def _passes(of: index_scan.Kinds, order: Order, place: Position | None) -> Iterator[sa.ColumnElement[bool]]:
    if of is not None:
        yield _TABLE.kind.in_(of)
    if place is not None:
        key = _TABLE[order.column]
        at, here = sa.tuple_(key, _TABLE.id), sa.tuple_(sa.literal(place.key, key.type), sa.literal(place.number))
        yield at < here if order.descending else at > here


def _shown(found: index_scan.Found) -> Sequence[Row]:
    if not found:
        return []
    numbers = [number for _key, number in found]
    by_number = {row.id: row for row in session().execute(sa.select(*_SHOWN).where(_TABLE.id.in_(numbers)))}
    return [by_number[number] for number in numbers if number in by_number]
