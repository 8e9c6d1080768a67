"""The staff's list of accounts, page by page, and one account of it.

Each order has an index that yields it, and so has each filter in each order: a page costs the same however many
accounts there are. Nothing is counted and nothing is skipped over. Where words lead to very many accounts and none
of them is near, a page ends after a stretch of the list and says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from portal.extensions import session
from portal.mirror.query import lookup
from portal.mirror.query.filters import Filter, Order, Position, Sort, position
from portal.mirror.query.lookup import Row
from portal.models import MirroredAccount

__all__ = ["Filter", "Order", "Page", "Position", "Row", "Sort", "position"]

PAGE = 50


@dataclass(frozen=True)
class Page:
    """A part of the list."""

    rows: Sequence[Row]
    order: Order
    has_before: bool = False
    has_after: bool = False
    is_stretch: bool = False
    """A stretch of the list was looked through that did not fill the page; there is more of the list."""
    begins: Position | None = None
    """Where it begins and ends, if that is no row's place."""
    ends: Position | None = None

    @property
    def first(self) -> str:
        return str(self.begins or self._at(0) or "")

    @property
    def last(self) -> str:
        return str(self.ends or self._at(-1) or self.begins or "")

    def _at(self, index: int) -> Position | None:
        return _position(self.rows[index], self.order) if self.rows else None


def first_page(wanted: Filter, order: Order, size: int = PAGE) -> Page:
    """The beginning of the list."""
    return _forwards(wanted, order, None, size)


def page_after(wanted: Filter, order: Order, place: Position, size: int = PAGE) -> Page:
    """What comes next after a place."""
    return _forwards(wanted, order, place, size)


def page_before(wanted: Filter, order: Order, place: Position, size: int = PAGE) -> Page:
    """What comes just before a place; a page that would not be full is the first one."""
    found = lookup.rows(wanted, order.turned, place, size + 1)
    if len(found.rows) <= size and found.stopped is None:
        return first_page(wanted, order, size)
    return Page(found.rows[:size][::-1], order, True, True, found.stopped is not None, begins=found.stopped)


def every(wanted: Filter, order: Order, size: int = 500) -> Iterator[Row]:
    """All of it, a page at a time, the first one soon; between two no transaction stays open."""
    page = first_page(wanted, order, min(size, PAGE))
    while True:
        session().rollback()
        yield from page.rows
        place = position(page.last, order)
        if not page.has_after or place is None:
            return
        page = page_after(wanted, order, place, size)


def find(uuid: UUID) -> MirroredAccount | None:
    """An account by its UUID, ours or Connexease's."""
    for column in (col(MirroredAccount.account_id), col(MirroredAccount.connexease_uuid)):
        if row := session().exec(select(MirroredAccount).where(column == uuid)).first():
            return row
    return None


def _forwards(wanted: Filter, order: Order, place: Position | None, size: int) -> Page:
    found = lookup.rows(wanted, order, place, size + 1)
    stopped, has_after = found.stopped, len(found.rows) > size or found.stopped is not None
    begins = place.just_after(order) if place and not found.rows else None
    return Page(found.rows[:size], order, place is not None, has_after, stopped is not None, begins, stopped)


def _position(row: Row, order: Order) -> Position:
    return Position(row._mapping[order.column], row.id)
