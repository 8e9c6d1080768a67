"""The staff's list of accounts, page by page, and one account of it.

Each order has an index that yields it, so a page costs the same however many accounts there are; nothing is
counted and nothing is skipped over.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from portal.extensions import session
from portal.mirror import narrowing
from portal.mirror.asking import Filter, Order, Position, Sort, position
from portal.mirror.narrowing import Row
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

    @property
    def first(self) -> str:
        return str(_position(self.rows[0], self.order)) if self.rows else ""

    @property
    def last(self) -> str:
        return str(_position(self.rows[-1], self.order)) if self.rows else ""


def first_page(wanted: Filter, order: Order, size: int = PAGE) -> Page:
    """The beginning of the list."""
    rows = narrowing.rows(wanted, order, None, size + 1)
    return Page(rows[:size], order, has_after=len(rows) > size)


def page_after(wanted: Filter, order: Order, place: Position, size: int = PAGE) -> Page:
    """What comes next after a place."""
    rows = narrowing.rows(wanted, order, place, size + 1)
    return Page(rows[:size], order, has_before=True, has_after=len(rows) > size)


def page_before(wanted: Filter, order: Order, place: Position, size: int = PAGE) -> Page:
    """What comes just before a place; a page that would not be full is the first one."""
    rows = narrowing.rows(wanted, order.turned, place, size + 1)
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


def _position(row: Row, order: Order) -> Position:
    return Position(row._mapping[order.column], row.id)
