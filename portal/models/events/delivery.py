"""Events that came in from Connexease, as they came."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.base import instant, word_of


class DeliveryState(StrEnum):
    """What became of a delivery after it was stored."""

    RECEIVED = "received"
    PROCESSED = "processed"
    REPEAT = "repeat"
    """The same event again: kept, not processed a second time."""
    KEPT = "kept"
    """In the log, and nothing for the portal itself to do: what most events are."""
    FAILED = "failed"


TRIED = "state = 'received' AND attempts > 0"
"""What failed and is tried again. Its index is used only by a query that says it in the same words."""


class Delivery(SQLModel, table=True):
    """One request to a receiver, stored before it was answered.

    The log is read newest first by `id`; each of its filters has an index that yields that order.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        sa.Index(
            "uq_delivery_first",
            *("webhook_id", "body_hash"),
            unique=True,
            sqlite_where=sa.text("repeat_of IS NULL"),
            postgresql_where=sa.text("repeat_of IS NULL"),
        ),
        sa.Index(
            "ix_delivery_repeat_of",
            "repeat_of",
            sqlite_where=sa.text("repeat_of IS NOT NULL"),
            postgresql_where=sa.text("repeat_of IS NOT NULL"),
        ),
        sa.Index("ix_delivery_log", "account_id", "id"),
        sa.Index(
            "ix_delivery_log_channel",
            *("account_id", "channel_uuid", "id"),
            sqlite_where=sa.text("channel_uuid IS NOT NULL"),
            postgresql_where=sa.text("channel_uuid IS NOT NULL"),
        ),
        sa.Index("ix_delivery_log_state", "account_id", "state", "id"),
        sa.Index("ix_delivery_log_time", "account_id", "received_at", "id"),
        sa.Index("ix_delivery_webhook_time", "webhook_id", "received_at"),
        sa.Index("ix_delivery_state", "state", "id"),
        # Begins with the state, which is the same for all: else SQLite prefers the index above.
        sa.Index(
            "ix_delivery_tried",
            *("state", "received_at"),
            sqlite_where=sa.text(TRIED),
            postgresql_where=sa.text(TRIED),
        ),
    )

    id: int | None = Field(
        default=None, sa_type=sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True
    )
    webhook_id: UUID = Field(foreign_key="portal_webhook.id")
    account_id: UUID = Field(foreign_key="account.id")
    received_at: datetime = instant(default_now=True)
    body_hash: str = Field(max_length=64)
    hook: str = Field(default="", max_length=100)
    """Its trigger; of an event of the gateway the kinds of its parts, with spaces between them."""
    channel_uuid: UUID | None = None
    state: DeliveryState = word_of(DeliveryState, default=DeliveryState.RECEIVED)
    repeat_of: int | None = Field(default=None, sa_type=sa.BigInteger().with_variant(sa.Integer, "sqlite"))
    """The first delivery of the same body to the same webhook. Of those that come at once only one has none."""
    attempts: int = 0
    problem_text: str = Field(default="", max_length=500)
    processed_at: datetime | None = instant()
    about: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True), repr=False)
    """Who and what it is about, for the lists, see `portal.events.about`. Null until it was looked at."""
    body: bytes = Field(sa_type=sa.LargeBinary, repr=False)
    """The last column: SQLite takes long to read what stands after a large one, and lists read all the others."""


class DeliveryKind(SQLModel, table=True):
    """What the log's filter by trigger finds: a row for each kind of thing that an event tells of.

    Its key is the order in which the log reads it, so it is the index as well. It comes and goes with its event,
    see `portal.db.event_rows`.
    """

    __tablename__ = "delivery_kind"
    __table_args__ = {"sqlite_with_rowid": False}

    account_id: UUID = Field(primary_key=True)
    kind: str = Field(primary_key=True, max_length=100)
    delivery_id: int = Field(
        sa_type=sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        primary_key=True,
        sa_column_kwargs={"autoincrement": False},
    )
