"""Taking in what Connexease and its gateway deliver: check the secret, store, answer. All else happens later.

The path is short and goes through Core: no log-in, no cookie, no template. What is answered with 200 is
on disk.
"""

import hashlib
import hmac
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel, col

from portal.db.engine import storable
from portal.extensions import db
from portal.identity.mailed_links import fingerprint
from portal.models import DeliveryState, PortalWebhook, WebhookPurpose, now

BODY_LIMIT = 256 * 1024
"""Bytes. The largest documented event is far below; a larger body is refused before it is read."""

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


def store(webhook_id: UUID, account_id: UUID, body: bytes) -> int:
    """Write the delivery as it came and return its number. When this returns, it survives a power cut."""
    body_hash = hashlib.sha256(body).hexdigest()
    table = SQLModel.metadata.tables["delivery"]
    same = sa.select(sa.func.min(table.c.id)).where(
        table.c.webhook_id == webhook_id, table.c.body_hash == body_hash
    )
    row = {
        "webhook_id": webhook_id,
        "account_id": account_id,
        "received_at": now(),
        "body": body,
        "body_hash": body_hash,
        "repeat_of": same.scalar_subquery(),
        "state": DeliveryState.RECEIVED,
        "hook": "",
        "attempts": 0,
        "problem_text": "",
    }
    with db.engine.begin() as connection:
        inserted = connection.execute(sa.insert(table).values(row)).inserted_primary_key
    return int(inserted[0]) if inserted else 0
