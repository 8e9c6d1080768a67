"""What people did, in order."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.base import instant


class AuditEntry(SQLModel, table=True):
    """Somebody did something. Rows are only ever added."""

    __tablename__ = "audit_entry"

    id: int | None = Field(
        default=None, sa_type=sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True
    )
    at: datetime = instant(default_now=True)
    actor_id: UUID | None = Field(default=None, index=True)
    """The person; null when the portal itself acted."""
    actor: str = Field(max_length=254)
    account_id: UUID | None = Field(default=None, index=True)
    action: str = Field(max_length=64)
    target: str = Field(default="", max_length=254)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    address: str = Field(default="", max_length=64)
    """The network address that it was done from."""
