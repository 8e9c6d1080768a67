"""Reading the list of contacts: one filter, and pages by position, newest first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from portal import audit
from portal.contacts import search_index
from portal.contacts.words import ORIGIN_WORDS
from portal.db.keyset import Keyset, Page
from portal.extensions import session
from portal.i18n import _
from portal.models import Account, Contact, Person, Scope
from portal.web import csv_export

PAGE, AT_ONCE = 50, 500
NEWEST = 2000
MOST_OWN = 100
"""Columns for the account's own fields in a file."""


@dataclass(frozen=True)
class Filter:
    """What somebody wants to see; an empty one is everything."""

    words: str = ""
    tag: str = ""
    out_of: Scope | None = None


def page(account: Account, wanted: Filter, before: int = 0, after: int = 0, size: int = PAGE) -> Page[Contact]:
    """The contacts that come after, or before, one that somebody has seen; the newest when none is named."""
    return _matching(account, wanted).page(size, before, after)


def has_any(account: Account) -> bool:
    """Whether the account has contacts."""
    return session().exec(select(Contact.id).where(Contact.account_id == account.id).limit(1)).first() is not None


def oldest_first(account: Account, tag: str, after: int, size: int) -> Sequence[Contact]:
    """The contacts with a tag, or all of them where it is empty, that were made after one, the oldest first."""
    query = _matching(account, Filter(tag=tag)).above(after).limit(size)
    found: Sequence[Contact] = session().exec(query).all()  # type: ignore[call-overload]
    return found


def count(account: Account, tag: str, most: int) -> int:
    """How many contacts have a tag, or how many there are where it is empty; no more than `most` are counted."""
    some = _matching(account, Filter(tag=tag)).above(0).with_only_columns(col(Contact.id)).limit(most).subquery()
    return int(session().execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


def own_fields(account: Account, tag: str = "") -> list[str]:
    """What the account's own fields are called, as its newest contacts with a tag have them."""
    some = page(account, Filter(tag=tag), size=NEWEST).rows
    return sorted({name for contact in some for name in contact.fields})[:MOST_OWN]


def export(person: Person, account: Account, wanted: Filter) -> Iterator[str]:
    """All contacts that match as a file; that somebody took them away is in the history."""
    audit.record_at_once(person, account, "contact.exported")
    own = _own_fields(account, wanted)

    def part(before: int | None) -> csv_export.Part[int]:
        found = page(account, wanted, before=before or 0, size=AT_ONCE)
        rows: list[Sequence[object]] = [] if before else [[*_header(), *own]]
        rows += [_cells(contact, own) for contact in found.rows]
        return rows, found.oldest if found.has_older else None

    return csv_export.in_parts(part)


def _own_fields(account: Account, wanted: Filter) -> list[str]:
    names: dict[str, None] = {}
    place, is_first = 0, True
    while (is_first or place) and len(names) < MOST_OWN:
        found = page(account, wanted, before=place, size=AT_ONCE)
        names |= dict.fromkeys(name for contact in found.rows for name in contact.fields)
        place, is_first = (found.oldest if found.has_older else 0), False
    return sorted(names)[:MOST_OWN]


def _header() -> list[str]:
    return [
        _("Phone number"),
        _("User ID"),
        _("Name"),
        _("Language"),
        _("Tags"),
        _("Opted out"),
        _("Origin"),
        _("Added"),
    ]


def _cells(contact: Contact, own: Sequence[str]) -> list[str]:
    return [
        contact.number,
        contact.user_id,
        contact.name,
        contact.language,
        ", ".join(contact.tags),
        contact.out_of.value if contact.out_of else "",
        str(ORIGIN_WORDS[contact.source]),
        contact.created_at.isoformat(timespec="seconds"),
        *(contact.fields.get(name, "") for name in own),
    ]


def _matching(account: Account, wanted: Filter) -> Keyset[Contact]:
    query: sa.Select[Any] = select(Contact).where(Contact.account_id == account.id)
    position: sa.SQLColumnExpression[Any] = col(Contact.id)
    if wanted.words or wanted.tag:
        query, position = search_index.narrow(query, account.id, wanted.words, wanted.tag)
    if wanted.out_of is not None:
        query = query.where(col(Contact.out_of) == wanted.out_of)
    return Keyset(query, position)
