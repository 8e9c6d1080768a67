"""The search index over the bodies of events: SQLite's FTS5 or PostgreSQL's GIN, fed with the same words.

The words are split and folded by `portal.events.bodies` for both, so that a search finds the same on either.
The account is one more word of each entry: the index itself leaves other accounts out.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, TSVECTOR
from sqlmodel import col

from portal.events import bodies
from portal.extensions import session
from portal.models import Delivery

SHORTEST_BEGINNING = 3
"""Letters. A shorter last word is searched whole: too many words begin with two letters."""

FEW = 1000
"""PostgreSQL cannot tell a word that it has not counted from a common one, and then reads the whole log in order
to find it. So it is asked first whether there are only so many, which its index answers."""

_FTS = sa.table("delivery_search", sa.column("rowid"), sa.column("account"), sa.column("words"))
_GIN = sa.table("delivery_search", sa.column("delivery_id"), sa.column("words", TSVECTOR))


def put(delivery: Delivery) -> None:
    """Make a delivery searchable; once more replaces. The caller commits."""
    if delivery.id is None:
        return
    forget([delivery.id])
    words, account = bodies.words_of(delivery.body), delivery.account_id
    if _is_sqlite():
        row = {"rowid": delivery.id, "account": account.hex, "words": " ".join(words)}
        session().execute(sa.insert(_FTS).values(row))
    else:
        entries = sa.func.array_to_tsvector(sa.cast([_mark(account), *words], ARRAY(sa.Text)))
        session().execute(sa.insert(_GIN).values(delivery_id=delivery.id, words=entries))


def forget(delivery_ids: Sequence[int]) -> None:
    """Take deliveries out of the index. The caller commits."""
    table, column = (_FTS, _FTS.c.rowid) if _is_sqlite() else (_GIN, _GIN.c.delivery_id)
    session().execute(sa.delete(table).where(column.in_(delivery_ids)))


def narrow(
    query: sa.Select[Any], account_id: UUID, words: Sequence[str]
) -> tuple[sa.Select[Any], sa.SQLColumnExpression[Any]]:
    """Keep only deliveries of the account that have all these words; the last may be the beginning of one.

    Returns:
        The query, and the column to order it by so that nothing needs sorting.
    """
    if _is_sqlite():
        wanted = f"account : {account_id.hex} AND words : ({' AND '.join(_fts(words))})"
        found = sa.literal_column("delivery_search", sa.Text).op("MATCH", is_comparison=True)(wanted)
        return query.join_from(Delivery, _FTS, _FTS.c.rowid == col(Delivery.id)).where(found), _FTS.c.rowid
    wanted = " & ".join([f"'{_mark(account_id)}'", *_tsquery(words)])
    found = _GIN.c.words.op("@@", is_comparison=True)(sa.cast(wanted, TSQUERY))
    few = session().execute(sa.select(_GIN.c.delivery_id).where(found).limit(FEW + 1)).scalars().all()
    if len(few) <= FEW:
        return query.where(col(Delivery.id).in_(few)), col(Delivery.id)
    joined = query.join_from(Delivery, _GIN, _GIN.c.delivery_id == col(Delivery.id))
    return joined.where(found), col(Delivery.id)


def _fts(words: Sequence[str]) -> list[str]:
    # In double quotes nothing is an operator, and the words hold no quotes.
    return [f'"{word}"' + (" *" if is_open else "") for word, is_open in _opened(words)]


def _tsquery(words: Sequence[str]) -> list[str]:
    return [f"'{word}'" + (":*" if is_open else "") for word, is_open in _opened(words)]


def _opened(words: Sequence[str]) -> list[tuple[str, bool]]:
    """Each word, and whether it may be only the beginning of one."""
    last = len(words) - 1
    return [(word, place == last and len(word) >= SHORTEST_BEGINNING) for place, word in enumerate(words)]


def _mark(account_id: UUID) -> str:
    """The account as a word that no body can have."""
    return f"account={account_id.hex}"


def _is_sqlite() -> bool:
    return session().get_bind().dialect.name == "sqlite"
