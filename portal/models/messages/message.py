"""WhatsApp messages that were written here: what was sent, once, and what became of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.base import UtcDateTime, id_field, instant, word_of


class MessageState(StrEnum):
    """Where a message stands. What a status event says only ever moves it forwards."""

    PREPARED = "prepared"
    """Written, and waits for its sender to confirm it."""
    QUEUED = "queued"
    """Confirmed; the gateway was not called, or certainly did not take it and will be asked again."""
    SENDING = "sending"
    """The gateway is being called."""
    ACCEPTED = "accepted"
    """The gateway took it and named it (`wamid`)."""
    REFUSED = "refused"
    """It was certainly not sent; `code` says why."""
    UNKNOWN = "unknown"
    """No answer came: it may have been sent, so it is never repeated by itself."""
    SENT = "sent"
    FAILED = "failed"
    """The gateway took it, and WhatsApp did not deliver it; `code` and `description` are its reason."""
    DELIVERED = "delivered"
    READ = "read"


class MessageType(StrEnum):
    """What is in a message; the wire's own words."""

    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"
    TEMPLATE = "template"


_JSON: Any = sa.JSON(none_as_null=True)
_IS_CALLBACK = sa.text("callback_data IS NOT NULL")
_HAS_CALLBACK: Any = {"sqlite_where": _IS_CALLBACK, "postgresql_where": _IS_CALLBACK}
_IS_CAMPAIGN = sa.text("campaign_id IS NOT NULL")
_HAS_CAMPAIGN: Any = {"sqlite_where": _IS_CAMPAIGN, "postgresql_where": _IS_CAMPAIGN}
_LOG_ORDER = ("confirmed_at", "id")


class MessageStanding:
    """How a message stands, as its columns tell."""

    @property
    def is_held(self: Any) -> bool:
        """Whether Meta held it back when the gateway took it."""
        return bool(self.message_status == "held_for_quality_assessment")

    @property
    def is_moving(self: Any) -> bool:
        """Whether the portal itself is about to change the state."""
        return self.state in (MessageState.QUEUED, MessageState.SENDING)


