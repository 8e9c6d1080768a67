"""Reading conversations: who wrote last, and what was written with one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from portal.contacts import search_index
from portal.contacts.people import spellings
from portal.db.keyset import Keyset, Page
from portal.db.unit_of_work import unit_of_work
from portal.extensions import session
from portal.messages.compose import review
from portal.messages.log.display import Shown
from portal.messages.threads import incoming
from portal.models import Account, Contact, InboundMessage, Message, now

PAGE, LINES = 30, 50
MOST_UNREAD = 99
MOST_FOUND = 500


@dataclass(frozen=True)
class Line:
    """One message of a conversation: theirs, or yours as the log shows it."""

    at: datetime
    theirs: InboundMessage | None = None
    yours: Shown | None = None
    words: str = ""
    """What it says."""


@dataclass(frozen=True)
class Thread:
    """A part of a conversation, oldest first."""

    lines: Sequence[Line]
    older: datetime | None
    """The place to read on from; none when this is the beginning."""


@dataclass(frozen=True)
class Shortly:
    """A conversation in a list."""

    contact: Contact
    last: InboundMessage | None
    unread: int


def page(account: Account, typed: str, before: int = 0, after: int = 0) -> Page[Contact]:
    """Who wrote, the last first; of those only whose name, number or words are looked for, where something is."""
    query = select(Contact).where(Contact.account_id == account.id, col(Contact.heard_at).is_not(None))
    if typed:
        query = query.where(col(Contact.id).in_(_found(account, typed)))
    keyset: Keyset[Contact] = Keyset(query, col(Contact.heard_at), col(Contact.id))
    return keyset.page(PAGE, _position(account, before), _position(account, after))


def shortly(contacts: Sequence[Contact]) -> list[Shortly]:
    """Conversations with what was written last and how much of it nobody read; however many, in two statements."""
    ids = [contact.id for contact in contacts]
    unread = _unread(ids)
    newest = sa.select(sa.func.max(col(InboundMessage.id))).where(col(InboundMessage.contact_id).in_(ids))
    rows = session().exec(
        select(InboundMessage).where(col(InboundMessage.id).in_(newest.group_by(col(InboundMessage.contact_id))))
    )
    last = {row.contact_id: row for row in rows}
    return [Shortly(each, last.get(each.id or 0), unread.get(each.id or 0, 0)) for each in contacts]


def thread(contact: Contact, before: datetime | None = None) -> Thread:
    """The newest lines of a conversation, or those before a time."""
    theirs = [Line(row.at, theirs=row, words=row.text) for row in reversed(_theirs(contact, before))]
    yours = [_yours_line(row) for row in reversed(_yours(contact, before))]
    lines = sorted((*theirs, *yours), key=lambda line: line.at)
    has_older = len(theirs) > LINES or len(yours) > LINES or len(lines) > LINES
    shown = lines[-LINES:]
    return Thread(shown, shown[0].at if has_older and shown else None)


def _yours_line(row: Message) -> Line:
    shown = Shown(row, may_read=True)
    return Line(row.confirmed_at or row.created_at, yours=shown, words=review.content(row) or shown.type_word)


def note_read(contact: Contact) -> None:
    """Somebody of the account has seen what was written until now."""
    if contact.heard_at is None or not _unread([contact.id]):
        return
    with unit_of_work():
        seen = sa.update(Contact).where(col(Contact.id) == contact.id).values(read_at=now())
        session().execute(seen.execution_options(synchronize_session=False))
        session().commit()


def _unread(ids: Sequence[int | None]) -> dict[int, int]:
    is_new = sa.or_(col(Contact.read_at).is_(None), col(InboundMessage.received_at) > col(Contact.read_at))
    query = (
        sa.select(col(InboundMessage.contact_id), sa.func.count().label("unread"))
        .join(Contact, col(Contact.id) == col(InboundMessage.contact_id))
        .where(col(InboundMessage.contact_id).in_(ids), is_new)
        .group_by(col(InboundMessage.contact_id))
    )
    return {row.contact_id: row.unread for row in session().execute(query)}


def _found(account: Account, typed: str) -> list[int]:
    query: sa.Select[Any] = sa.select(col(Contact.id))
    by_person, position = search_index.narrow(query, account.id, typed, "")
    people = session().execute(by_person.order_by(position.desc()).limit(MOST_FOUND)).scalars()
    return [*people, *incoming.found(account.id, typed)]


def _position(account: Account, contact_id: int) -> tuple[datetime, int] | None:
    if not contact_id:
        return None
    query = sa.select(col(Contact.heard_at), col(Contact.id)).where(
        col(Contact.id) == contact_id, col(Contact.account_id) == account.id
    )
    found = session().execute(query).first()
    return (found.heard_at, found.id) if found is not None and found.heard_at else None


def _theirs(contact: Contact, before: datetime | None) -> Sequence[InboundMessage]:
    query = select(InboundMessage).where(InboundMessage.contact_id == contact.id)
    if before is not None:
        query = query.where(InboundMessage.at < before)
    order = (col(InboundMessage.at).desc(), col(InboundMessage.id).desc())
    return session().exec(query.order_by(*order).limit(LINES + 1)).all()


def _yours(contact: Contact, before: datetime | None) -> Sequence[Message]:
    if not contact.number:
        return ()
    query = select(Message).where(
        Message.account_id == contact.account_id,
        col(Message.recipient).in_(spellings(contact.number)),
        col(Message.confirmed_at).is_not(None),
    )
    if before is not None:
        query = query.where(col(Message.confirmed_at) < before)
    order = (col(Message.confirmed_at).desc(), col(Message.id).desc())
    return session().exec(query.order_by(*order).limit(LINES + 1)).all()
