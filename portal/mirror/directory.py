"""The staff's list of accounts: found by words, filtered, in order, and read page by page.

Each order has an index that yields it, so a page costs the same however many accounts there are. Whatever leaves
only a few of them - words, filters, times - is looked up in an index of its own first, and those few are put in
order here; what leaves many is met often enough on the way along the order's index. Nothing is counted and
nothing is skipped over.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from portal.extensions import session
from portal.mirror import search
from portal.models import MirroredAccount, now
from portal.models.base import UtcDateTime
from portal.vault.holdings import EXPIRES_SOON

PAGE = 50
FEW = 1000
"""As many as are put in order here. More than so many of a hundred thousand are never far apart."""
_FAR = datetime(9999, 1, 1, tzinfo=UTC)

_COLUMNS = tuple(
    column
    for column in MirroredAccount.__table__.c  # type: ignore[attr-defined]
    if column.name not in ("listed", "terms", "marks")
)
Row = sa.Row[Any]
"""A line of the list: the columns of a mirrored account that a list shows."""
Key = str | datetime


class Sort(StrEnum):
    """What the list goes by."""

    CREATED = "created"
    NAME = "name"
    ACTIVITY = "activity"


_KEYS = {
    Sort.CREATED: col(MirroredAccount.created_at),
    Sort.NAME: col(MirroredAccount.name_key),
    Sort.ACTIVITY: col(MirroredAccount.last_activity_at),
}


@dataclass(frozen=True)
class Order:
    """The list's order; accounts that are alike are told apart by their number."""

    sort: Sort = Sort.CREATED
    descending: bool = True

    @property
    def key(self) -> Any:
        return _KEYS[self.sort]


@dataclass(frozen=True)
class Filter:
    """Which accounts; an empty one is all of them."""

    words: Sequence[str] = ()
    """Beginnings of words that must all occur."""
    marks: Sequence[str] = ()
    """Filters that `portal.mirror.facts` marks accounts with."""
    expires_soon: bool = False
    active_since: datetime | None = None
    quiet_since: datetime | None = None


@dataclass(frozen=True)
class Position:
    """A place in an order: it stays where it is, whatever becomes of the account that was there."""

    key: Key
    number: int

    def __str__(self) -> str:
        key = self.key.isoformat() if isinstance(self.key, datetime) else self.key
        return base64.urlsafe_b64encode(json.dumps([key, self.number]).encode()).decode().rstrip("=")


@dataclass(frozen=True)
class Page:
    """A part of the list."""

    rows: Sequence[Row]
    order: Order
    has_before: bool = False
    has_after: bool = False

    @property
    def first(self) -> str:
        return str(_position(self.rows[0], self.order)) if self.rows else ""

    @property
    def last(self) -> str:
        return str(_position(self.rows[-1], self.order)) if self.rows else ""


def position(text: str, order: Order) -> Position | None:
    """A place from an address; none when it is no place in this order."""
    try:
        key, number = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(key, str) or not isinstance(number, int) or not 0 <= number < 2**63:
            return None
        return Position(key if order.sort == Sort.NAME else _instant(key), number)
    except (ValueError, TypeError, binascii.Error, RecursionError):
        return None


def first_page(wanted: Filter, order: Order, size: int = PAGE) -> Page:
    """The beginning of the list."""
    rows = _rows(wanted, order, None, size + 1)
    return Page(rows[:size], order, has_after=len(rows) > size)


def page_after(wanted: Filter, order: Order, place: Position, size: int = PAGE) -> Page:
    """What comes next after a place."""
    rows = _rows(wanted, order, place, size + 1)
    return Page(rows[:size], order, has_before=True, has_after=len(rows) > size)


def page_before(wanted: Filter, order: Order, place: Position, size: int = PAGE) -> Page:
    """What comes just before a place; a page that would not be full is the first one."""
    backwards = Order(order.sort, descending=not order.descending)
    rows = _rows(wanted, backwards, place, size + 1)
    if len(rows) <= size:
        return first_page(wanted, order, size)
    return Page(rows[:size][::-1], order, has_before=True, has_after=True)


