"""What people told WhatsApp about the messages that they want."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.base import UtcDateTime, id_field, instant, word_of

MARKETING = "marketing_messages"
STOP, RESUME = "stop", "resume"


class PreferenceSource(StrEnum):
    """How we know it."""

    USER_PREFERENCES = "user_preferences"
    """An event said so."""
    REFUSED_MESSAGE = "refused_message"
    """A message to them failed for that reason."""


class ContactPreference(SQLModel, table=True):
    """One thing that one person told. Rows are only ever added; of a person the newest of a category counts.

    A person is known by number, by user id or by both; an empty one says nothing and is never compared.
    """

    __tablename__ = "contact_preference"
    __table_args__ = (
        sa.UniqueConstraint(
            "account_id", "number", "user_id", "category", "value", "at", name="uq_contact_preference_told"
        ),
        sa.Index("ix_contact_preference_user", "account_id", "user_id", "at"),
    )

    id: UUID = id_field()
    account_id: UUID = Field(foreign_key="account.id")
    number: str = Field(default="", max_length=20)
    """E.164 with `+`."""
    user_id: str = Field(default="", max_length=160)
    category: str = Field(default=MARKETING, max_length=40)
    value: str = Field(max_length=40)
    """The vendor's word, `stop` or `resume`; one that we do not know is kept as it came."""
    source: PreferenceSource = word_of(PreferenceSource, default=PreferenceSource.USER_PREFERENCES)
    detail: str = Field(default="", max_length=200)
    """The vendor's sentence."""
    business_number: str = Field(default="", max_length=20)
    """The number of the account that they told it to, where the event names it."""
    at: datetime = Field(sa_type=UtcDateTime)
    """When they told it, by the event; else when it came."""
    received_at: datetime = instant(default_now=True)
    delivery_id: int | None = Field(default=None, sa_type=sa.BigInteger().with_variant(sa.Integer, "sqlite"))
    """The event as it came, while it is kept."""
