"""Campaigns: one template to many people, the file they come from, and what became of each."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.base import id_field, instant, json_list, json_object, word_of

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_JSON: Any = sa.JSON(none_as_null=True)


class CampaignState(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    """Its people, its template or its columns are still being chosen."""
    CHECKING = "checking"
    """Every row is being looked at; nothing is sent."""
    CHECKED = "checked"
    """Waits for somebody to confirm it."""
    RUNNING = "running"
    """Confirmed: it is being sent, or waits for its time to start."""
    PAUSED = "paused"
    """By a person, or by itself for a reason that a person puts right."""
    STOPPED = "stopped"
    """For good, by a person or because its time ran out: what was not sent is skipped."""
    FINISHED = "finished"
    """Nothing is left to send."""


class Audience(StrEnum):
    """Where a campaign's people come from."""

    FILE = "file"
    CONTACTS = "contacts"


class Campaign(SQLModel, table=True):
    """One template for many people."""

    __tablename__ = "campaign"
    __table_args__ = (
        sa.Index("ix_campaign_list", "account_id", "created_at", "id"),
        sa.Index("ix_campaign_due", "state", "next_attempt_at"),
        sa.Index("ix_campaign_age", "erased_at", "created_at"),
    )

    id: UUID = id_field()
    account_id: UUID = Field(foreign_key="account.id")
    intent: str = Field(unique=True, max_length=64)
    """What the form that made it was marked with: a form that is sent twice makes one campaign."""
    name: str = Field(max_length=80)
    state: CampaignState = word_of(CampaignState, default=CampaignState.DRAFT)

    audience: Audience = word_of(Audience, default=Audience.FILE)
    tag: str = Field(default="", max_length=40)
    """The contacts that it goes to; empty for everybody, and where its people come from a file."""
    file_name: str = Field(default="", max_length=200)
    file_size: int = 0
    """Bytes."""
    encoding: str = Field(default="", max_length=20)
    separator: str = Field(default="", max_length=1)
    columns: list[str] = json_list()
    """The file's, as its first line names them."""

    draft: dict[str, Any] | None = Field(default=None, sa_type=_JSON, repr=False)
    """The template as it is filled in, see `portal.campaigns.message.mapping`; null once it was erased."""
    template_uuid: UUID | None = None
    template_name: str = Field(default="", max_length=512)
    language: str = Field(default="", max_length=16)
    template_seen: dict[str, Any] | None = Field(default=None, sa_type=_JSON, repr=False)
    """The template as its sender saw it, as `portal.messages.template_list` keeps it."""

    credential_id: UUID | None = None
    """The gateway key it is sent with. No foreign key: the key may be removed, its name stays here."""
    credential_name: str = Field(default="", max_length=200)
    credential_last_four: str = Field(default="", max_length=4)
    mmlite: bool = False
    is_fake: bool = False
    """Whether the gateway does all but the sending."""
    is_marketing: bool = True
    """Whether it counts as marketing: see `portal.messages.sending.consent`."""

    starts_at: datetime | None = instant()
    """Nothing goes out before."""
    ends_at: datetime | None = instant()
    """Nothing goes out after."""
    quiet_from: int | None = None
    """Minutes after midnight in each recipient's zone, from when on nothing goes out; null for no such hours."""
    quiet_until: int | None = None
    rate: int | None = None
    """Messages a second at most; null for as fast as the key may."""
    most_failures: int = 20
    """Per cent of what was sent lately that may fail before it pauses by itself."""
    most_opt_outs: int = 5
    """Per cent of what was sent that may lead to opting out before it pauses by itself."""
    with_recent: bool = False
    """Whether people who were sent the same template lately get it as well."""

    author_id: UUID | None = None
    author: str = Field(default="", max_length=254)
    """Who made it."""
    sender_id: UUID | None = None
    sender: str = Field(default="", max_length=254)
    """Who confirmed it."""
    people: int = 0
    """To how many people it goes, as whoever confirmed it saw."""
    regions: dict[str, list[int]] = json_object()
    """By country, as ISO 3166 has it, how many of its rows are good and how many were sent the same lately."""
    zones: dict[str, list[int]] = json_object()
    """The same by the time zones that a number may be in, parted by spaces; empty where nobody knows."""
    introduced: int | None = Field(default=None, sa_type=BIG, nullable=True)
    """The last row whose person was made a contact; null where nothing is left to do."""
    reason: str = Field(default="", max_length=64)
    """A word for why it was paused or stopped; empty where a person did it."""
    reason_detail: str = Field(default="", max_length=500)
    problem: str = Field(default="", max_length=500)
    """Why its file cannot be read, for people."""
    again_of: UUID | None = None
    """The campaign of whose failed rows it was made."""

    checked_rows: int = 0
    """Rows that the check has looked at."""
    checked_bytes: int = 0
    position: int = Field(default=0, sa_type=BIG)
    """The last row of the file that was looked at, and then the last that was taken to be sent."""
    next_attempt_at: datetime | None = instant()
    """When the worker looks at it next; null while nothing is to be done."""
    claimed_until: datetime | None = instant()
    attempts: int = 0
    """Checks that were begun; from its confirmation on, tries that came to nothing."""

    created_at: datetime = instant(default_now=True)
    checked_at: datetime | None = instant()
    confirmed_at: datetime | None = instant()
    resumed_at: datetime | None = instant()
    """When somebody let it go on last: what went wrong before does not stop it once more."""
    ended_at: datetime | None = instant()
    erased_at: datetime | None = instant()
    """When its file, and the content and numbers of its rows, were erased."""


