"""Scans along an order's index, over all accounts or those of some kinds, each kind by its own index.

It costs as much as there are kinds, which is a few dozen, and nothing for accounts that are not looked at.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from portal.extensions import session
from portal.mirror import search_index
from portal.mirror.facets import passing
from portal.mirror.query.filters import Filter, Order, Position
from portal.models import MirroredAccount

MOST_AT_ONCE = 400
"""SQLite puts no more than five hundred selects together."""
OF_EACH = 50
"""As many of each kind are looked through at least, however many kinds there are."""

_TABLE = MirroredAccount.__table__.c  # type: ignore[attr-defined]
_OCCURRING = sa.text(
    "WITH RECURSIVE found(kind) AS (SELECT min(kind) FROM mirrored_account UNION ALL "
    "SELECT (SELECT min(kind) FROM mirrored_account WHERE mirrored_account.kind > found.kind) "
    "FROM found WHERE found.kind IS NOT NULL) SELECT kind FROM found WHERE kind IS NOT NULL"
)
"""From each kind to the next, as neither database does it for DISTINCT."""

Found = list[tuple[Any, int]]
"""The key in the order, and the number, of accounts."""
Kinds = Sequence[int] | None
"""Those to walk over; none for all accounts."""


def kinds(wanted: Filter) -> Kinds:
    """The kinds of accounts that pass a filter, among those that there are."""
    if not wanted.marks and not wanted.recencies:
        return None
    return passing(session().execute(_OCCURRING).scalars().all(), wanted.marks, wanted.recencies)


def first(of: Kinds, order: Order, place: Position | None, limit: int) -> Found:
    """The first accounts that come after a place."""
    key, found = order.column, []
    for some in _portions(of):
        walked = _walk(some, order, _between(order, place, None), "LIMIT :most")
        query = f"SELECT {key}, id FROM ({walked}) AS walked ORDER BY {_by(order)} LIMIT :most"  # noqa: S608
        found += _read(query, order, {"here": place}, most=limit)
    return sorted(found, reverse=order.descending)[:limit]


def look_through(
    of: Kinds, words: Sequence[str], order: Order, place: Position | None, most: int
) -> tuple[Found, Position | None]:
    """The accounts with these words among about so many that come next.

    Returns:
        Them, and the last place that was looked at unless the list ends before it.
    """
    key, found, each = order.column, [], most if of is None else max(most // max(len(of), 1), OF_EACH)
    end = _end(of, order, place, each)
    patterns = {f"word_{number}": pattern for number, pattern in enumerate(search_index.patterns(words))}
    has_words = " AND ".join(f"terms || ' ' LIKE :{name}" for name in patterns)
    for some in _portions(of):
        walked = _walk(some, order, _between(order, place, end), "LIMIT :most", "terms")
        query = f"SELECT {key}, id FROM ({walked}) AS walked WHERE {has_words}"  # noqa: S608
        found += _read(query, order, {"here": place, "end": end}, most=each, **patterns)
    return sorted(found, reverse=order.descending), end


def _end(of: Kinds, order: Order, place: Position | None, each: int) -> Position | None:
    """The place up to which no more than so many of each kind come."""
    ends: Found = []
    for some in _portions(of):
        walked = _walk(some, order, _between(order, place, None), "LIMIT 1 OFFSET :passed")
        ends += _read(walked, order, {"here": place}, passed=each - 1)
    nearest = max(ends, default=None) if order.descending else min(ends, default=None)
    return Position(*nearest) if nearest else None


def _portions(of: Kinds) -> Iterator[Kinds]:
    if of is None:
        yield None
        return
    for start in range(0, len(of), MOST_AT_ONCE):
        yield of[start : start + MOST_AT_ONCE]


def _walk(of: Kinds, order: Order, between: str, limit: str, *more: str) -> str:
    """Along the index of the order, or along that of each kind.

    Written out, not built: what is built anew for every answer takes longer than the databases do.
    """
    columns = ", ".join((order.column, "id", *more))
    conditions = [between] if of is None else [f"kind = {kind:d}{' AND ' * bool(between)}{between}" for kind in of]
    each = [
        f"SELECT {columns} FROM mirrored_account {f'WHERE {condition}' if condition else ''} "  # noqa: S608
        f"ORDER BY {_by(order)} {limit}"
        for condition in conditions
    ]
    return " UNION ALL ".join(f"SELECT * FROM ({one}) AS one_{place}" for place, one in enumerate(each))  # noqa: S608


def _between(order: Order, place: Position | None, end: Position | None) -> str:
    beyond, before = ("<", ">=") if order.descending else (">", "<=")
    after = [f"({order.column}, id) {beyond} (:here_key, :here_number)"] if place else []
    until = [f"({order.column}, id) {before} (:end_key, :end_number)"] if end else []
    return " AND ".join([*after, *until])


def _by(order: Order) -> str:
    way = "DESC" if order.descending else "ASC"
    return f"{order.column} {way}, id {way}"


def _read(query: str, order: Order, places: dict[str, Position | None], **values: Any) -> Found:
    key, text = _TABLE[order.column], sa.text(query)
    for name, place in places.items():
        if place is not None:
            text = text.bindparams(sa.bindparam(f"{name}_key", place.key, type_=key.type))
            text = text.bindparams(sa.bindparam(f"{name}_number", place.number, type_=sa.BigInteger()))
    return [(row[0], row[1]) for row in session().execute(text.columns(key, _TABLE.id), values)]
