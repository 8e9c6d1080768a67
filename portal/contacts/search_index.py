"""The search index over contacts: by name, number, user id, tags and own fields.

The account is a mark of each entry, and so is each tag: the index itself leaves all others out.
"""

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal.contact import folded
from portal.contacts import phone_numbers
from portal.contacts.people import spellings
from portal.db.dialect import is_sqlite
from portal.db.search_index import Entry, SearchIndex, Term
from portal.db.words import words_in
from portal.extensions import session
from portal.models import Contact

SHORTEST_BEGINNING = 2
"""Letters. A shorter last word is searched whole."""
FEW = 1000
"""PostgreSQL is asked first whether there are only so many, as `portal.events.search_index` says."""
_INDEX = SearchIndex("contact_search", key="contact_id", marks="marks", prefix="mark=")


def put(contacts: Sequence[Contact]) -> None:
    """Make contacts findable; once more replaces. The caller has flushed them, and commits."""
    _INDEX.put(session(), [_entry(contact) for contact in contacts])


def forget(ids: Sequence[int | None]) -> None:
    """Take contacts out. The caller commits."""
    _INDEX.forget(session(), ids)


def narrow(
    query: sa.Select[Any], account_id: UUID, typed: str, tag: str
) -> tuple[sa.Select[Any], sa.SQLColumnExpression[Any]]:
    """Keep only contacts of the account with these words and this tag; the last word may be the beginning of one.

    Returns:
        The query, and the column to order it by so that nothing needs sorting.
    """
    words = words_wanted(typed)
    last = len(words) - 1
    terms = [Term(word, place == last and len(word) >= SHORTEST_BEGINNING) for place, word in enumerate(words)]
    marks = [account_id.hex, *([_tag_mark(tag)] if tag else [])]
    found, key, number = _INDEX.has(session(), marks, terms), _INDEX.key(session()), col(Contact.id)
    joined = query.join_from(Contact, _INDEX.table(session()), key == number).where(found)
    if is_sqlite(session()):
        return joined, key
    few = session().execute(sa.select(key).where(found).limit(FEW + 1)).scalars().all()
    return (query.where(number.in_(few)) if len(few) <= FEW else joined), number


def words_wanted(typed: str) -> list[str]:
    """What is looked for: a number as one word, however it is written, else each word."""
    digits = "".join(char for char in typed if char.isdigit())
    if len(digits) >= 4 and not any(char.isalpha() for char in typed):
        return [digits.removeprefix("00")]
    return words_in(typed)[:10]


def _entry(contact: Contact) -> Entry:
    texts = (contact.name, contact.user_id, contact.language, *contact.tags, *contact.fields.values())
    words = dict.fromkeys([*words_in(" ".join(texts)), *_number_words(contact.number)])
    marks = [contact.account_id.hex, *(_tag_mark(tag) for tag in contact.tags)]
    return Entry(contact.id, marks, [*words])


def _number_words(number: str) -> list[str]:
    """A number with its country's code, and as its own country writes it."""
    if not number:
        return []
    found = [spelling.removeprefix("+") for spelling in spellings(number)]
    national = phone_numbers.national(number)
    return [*found, national, national.removeprefix("0")]


def _tag_mark(tag: str) -> str:
    return "t" + hashlib.sha256(folded(tag).encode()).hexdigest()[:24]