class CampaignFilePart(SQLModel, table=True):
    """A piece of a campaign's file, as it came."""

    __tablename__ = "campaign_file_part"

    campaign_id: UUID = Field(foreign_key="campaign.id", primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    body: bytes = Field(sa_type=sa.LargeBinary, repr=False)


class RowState(StrEnum):
    """What became of a row: first what the check said of it, then how its message stands."""

    WAITING = "waiting"
    """Good, and not sent yet."""
    WRONG = "wrong"
    """`column` and `problem` say what is wrong with it."""
    DOUBLE = "double"
    """An earlier row has the same number."""
    OPTED_OUT = "opted_out"
    RECENT = "recent"
    """The same template went to the same number lately."""

    SENDING = "sending"
    """Its message was made, and the gateway has not taken it yet."""
    ACCEPTED = "accepted"
    HELD = "held"
    """The gateway took it, and Meta holds it back to look at its quality."""
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    """The gateway took it, and WhatsApp did not deliver it."""
    REFUSED = "refused"
    """The gateway certainly did not take it."""
    UNKNOWN = "unknown"
    """No answer came: it may have been sent, so it is never repeated."""
    SKIPPED = "skipped"
    """Nothing was sent to it; `problem` says why: it was stopped, its time ran out, they opted out meanwhile."""


_HAS_PERSON = sa.text("recipient <> '' AND state NOT IN ('wrong', 'double')")


class CampaignRow(SQLModel, table=True):
    """One row of a campaign: one person, and what the template is filled with for them."""

    __tablename__ = "campaign_row"
    __table_args__ = (
        sa.Index("ix_campaign_row_list", "campaign_id", "id"),
        sa.Index("ix_campaign_row_state", "campaign_id", "state", "id"),
        sa.Index("ix_campaign_row_due", "campaign_id", "state", "due_at", "id"),
        sa.Index(
            "uq_campaign_row_recipient",
            *("campaign_id", "recipient"),
            unique=True,
            sqlite_where=_HAS_PERSON,
            postgresql_where=_HAS_PERSON,
        ),
    )

    id: int | None = Field(default=None, sa_type=BIG, primary_key=True)
    campaign_id: UUID = Field(foreign_key="campaign.id")
    number: int
    """Of the row, as a spreadsheet counts."""
    recipient: str = Field(default="", max_length=20)
    """E.164 with `+`; as it was typed where that is no number; empty once it was erased."""
    values: list[str] = json_list(repr=False)
    """Of the template's fields that come from columns, in the order of the campaign's mapping."""
    state: RowState = word_of(RowState, default=RowState.WAITING)
    problem: str = Field(default="", max_length=64)
    """A word for why it is wrong, was skipped or failed."""
    column: str = Field(default="", max_length=100)
    """Where it is wrong."""
    due_at: datetime | None = instant()
    """Not before: quiet hours of its own zone, or a wait that its number needs."""
    message_id: UUID | None = Field(default=None, foreign_key="message.id", unique=True)
    """What was sent to it."""


class CampaignTally(SQLModel, table=True):
    """How many rows of a campaign are in a state, so that nobody has to count them."""

    __tablename__ = "campaign_tally"

    campaign_id: UUID = Field(foreign_key="campaign.id", primary_key=True)
    state: RowState = word_of(RowState, primary_key=True)
    rows: int = 0


class CampaignReason(SQLModel, table=True):
    """How many rows of a campaign failed, were refused or skipped for a reason: the tally, one step closer."""

    __tablename__ = "campaign_reason"

    campaign_id: UUID = Field(foreign_key="campaign.id", primary_key=True)
    state: RowState = word_of(RowState, primary_key=True)
    problem: str = Field(default="", max_length=64, primary_key=True)
    rows: int = 0


class KeyPace(SQLModel, table=True):
    """How fast a gateway key may be used, as the gateway's answers say, for everybody who sends with it."""

    __tablename__ = "key_pace"

    credential_id: UUID = Field(foreign_key="credential.id", primary_key=True)
    per_second: int | None = None
    """Null until an answer said it."""
    per_minute: int | None = None
    ready_at: datetime | None = instant()
    """Nothing of campaigns goes out before: the gateway or Meta asked for a pause, or the next turn is later."""
    slowed_until: datetime | None = instant()
    """Until then it is used more slowly than it may be."""
    changed_at: datetime = instant(default_now=True)


class MessagePrice(SQLModel, table=True):
    """What a message costs from a day on, as the reseller's staff entered it: no price is in the code."""

    __tablename__ = "message_price"
    __table_args__ = (sa.UniqueConstraint("region", "category", "since", name="uq_message_price_region"),)

    id: UUID = id_field()
    region: str = Field(default="", max_length=2)
    """ISO 3166 of the recipient's country; empty for every country without a price of its own."""
    category: str = Field(max_length=20)
    """Meta's word for what a template is; `fee` for what the gateway takes for every accepted message."""
    since: date
    amount: Decimal = Field(max_digits=12, decimal_places=6)
    currency: str = Field(default="USD", max_length=3)
