"""Which webhook an address and its secret belong to, remembered for a few seconds."""

import hmac
import time
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal.db.engine import storable
from portal.identity.mailed_links import fingerprint
from portal.models import PortalWebhook, WebhookPurpose

SECONDS = 5
"""How long an address is remembered, and so how long a secret that was replaced may still be taken."""
MOST = 10_000
_NOBODYS_HASH = "0" * 64


class Kind(StrEnum):
    """Who delivers to an address; a part of its path."""

    CONNEXEASE = "connexease"
    GATEWAY = "gateway"


@dataclass(frozen=True)
class Owner:
    """Whose address it is."""

    webhook_id: UUID
    account_id: UUID
    secret_hash: str
    until: float
    """The end of its being remembered, by the monotonic clock."""


class Addresses:
    """The addresses of a process, by their keys."""

    def __init__(self, engine: sa.Engine) -> None:
        # One look at one row needs no transaction, which would be two more ways to PostgreSQL and back.
        is_apart = engine.dialect.name == "postgresql"
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT") if is_apart else engine
        self._known: dict[tuple[Kind, str], Owner] = {}

    def owner(self, kind: Kind, key: str, secret: str) -> Owner | None:
        """The webhook and the account of this address and secret; none when they do not match.

        Every refusal takes the same: one look-up and one comparison, whether or not the address exists.
        """
        proof = fingerprint(secret)
        known = self._known.get((kind, key))
        if known and known.until > time.monotonic() and hmac.compare_digest(proof, known.secret_hash):
            return known
        found = self._look_up(kind, storable(key))
        if not hmac.compare_digest(proof, found.secret_hash if found else _NOBODYS_HASH) or found is None:
            return None
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[kind, key] = found
        return found

    def _look_up(self, kind: Kind, key: str) -> Owner | None:
        with self._engine.connect() as connection:
            row = connection.execute(_query(kind), {"key": key}).first()
        return Owner(*row, time.monotonic() + SECONDS) if row else None


@cache
def _query(kind: Kind) -> sa.Select[UUID, UUID, str]:
    columns = (col(PortalWebhook.id), col(PortalWebhook.account_id), col(PortalWebhook.secret_hash))
    is_gateways = col(PortalWebhook.purpose) == WebhookPurpose.GATEWAY
    purpose = is_gateways if kind == Kind.GATEWAY else sa.not_(is_gateways)
    return sa.select(*columns).where(col(PortalWebhook.key) == sa.bindparam("key"), purpose)
