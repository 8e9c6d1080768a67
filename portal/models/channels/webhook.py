"""The webhooks that the portal registers at Connexease for itself."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.base import id_field, instant, word_of


class WebhookPurpose(StrEnum):
    """Why the portal holds a webhook."""

    ONBOARDING = "onboarding"
    """Tells the portal that a channel was connected: trigger `channel.created`."""
    WATCH = "watch"
    """Brings a channel's events into the log, because the customer asked for it."""
    SWITCHED = "switched"
    """Was the customer's own; its events go to a destination of theirs through the portal."""
    GATEWAY = "gateway"
    """Not registered anywhere: the customer enters it in the gateway's dashboard, for status events."""


class PortalWebhook(SQLModel, table=True):
    """A webhook of the portal's own, at `PUBLIC_URL/hooks/connexease/<key>`; of the gateway, `…/gateway/<key>`."""

    __tablename__ = "portal_webhook"
    __table_args__ = (sa.UniqueConstraint("account_id", "purpose", "scope"),)

    id: UUID = id_field()
    account_id: UUID = Field(foreign_key="account.id", index=True)
    purpose: WebhookPurpose = word_of(WebhookPurpose)
    scope: str = Field(default="", max_length=64)
    """The UUID of the channel that it is about; empty for the account as a whole."""
    key: str = Field(unique=True, max_length=64)
    """The last part of the address. It finds the row; the secret header is what proves the sender."""
    secret_hash: str = Field(max_length=64)
    """SHA-256 of the secret header's value: 256 random bits need no slow hash."""
    sealed_secret: str = Field(repr=False)
    connexease_uuid: UUID | None = None
    """Null until Connexease has confirmed it."""
    held_elsewhere: bool = False
    """Connexease refused it because another webhook already holds the trigger."""
    created_at: datetime = instant(default_now=True)
    registered_at: datetime | None = instant()
