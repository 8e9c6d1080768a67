"""Checking a gateway key by a round trip: a message goes out with it, and its status event comes back here."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.base import id_field, instant


class KeyTrial(SQLModel, table=True):
    """One check of one key. Its messages are in the message log, each under an intent that is made of `id`."""

    __tablename__ = "key_trial"
    __table_args__ = (
        sa.UniqueConstraint("credential_id", "intent"),
        sa.Index("ix_key_trial_latest", "account_id", "credential_id", "created_at"),
        sa.Index("ix_key_trial_due", "ended_at", "next_attempt_at"),
    )

    id: UUID = id_field()
    account_id: UUID = Field(foreign_key="account.id")
    credential_id: UUID
    """No foreign key: the key may be removed meanwhile."""
    intent: str = Field(max_length=64)
    """What the form was marked with: sent twice, it checks each key once."""
    person_id: UUID = Field(foreign_key="person.id")
    recipient: str = Field(default="", max_length=20)
    """The person's own number, E.164; empty once the check is over."""
    wants_real: bool = False
    """Whether a real message goes to that number, and not only one in test mode."""
    number: str = Field(default="", max_length=20)
    """The number that the message came from, E.164, as its status event names it; empty while nobody knows."""
    refuses_callback_data: bool = False
    """Whether the gateway refused a message because of the value that was sent along, and took it without."""
    problem_text: str = Field(default="", max_length=500)
    """Why the portal itself could not go on."""
    claimed_until: datetime | None = instant()
    next_attempt_at: datetime = instant(default_now=True)
    created_at: datetime = instant(default_now=True)
    ended_at: datetime | None = instant()
