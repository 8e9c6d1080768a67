"""The ledger of consent: who wants what, since when, and how we know. It is only added to, and the newest counts.

Each scope stands by itself: somebody who is out of everything gets nothing, whatever they said of marketing before
or after. If two entries have the same time, the one that says "out" counts. A sender asks `standing` in the
transaction that claims the message, and holds the account's lock, so that no entry can come in between.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from portal.contacts.consent import hashing
from portal.contacts.people import Who, one_spelling, spellings
from portal.db import bulk, first_come
from portal.extensions import session
from portal.models import ConsentEntry, ConsentSource, Contact, Scope, Wish, now

AT_ONCE = 200
"""Identifiers that one statement asks for."""


@dataclass(frozen=True)
class Told:
    """What somebody wants, to be added."""

    who: Who
    scope: Scope
    wish: Wish
    source: ConsentSource
    at: datetime | None = None
    """Since when; now, where nobody says."""
    detail: str = ""
    business_number: str = ""
    noted_by: str = ""
    delivery_id: int | None = None


@dataclass(frozen=True)
class Standing:
    """What counts for one person by now: the newest entry of each scope."""

    newest: Mapping[Scope, ConsentEntry]

    @property
    def out_of(self) -> Scope | None:
        """What they are out of; none where they may be written to."""
        for scope in (Scope.EVERYTHING, Scope.MARKETING):
            if scope in self.newest and self.newest[scope].wish == Wish.OUT:
                return scope
        return None

    def against(self, *, is_marketing: bool) -> ConsentEntry | None:
        """The entry that forbids a message, if one does."""
        out_of = self.out_of
        forbids = out_of == Scope.EVERYTHING or (out_of == Scope.MARKETING and is_marketing)
        return self.newest[out_of] if out_of is not None and forbids else None


def add(account_id: UUID, told: Sequence[Told]) -> None:
    """Add to the ledger, each once. The caller has locked the account, and commits."""
    known = [each for each in told if each.who.is_known]
    if not known:
        return
    first_come.insert(ConsentEntry, [_row(account_id, each) for each in known])
    people = [each.who for each in known]
    follow(account_id, contacts_of(account_id, people))


def _row(account_id: UUID, told: Told) -> dict[str, object]:
    at = min(told.at or now(), now())  # a clock that is ahead must not outlive what is said later
    return {
        "account_id": account_id,
        "number": told.who.number,
        "user_id": told.who.user_id,
        "scope": told.scope,
        "wish": told.wish,
        "source": told.source,
        "detail": told.detail[:200],
        "business_number": told.business_number,
        "noted_by": told.noted_by,
        "at": at,
        "delivery_id": told.delivery_id,
    }


def standing(account_id: UUID, who: Who) -> Standing:
    """What counts for one person, whatever contact they belong to by now.

    Raises:
        VaultError: erased people cannot be told apart, as the account's key does not open.
    """
    known = [who, *(_who(contact) for contact in contacts_of(account_id, [who]))]
    return Standing(_newest(entry for found in _entries(account_id, known).values() for entry in found))


def standings(account_id: UUID, numbers: Sequence[str]) -> dict[str, Standing]:
    """What counts for each of many people, by the number that they are named by; as `standing` says it of one.

    Raises:
        VaultError: erased people cannot be told apart, as the account's key does not open.
    """
    contacts: dict[str, list[Who]] = {}
    for contact in contacts_of(account_id, [Who(number) for number in numbers]):
        contacts.setdefault(one_spelling(contact.number), []).append(_who(contact))
    people = {number: [Who(number), *contacts.get(one_spelling(number), ())] for number in numbers}
    entries = _entries(account_id, [who for known in people.values() for who in known])
    found = {}
    for number, known in people.items():
        names = {name for who in known for name in (one_spelling(who.number), who.user_id) if name}
        found[number] = Standing(_newest(entry for name in sorted(names) for entry in entries.get(name, ())))
    return found


def follow(account_id: UUID, contacts: Sequence[Contact]) -> None:
    """Note at contacts what they are out of, for lists. The caller commits."""
    if not contacts:
        return  # as with almost every batch of events: nobody in it is new
    session().flush()
    entries = _entries(account_id, [_who(contact) for contact in contacts])
    for contact in contacts:
        keys = (one_spelling(contact.number), contact.user_id)
        own = (entry for key in keys if key for entry in entries.get(key, ()))
        contact.out_of = Standing(_newest(own)).out_of
        session().add(contact)


def carry(account_id: UUID, before: Who, after: Who) -> None:
    """Let what somebody wants hold under another number or user id too. The caller has locked, and commits."""
    if not (before.is_known and after.is_known):
        return
    found = standing(account_id, before)
    told = [
        Told(
            after,
            entry.scope,
            entry.wish,
            entry.source,
            entry.at,
            entry.detail,
            entry.business_number,
            entry.noted_by,
            entry.delivery_id,
        )
        for entry in found.newest.values()
    ]
    add(account_id, told)


def forget(account_id: UUID, who: Who) -> None:
    """Leave only hashes of somebody in the ledger. The caller has locked the account, and commits."""
    carry(account_id, who, who)  # one entry under both, as nothing else will tell that they are one person
    hashed, seen = hashing.made(account_id), set()
    for entry in {entry.id: entry for found in _entries(account_id, [who]).values() for entry in found}.values():
        entry.number = _erased(one_spelling(entry.number), hashed)
        entry.user_id = _erased(entry.user_id, hashed)
        entry.detail, entry.delivery_id = "", None
        facts = (entry.number, entry.user_id, entry.scope, entry.wish, entry.source, entry.at)
        if facts in seen:  # two spellings of one number
            session().delete(entry)
        else:
            session().add(entry)
        seen.add(facts)
    session().flush()


def of_contact(contact: Contact) -> list[ConsentEntry]:
    """Everything that the ledger says of a contact, newest first."""
    found = _entries(contact.account_id, [_who(contact)])
    entries = {entry.id: entry for each in found.values() for entry in each}
    return sorted(entries.values(), key=lambda entry: (entry.at, entry.added_at), reverse=True)


def contacts_of(account_id: UUID, people: Iterable[Who]) -> list[Contact]:
    """The contacts that people are, oldest first."""
    known = list(people)
    numbers = {number for who in known for number in spellings(who.number)}
    users = {who.user_id for who in known if who.user_id}
    found: dict[int | None, Contact] = {}
    for column, values in ((col(Contact.number), sorted(numbers)), (col(Contact.user_id), sorted(users))):
        for start in range(0, len(values), AT_ONCE):
            # None of them is empty, which tells PostgreSQL that the index of those that are not will do.
            is_one = bulk.among(column, values[start : start + AT_ONCE])
            query = select(Contact).where(Contact.account_id == account_id, column != "", is_one)
            found |= {contact.id: contact for contact in session().exec(query)}
    return [found[number] for number in sorted(found, key=lambda number: number or 0)]


def _who(contact: Contact) -> Who:
    return Who(contact.number, contact.user_id)


def _erased(text: str, hashed: hashing.Hash) -> str:
    return hashed(text) if text and not hashing.is_erased(text) else text


def _newest(entries: Iterable[ConsentEntry]) -> dict[Scope, ConsentEntry]:
    newest: dict[Scope, ConsentEntry] = {}
    for entry in sorted(entries, key=lambda entry: (entry.at, entry.wish == Wish.OUT)):
        newest[entry.scope] = entry
    return newest


def _entries(account_id: UUID, people: Sequence[Who]) -> dict[str, list[ConsentEntry]]:
    """What the ledger says, by the number (as `one_spelling` has it) and by the user id that it says it of."""
    hashed = hashing.known(account_id)
    found: dict[str, list[ConsentEntry]] = {}
    numbers = {spelling: one_spelling(who.number) for who in people for spelling in spellings(who.number)}
    users = {who.user_id: who.user_id for who in people if who.user_id}
    for column, names in ((col(ConsentEntry.number), numbers), (col(ConsentEntry.user_id), users)):
        asked = dict(names)
        if hashed is not None:
            asked |= {hashed(name): name for name in names.values()}
        for start in range(0, len(asked), AT_ONCE):
            some = list(asked)[start : start + AT_ONCE]
            query = select(ConsentEntry).where(ConsentEntry.account_id == account_id, bulk.among(column, some))
            for entry in session().exec(query):
                value = entry.number if names is numbers else entry.user_id
                found.setdefault(asked[value], []).append(entry)
    return found


def at_the_end_of(second: datetime) -> datetime:
    """When something was told that is known to the second: whoever wants out is taken to have said it last."""
    return second.replace(microsecond=999_999)
