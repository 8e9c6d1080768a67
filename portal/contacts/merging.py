"""Two contacts that are one person, made one by hand: what would come of it, and doing it.

Events that name a number and a user ID together do the same without anyone's help (`portal.contacts.book`). The
first contact is kept: it takes over the messages and the missing details of the second one. If either of them has
opted out, the merged contact has opted out too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from portal import audit
from portal.contact import international
from portal.contacts import book, search_index
from portal.contacts.book import MOST_FIELDS, MOST_TAGS, Book, Details
from portal.contacts.consent import ledger
from portal.contacts.consent.ledger import Told
from portal.contacts.people import Who, one_spelling
from portal.contacts.words import OUT_WORDS
from portal.db import account_lock
from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.models import Account, ConsentSource, Contact, Person, Scope, Wish

MOST_FOUND = 20


@dataclass(frozen=True)
class Preview:
    """What two contacts come to."""

    contact: Contact
    other: Contact
    details: Details
    out_of: Scope | None
    seen: str
    """What was looked at, in one word."""

    @property
    def lines(self) -> list[tuple[str, ...]]:
        """What each is called, of the one, of the other, and of both together; without what is empty in all."""
        contact, other, details = self.contact, self.other, self.details
        outs = [str(OUT_WORDS[out]) if out else "" for out in (contact.out_of, other.out_of, self.out_of)]
        rows: list[tuple[str, ...]] = [
            (_("Phone number"), *map(international, (contact.number, other.number, details.number))),
            (_("WhatsApp user ID"), contact.user_id, other.user_id, details.user_id),
            (_("Name"), contact.name, other.name, details.name),
            (_("Language"), contact.language, other.language, details.language),
            (_("Tags"), *map(", ".join, (contact.tags, other.tags, details.tags))),
            *(
                (name, contact.fields.get(name, ""), other.fields.get(name, ""), value)
                for name, value in details.fields.items()
            ),
            (_("Opted out"), outs[0], outs[1], outs[2]),
        ]
        return [row for row in rows if any(row[1:])]


def candidates(account: Account, contact: Contact, typed: str) -> Sequence[Contact]:
    """Other contacts with these words."""
    query, position = search_index.narrow(select(Contact), account.id, typed, "")
    query = query.where(col(Contact.account_id) == account.id, col(Contact.id) != contact.id)
    found: Sequence[Contact] = session().exec(query.order_by(position.desc()).limit(MOST_FOUND)).all()  # type: ignore[call-overload]
    return found


def preview(account: Account, contact: Contact, other: Contact) -> Preview:
    """What would come of it.

    Raises:
        DomainError: the two cannot be one.
    """
    _refuse(contact, other)
    outs = _outs(account, contact, other)
    strictest = next((scope for scope in (Scope.EVERYTHING, Scope.MARKETING) if scope in outs), None)
    return Preview(contact, other, _together(contact, other), strictest, _mark(contact, other))


def merge(person: Person, account: Account, contact_id: int, other_id: int, seen: str) -> None:
    """Make them one.

    Args:
        seen: as the preview had it.

    Raises:
        DomainError: one of them is gone or was changed meanwhile, or the two cannot be one.
    """
    with unit_of_work():
        account_lock.take(account.id)
        contact, other = book.locked(account, contact_id), book.locked(account, other_id)
        _refuse(contact, other)
        if seen != _mark(contact, other):
            raise DomainError(_("One of the contacts was changed in another window. Look at the result again."))
        outs, who = _outs(account, contact, other), _together(contact, other).who
        people = Book(account.id, [_who(contact), _who(other)])
        people.merge(contact, other, who)
        people.save()
        _keep_out(person, account, who, outs)
        audit.record(person, account, "contact.merged", who.masked)
        session().commit()


def _refuse(contact: Contact, other: Contact) -> None:
    if contact.id == other.id:
        raise DomainError(_("Choose another contact than this one."))
    if contact.number and other.number and one_spelling(contact.number) != one_spelling(other.number):
        raise DomainError(
            _("Both contacts have a phone number, and a contact has only one. They stay two contacts.")
        )


def _together(contact: Contact, other: Contact) -> Details:
    return Details(
        contact.number or other.number,
        contact.user_id or other.user_id,
        contact.name or other.name,
        contact.language or other.language,
        tuple(dict.fromkeys((*contact.tags, *other.tags)))[:MOST_TAGS],
        dict(list({**other.fields, **contact.fields}.items())[:MOST_FIELDS]),
    )


def _outs(account: Account, *contacts: Contact) -> set[Scope]:
    """What either of them is out of."""
    standings = [ledger.standing(account.id, _who(contact)) for contact in contacts]
    return {scope for each in standings for scope, entry in each.newest.items() if entry.wish == Wish.OUT}


def _keep_out(person: Person, account: Account, who: Who, outs: set[Scope]) -> None:
    """Note it anew where something that is newer, and was said as the other, would let them in."""
    newest = ledger.standing(account.id, who).newest
    reason = _("One of two contacts that were merged had opted out")
    again = [
        Told(who, scope, Wish.OUT, ConsentSource.HAND, detail=reason, noted_by=person.email)
        for scope in sorted(outs)
        if scope not in newest or newest[scope].wish != Wish.OUT
    ]
    ledger.add(account.id, again)


def _mark(contact: Contact, other: Contact) -> str:
    return f"{contact.changed_at.isoformat()} {other.changed_at.isoformat()}"


def _who(contact: Contact) -> Who:
    return Who(contact.number, contact.user_id)