def every(wanted: Filter, order: Order, size: int = 500) -> Iterator[Row]:
    """All of it, a page at a time; between two no transaction stays open."""
    page = first_page(wanted, order, size)
    while True:
        session().rollback()
        yield from page.rows
        if not page.has_after:
            return
        page = page_after(wanted, order, _position(page.rows[-1], order), size)


def find(uuid: UUID) -> MirroredAccount | None:
    """An account by its UUID, ours or Connexease's."""
    for column in (col(MirroredAccount.account_id), col(MirroredAccount.connexease_uuid)):
        if row := session().exec(select(MirroredAccount).where(column == uuid)).first():
            return row
    return None


def _rows(wanted: Filter, order: Order, place: Position | None, limit: int) -> Sequence[Row]:
    few, conditions = _narrowed(wanted, order)
    if few is not None:
        return _of_few(few, conditions, order, place, limit)
    query = sa.select(*_COLUMNS).where(*conditions)
    number = col(MirroredAccount.id)
    if place is not None:
        here = sa.tuple_(sa.literal(place.key, order.key.type), sa.literal(place.number, number.type))  # type: ignore[attr-defined]
        there = sa.tuple_(order.key, number)
        query = query.where(there < here if order.descending else there > here)
    along = (order.key.desc(), number.desc()) if order.descending else (order.key, number)
    return session().execute(query.order_by(*along).limit(limit)).all()


def _of_few(
    numbers: Sequence[int],
    conditions: Sequence[sa.ColumnElement[bool]],
    order: Order,
    place: Position | None,
    limit: int,
) -> Sequence[Row]:
    number = col(MirroredAccount.id)
    query = sa.select(order.key.label("key"), number).where(number.in_(numbers), *conditions)
    found = sorted(((row.key, row.id) for row in session().execute(query)), reverse=order.descending)
    if place is not None:
        here = (place.key, place.number)
        found = [each for each in found if (each < here if order.descending else each > here)]
    shown = [each[1] for each in found[:limit]]
    rows = {row.id: row for row in session().execute(sa.select(*_COLUMNS).where(number.in_(shown)))}
    return [rows[each] for each in shown if each in rows]


def _narrowed(wanted: Filter, order: Order) -> tuple[Sequence[int] | None, list[sa.ColumnElement[bool]]]:
    """The few accounts that one of the filters leaves, if one does, and the conditions that are left to check."""
    few: Sequence[int] | None = None
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.words or wanted.marks:
        found = search.find(session(), wanted.words, wanted.marks, FEW + 1)
        if len(found) <= FEW:
            few = found
        else:
            conditions += search.matches(wanted.words, wanted.marks)
    for column, since, until in _times(wanted):
        if order.key is column:
            conditions += _between(column, since, until)
            continue
        if few is None:
            query = sa.select(col(MirroredAccount.id)).where(*_between(column, since, until)).limit(FEW + 1)
            found = list(session().execute(query).scalars())
            if len(found) <= FEW:
                few = found
                continue
        # Wrapped, so that no database takes this column's index for the way and sorts what it finds there.
        wrapped = sa.func.coalesce(column, sa.literal(_FAR, UtcDateTime()), type_=UtcDateTime())
        conditions += _between(wrapped, since, until)
    return few, conditions


def _times(wanted: Filter) -> list[tuple[Any, datetime | None, datetime | None]]:
    found: list[tuple[Any, datetime | None, datetime | None]] = []
    if wanted.expires_soon:
        found.append((col(MirroredAccount.token_expires_at), now(), now() + EXPIRES_SOON))
    if wanted.active_since or wanted.quiet_since:
        found.append((col(MirroredAccount.last_activity_at), wanted.active_since, wanted.quiet_since))
    return found


def _between(column: Any, since: datetime | None, until: datetime | None) -> list[sa.ColumnElement[bool]]:
    return [*([column >= since] if since else []), *([column < until] if until else [])]


def _position(row: Row, order: Order) -> Position:
    keys = {Sort.CREATED: row.created_at, Sort.NAME: row.name_key, Sort.ACTIVITY: row.last_activity_at}
    return Position(keys[order.sort], row.id)


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text).astimezone(UTC)
    if not timedelta(0) < found - datetime(1970, 1, 1, tzinfo=UTC):
        raise ValueError("before there were accounts")
    return found
