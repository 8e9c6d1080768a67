"""Reading the message log: one filter, pages by position, and what is newer than what somebody reads.

The order is that of the confirmation, newest first. Every filter has an index that yields this order, so a page
costs the same however long the log is; nothing counts the whole or skips over rows. A position in the log is the
id of a message.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from portal.extensions import session
from portal.models import Account, Membership, Message, MessageState, MessageType, Person
from portal.models.base import UtcDateTime

PAGE = 50
MOST_COUNTED = 99
MOST_UNCONFIRMED = 5


@dataclass(frozen=True)
class Filter:
    """What somebody wants to see; an empty one is everything. `since` is included, `until` is not."""

    state: MessageState | None = None
    type: MessageType | None = None
    recipient: str = ""
    sender_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Page:
    """A part of the log, newest first."""

    messages: Sequence[Message]
    has_newer: bool = False
    has_older: bool = False

    @property
    def newest(self) -> UUID | None:
        return self.messages[0].id if self.messages else None

    @property
    def oldest(self) -> UUID | None:
        return self.messages[-1].id if self.messages else None


def newest(account: Account, wanted: Filter, size: int = PAGE) -> Page:
    """The newest messages that match."""
    rows = _rows(account, wanted, size)
    return Page(rows[:size], has_older=len(rows) > size)


def older(account: Account, wanted: Filter, than: UUID, size: int = PAGE) -> Page:
    """The messages that come next when reading on from `than`."""
    rows = _rows(account, wanted, size, below=_position(account, than))
    return Page(rows[:size], has_newer=True, has_older=len(rows) > size)


def newer(account: Account, wanted: Filter, than: UUID, size: int = PAGE) -> Page:
    """The messages that come just before `than`; a page that would not be full is the newest one."""
    rows = _rows(account, wanted, size, above=_position(account, than))
    if len(rows) <= size:
        return newest(account, wanted, size)
    return Page(rows[:size][::-1], has_newer=True, has_older=True)


def count_newer(account: Account, wanted: Filter, than: UUID | None) -> int:
    """How many messages that match were confirmed after `than`; no more than `MOST_COUNTED` are counted."""
    position = _position(account, than) if than else None
    query = _query(account, wanted, above=position).with_only_columns(col(Message.id)).limit(MOST_COUNTED)
    return int(session().execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one())


def newest_id(account: Account) -> UUID | None:
    """The account's newest message, if there is one."""
    return newest(account, Filter(), 1).newest


def some(account: Account, ids: Sequence[UUID]) -> Sequence[Message]:
    """These messages of the account as they stand now, in the log's order."""
    return session().exec(_query(account, Filter()).where(col(Message.id).in_(ids))).all()


def unconfirmed(account: Account, person: Person) -> Sequence[Message]:
    """What somebody wrote and did not confirm yet, newest first; no more than `MOST_UNCONFIRMED`."""
    query = select(Message).where(*_is_unconfirmed(account, person))
    return session().exec(query.order_by(col(Message.created_at).desc()).limit(MOST_UNCONFIRMED)).all()


def count_unconfirmed(account: Account, person: Person) -> int:
    """How many of them there are."""
    query = sa.select(sa.func.count()).select_from(Message).where(*_is_unconfirmed(account, person))
    return int(session().execute(query).scalar_one())


def _is_unconfirmed(account: Account, person: Person) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(Message.account_id) == account.id,
        col(Message.state) == MessageState.PREPARED,
        col(Message.sender_id) == person.id,
    )


def find(account: Account, message_id: UUID) -> Message | None:
    """One of the account's messages."""
    query = select(Message).where(Message.id == message_id, Message.account_id == account.id)
    return session().exec(query).first()


def senders(account: Account) -> dict[UUID, str]:
    """The account's people, who may have sent messages, and whoever did and belongs to it no more."""
    members = (
        sa.select(col(Person.id), col(Person.email))
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .where(col(Membership.account_id) == account.id)
    )
    sent = _who_sent(account)
    former = sa.select(sent.c.id, col(Person.email)).join(Person, col(Person.id) == sent.c.id)
    rows = session().execute(members.union(former)).all()
    return {row.id: row.email for row in sorted(rows, key=lambda row: str(row.email))}


def _who_sent(account: Account) -> sa.CTE:
    """Each sender once: from one to the next by the index, however many messages each of them sent."""

    def next_after(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
        own = col(Message.account_id) == account.id
        query = sa.select(col(Message.sender_id)).where(own, col(Message.sender_id).is_not(None), *conditions)
        return query.order_by(col(Message.sender_id)).limit(1).scalar_subquery()

    steps = sa.select(next_after().label("id")).cte("senders", recursive=True)
    following = next_after(col(Message.sender_id) > steps.c.id)
    return steps.union_all(sa.select(following).where(steps.c.id.is_not(None)))


_Position = tuple[datetime, UUID]


def _position(account: Account, message_id: UUID) -> _Position | None:
    query = sa.select(col(Message.confirmed_at), col(Message.id)).where(
        col(Message.id) == message_id, col(Message.account_id) == account.id
    )
    found = session().execute(query).first()
    return (found.confirmed_at, found.id) if found is not None and found.confirmed_at else None


def _rows(
    account: Account, wanted: Filter, size: int, below: _Position | None = None, above: _Position | None = None
) -> Sequence[Message]:
    return session().exec(_query(account, wanted, below, above).limit(size + 1)).all()


def _query(
    account: Account, wanted: Filter, below: _Position | None = None, above: _Position | None = None
) -> SelectOfScalar[Message]:
    """The matching messages in order: upwards from `above`, else downwards."""
    at, key = col(Message.confirmed_at), col(Message.id)
    query = select(Message).where(Message.account_id == account.id, at.is_not(None))
    chosen: dict[Any, Any] = {
        Message.state: wanted.state,
        Message.type: wanted.type,
        Message.recipient: wanted.recipient,
        Message.sender_id: wanted.sender_id,
    }
    for column, value in chosen.items():
        if value:
            query = query.where(column == value)
    if wanted.since is not None:
        query = query.where(at >= wanted.since)
    if wanted.until is not None:
        query = query.where(at < wanted.until)
    place = sa.tuple_(at, key)
    if below is not None:
        query = query.where(place < _literal(below))
    if above is not None:
        return query.where(place > _literal(above)).order_by(at, key)
    return query.order_by(at.desc(), key.desc())


def _literal(position: _Position) -> sa.Tuple:
    return sa.tuple_(sa.literal(position[0], UtcDateTime()), sa.literal(position[1], sa.Uuid()))
