"""Reading the event log: one filter, pages by position, and what is newer than what somebody reads.

The order is that of `Delivery.id`, newest first. Every filter has an index that yields this order, so a page
costs the same however long the log is; nothing counts the whole or skips over rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from portal.events import search_index
from portal.extensions import session
from portal.models import Account, Delivery, DeliveryState

PAGE = 50
MOST_COUNTED = 99
MOST_TRIGGERS = 100
MOST_REPEATS = 100
DISORDER = timedelta(minutes=1)
"""How far the times of two deliveries may lie in another order than their numbers: a receiver takes the time,
then waits for its turn to write."""
HIGHEST = 2**63 - 1
"""The highest number that a database knows."""

_SHOWN = (
    col(Delivery.id),
    col(Delivery.received_at),
    col(Delivery.hook),
    col(Delivery.channel_uuid),
    col(Delivery.state),
    col(Delivery.repeat_of),
    col(Delivery.problem_text),
)
Event = sa.Row[Any]
"""A line of the log: the columns of a delivery without its body."""


@dataclass(frozen=True)
class Filter:
    """What somebody wants to see; an empty one is everything. `since` is included, `until` is not."""

    trigger: str = ""
    channel: UUID | None = None
    state: DeliveryState | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: Sequence[str] = ()


@dataclass(frozen=True)
class Page:
    """A part of the log, newest first."""

    events: Sequence[Event]
    has_newer: bool = False
    has_older: bool = False

    @property
    def newest(self) -> int:
        return self.events[0].id if self.events else 0

    @property
    def oldest(self) -> int:
        return self.events[-1].id if self.events else 0


def newest(account: Account, wanted: Filter, size: int = PAGE) -> Page:
    """The newest events that match."""
    rows = _rows(account, wanted, size)
    return Page(rows[:size], has_older=len(rows) > size)


def older(account: Account, wanted: Filter, than: int, size: int = PAGE) -> Page:
    """The events that come next when reading on from `than`."""
    rows = _rows(account, wanted, size, below=than)
    return Page(rows[:size], has_newer=True, has_older=len(rows) > size)


def newer(account: Account, wanted: Filter, than: int, size: int = PAGE) -> Page:
    """The events that come just before `than`; a page that would not be full is the newest one."""
    rows = _rows(account, wanted, size, above=than)
    if len(rows) <= size:
        return newest(account, wanted, size)
    return Page(rows[:size][::-1], has_newer=True, has_older=True)


def count_newer(account: Account, wanted: Filter, than: int) -> int:
    """How many events that match came after `than`; no more than `MOST_COUNTED` are counted."""
    query = _query(account, wanted, above=than, columns=(sa.literal(1),)).limit(MOST_COUNTED)
    return int(session().execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one())


def newest_id(account: Account) -> int:
    """The number of the account's newest event; 0 when there is none."""
    query = sa.select(sa.func.max(col(Delivery.id))).where(col(Delivery.account_id) == account.id)
    return session().execute(query).scalar_one() or 0


def triggers_seen(account: Account) -> list[str]:
    """The triggers that occurred, by name. It hops from one to the next through the index."""
    of_account = col(Delivery.account_id) == account.id
    lowest = sa.func.min(col(Delivery.hook))
    hops = sa.select(lowest.label("hook")).where(of_account, col(Delivery.hook) > "").cte("hops", recursive=True)
    following = sa.select(lowest).where(of_account, col(Delivery.hook) > hops.c.hook).scalar_subquery()
    hops = hops.union_all(sa.select(following).where(hops.c.hook.is_not(None)))
    query = sa.select(hops.c.hook).where(hops.c.hook.is_not(None)).limit(MOST_TRIGGERS)
    return list(session().execute(query).scalars())


def find(account: Account, delivery_id: int) -> Delivery | None:
    """One of the account's deliveries, whole."""
    if delivery_id > HIGHEST:
        return None
    query = select(Delivery).where(Delivery.id == delivery_id, Delivery.account_id == account.id)
    return session().exec(query).first()


def first_of(account: Account, delivery: Delivery) -> Event | None:
    """The delivery that this one repeats, if it is still there."""
    if delivery.repeat_of is None:
        return None
    query = sa.select(*_SHOWN).where(
        col(Delivery.id) == delivery.repeat_of, col(Delivery.account_id) == account.id
    )
    return session().execute(query).first()


def repeats_of(delivery: Delivery) -> Sequence[Event]:
    """The later deliveries of the same body to the same webhook, oldest first."""
    query = (
        sa.select(*_SHOWN)
        .where(
            col(Delivery.webhook_id) == delivery.webhook_id,
            col(Delivery.body_hash) == delivery.body_hash,
            col(Delivery.id) > delivery.id,
        )
        .order_by(col(Delivery.id))
        .limit(MOST_REPEATS)
    )
    return session().execute(query).all()


def _rows(
    account: Account, wanted: Filter, size: int, below: int | None = None, above: int | None = None
) -> Sequence[Event]:
    query = _query(account, wanted, below, above, _SHOWN)
    return session().execute(query.limit(size + 1)).all()


def _query(
    account: Account,
    wanted: Filter,
    below: int | None = None,
    above: int | None = None,
    columns: Sequence[Any] = _SHOWN,
) -> sa.Select[Any]:
    """The matching events in order: upwards from `above`, else downwards."""
    query = sa.select(*columns).where(col(Delivery.account_id) == account.id)
    position: sa.SQLColumnExpression[Any] = col(Delivery.id)
    if wanted.words:
        query, position = search_index.narrow(query, account.id, wanted.words)
    if wanted.trigger:
        query = query.where(col(Delivery.hook) == wanted.trigger)
    if wanted.channel:
        query = query.where(col(Delivery.channel_uuid) == wanted.channel)
    if wanted.state:
        query = query.where(col(Delivery.state) == wanted.state)
    query = _within_time(query, account, wanted, position)
    if below is not None:
        query = query.where(position < below)
    if above is not None:
        query = query.where(position > above)
    return query.order_by(position if above is not None else position.desc())


def _within_time(
    query: sa.Select[Any], account: Account, wanted: Filter, position: sa.SQLColumnExpression[Any]
) -> sa.Select[Any]:
    """Times narrow the numbers, so that reading ends where the time does.

    There is always a bound, even one that excludes nothing: without it SQLite goes by time and sorts.
    """
    if wanted.since is not None:
        before = _number(account, col(Delivery.received_at) < wanted.since - DISORDER, last=True)
        query = query.where(col(Delivery.received_at) >= wanted.since, position > (before or 0))
    if wanted.until is not None:
        after = _number(account, col(Delivery.received_at) >= wanted.until + DISORDER, last=False)
        query = query.where(col(Delivery.received_at) < wanted.until, position < (after or HIGHEST))
    return query


def _number(account: Account, when: sa.ColumnElement[bool], *, last: bool) -> int | None:
    """The number of the account's first or last delivery in a time, if there is one."""
    columns = (col(Delivery.received_at), col(Delivery.id))
    query = (
        sa.select(col(Delivery.id))
        .where(col(Delivery.account_id) == account.id, when)
        .order_by(*(column.desc() if last else column for column in columns))
        .limit(1)
    )
    found: int | None = session().execute(query).scalar()
    return found
