"""What one of the account's people, or the staff, note of what somebody wants."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from portal import audit
from portal.contacts import book
from portal.contacts.consent import hashing, ledger
from portal.contacts.consent.ledger import Told
from portal.contacts.people import Who
from portal.contacts.words import SCOPE_WORDS, SOURCE_WORDS, WISH_WORDS
from portal.db import account_lock
from portal.db.keyset import Keyset
from portal.db.unit_of_work import unit_of_work
from portal.extensions import session
from portal.i18n import _
from portal.models import Account, ConsentEntry, ConsentSource, Person, Scope, Wish
from portal.web import csv_export

AT_ONCE = 500


class Choice(StrEnum):
    """What can be noted."""

    NO_MARKETING = "no_marketing"
    NOTHING = "nothing"
    EVERYTHING = "everything"


MEANT: dict[Choice, tuple[tuple[Scope, Wish], ...]] = {
    Choice.NO_MARKETING: ((Scope.MARKETING, Wish.OUT), (Scope.EVERYTHING, Wish.IN)),
    Choice.NOTHING: ((Scope.EVERYTHING, Wish.OUT),),
    Choice.EVERYTHING: ((Scope.MARKETING, Wish.IN), (Scope.EVERYTHING, Wish.IN)),
}
_ACTIONS = {
    Choice.NO_MARKETING: "consent.no_marketing",
    Choice.NOTHING: "consent.nothing",
    Choice.EVERYTHING: "consent.everything",
}


@dataclass(frozen=True)
class Noted:
    """What somebody says that a person wants, and how they know."""

    choice: Choice
    reason: str = ""


def choice_of(out_of: Scope | None) -> Choice:
    """What counts now, in the words of the form."""
    chosen = {Scope.MARKETING: Choice.NO_MARKETING, Scope.EVERYTHING: Choice.NOTHING}
    return chosen[out_of] if out_of is not None else Choice.EVERYTHING


def note(person: Person, account: Account, who: Who, noted: Noted, *, as_staff: bool) -> None:
    """Add to the ledger what a person says by hand. It works for somebody who is no contact, too."""
    source = ConsentSource.STAFF if as_staff else ConsentSource.HAND
    with unit_of_work():
        account_lock.take(account.id)
        told = [
            Told(who, scope, wish, source, detail=noted.reason, noted_by=person.email)
            for scope, wish in MEANT[noted.choice]
        ]
        ledger.add(account.id, told)
        audit.record(person, account, _ACTIONS[noted.choice], who.masked)
        session().commit()


def note_of_contact(person: Person, account: Account, contact_id: int, noted: Noted) -> None:
    """The same for a contact.

    Raises:
        DomainError: it is gone.
    """
    with unit_of_work():
        contact = book.locked(account, contact_id)
        who = Who(contact.number, contact.user_id)
        session().rollback()
    note(person, account, who, noted, as_staff=False)


# --- as a file ---------------------------------------------------------------------------------------


def export(person: Person, account: Account) -> Iterator[str]:
    """The whole ledger, newest first; that somebody took it away is in the history."""
    audit.record_at_once(person, account, "consent.exported")
    account_id = account.id

    def part(place: tuple[Any, Any] | None) -> csv_export.Part[tuple[Any, Any]]:
        page = _matching(account_id).older(place, AT_ONCE)
        rows = [] if place else [_header()]
        rows += [_cells(entry) for entry in page.rows]
        last = page.rows[-1] if page.has_older else None
        return rows, (last.at, last.id) if last else None

    return csv_export.in_parts(part)


def _matching(account_id: UUID) -> Keyset[ConsentEntry]:
    query = select(ConsentEntry).where(ConsentEntry.account_id == account_id)
    return Keyset(query, col(ConsentEntry.at), col(ConsentEntry.id))


def _header() -> list[str]:
    return [
        _("Since"),
        _("Phone number"),
        _("User ID"),
        _("Messages affected"),
        _("Wants them"),
        _("Source"),
        _("Details"),
        _("Recorded by"),
        _("Received at"),
        _("Added"),
    ]


def _cells(entry: ConsentEntry) -> list[str]:
    return [
        entry.at.isoformat(timespec="seconds"),
        _("erased") if hashing.is_erased(entry.number) else entry.number,
        _("erased") if hashing.is_erased(entry.user_id) else entry.user_id,
        str(SCOPE_WORDS[entry.scope]),
        str(WISH_WORDS[entry.wish]),
        str(SOURCE_WORDS[entry.source]),
        entry.detail,
        entry.noted_by,
        entry.business_number,
        entry.added_at.isoformat(timespec="seconds"),
    ]
