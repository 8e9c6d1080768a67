"""What people want to be sent: the ledger of their wishes, and the words by which an account knows them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.base import UtcDateTime, id_field, instant, word_of


class Scope(StrEnum):
    """What a wish is about."""

    MARKETING = "marketing"
    EVERYTHING = "everything"


class Wish(StrEnum):
    """What somebody wants."""

    OUT = "out"
    IN = "in"


class ConsentSource(StrEnum):
    """How we know it."""

    KEYWORD = "keyword"
    """They wrote it."""
    BUTTON = "button"
    """They pressed the button of a template."""
    USER_PREFERENCES = "user_preferences"
    """They told WhatsApp, and an event said so."""
    REFUSED_MESSAGE = "refused_message"
    """A message to them failed for that reason."""
    HAND = "hand"
    """One of the account's people noted it."""
    STAFF = "staff"
    """The reseller's staff noted it."""
    IMPORT = "import"


class ConsentEntry(SQLModel, table=True):
    """One thing that one person wants. Rows are only ever added, and the newest counts.

    A person is known by number, by user id or by both; an empty one says nothing and is never compared. Of
    somebody who was erased a keyed hash stands in the place of each.
    """

    __tablename__ = "consent_entry"
    __table_args__ = (
        sa.UniqueConstraint(
            "account_id", "number", "user_id", "scope", "wish", "source", "at", name="uq_consent_entry_told"
        ),
        sa.Index("ix_consent_entry_user", "account_id", "user_id", "at"),
        sa.Index("ix_consent_entry_log", "account_id", "at", "id"),
    )

    id: UUID = id_field()
    account_id: UUID = Field(foreign_key="account.id")
    number: str = Field(default="", max_length=80)
    """E.164 with `+`."""
    user_id: str = Field(default="", max_length=160)
    scope: Scope = word_of(Scope)
    wish: Wish = word_of(Wish)
    source: ConsentSource = word_of(ConsentSource)
    detail: str = Field(default="", max_length=200)
    """The word that they wrote, the vendor's sentence, or the reason that was noted."""
    business_number: str = Field(default="", max_length=20)
    """The number of the account that they told it to, where the event names it."""
    noted_by: str = Field(default="", max_length=254)
    at: datetime = Field(sa_type=UtcDateTime)
    """Since when; never ahead of when it was added."""
    added_at: datetime = instant(default_now=True)
    delivery_id: int | None = Field(default=None, sa_type=sa.BigInteger().with_variant(sa.Integer, "sqlite"))
    """The event as it came, while it is kept."""


class ConsentSettings(SQLModel, table=True):
    """The words by which an account's people opt out and in, and the key that erased ones are hashed with."""

    __tablename__ = "consent_settings"

    id: UUID = id_field()
    account_id: UUID = Field(foreign_key="account.id", unique=True)
    words: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True))
    """See `portal.contacts.consent.keywords`; none where nobody changed what it begins with."""
    confirmation: str = Field(default="", max_length=1000)
    """What somebody who opted out of marketing is answered; empty for nothing."""
    credential_id: UUID | None = None
    """The gateway key that the answer goes out with. No foreign key: the key may be removed."""
    sealed_hash_key: str | None = Field(default=None, sa_type=sa.Text, nullable=True, repr=False)
    changed_at: datetime = instant(default_now=True)
