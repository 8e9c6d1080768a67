"""The search index over the bodies of events.

The words are split and folded by `portal.events.bodies`. The account is a mark of each entry: the index itself
leaves other accounts out.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal.db.search_index import Entry, SearchIndex, Term, is_sqlite
from portal.events import bodies
from portal.extensions import session
from portal.models import Delivery

SHORTEST_BEGINNING = 3
"""Letters. A shorter last word is searched whole: too many words begin with two letters."""

FEW = 1000
"""PostgreSQL cannot tell a word that it has not counted from a common one, and then reads the whole log in order
to find it. So it is asked first whether there are only so many, which its index answers."""

_INDEX = SearchIndex("delivery_search", key="delivery_id", marks="account", prefix="account=")


def put(delivery: Delivery) -> None:
    """Make a stored delivery searchable; once more replaces. The caller commits."""
    entry = Entry(delivery.id, [delivery.account_id.hex], bodies.words_of(delivery.body))
    _INDEX.put(session(), [entry])


def forget(delivery_ids: Sequence[int]) -> None:
    """Take deliveries out of the index. The caller commits."""
    _INDEX.forget(session(), delivery_ids)


def narrow(
    query: sa.Select[Any], account_id: UUID, words: Sequence[str]
) -> tuple[sa.Select[Any], sa.SQLColumnExpression[Any]]:
    """Keep only deliveries of the account that have all these words; the last may be the beginning of one.

    Returns:
        The query, and the column to order it by so that nothing needs sorting.
    """
    last = len(words) - 1
    terms = [Term(word, place == last and len(word) >= SHORTEST_BEGINNING) for place, word in enumerate(words)]
    found, key, number = _INDEX.has(session(), [account_id.hex], terms), _INDEX.key(session()), col(Delivery.id)
    joined = query.join_from(Delivery, _INDEX.table(session()), key == number).where(found)
    if is_sqlite(session()):
        return joined, key
    few = session().execute(sa.select(key).where(found).limit(FEW + 1)).scalars().all()
    return (query.where(number.in_(few)) if len(few) <= FEW else joined), number
