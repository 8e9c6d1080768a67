"""Reading the message log: one filter, pages by position, and what is newer than what somebody reads.

The order is that of the confirmation, newest first. Every filter has an index that yields this order, so a page
costs the same however long the log is; nothing counts the whole or skips over rows. A position in the log is the
id of a message.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from portal.db.keyset import Keyset, Page
from portal.extensions import session
from portal.models import Account, Membership, Message, MessageStanding, MessageState, MessageType, Person

PAGE = 50
MOST_UNCONFIRMED = 5


class _Columns(NamedTuple):
    id: UUID
    state: MessageState
    type: MessageType
    recipient: str
    preview: str
    sender: str
    is_fake: bool
    is_trial: bool
    confirmed_at: datetime | None
    retry_at: datetime | None
    code: str
    description: str
    http_status: int | None
    message_status: str


class Line(MessageStanding, _Columns):
    """A line of the log: what lists show of a message, and what says how it stands."""


_SHOWN = tuple(getattr(Message, name) for name in Line._fields)


@dataclass(frozen=True)
class Filter:
    """What somebody wants to see; an empty one is everything. `since` is included, `until` is not."""

    state: MessageState | None = None
    type: MessageType | None = None
    recipient: str = ""
    sender_id: UUID | None = None
    campaign_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


def page(
    account: Account, wanted: Filter, before: UUID | None = None, after: UUID | None = None, size: int = PAGE
) -> Page[Line]:
    """The messages that come after, or before, one that somebody has seen; the newest when none is named."""
    found = _matching(account, wanted).page(size, _position(account, before), _position(account, after))
    return replace(found, rows=[Line._make(row) for row in found.rows])


def whole(account: Account, wanted: Filter, before: UUID | None, size: int) -> Page[Message]:
    """The same with all that is kept of each message."""
    return _matching(account, wanted, whole=True).page(size, _position(account, before))


def count_newer(account: Account, wanted: Filter, than: UUID | None) -> int:
    """How many messages that match were confirmed after `than`, up to a limit."""
    return _matching(account, wanted).count_newer(_position(account, than))


def newest_id(account: Account) -> UUID | None:
    """The account's newest message, if there is one."""
    found: UUID | None = page(account, Filter(), size=1).newest
    return found


def some(account: Account, ids: Sequence[UUID]) -> Sequence[Line]:
    """These messages of the account as they stand now, in the log's order."""
    query = _matching(account, Filter()).below(None)
    return [Line._make(row) for row in session().execute(query.where(col(Message.id).in_(ids)))]


def unconfirmed(account: Account, person: Person) -> Sequence[Message]:
    """What somebody wrote and did not confirm yet, newest first; no more than `MOST_UNCONFIRMED`."""
    whose = {"account": account.id, "person": person.id}
    return session().execute(_unconfirmed_query(), whose).scalars().all()


def count_unconfirmed(account: Account, person: Person) -> int:
    """How many of them there are."""
    query = sa.select(sa.func.count()).select_from(Message).where(*_is_unconfirmed())
    return int(session().execute(query, {"account": account.id, "person": person.id}).scalar_one())


@cache
def _unconfirmed_query() -> sa.Select[Message]:
    newest = sa.select(Message).where(*_is_unconfirmed()).order_by(col(Message.created_at).desc())
    return newest.limit(MOST_UNCONFIRMED)


def _is_unconfirmed() -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(Message.account_id) == sa.bindparam("account"),
        col(Message.state) == MessageState.PREPARED,
        col(Message.sender_id) == sa.bindparam("person"),
    )


def find(account: Account, message_id: UUID) -> Message | None:
    """One of the account's messages."""
    query = select(Message).where(Message.id == message_id, Message.account_id == account.id)
    return session().exec(query).first()


def senders(account: Account) -> dict[UUID, str]:
    """The account's people, who may have sent messages, and whoever did and belongs to it no more."""
    rows = session().execute(_senders_query(), {"account": account.id}).all()
    return {row.id: row.email for row in sorted(rows, key=lambda row: str(row.email))}


@cache
def _senders_query() -> sa.CompoundSelect[UUID, str]:
    members = (
        sa.select(col(Person.id), col(Person.email))
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .where(col(Membership.account_id) == sa.bindparam("account"))
    )
    sent = _who_sent()
    former = sa.select(sent.c.id, col(Person.email)).join(Person, col(Person.id) == sent.c.id)
    return members.union(former)


def _who_sent() -> sa.CTE:
    """Each sender once: from one to the next by the index, however many messages each of them sent."""

    def next_after(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
        own = col(Message.account_id) == sa.bindparam("account")
        query = sa.select(col(Message.sender_id)).where(own, col(Message.sender_id).is_not(None), *conditions)
        return query.order_by(col(Message.sender_id)).limit(1).scalar_subquery()

    steps = sa.select(next_after().label("id")).cte("senders", recursive=True)
    following = next_after(col(Message.sender_id) > steps.c.id)
    return steps.union_all(sa.select(following).where(steps.c.id.is_not(None)))


def _position(account: Account, message_id: UUID | None) -> tuple[datetime, UUID] | None:
    """Where a message lies in the log's order, if it is in the log."""
    if message_id is None:
        return None
    query = sa.select(col(Message.confirmed_at), col(Message.id)).where(
        col(Message.id) == message_id, col(Message.account_id) == account.id
    )
    found = session().execute(query).first()
    return (found.confirmed_at, found.id) if found is not None and found.confirmed_at else None


@cache
def _logged(whole: bool) -> Any:
    query: Any = select(Message) if whole else sa.select(*_SHOWN)
    return query.where(col(Message.confirmed_at).is_not(None))


def _matching(account: Account, wanted: Filter, *, whole: bool = False) -> Keyset[Any]:
    at = col(Message.confirmed_at)
    query = _logged(whole).where(Message.account_id == account.id)
    chosen: dict[Any, Any] = {
        Message.state: wanted.state,
        Message.type: wanted.type,
        Message.recipient: wanted.recipient,
        Message.sender_id: wanted.sender_id,
        Message.campaign_id: wanted.campaign_id,
    }
    for column, value in chosen.items():
        if value:
            query = query.where(column == value)
    if wanted.since is not None:
        query = query.where(at >= wanted.since)
    if wanted.until is not None:
        query = query.where(at < wanted.until)
    return Keyset(query, at, col(Message.id))
