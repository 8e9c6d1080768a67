"""Counters behind the charts: rows are counted a little at a time, so that no page counts millions.

The worker's sweep goes on from where it was and adds to the tally of each quarter of an hour: the largest step
from which the days of every time zone can be put together. What is forgotten later stays counted.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import col

from portal.db import dialect
from portal.db.unit_of_work import unit_of_work
from portal.extensions import session
from portal.models import Account, Channel, Delivery, Message, Tally, TallyPlace, now
from portal.models.base import UtcDateTime

BATCH = 5000
MOST_BATCHES = 40
"""Each sweep: two hundred thousand rows a minute."""
SETTLED = timedelta(minutes=1)
"""After which nothing older comes in any more: transactions that were given earlier numbers have ended."""

EVENTS, MESSAGES, ACCOUNTS, CHANNELS = "events", "messages", "accounts", "channels"


@dataclass(frozen=True)
class _Source:
    """Rows in an order in which new ones come last; `at` says when each happened."""

    order: tuple[Any, ...]
    at: Any

    def after(self, place: str) -> sa.ColumnElement[bool]:
        """The rows that are not counted yet."""
        if not place:
            return sa.and_(self.at.is_not(None))
        if len(self.order) == 1:
            return sa.and_(self.order[0] > int(place))
        at, _, key = place.partition(" ")
        instant, id_ = datetime.fromisoformat(at), UUID(key)
        return sa.and_(self.at >= instant, sa.or_(self.at > instant, self.order[1] > id_))

    def place_of(self, row: Any) -> str:
        """Where to go on after this row."""
        return str(row[1]) if len(self.order) == 1 else f"{row[0].isoformat()} {row[2]}"


SOURCES = {
    EVENTS: _Source((col(Delivery.id),), col(Delivery.received_at)),
    MESSAGES: _Source((col(Message.confirmed_at), col(Message.id)), col(Message.confirmed_at)),
    ACCOUNTS: _Source((col(Account.created_at), col(Account.id)), col(Account.created_at)),
    CHANNELS: _Source((col(Channel.first_seen_at), col(Channel.id)), col(Channel.first_seen_at)),
}


def due() -> list[str]:
    """The kinds that the sweep goes on counting."""
    return list(SOURCES)


def count(kind: str) -> None:
    """Count what has come since the last time."""
    for _ in range(MOST_BATCHES):
        with unit_of_work():
            more = _count_batch(kind)
            session().commit()
        if not more:
            return


def standing(kind: str, days: Sequence[date], zone: str) -> list[int]:
    """How many there were at the end of each of these days, today last: also those that are not counted yet."""
    place = session().get(TallyPlace, kind, populate_existing=True) or TallyPlace(kind=kind)
    source, start = SOURCES[kind], beginning(days[0], zone)
    rest = sa.select(sa.func.count()).select_from(source.at.class_).where(source.after(place.place))
    fresh = sa.select(source.at).where(source.after(place.place), source.at >= start)
    per = Counter(dict(zip(days, per_day(kind, days, zone), strict=True)))
    per.update(min(at.astimezone(ZoneInfo(zone)).date(), days[-1]) for at in session().execute(fresh).scalars())
    return backwards(place.total + int(session().execute(rest).scalar_one()), [per[day] for day in days])


def backwards(total: int, added: Sequence[int]) -> list[int]:
    """What a total was at the end of each day, from what each of them added."""
    return [total - sum(added[place + 1 :]) for place in range(len(added))]


def beginning(day: date, zone: str) -> datetime:
    """When a day begins in the zone."""
    return datetime.combine(day, datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)


def per_day(kind: str, days: Sequence[date], zone: str) -> list[int]:
    """How many there were on each of these days, as they are in the zone."""
    of_all = "SELECT coalesce(sum(count), 0) FROM tally WHERE kind = :kind"
    return each_day(of_all, "quarter", days, zone, kind=kind)


def each_day(of_all: str, at: str, days: Sequence[date], zone: str, **values: Any) -> list[int]:
    """A number for each of these days, which the database counts; the last day has no end.

    Args:
        of_all: selects it for all days; written out, because thirty of them are slow to build.
        at: the column that says when each thing happened.
        values: what `of_all` names.
    """
    begins = {f"day_{place}": beginning(day, zone) for place, day in enumerate(days)}
    ends = [f" AND {at} < :{name}" for name in list(begins)[1:]] + [""]
    each = [f"({of_all} AND {at} >= :{name}{end})" for name, end in zip(begins, ends, strict=True)]
    query = sa.text(f"SELECT {', '.join(each)}").bindparams(
        *(sa.bindparam(name, value, type_=UtcDateTime()) for name, value in begins.items())
    )
    return [int(number) for number in session().execute(query, values).one()]


def _count_batch(kind: str) -> bool:
    """Count the next rows; whether there may be more."""
    source, place = SOURCES[kind], _lock(kind)
    columns = (source.at, *source.order)
    query = sa.select(*columns).where(source.after(place.place)).order_by(*source.order).limit(BATCH)
    rows = session().execute(query).all()
    limit = now() - SETTLED
    settled = next((n for n, row in enumerate(rows) if row[0] > limit), len(rows))
    if settled:
        _add(kind, Counter(_quarter(row[0]) for row in rows[:settled]))
        place.place, place.total = source.place_of(rows[settled - 1]), place.total + settled
        session().add(place)
    return settled == BATCH


def _lock(kind: str) -> TallyPlace:
    """Where the counting of a kind stands; nobody else counts it before this transaction ends."""
    adding = dialect.insert(session(), TallyPlace).values(kind=kind, place="", total=0)
    session().execute(adding.on_conflict_do_nothing())
    return session().get_one(TallyPlace, kind, with_for_update=True, populate_existing=True)


def _add(kind: str, per_quarter: Mapping[datetime, int]) -> None:
    adding = dialect.insert(session(), Tally)
    together = {"count": col(Tally.count) + adding.excluded["count"]}
    rows = [{"kind": kind, "quarter": quarter, "count": number} for quarter, number in per_quarter.items()]
    session().connection().execute(
        adding.on_conflict_do_update(index_elements=["kind", "quarter"], set_=together), rows
    )


def _quarter(at: datetime) -> datetime:
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
