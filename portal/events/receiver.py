"""Taking in what Connexease and its gateway deliver: check the secret, store, answer. All else happens later.

The path is short and goes through Core: no log-in, no cookie, no template. What is answered with 200 is
on disk.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, col

from portal.db.engine import storable
from portal.extensions import db
from portal.identity.mailed_links import fingerprint
from portal.models import DeliveryState, PortalWebhook, WebhookPurpose, now

BODY_LIMIT = 5 * 1024 * 1024
"""Bytes, packed and unpacked. Some events carry a whole conversation; the gateway's go up to three megabytes. A
larger body is refused before it is read: the vendor would repeat it in vain."""

_NOBODYS_HASH = "0" * 64


def authenticate(key: str, secret: str, *, of_gateway: bool = False) -> tuple[UUID, UUID] | None:
    """The webhook and the account that this address and secret belong to; none when they do not match.

    The comparison takes the same time whether or not the address exists.

    Args:
        of_gateway: whether it is an address for the gateway, and not one for Connexease's own events.
    """
    key = storable(key)
    columns = (col(PortalWebhook.id), col(PortalWebhook.account_id), col(PortalWebhook.secret_hash))
    is_gateways = col(PortalWebhook.purpose) == WebhookPurpose.GATEWAY
    purpose = is_gateways if of_gateway else sa.not_(is_gateways)
    with db.engine.connect() as connection:
        found = connection.execute(sa.select(*columns).where(col(PortalWebhook.key) == key, purpose)).first()
    matches = hmac.compare_digest(fingerprint(secret), found.secret_hash if found else _NOBODYS_HASH)
    return (found.id, found.account_id) if found is not None and matches else None


def store(webhook_id: UUID, account_id: UUID, body: bytes, problem: str = "") -> int:
    """Write the delivery as it came and return its number. When this returns, it survives a power cut.

    Args:
        problem: what people have to know of its body.
    """
    row = {
        "webhook_id": webhook_id,
        "account_id": account_id,
        "received_at": now(),
        "body": body,
        "body_hash": hashlib.sha256(body).hexdigest(),
        "state": DeliveryState.RECEIVED,
        "hook": "",
        "attempts": 0,
        "problem_text": problem,
    }
    with db.engine.begin() as connection:
        return insert(connection, row)


def insert(connection: sa.Connection, row: Mapping[str, Any]) -> int:
    """Insert a delivery: as the first of its kind, or else as a repeat of the first. Returns its number.

    A unique index decides who is first: of equal ones that come at once the others wait until one has committed.
    """
    number = connection.execute(_AS_FIRST[connection.dialect.name], row).scalar()
    if number is None:
        same = {"of_webhook": row["webhook_id"], "of_hash": row["body_hash"]}
        number = connection.execute(_AS_REPEAT, {**row, **same}).scalar_one()
    return int(number)


def _as_first(of_dialect: Any) -> Any:
    """INSERT INTO delivery (…) VALUES (…) ON CONFLICT (webhook_id, body_hash) WHERE repeat_of IS NULL DO …"""
    there = _TABLE.c.repeat_of.is_(None)
    columns = [_TABLE.c.webhook_id, _TABLE.c.body_hash]
    insert = of_dialect.insert(_TABLE).on_conflict_do_nothing(index_elements=columns, index_where=there)
    return insert.returning(_TABLE.c.id)


def _as_repeat() -> Any:
    """INSERT INTO delivery (…, repeat_of) VALUES (…, (SELECT id … WHERE repeat_of IS NULL))."""
    other = _TABLE.alias("first")
    first = sa.select(other.c.id).where(
        other.c.webhook_id == sa.bindparam("of_webhook"),
        other.c.body_hash == sa.bindparam("of_hash"),
        other.c.repeat_of.is_(None),
    )
    return sa.insert(_TABLE).values(repeat_of=first.scalar_subquery()).returning(_TABLE.c.id)


_TABLE = SQLModel.metadata.tables["delivery"]
_AS_FIRST = {"sqlite": _as_first(sqlite), "postgresql": _as_first(postgresql)}
_AS_REPEAT = _as_repeat()
