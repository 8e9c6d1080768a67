"""The search index over accounts.

A filter that an account passes is a mark of its entry, so that words and filters are looked up together.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.db.search_index import Entry, SearchIndex, Term
from portal.models import MirroredAccount

SHORTEST_BEGINNING = 2
"""Letters. A shorter word is searched whole: too many words begin with one letter."""

_INDEX = SearchIndex("account_search", key="mirrored_id", marks="marks", prefix="mark=")


def put(session: Session, rows: Sequence[MirroredAccount]) -> None:
    """Make accounts findable; once more replaces. The caller commits."""
    _INDEX.put(session, [Entry(row.id, row.marks.split(), row.terms.split()) for row in rows])


def forget(session: Session, mirrored_ids: Sequence[int | None]) -> None:
    """Take accounts out of the index. The caller commits."""
    _INDEX.forget(session, mirrored_ids)


def numbers(session: Session, words: Sequence[str], marks: Sequence[str], most: int) -> sa.Select[Any]:
    """Selects the numbers of accounts with all of these, and no more than `most`."""
    terms = [Term(word, _may_go_on(word)) for word in words]
    return sa.select(_INDEX.key(session)).where(_INDEX.has(session, marks, terms)).limit(most)


def patterns(words: Sequence[str]) -> list[str]:
    """What the terms of an account, and a space, are like when it has these words."""
    return [f"% {word}%" if _may_go_on(word) else f"% {word} %" for word in words]


def _may_go_on(word: str) -> bool:
    """Whether a word may be only the beginning of the one that is looked for."""
    return len(word) >= SHORTEST_BEGINNING
