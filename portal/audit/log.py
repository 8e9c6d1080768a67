"""Reading the audit log: one filter, and pages by position, newest first.

Whoever looks at one account, one person or one time is led there by an index. Words in the target, kinds of
action and parts of an address are looked for along the way: a stretch of the log at a time, and the reader asks
for the next.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from portal.db.keyset import Keyset, Page, Timeline
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
_TIMELINE = Timeline(col(AuditEntry.id), col(AuditEntry.at), DISORDER)

FAMILIES: dict[str, tuple[str, ...]] = {
    "account": ("account",),
    "channel": ("channel",),
    "webhook": ("webhook", "destination"),
    "event": ("event", "watch"),
    "key": ("token", "key", "gateway_key"),
    "message": ("message", "template", "callback", "campaign"),
    "contact": ("contact", "consent"),
    "person": ("person", "member", "invitation", "session"),
    "staff": ("staff", "audit", "system", "mirror", "brand", "price"),
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


def page(wanted: Filter, before: int = 0, after: int = 0, size: int = PAGE) -> Page[AuditEntry]:
    """The entries that come after, or before, one that somebody has seen; the newest when none is named."""
    query, number = _query(select(AuditEntry), wanted), col(AuditEntry.id)
    if not wanted.needs_stretches:
        return Keyset[AuditEntry](query, number).page(size, before, after)
    if after and not before:
        ahead = Keyset[AuditEntry](query.where(number < after + STRETCH), number)
        if newer := ahead.newer(after, size):
            return newer
    floor = max(1, (before or _highest() + 1) - STRETCH)
    older = Keyset[AuditEntry](query.where(number >= floor), number).older(before, size)
    if older.has_older or floor == 1:
        return older
    return replace(older, has_older=True, stopped_at=floor)


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
    return _TIMELINE.within(query, wanted.since, wanted.until, col(AuditEntry.id))


def _by(actor: str) -> sa.ColumnElement[bool]:
    """A whole address, or the portal itself, is found by the index; a part of an address is looked for."""
    actor = actor.strip().casefold()
    if _is_whole(actor):
        return col(AuditEntry.actor) == actor
    return col(AuditEntry.actor).ilike(f"%{_escaped(actor)}%", escape="!")


def _is_whole(actor: str) -> bool:
    actor = actor.strip().casefold()
    return "@" in actor.strip("@") or actor == "portal"


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