class Message(MessageStanding, SQLModel, table=True):
    """One message: unique per intent, sent at most once.

    The log is read newest first by `confirmed_at`, then `id`; each of its filters has an index in that order.
    """

    __tablename__ = "message"
    __table_args__ = (
        sa.UniqueConstraint("account_id", "wamid"),
        sa.Index("ix_message_log", "account_id", *_LOG_ORDER),
        sa.Index("ix_message_log_state", "account_id", "state", *_LOG_ORDER),
        sa.Index("ix_message_log_recipient", "account_id", "recipient", *_LOG_ORDER),
        sa.Index("ix_message_log_type", "account_id", "type", *_LOG_ORDER),
        sa.Index("ix_message_log_sender", "account_id", "sender_id", *_LOG_ORDER),
        sa.Index("ix_message_look_alike", "account_id", "content_hash", "confirmed_at"),
        sa.Index("ix_message_due", "state", "next_attempt_at"),
        sa.Index("ix_message_confirmed", *_LOG_ORDER),
        sa.Index("ix_message_age", "erased_at", "created_at"),
        sa.Index("ix_message_callback", "account_id", "callback_data", **_HAS_CALLBACK),
        sa.Index("ix_message_log_campaign", "campaign_id", *_LOG_ORDER, **_HAS_CAMPAIGN),
    )

    id: UUID = id_field()
    account_id: UUID = Field(foreign_key="account.id")
    intent: str = Field(unique=True, max_length=64)
    """What the form that made it was marked with: a form that is sent twice makes one message."""
    state: MessageState = word_of(MessageState, default=MessageState.PREPARED)

    credential_id: UUID | None = None
    """The gateway key it is sent with. No foreign key: the key may be removed, its name stays here."""
    credential_name: str = Field(default="", max_length=200)
    credential_last_four: str = Field(default="", max_length=4)
    is_trial: bool = False
    """Whether the key was one for trying out."""
    sender_id: UUID | None = None
    sender: str = Field(default="", max_length=254)
    """Who confirmed it; until then, who wrote it."""

    campaign_id: UUID | None = None
    """The campaign that made it. No foreign key: a message outlives its campaign."""
    recipient: str = Field(default="", max_length=20)
    """E.164 with `+`; empty once it was erased."""
    type: MessageType = word_of(MessageType)
    payload: dict[str, Any] | None = Field(default=None, sa_type=_JSON, repr=False)
    """The body exactly as it goes over the wire; null once it was erased."""
    preview: str = Field(default="", max_length=200, repr=False)
    """The content in one plain line."""
    template_uuid: UUID | None = None
    """Which of Connexease's templates was chosen: a name has one for each language. None when written by hand."""
    template_seen: dict[str, Any] | None = Field(default=None, sa_type=_JSON, repr=False)
    """The template as its sender saw it, as `portal.messages.template_list` keeps it: it may be edited later. None
    where nobody knew its text here, and once it was erased."""
    content_hash: str = Field(default="", max_length=64)
    """Of recipient and content: finds a message that looks the same."""
    mmlite: bool = False
    is_fake: bool = False
    """Whether the gateway does all but the sending."""
    is_marketing: bool = False
    """Whether it counts as marketing: see `portal.messages.sending.consent`."""

    attempts: int = 0
    """Calls that were begun."""
    next_attempt_at: datetime | None = instant()
    claimed_until: datetime | None = instant()
    call_started_at: datetime | None = instant()

    wamid: str | None = Field(default=None, max_length=200)
    """The gateway's name of it, which contains the number; a hash once that was erased (see `wamids`)."""
    is_recognised: bool = False
    """Whether no answer told us the `wamid`, but a status event that can be about no other message."""
    callback_data: str | None = Field(default=None, max_length=64, repr=False)
    """A value that only we know, for statuses to bring back; none for a key whose gateway does not do that."""
    is_matched: bool = False
    """Whether no answer told us the `wamid`, but a status event that brought our own value back."""
    code: str = Field(default="", max_length=64)
    """Why it was refused or failed: the vendor's code, else one of `portal.messages.log.outcome`."""
    code_group: str = Field(default="", max_length=64)
    description: str = Field(default="", max_length=500)
    """The vendor's own sentence."""
    http_status: int | None = None
    retry_at: datetime | None = instant()
    """From when on the vendor takes it again."""
    message_status: str = Field(default="", max_length=40)
    """What Meta said of it when the gateway took it, in the vendor's word; empty where it said nothing."""
    rate_limits: dict[str, int] | None = Field(default=None, sa_type=_JSON)
    """What the vendor's headers said of the key when it took the message."""
    settled_by: str = Field(default="", max_length=254)
    """Who said what became of a message without an answer."""
    settled_arrived: bool | None = None
    """Whether they said that it arrived, whatever was reported later."""

    created_at: datetime = instant(default_now=True)
    """When it was written, or edited last."""
    confirmed_at: datetime | None = instant()
    answered_at: datetime | None = instant()
    """When we knew what became of the call, be it that nobody can know."""
    settled_at: datetime | None = instant()
    erased_at: datetime | None = instant()
    """When content and number were erased."""


class MessageStatus(SQLModel, table=True):
    """What a status event said of a message; of each status the first one is kept.

    It waits without a `message_id` while nobody knows which message the `wamid` names: the event may be quicker
    than the gateway's own answer, or about a message that was not sent from here.
    """

    __tablename__ = "message_status"
    __table_args__ = (
        sa.UniqueConstraint("account_id", "wamid", "status"),
        sa.Index("ix_message_status_message", "message_id", "received_at"),
        sa.Index("ix_message_status_waiting", "account_id", "message_id", "received_at"),
        sa.Index("ix_message_status_callback", "account_id", "callback_data", **_HAS_CALLBACK),
    )

    id: UUID = id_field()
    account_id: UUID = Field(foreign_key="account.id")
    message_id: UUID | None = Field(default=None, foreign_key="message.id")
    wamid: str = Field(max_length=200)
    status: str = Field(max_length=40)
    """The vendor's word; one that we do not know is shown and moves nothing."""
    recipient: str = Field(default="", max_length=20)
    """Digits only, as the event names it."""
    at: datetime = Field(sa_type=UtcDateTime)
    """When it happened, by the event; else when it came."""
    received_at: datetime = instant(default_now=True)
    code: str = Field(default="", max_length=64)
    description: str = Field(default="", max_length=500)
    pricing: dict[str, Any] | None = Field(default=None, sa_type=_JSON)
    """What Meta says it charges, in its own words: `type`, `category`, `billable`."""
    callback_data: str | None = Field(default=None, max_length=64, repr=False)
    """The value of a sender's own that it brought back, where that is short enough to be ours."""
    delivery_id: int | None = Field(default=None, sa_type=sa.BigInteger().with_variant(sa.Integer, "sqlite"))
    """The event as it came, while it is kept."""
