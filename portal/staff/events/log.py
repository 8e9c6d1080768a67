"""The events of all accounts, for the staff: what came, when and what became of it, without what was in it.

Read newest first by number. An account is found by its own index, a time by halving the numbers, a state by its
index. Only a trigger of all accounts together has none: for it a stretch of the log is looked through at a time,
and the reader asks for the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal.db.keyset import HIGHEST
from portal.events.log import DISORDER
from portal.extensions import session
from portal.models import Account, Channel, Delivery, DeliveryKind, DeliveryState

PAGE = 50
# In the order in which the page's template names them.
_SHOWN: Sequence[Any] = (
    col(Delivery.id),
    col(Delivery.received_at),
    col(Delivery.account_id),
    col(Delivery.hook),
    col(Delivery.channel_uuid),
    col(Delivery.state),
    col(Delivery.repeat_of),
    col(Delivery.problem_text),
    col(Delivery.about),
)
STRETCH = 200_000
"""Events that are looked through for a trigger at once."""


@dataclass(frozen=True)
class Filter:
    """What somebody wants to see; an empty one is everything. `since` is included, `until` is not."""

    accounts: tuple[UUID, ...] | None = None
    trigger: str = ""
    state: DeliveryState | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def needs_stretches(self) -> bool:
        """Whether no index leads to what is wanted."""
        return bool(self.trigger) and self.accounts is None


@dataclass(frozen=True)
class Page:
    """A part of the log, newest first. `oldest` is where looking further back begins.

    It is not that of `portal.db.keyset`: it knows its ends by the stretch, and shows a stretch that is not full.
    """

    events: Sequence[sa.Row[Any]]
    oldest: int = 0
    has_newer: bool = False
    has_older: bool = False
    stopped: bool = False
    """Whether it ends because a whole stretch was looked through."""

    @property
    def newest(self) -> int:
        return self.events[0].id if self.events else self.oldest


def page(wanted: Filter, before: int = 0, after: int = 0) -> Page:
    """The events before, or after, one that somebody has seen; the newest when none is named."""
    low, high = _bounds(wanted)
    if after and not before:
        floor, ceiling = max(low, after + 1), high
        if wanted.needs_stretches:
            ceiling = min(high, after + STRETCH)
        rows = _rows(wanted, floor, ceiling, upwards=True)
        if len(rows) > PAGE or (rows and ceiling < high):
            shown = rows[:PAGE][::-1]
            return Page(shown, shown[-1].id, has_newer=True, has_older=True)
    ceiling = min(high, before - 1) if before else high
    floor = max(low, min(ceiling, _highest()) - STRETCH + 1) if wanted.needs_stretches else low
    rows = _rows(wanted, floor, ceiling)
    if len(rows) > PAGE:
        return Page(rows[:PAGE], rows[PAGE - 1].id, has_newer=before > 0, has_older=True)
    stopped = floor > max(low, _lowest())
    return Page(rows, floor, has_newer=before > 0, has_older=stopped, stopped=stopped)


def names(events: Sequence[sa.Row[Any]]) -> tuple[dict[UUID, str], dict[UUID, str]]:
    """The names of the accounts and of the channels that events are about."""
    accounts = {event.account_id for event in events}
    channels = {event.channel_uuid for event in events if event.channel_uuid}
    of_accounts = sa.select(col(Account.id), col(Account.name)).where(col(Account.id).in_(accounts))
    of_channels = sa.select(Channel).where(
        col(Channel.account_id).in_(accounts), col(Channel.connexease_uuid).in_(channels)
    )
    return (
        {row.id: row.name for row in session().execute(of_accounts)},
        {each.connexease_uuid: each.label for each in session().execute(of_channels).scalars()}
        if channels
        else {},
    )


def _rows(wanted: Filter, floor: int, ceiling: int, *, upwards: bool = False) -> Sequence[sa.Row[Any]]:
    number, at = col(Delivery.id), col(Delivery.received_at)
    query = sa.select(*_SHOWN).where(number >= floor, number <= ceiling)
    if wanted.accounts is not None:
        query = query.where(col(Delivery.account_id).in_(wanted.accounts))
    if wanted.trigger and wanted.accounts is None:
        query = query.where((" " + col(Delivery.hook) + " ").contains(f" {wanted.trigger} ", autoescape=True))
    elif wanted.trigger:
        query = query.join(DeliveryKind, col(DeliveryKind.delivery_id) == number).where(
            col(DeliveryKind.account_id) == col(Delivery.account_id), col(DeliveryKind.kind) == wanted.trigger
        )
    if wanted.state:
        query = query.where(col(Delivery.state) == wanted.state)
    if wanted.since is not None:
        query = query.where(at >= wanted.since)
    if wanted.until is not None:
        query = query.where(at < wanted.until)
    return session().execute(query.order_by(number if upwards else number.desc()).limit(PAGE + 1)).all()


def _bounds(wanted: Filter) -> tuple[int, int]:
    """Between which numbers what is wanted lies."""
    low = _first_since(wanted.since - DISORDER) if wanted.since is not None else 0
    high = _first_since(wanted.until + DISORDER) if wanted.until is not None else HIGHEST
    return low, high


def _first_since(instant: datetime) -> int:
    """About the first number of a time, found by halving: times and numbers rise together."""
    low, high = _lowest(), _highest() + 1
    while low < high:
        middle = (low + high) // 2
        row = _next(middle)
        if row is not None and row.received_at < instant:
            low = row.id + 1
        else:
            high = middle
    return low


def _next(number: int) -> sa.Row[Any] | None:
    query = sa.select(col(Delivery.id), col(Delivery.received_at)).where(col(Delivery.id) >= number)
    return session().execute(query.order_by(col(Delivery.id)).limit(1)).first()


def _lowest() -> int:
    return session().execute(sa.select(sa.func.min(col(Delivery.id)))).scalar_one() or 0


def _highest() -> int:
    return session().execute(sa.select(sa.func.max(col(Delivery.id)))).scalar_one() or 0
