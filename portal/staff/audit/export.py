"""The CSV export of the audit log."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal import audit
from portal.audit import log
from portal.extensions import session
from portal.models import Account, Person

COLUMNS = (
    *("number", "time", "who", "staff", "account", "Account name", "action", "In words", "target", "details"),
    *("Network address", "hash"),
)


def exported(person: Person, wanted: log.Filter, in_words: Callable[[Any], str]) -> Iterator[list[object]]:
    """The entries that match as rows of a list; that somebody took them along is an entry itself."""
    audit.record_at_once(person, None, "audit.exported")
    return _rows(wanted, in_words)


def _rows(wanted: log.Filter, in_words: Callable[[Any], str]) -> Iterator[list[object]]:
    names: dict[UUID, str] = {}
    for entry in log.every(wanted):
        yield [
            entry.id,
            entry.at.isoformat(),
            entry.actor,
            "yes" if entry.details.get("as_staff") else "",
            entry.account_id,
            _name(names, entry.account_id),
            entry.action,
            in_words(entry),
            entry.target,
            json.dumps(entry.details, ensure_ascii=False) if entry.details else "",
            entry.address,
            entry.hash,
        ]


def _name(known: dict[UUID, str], account_id: UUID | None) -> str:
    if account_id is None:
        return ""
    if account_id not in known:
        query = sa.select(col(Account.name)).where(col(Account.id) == account_id)
        known[account_id] = session().execute(query).scalar() or ""
    return known[account_id]
