"""The search index over the bodies of events.

The words are split and folded by `portal.events.bodies`. The account is a mark of each entry: the index itself
leaves other accounts out, and what the gateway reports of people for those who may not read it.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal.db.dialect import is_sqlite
from portal.db.event_rows import WORDS
from portal.db.search_index import Entry, Term
from portal.extensions import session
from portal.models import Delivery

SHORTEST_BEGINNING = 3
"""Letters. A shorter last word is searched whole: too many words begin with two letters."""

FEW = 1000
"""PostgreSQL cannot tell a word that it has not counted from a common one, and then reads the whole log in order
to find it. So it is asked first whether there are only so many, which its index answers."""


def entry(account_id: UUID, number: int, words: Sequence[str], *, is_private: bool) -> Entry:
    """What finds a delivery.

    Args:
        is_private: whether only those who read the account's messages may find it.
    """
    mark = _private(account_id) if is_private else account_id.hex
    return Entry(number, [mark], words)


def put(entries: Sequence[Entry]) -> None:
    """Make stored deliveries searchable; once more replaces. The caller commits."""
    WORDS.put(session(), entries)


def narrow(
    query: sa.Select[Any], account_id: UUID, words: Sequence[str], *, with_private: bool
) -> tuple[sa.Select[Any], sa.SQLColumnExpression[Any]]:
    """Keep only deliveries of the account that have all these words; the last may be the beginning of one.

    Args:
        with_private: whether what only some may read is searched too.

    Returns:
        The query, and the column to order it by so that nothing needs sorting.
    """
    last = len(words) - 1
    terms = [Term(word, place == last and len(word) >= SHORTEST_BEGINNING) for place, word in enumerate(words)]
    either = [account_id.hex, *([_private(account_id)] if with_private else [])]
    found, key, number = WORDS.has(session(), [], terms, either), WORDS.key(session()), col(Delivery.id)
    joined = query.join_from(Delivery, WORDS.table(session()), key == number).where(found)
    if is_sqlite(session()):
        return joined, key
    few = session().execute(sa.select(key).where(found).limit(FEW + 1)).scalars().all()
    return (query.where(number.in_(few)) if len(few) <= FEW else joined), number


def _private(account_id: UUID) -> str:
    return f"{account_id.hex}p"
