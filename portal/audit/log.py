"""Reading the audit log: one filter, and pages by position, newest first.

Whoever looks at one account, one person or one time is led there by an index. Words in the target, kinds of
action and parts of an address are looked for along the way: a stretch of the log at a time, and the reader asks
for the next.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal.extensions import db, session
from portal.models import Account, AuditEntry

PAGE = 50
BATCH = 500
STRETCH = 100_000
"""Entries that are looked through at once for what no index leads to."""
MOST_ACCOUNTS = 50
"""Accounts that a part of a name may stand for."""
DISORDER = timedelta(minutes=5)
"""How far the times of two entries may lie in another order than their numbers."""
HIGHEST = 2**63 - 1

FAMILIES: dict[str, tuple[str, ...]] = {
    "account": ("account",),
    "channel": ("channel",),
    "webhook": ("webhook",),
    "event": ("event", "watch"),
    "key": ("token", "key", "gateway_key"),
    "message": ("message", "template", "callback"),
    "person": ("person", "member", "invitation", "session"),
    "staff": ("staff", "audit", "system", "mirror"),
}
"""Kinds of action to choose from, and the beginnings of the actions of each."""


@dataclass(frozen=True)
class Filter:
    """What somebody wants to see; an empty one is everything. `since` is included, `until` is not."""

    accounts: tuple[UUID, ...] | None = None
    actor: str = ""
    family: str = ""
    words: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def needs_stretches(self) -> bool:
        """Whether no index leads to what is wanted."""
        is_part = bool(self.actor) and not _is_whole(self.actor)
        return self.accounts is None and bool(self.words or self.family or is_part)


@dataclass(frozen=True)
class Page:
    """A part of the log, newest first."""

    entries: Sequence[AuditEntry]
    has_newer: bool = False
    has_older: bool = False
    stopped_at: int = 0
    """The last entry that was looked at, when it ends because a whole stretch was looked through."""

    @property
    def newest(self) -> int:
        return (self.entries[0].id or 0) if self.entries else self.stopped_at

    @property
    def oldest(self) -> int:
        return self.stopped_at or ((self.entries[-1].id or 0) if self.entries else 0)


def page(wanted: Filter, before: int = 0, after: int = 0, size: int = PAGE) -> Page:
    """The entries that come after, or before, one that somebody has seen; the newest when none is named."""
    if after and not before:
        ceiling = after + STRETCH if wanted.needs_stretches else 0
        rows = _rows(wanted, size, before=ceiling, after=after)
        if len(rows) > size:
            return Page(rows[:size][::-1], has_newer=True, has_older=True)
        before = 0  # a page that would not be full is the newest one
    floor = max(0, (before or _highest() + 1) - STRETCH) if wanted.needs_stretches else 0
    rows = _rows(wanted, size, before=before, after=floor - 1, downwards=True)
    if len(rows) <= size and floor > 1:
        return Page(rows, has_newer=before > 0, has_older=True, stopped_at=floor)
    return Page(rows[:size], has_newer=before > 0, has_older=len(rows) > size)


def every(wanted: Filter) -> Iterator[sa.Row[Any]]:
    """All that match, oldest first, read in batches: no transaction stays open in between."""
    after = 0
    while True:
        columns = AuditEntry.__table__  # type: ignore[attr-defined]
        query = _query(sa.select(columns), wanted).where(col(AuditEntry.id) > after)
        with db.engine.connect() as connection:
            rows = connection.execute(query.order_by(col(AuditEntry.id)).limit(BATCH)).all()
        yield from rows
        if len(rows) < BATCH:
            return
        after = rows[-1].id


def accounts_named(text: str) -> tuple[UUID, ...]:
    """The accounts that a UUID, a name or an address means, or a part of one."""
    try:
        uuid = UUID(text)
    except ValueError:
        like = f"%{_escaped(text)}%"
        means = col(Account.name).ilike(like, escape="!") | col(Account.contact_email).ilike(like, escape="!")
    else:
        means = (col(Account.id) == uuid) | (col(Account.connexease_uuid) == uuid)
    query = sa.select(col(Account.id)).where(means).order_by(col(Account.id)).limit(MOST_ACCOUNTS)
    return tuple(session().execute(query).scalars())


def names_of(entries: Sequence[AuditEntry]) -> dict[UUID, str]:
    """The names of the accounts that entries are about."""
    wanted = {entry.account_id for entry in entries if entry.account_id}
    query = sa.select(col(Account.id), col(Account.name)).where(col(Account.id).in_(wanted))
    return {row.id: row.name for row in session().execute(query)}


def _highest() -> int:
    return int(session().execute(sa.select(sa.func.coalesce(sa.func.max(col(AuditEntry.id)), 0))).scalar_one())


def _rows(
    wanted: Filter, size: int, before: int = 0, after: int = 0, *, downwards: bool = False
) -> list[AuditEntry]:
    number = col(AuditEntry.id)
    query = _query(sa.select(AuditEntry), wanted)
    if before:
        query = query.where(number < before)
    if after > 0:
        query = query.where(number > after)
    query = query.order_by(number.desc() if downwards else number).limit(size + 1)
    return list(session().execute(query).scalars())


def _query(query: sa.Select[Any], wanted: Filter) -> sa.Select[Any]:
    if wanted.accounts is not None:
        query = query.where(col(AuditEntry.account_id).in_(wanted.accounts))
    if wanted.actor:
        query = query.where(_by(wanted.actor))
    if wanted.family:
        action = col(AuditEntry.action)
        query = query.where(sa.or_(*[action.startswith(f"{kind}.") for kind in FAMILIES[wanted.family]]))
    if wanted.words:
        query = query.where(col(AuditEntry.target).ilike(f"%{_escaped(wanted.words)}%", escape="!"))
    return _within(query, wanted)


def _by(actor: str) -> sa.ColumnElement[bool]:
    """A whole address, or the portal itself, is found by the index; a part of an address is looked for."""
    actor = actor.strip().casefold()
    if _is_whole(actor):
        return col(AuditEntry.actor) == actor
    return col(AuditEntry.actor).ilike(f"%{_escaped(actor)}%", escape="!")


def _is_whole(actor: str) -> bool:
    actor = actor.strip().casefold()
    return "@" in actor.strip("@") or actor == "portal"


def _within(query: sa.Select[Any], wanted: Filter) -> sa.Select[Any]:
    """Times narrow the numbers, so that reading ends where the time does."""
    at, number = col(AuditEntry.at), col(AuditEntry.id)
    if wanted.since is not None:
        query = query.where(at >= wanted.since, number > (_number(at < wanted.since - DISORDER, last=True) or 0))
    if wanted.until is not None:
        after = _number(at >= wanted.until + DISORDER, last=False)
        query = query.where(at < wanted.until, number < (after or HIGHEST))
    return query


def _number(when: sa.ColumnElement[bool], *, last: bool) -> int | None:
    """The number of the first or last entry in a time, if there is one."""
    columns = (col(AuditEntry.at), col(AuditEntry.id))
    ordered = (column.desc() if last else column for column in columns)
    found: int | None = (
        session().execute(sa.select(col(AuditEntry.id)).where(when).order_by(*ordered).limit(1)).scalar()
    )
    return found


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
