"""What people did, in order."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.base import instant, json_object

THE_CHAIN = 1
"""The number of the one row of `audit_chain`."""


class AuditEntry(SQLModel, table=True):
    """Somebody did something. Rows are only ever added, by `portal.audit.record`; triggers refuse the rest."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        sa.Index("ix_audit_entry_account", "account_id", "id"),
        sa.Index("ix_audit_entry_by", "actor", "id"),
        sa.Index("ix_audit_entry_at", "at", "id"),
    )

    id: int | None = Field(
        default=None, sa_type=sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True
    )
    """Counts up without a gap from the day on which the log was chained."""
    at: datetime = instant(default_now=True)
    actor_id: UUID | None = Field(default=None, index=True)
    """The person; null when the portal itself acted."""
    actor: str = Field(max_length=254)
    account_id: UUID | None = None
    action: str = Field(max_length=64)
    target: str = Field(default="", max_length=254)
    details: dict[str, Any] = json_object()
    address: str = Field(default="", max_length=64)
    """The network address that it was done from."""
    hash: str = Field(max_length=64)
    """SHA-256 of all of it and of the entry before; see `portal.audit.chain`."""


class AuditChain(SQLModel, table=True):
    """The end of the audit log, in one row."""

    __tablename__ = "audit_chain"

    id: int = Field(default=THE_CHAIN, primary_key=True, sa_column_kwargs={"autoincrement": False})
    sealed_end: str | None = Field(default=None, repr=False)
    """The number and the hash of the last entry, sealed by the vault. Null until the first is sealed."""
