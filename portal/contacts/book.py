"""An account's contacts: finding them, taking in who wrote, changing one, and merging two that are one person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import SQLModel, col, select

from portal import audit
from portal.contacts import search_index
from portal.contacts.consent import ledger
from portal.contacts.people import Who, one_spelling
from portal.db import account_lock, bulk
from portal.db.keyset import HIGHEST
from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.models import Account, Contact, ContactSource, InboundMessage, Person, now

MOST_TAGS, MOST_FIELDS = 20, 30


@dataclass(frozen=True)
class Details:
    """What is known of somebody, beside what they want."""

    number: str = ""
    user_id: str = ""
    name: str = ""
    language: str = ""
    tags: tuple[str, ...] = ()
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def who(self) -> Who:
        return Who(self.number, self.user_id, self.name)


class Book:
    """The contacts that some people are, read at once. The caller has locked the account, and commits."""

    def __init__(self, account_id: UUID, people: Iterable[Who]) -> None:
        self._account_id = account_id
        self._by_key: dict[str, Contact] = {}
        self._touched: dict[int, Contact] = {}
        self._heard: dict[int, Contact] = {}
        for contact in ledger.contacts_of(account_id, people):
            self._note(contact)

    def find(self, who: Who) -> Contact | None:
        """The contact that somebody is, if there is one."""
        return next((self._by_key[key] for key in _keys(who) if key in self._by_key), None)

    def take_in(self, who: Who, source: ContactSource) -> Contact:
        """The contact that somebody is. A number and a user id that are named together are of one person."""
        found = {id(self._by_key[key]): self._by_key[key] for key in _keys(who) if key in self._by_key}
        by_age = sorted(found.values(), key=lambda each: each.id or HIGHEST)
        contact, *others = by_age or [Contact(account_id=self._account_id, source=source)]
        for other in others:
            self._merge(contact, other, who)
        self._name(contact, who)
        return contact

    def fill(self, contact: Contact, details: Details, *, replace: bool) -> bool:
        """Write what is known of somebody; whether that changed anything.

        Args:
            replace: whether what is empty is taken away too, and not only what is new added.
        """
        before = (contact.name, contact.language, list(contact.tags), dict(contact.fields))
        contact.name = details.name if replace else details.name or contact.name
        contact.language = details.language if replace else details.language or contact.language
        tags = details.tags if replace else (*contact.tags, *details.tags)
        contact.tags = list(dict.fromkeys(tags))[:MOST_TAGS]
        fields = details.fields if replace else {**contact.fields, **details.fields}
        contact.fields = dict(list(fields.items())[:MOST_FIELDS])
        changed = before != (contact.name, contact.language, contact.tags, contact.fields)
        if changed:
            self._touch(contact)
        return changed

    def rename(self, contact: Contact, number: str, user_id: str) -> None:
        """Give somebody another number or user id; what they want comes along."""
        before, after = Who(contact.number, contact.user_id), Who(number, user_id)
        if before == after:
            return
        for key in _keys(before):
            self._by_key.pop(key, None)
        if _loses(before, after):
            ledger.carry(self._account_id, before, after)
        contact.number, contact.user_id = number, user_id
        self._touch(contact)

    def move(self, before: Who, after: Who) -> None:
        """Follow somebody who has another number or user id now, if they are known."""
        contact, other = self.find(before), self.find(after)
        if contact is None:
            return
        if other is not None and other is not contact:
            self._merge(contact, other, after)
        self.rename(contact, after.number or contact.number, after.user_id or contact.user_id)

    def hear(self, contact: Contact, at: datetime) -> None:
        """Note when somebody wrote; very many may, so `save` writes it in one statement."""
        if contact.heard_at is not None and contact.heard_at >= at:
            return
        if contact.id is None:
            contact.heard_at = at
        else:
            set_committed_value(contact, "heard_at", at)
            self._heard[id(contact)] = contact

    def save(self) -> None:
        """Write what was changed, findable and with what each is out of."""
        contacts = list(self._touched.values())
        session().add_all(contacts)
        session().flush()
        ledger.follow(self._account_id, contacts)
        session().flush()
        search_index.put(contacts)
        self._touched.clear()
        heard = [{"id": contact.id, "heard_at": contact.heard_at} for contact in self._heard.values()]
        bulk.update(SQLModel.metadata.tables["contact"], "id", heard)
        self._heard.clear()

    def _name(self, contact: Contact, who: Who) -> None:
        is_same = who.number in ("", contact.number) and who.user_id in ("", contact.user_id)
        if is_same and (contact.name or not who.name):
            return  # as it is with almost all of very many messages
        number = contact.number if one_spelling(contact.number) == one_spelling(who.number) else who.number
        self.rename(contact, number or contact.number, who.user_id or contact.user_id)
        if who.name and not contact.name:
            contact.name = who.name[:100]
            self._touch(contact)

    def merge(self, contact: Contact, other: Contact, who: Who) -> None:
        """Make one of two contacts, which is known by this from then on."""
        self._merge(contact, other, who)
        self.rename(contact, who.number, who.user_id)

    def _merge(self, contact: Contact, other: Contact, who: Who) -> None:
        """Of two that are one the first stays, with what the other had and it had not."""
        if _loses(Who(other.number, other.user_id), who):
            ledger.carry(self._account_id, Who(other.number, other.user_id), who)
        details = Details(name=other.name, language=other.language, tags=tuple(other.tags), fields=other.fields)
        kept = Details(name=contact.name, language=contact.language, fields=contact.fields)
        self.fill(contact, details, replace=False)
        self.fill(contact, kept, replace=False)
        _hand_over(other, contact)
        search_index.forget([other.id])
        self._touched.pop(id(other), None)
        self._heard.pop(id(other), None)
        for key in _keys(Who(other.number, other.user_id)):
            self._by_key.pop(key, None)
        session().delete(other)
        session().flush()

    def _touch(self, contact: Contact) -> None:
        contact.changed_at = now()
        self._touched[id(contact)] = contact
        self._note(contact)
        session().add(contact)

    def _note(self, contact: Contact) -> None:
        for key in _keys(Who(contact.number, contact.user_id)):
            self._by_key[key] = contact


def find(account: Account, contact_id: int) -> Contact | None:
    """One of the account's contacts."""
    if contact_id > HIGHEST:
        return None
    query = select(Contact).where(Contact.id == contact_id, Contact.account_id == account.id)
    return session().exec(query).first()


