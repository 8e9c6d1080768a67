"""A full-text index over the rows of a table: SQLite's FTS5 or PostgreSQL's GIN, fed with the same words.

Words are split and folded before they get here, so a search finds the same rows on either database. A mark, such
as the account that a row belongs to, is one more word of the row, in a place where no typed word is looked for.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.orm import Session

from portal.db import bulk
from portal.db.dialect import is_sqlite


class Entry(NamedTuple):
    """What a row is found by."""

    id: int | None
    marks: Sequence[str]
    words: Sequence[str]


class Term(NamedTuple):
    """A word that must occur."""

    word: str
    is_beginning: bool
    """Whether a longer word that begins with it will do."""


class SearchIndex:
    """The index in one table.

    Args:
        table: its name.
        key: PostgreSQL's column for the number of a row; SQLite calls it `rowid`.
        marks: SQLite's column for the marks.
        prefix: what PostgreSQL's marks begin with: no typed word can hold its last character.
    """

    def __init__(self, table: str, *, key: str, marks: str, prefix: str) -> None:
        self._name, self._marks, self._prefix = table, marks, prefix
        self._fts = sa.table(table, sa.column("rowid"), sa.column(marks), sa.column("words"))
        self._gin = sa.table(table, sa.column(key, sa.BigInteger()), sa.column("words", TSVECTOR))
        self._gin_key = self._gin.c[key]

    def put(self, session: Session, entries: Sequence[Entry]) -> None:
        """Make stored rows findable; a row that is already in the index is replaced. The caller commits."""
        if not entries:
            return
        if is_sqlite(session):
            self.forget(session, [entry.id for entry in entries])
            session.execute(*self._fts_insert(entries))
        else:
            session.execute(self._gin_upsert(entries))

    def forget(self, session: Session, ids: Sequence[int | None]) -> None:
        """Take rows out of the index. The caller commits."""
        session.execute(sa.delete(self.table(session)).where(bulk.among(self.key(session), ids)))

    def table(self, session: Session) -> sa.TableClause:
        """The index as a table, to join."""
        return self._fts if is_sqlite(session) else self._gin

    def key(self, session: Session) -> sa.ColumnClause[Any]:
        """The column with the number of the row that an entry is about."""
        return self._fts.c.rowid if is_sqlite(session) else self._gin_key

    def has(
        self, session: Session, marks: Sequence[str], terms: Sequence[Term], either: Sequence[str] = ()
    ) -> sa.ColumnElement[bool]:
        """Whether an entry has all these marks and terms (at least one), and one of `either`."""
        if is_sqlite(session):
            marked = " AND ".join([*marks, *([f"({' OR '.join(either)})"] if either else [])])
            parts = {self._marks: marked, "words": " AND ".join(_fts(term) for term in terms)}
            wanted = " AND ".join(f"{column} : ({part})" for column, part in parts.items() if part)
            return sa.literal_column(self._name, sa.Text).op("MATCH", is_comparison=True)(wanted)
        any_ = " | ".join(f"'{self._prefix}{mark}'" for mark in either)
        all_ = [*(f"'{self._prefix}{mark}'" for mark in marks), *([f"({any_})"] if any_ else [])]
        wanted = " & ".join([*all_, *(_tsquery(term) for term in terms)])
        return self._gin.c.words.op("@@", is_comparison=True)(sa.cast(wanted, TSQUERY))

    def _fts_insert(self, entries: Iterable[Entry]) -> tuple[sa.Insert, list[dict[str, Any]]]:
        return sa.insert(self._fts), [
            {"rowid": entry.id, self._marks: " ".join(entry.marks), "words": " ".join(entry.words)}
            for entry in entries
        ]

    def _gin_upsert(self, entries: Iterable[Entry]) -> sa.Insert:
        rows = [
            {"id": entry.id, "all": " ".join([*(f"{self._prefix}{mark}" for mark in entry.marks), *entry.words])}
            for entry in entries
        ]
        given = bulk.given_rows({"id": sa.BigInteger(), "all": sa.Text()}, rows)
        words = sa.func.array_to_tsvector(sa.func.string_to_array(given.c.all, " "))
        insert = postgresql.insert(self._gin).from_select(
            [self._gin_key.name, "words"], sa.select(given.c.id, words)
        )
        return insert.on_conflict_do_update(index_elements=[self._gin_key], set_={"words": insert.excluded.words})


def _fts(term: Term) -> str:
    # In double quotes nothing is an operator, and the words hold no quotes.
    return f'"{term.word}"' + (" *" if term.is_beginning else "")


def _tsquery(term: Term) -> str:
    return f"'{term.word}'" + (":*" if term.is_beginning else "")
