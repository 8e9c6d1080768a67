"""The webhooks that an account holds at Connexease: what we last set, and what was last seen there."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.base import id_field, instant, json_list


class Webhook(SQLModel, table=True):
    """One webhook of an account. Connexease's list is the truth; `wanted` is what was last set from here.

    Both are `{"callback_url", "triggers", "channels", "is_active"}`; `seen` has `header_names` besides.
    """

    __tablename__ = "webhook"
    __table_args__ = (sa.UniqueConstraint("account_id", "connexease_uuid"),)

    id: UUID = id_field()
    account_id: UUID = Field(foreign_key="account.id", index=True)
    connexease_uuid: UUID | None = None
    """Null until Connexease has confirmed it."""
    portal_webhook_id: UUID | None = Field(default=None, foreign_key="portal_webhook.id", unique=True)
    """Set when the portal holds it for itself: nobody edits it by hand."""
    intent: str | None = Field(default=None, unique=True, max_length=64)
    """What the form that made it was marked with: a form that is sent twice makes one webhook."""
    wanted: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)
    """Null for a webhook that was made elsewhere and never changed from here."""
    sealed_headers: str | None = Field(default=None, repr=False)
    """The custom headers as they were last set, encrypted."""
    secret_headers: list[str] = json_list()
    """Names of the headers that were marked as secret."""
    seen: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)
    headers_differ: bool = False
    """Whether the header values at Connexease were others than those that were last set."""
    seen_at: datetime | None = instant()
    gone_at: datetime | None = instant()
    """When Connexease's list no longer had it."""
    hidden_at: datetime | None = instant()
    """A switched-off webhook that nobody wants to see: Connexease has no way to delete it."""
    is_pending: bool = Field(default=False, index=True)
    """What is wanted is not confirmed yet."""
    call_started_at: datetime | None = instant()
    claimed_until: datetime | None = instant()
    next_attempt_at: datetime | None = instant()
    attempts: int = 0
    problem_text: str = Field(default="", max_length=500)
    created_at: datetime = instant(default_now=True)


class WebhookListing(SQLModel, table=True):
    """When an account's webhooks were last read whole, and what stopped the last try."""

    __tablename__ = "webhook_listing"

    account_id: UUID = Field(foreign_key="account.id", primary_key=True)
    read_at: datetime | None = instant()
    tried_at: datetime | None = instant()
    problem_text: str = Field(default="", max_length=500)
