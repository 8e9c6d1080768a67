"""The search index over accounts: SQLite's FTS5 or PostgreSQL's GIN, fed with the same words.

A filter that an account passes is one more word of its entry, in a place of its own, so that words and filters
are looked up together.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, TSVECTOR
from sqlalchemy.orm import Session

from portal.models import MirroredAccount

SHORTEST_BEGINNING = 2
"""Letters. A shorter word is searched whole: too many words begin with one letter."""

_FTS = sa.table("account_search", sa.column("rowid"), sa.column("marks"), sa.column("words"))
_GIN = sa.table("account_search", sa.column("mirrored_id"), sa.column("words", TSVECTOR))


def put(session: Session, rows: Sequence[MirroredAccount]) -> None:
    """Make accounts findable; once more replaces. The caller commits."""
    if not rows:
        return
    forget(session, [row.id for row in rows])
    if _is_sqlite(session):
        entries: list[dict[str, Any]] = [
            {"rowid": row.id, "marks": row.marks.strip(), "words": row.terms.strip()} for row in rows
        ]
        session.execute(sa.insert(_FTS), entries)
        return
    words = sa.func.array_to_tsvector(sa.cast(sa.bindparam("all"), ARRAY(sa.Text)))
    insert = sa.insert(_GIN).values(mirrored_id=sa.bindparam("id"), words=words)
    session.execute(
        insert,
        [{"id": row.id, "all": _marked(row)} for row in rows],
    )


def forget(session: Session, mirrored_ids: Sequence[int | None]) -> None:
    """Take accounts out of the index. The caller commits."""
    session.execute(sa.delete(_table(session)).where(_key(session).in_(mirrored_ids)))


def numbers(session: Session, words: Sequence[str], marks: Sequence[str], most: int) -> sa.Select[Any]:
    """Selects the numbers of accounts with all of these, and no more than `most`."""
    if _is_sqlite(session):
        wanted = " AND ".join(
            [f"marks : ({' AND '.join(marks)})"] * bool(marks)
            + [f"words : ({' AND '.join(_fts(word) for word in words)})"] * bool(words)
        )
        found = sa.literal_column("account_search", sa.Text).op("MATCH", is_comparison=True)(wanted)
    else:
        wanted = " & ".join([*(f"'{_mark(mark)}'" for mark in marks), *(_tsquery(word) for word in words)])
        found = _GIN.c.words.op("@@", is_comparison=True)(sa.cast(wanted, TSQUERY))
    return sa.select(_key(session)).select_from(_table(session)).where(found).limit(most)


def patterns(words: Sequence[str]) -> list[str]:
    """What the terms of an account, and a space, are like when it has these words."""
    return [f"% {word}%" if len(word) >= SHORTEST_BEGINNING else f"% {word} %" for word in words]


def _fts(word: str) -> str:
    # In double quotes nothing is an operator, and the words hold no quotes.
    return f'"{word}"' + (" *" if len(word) >= SHORTEST_BEGINNING else "")


def _tsquery(word: str) -> str:
    return f"'{word}'" + (":*" if len(word) >= SHORTEST_BEGINNING else "")


def _marked(row: MirroredAccount) -> list[str]:
    return [*(_mark(mark) for mark in row.marks.split()), *row.terms.split()]


def _mark(mark: str) -> str:
    """A filter as a word that no name can have."""
    return f"mark={mark}"


def _table(session: Session) -> sa.TableClause:
    return _FTS if _is_sqlite(session) else _GIN


def _key(session: Session) -> sa.ColumnClause[int]:
    return _FTS.c.rowid if _is_sqlite(session) else _GIN.c.mirrored_id


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
