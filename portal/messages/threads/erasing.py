"""Erasing a person: the contact, what they wrote, and the content and number of every message to them.

The ledger keeps what they wanted under a keyed hash, so that they still get nothing they did not want.
"""

from collections.abc import Callable, Iterable

import sqlalchemy as sa
from sqlmodel import col

from portal import audit
from portal.contacts import book, search_index
from portal.contacts.consent import ledger
from portal.contacts.importing import retention as importing
from portal.contacts.people import Who, spellings
from portal.db import account_lock, event_rows
from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.messages import retention
from portal.messages.threads import incoming
from portal.models import Account, Contact, InboundMessage, Message, MessageState, Person

AT_ONCE = 200
Forget = Callable[[Account, Who], None]
_also: list[Forget] = []


def also(forget: Forget) -> None:
    """Have this done for everybody who is erased, in the same transaction and under the account's lock."""
    _also.append(forget)


def erase(person: Person, account: Account, contact_id: int) -> None:
    """Erase a contact, for good.

    Raises:
        DomainError: it is gone, or a message to them or an import is under way.
    """
    with unit_of_work():
        account_lock.take(account.id)
        contact = book.locked(account, contact_id)
        who = Who(contact.number, contact.user_id)
        _erase_messages(account, who)
        for forget in _also:
            forget(account, who)
        _erase_written(contact)
        importing.forget_files(account)
        _erase_events([entry.delivery_id for entry in ledger.of_contact(contact)])
        ledger.forget(account.id, who)
        search_index.forget([contact.id])
        session().delete(contact)
        audit.record(person, account, "contact.erased", who.masked)
        session().commit()


def _erase_messages(account: Account, who: Who) -> None:
    is_theirs = (col(Message.account_id) == account.id, col(Message.recipient).in_(spellings(who.number)))
    found = session().execute(sa.select(col(Message.id), col(Message.state)).where(*is_theirs)).all()
    if any(row.state in (MessageState.QUEUED, MessageState.SENDING) for row in found):
        raise DomainError(_("A message to this person is being sent. Try again in a minute."))
    unsent = [row.id for row in found if row.state == MessageState.PREPARED]
    session().execute(sa.delete(Message).where(col(Message.id).in_(unsent)))
    ids = [row.id for row in found if row.state != MessageState.PREPARED]
    for start in range(0, len(ids), AT_ONCE):
        retention.erase(ids[start : start + AT_ONCE])


def _erase_written(contact: Contact) -> None:
    query = sa.select(col(InboundMessage.id), col(InboundMessage.delivery_id))
    rows = session().execute(query.where(col(InboundMessage.contact_id) == contact.id)).all()
    for start in range(0, len(rows), AT_ONCE):
        incoming.forget([row.id for row in rows[start : start + AT_ONCE]])
    _erase_events([row.delivery_id for row in rows])


def _erase_events(ids: Iterable[int | None]) -> None:
    """The events that told of it."""
    events = [number for number in dict.fromkeys(ids) if number is not None]
    for start in range(0, len(events), AT_ONCE):
        event_rows.forget(events[start : start + AT_ONCE])
