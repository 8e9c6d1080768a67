"""WhatsApp channels and the attempts to connect one through Connexease's dialog."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.base import id_field, instant, json_list, word_of


class Channel(SQLModel, table=True):
    """The last known state of a channel that Connexease lists for an account."""

    __tablename__ = "channel"
    __table_args__ = (
        sa.UniqueConstraint("account_id", "connexease_uuid"),
        sa.Index("ix_channel_first_seen_at", "first_seen_at"),
        sa.Index("ix_channel_gone_at", "gone_at"),
        sa.Index("ix_channel_connected", "is_connected", "gone_at"),
    )

    id: UUID = id_field()
    account_id: UUID = Field(foreign_key="account.id", index=True)
    connexease_uuid: UUID
    name: str = Field(default="", max_length=255)
    type: str = Field(default="whatsapp", max_length=64)
    backend: str = Field(default="", max_length=64)
    is_active: bool | None = None
    """Null until Connexease's list has told us: an event does not say."""
    is_connected: bool | None = None
    number: str = Field(default="", max_length=20)
    """E.164, once a person said which number it has: Connexease's list does not tell."""
    proven_at: datetime | None = instant()
    """When a message's status event last came back for its number, while it stayed connected."""
    first_seen_at: datetime = instant(default_now=True)
    seen_at: datetime = instant(default_now=True)
    gone_at: datetime | None = instant()
    """When the list no longer had it. It is kept, and marked."""

    @property
    def label(self) -> str:
        """What people know it by."""
        return self.name or str(self.connexease_uuid)

    @property
    def works_by_list(self) -> bool:
        """Whether Connexease's list says nothing against it."""
        return self.gone_at is None and self.is_active is not False and self.is_connected is not False

    @property
    def is_proven(self) -> bool:
        """Whether a round trip showed that it works, and it stayed connected since."""
        return self.works_by_list and self.proven_at is not None


class AttemptState(StrEnum):
    """Where an attempt to connect a channel stands."""

    REQUESTED = "requested"
    """Connexease gave us a dialog address, or is being asked for one."""
    OPENED = "opened"
    """The browser said that the dialog is open."""
    REPORTED = "reported"
    """The dialog said "ok"; not yet confirmed by an event or by the channel list."""
    CONFIRMED = "confirmed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


OPEN_STATES = (AttemptState.REQUESTED, AttemptState.OPENED, AttemptState.REPORTED)
BLOCKED, STOPPED, STOPPED_BLOCKED = "blocked", "stopped", "stopped_blocked"
"""An attempt's problem: its window was blocked, the person stopped it, or stopped it because of that."""


class OnboardingAttempt(SQLModel, table=True):
    """One try to connect or reconnect a channel. The browser's messages are hints; this row decides."""

    __tablename__ = "onboarding_attempt"

    id: UUID = id_field()
    account_id: UUID = Field(foreign_key="account.id", index=True)
    person_id: UUID = Field(foreign_key="person.id")
    reconnects: UUID | None = None
    """The existing channel's UUID at Connexease, when this is a reconnection."""
    was_connected: bool | None = None
    """For a reconnection: whether the list said "connected" before the dialog was opened."""
    known_channels: list[str] = json_list()
    """The channels that Connexease listed before the dialog was opened: a new one is not among them."""
    state: AttemptState = word_of(AttemptState, default=AttemptState.REQUESTED, index=True)
    sealed_url: str | None = Field(default=None, repr=False)
    """The dialog's address, encrypted, because it carries a token; removed when the attempt ends."""
    expires_at: datetime | None = instant()
    requested_at: datetime = instant(default_now=True)
    opened_at: datetime | None = instant()
    closed_at: datetime | None = instant()
    """When the browser saw the window gone. Only a hint: a page of another origin can look closed."""
    reported_status: str = Field(default="", max_length=64)
    reported_channel: UUID | None = None
    confirmed_channel: UUID | None = None
    confirmed_by: str = Field(default="", max_length=16)
    """`event` or `list`, whichever came first."""
    problem: str = Field(default="", max_length=64)
    problem_text: str = Field(default="", max_length=500)
    checked_at: datetime | None = instant()
    """When the channel list was last read for this attempt."""
    ended_at: datetime | None = instant()
    resume_mailed_at: datetime | None = instant()
    """When the staff mailed a link back to where this attempt ended."""


class ChannelListing(SQLModel, table=True):
    """When an account's channel list was last read whole, and what stopped the last try."""

    __tablename__ = "channel_listing"

    account_id: UUID = Field(foreign_key="account.id", primary_key=True)
    read_at: datetime | None = instant()
    tried_at: datetime | None = instant()
    problem_text: str = Field(default="", max_length=500)
