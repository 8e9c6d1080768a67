"""Writing deliveries as they came, many in one transaction: the first of its kind, or a repeat of the first."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from portal.db.dialect import is_sqlite
from portal.db.engine import writing
from portal.models import DeliveryState


class Received(NamedTuple):
    """A delivery as it came."""

    webhook_id: UUID
    account_id: UUID
    at: datetime
    body: bytes
    problem: str = ""
    """What people have to know of its body."""


def store(engine: sa.Engine, events: Sequence[Received]) -> None:
    """Write deliveries and commit. When this returns, they survive a power cut."""
    with writing(), engine.begin() as connection:
        insert(connection, [_row(event) for event in events])


def insert(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert deliveries: each as the first of its kind, or else as a repeat of the first.

    On SQLite only one writes at a time, so a look at what is there is enough. On PostgreSQL a unique index decides
    who is first: of equal ones that come at once the others wait until one has committed.
    """
    if is_sqlite(connection):
        connection.execute(_AS_REPEAT, [_with_first(row) for row in rows])
        return
    # In one order, so that two processes wait for each other, and not in a circle.
    ordered = sorted(rows, key=_kind)
    inserted = connection.execute(_AS_FIRST, ordered)
    firsts = {(row.webhook_id, row.body_hash) for row in inserted}
    repeats = [_with_first(row) for row in ordered if not _takes_first(row, firsts)]
    if repeats:
        connection.execute(_AS_REPEAT, repeats)


def _with_first(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "of_webhook": row["webhook_id"], "of_hash": row["body_hash"]}


def _kind(row: dict[str, Any]) -> tuple[UUID, str]:
    return row["webhook_id"], row["body_hash"]


def _takes_first(row: dict[str, Any], firsts: set[tuple[UUID, str]]) -> bool:
    """Whether this row is the one that was inserted as the first; of equal ones it is the one that came first."""
    is_first = _kind(row) in firsts
    firsts.discard(_kind(row))
    return is_first


def _row(event: Received) -> dict[str, Any]:
    return {
        "webhook_id": event.webhook_id,
        "account_id": event.account_id,
        "received_at": event.at,
        "body": event.body,
        "body_hash": hashlib.sha256(event.body).hexdigest(),
        "state": DeliveryState.RECEIVED,
        "hook": "",
        "attempts": 0,
        "problem_text": event.problem,
    }


def _as_first() -> Any:
    """INSERT INTO delivery … ON CONFLICT (webhook_id, body_hash) WHERE repeat_of IS NULL DO NOTHING"""
    there = _TABLE.c.repeat_of.is_(None)
    columns = [_TABLE.c.webhook_id, _TABLE.c.body_hash]
    insert = postgresql.insert(_TABLE).on_conflict_do_nothing(index_elements=columns, index_where=there)
    return insert.returning(*columns)


def _as_repeat() -> Any:
    """INSERT INTO delivery (…, repeat_of) VALUES (…, (SELECT id … WHERE repeat_of IS NULL)), which may be none"""
    other = _TABLE.alias("first")
    first = sa.select(other.c.id).where(
        other.c.webhook_id == sa.bindparam("of_webhook"),
        other.c.body_hash == sa.bindparam("of_hash"),
        other.c.repeat_of.is_(None),
    )
    return sa.insert(_TABLE).values(repeat_of=first.scalar_subquery())


_TABLE = SQLModel.metadata.tables["delivery"]
_AS_FIRST, _AS_REPEAT = _as_first(), _as_repeat()
