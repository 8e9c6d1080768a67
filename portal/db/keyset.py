"""Reading a long list page by page: from a place in an order that an index yields, newest first.

A page costs the same however long the list is, because nothing is counted whole and nothing is skipped over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from portal.extensions import session

MOST_COUNTED = 99
"""As many newer rows are counted; beyond that it makes no difference to anybody."""
HIGHEST = 2**63 - 1
"""The highest number that a database knows."""

R = TypeVar("R")


@dataclass(frozen=True)
class Page(Generic[R]):
    """A part of the list, newest first."""

    rows: Sequence[R]
    has_newer: bool = False
    has_older: bool = False
    stopped_at: int = 0
    """The last number that was looked at, when the page ends because a whole stretch was looked through."""

    @property
    def newest(self) -> Any:
        """The id to read on from to what is newer, if there is one."""
        return _id(self.rows[0]) if self.rows else self.stopped_at or None

    @property
    def oldest(self) -> Any:
        """The id to read on from to what is older, if there is one."""
        return self.stopped_at or (_id(self.rows[-1]) if self.rows else None)


class Keyset(Generic[R]):
    """What a query finds, in the order of a key.

    A place is a value of the key: a tuple when the key has several columns. 0 or None is no place.
    """

    def __init__(self, query: sa.Select[Any], *key: sa.SQLColumnExpression[Any]) -> None:
        self._query, self._columns = query, key
        self._key: sa.SQLColumnExpression[Any] = sa.tuple_(*key) if len(key) > 1 else key[0]

    def page(self, size: int, before: Any = None, after: Any = None) -> Page[R]:
        """The rows older, or newer, than a place; the newest when there is none."""
        found = self.newer(after, size) if after and not before else None
        return found or self.older(before, size)

    def older(self, than: Any, size: int) -> Page[R]:
        """The rows that come next when reading on from a place."""
        rows = self._read(self.below(than), size + 1)
        return Page(rows[:size], has_newer=bool(than), has_older=len(rows) > size)

    def newer(self, than: Any, size: int) -> Page[R] | None:
        """The rows that come just before a place; none when they would not fill a page without the newest."""
        rows = self._read(self.above(than), size + 1)
        return Page(rows[:size][::-1], has_newer=True, has_older=True) if len(rows) > size else None

    def count_newer(self, than: Any) -> int:
        """How many rows are newer than a place; no more than `MOST_COUNTED` are counted."""
        newer = self.above(than).with_only_columns(sa.literal(1)).limit(MOST_COUNTED).subquery()
        return int(session().execute(sa.select(sa.func.count()).select_from(newer)).scalar_one())

    def below(self, place: Any) -> sa.Select[Any]:
        """Selects what is older than a place, newest first."""
        query = self._query.where(self._key < place) if place else self._query
        return query.order_by(*(column.desc() for column in self._columns))

    def above(self, place: Any) -> sa.Select[Any]:
        """Selects what is newer than a place, oldest first."""
        query = self._query.where(self._key > place) if place else self._query
        return query.order_by(*self._columns)

    def _read(self, query: Any, limit: int) -> Sequence[R]:
        rows: Sequence[R] = session().exec(query.limit(limit)).all()
        return rows


@dataclass(frozen=True)
class Timeline:
    """Rows whose numbers rise with their times, except that two may lie the other way round within `disorder`."""

    number: sa.SQLColumnExpression[Any]
    at: sa.SQLColumnExpression[Any]
    disorder: timedelta

    def within(
        self,
        query: sa.Select[Any],
        since: datetime | None,
        until: datetime | None,
        position: sa.SQLColumnExpression[Any],
        *of: sa.ColumnElement[bool],
    ) -> sa.Select[Any]:
        """Times narrow the numbers, so that reading ends where the time does. `since` is included, `until` is not.

        There is always a bound, even one that excludes nothing: without it SQLite goes by time and sorts.

        Args:
            position: the number as the query is ordered by it.
            of: whose rows they are, for the index that leads to a time.
        """
        if since is not None:
            before = self._number(self.at < since - self.disorder, *of, last=True)
            query = query.where(self.at >= since, position > (before or 0))
        if until is not None:
            after = self._number(self.at >= until + self.disorder, *of, last=False)
            query = query.where(self.at < until, position < (after or HIGHEST))
        return query

    def _number(self, *where: sa.ColumnElement[bool], last: bool) -> int | None:
        """The first or last number in a time, if there is one."""
        order = [column.desc() if last else column for column in (self.at, self.number)]
        query = sa.select(self.number).where(*where).order_by(*order).limit(1)
        found: int | None = session().execute(query).scalar()
        return found


def _id(row: Any) -> Any:
    return row.id