def create(person: Person, account: Account, details: Details) -> Contact:
    """Add a contact by hand.

    Raises:
        DomainError: the account has this person already.
    """
    with unit_of_work():
        account_lock.take(account.id)
        _refuse_nobody(details)
        _refuse_taken(account, details)
        book = Book(account.id, [details.who])
        contact = book.take_in(details.who, ContactSource.HAND)
        book.fill(contact, details, replace=True)
        book.save()
        audit.record(person, account, "contact.added", details.who.masked)
        session().commit()
    return contact


def change(person: Person, account: Account, contact_id: int, details: Details) -> None:
    """Change a contact.

    Raises:
        DomainError: it is gone, or another contact has this number or user id.
    """
    with unit_of_work():
        account_lock.take(account.id)
        contact = locked(account, contact_id)
        _refuse_nobody(details)
        _refuse_taken(account, details, contact)
        book = Book(account.id, [Who(contact.number, contact.user_id)])
        book.rename(contact, details.number, details.user_id)
        book.fill(contact, details, replace=True)
        book.save()
        audit.record(person, account, "contact.changed", details.who.masked)
        session().commit()


def locked(account: Account, contact_id: int) -> Contact:
    """A contact as it is now. The caller has locked the account.

    Raises:
        DomainError: it is gone.
    """
    query = select(Contact).where(Contact.id == contact_id, Contact.account_id == account.id)
    found = session().exec(query.execution_options(populate_existing=True)).first()
    if found is None:
        raise DomainError(_("This contact no longer exists. It was erased or merged with another one."))
    return found


def _refuse_nobody(details: Details) -> None:
    if not details.who.is_known:
        raise DomainError(_("Enter a phone number or a WhatsApp user ID."), "number")


def _refuse_taken(account: Account, details: Details, own: Contact | None = None) -> None:
    others = [each for each in ledger.contacts_of(account.id, [details.who]) if each is not own]
    for other in others:
        has_number = one_spelling(other.number) == one_spelling(details.number) != ""
        raise DomainError(
            _("Another contact has this number: %(name)s.", name=other.name or other.number)
            if has_number
            else _("Another contact has this user ID: %(name)s.", name=other.name or other.user_id),
            "number" if has_number else "user_id",
        )


def _hand_over(other: Contact, contact: Contact) -> None:
    """What somebody wrote goes over to the contact that they are."""
    session().flush()
    wrote = sa.update(InboundMessage).where(col(InboundMessage.contact_id) == other.id)
    session().execute(wrote.values(contact_id=contact.id).execution_options(synchronize_session=False))
    contact.heard_at = max(filter(None, (contact.heard_at, other.heard_at)), default=None)
    contact.read_at = min(filter(None, (contact.read_at, other.read_at)), default=None)


def _keys(who: Who) -> Sequence[str]:
    spelled = one_spelling(who.number)
    return [*([spelled] if spelled else []), *([f"id:{who.user_id}"] if who.user_id else [])]


def _loses(before: Who, after: Who) -> bool:
    """Whether the ledger would not find somebody again by what they were known by."""
    is_other_number = bool(before.number) and one_spelling(before.number) != one_spelling(after.number)
    return is_other_number or before.user_id not in ("", after.user_id)
