"""The people whom an account writes to or hears from."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.base import UtcDateTime, id_field, instant, json_list, json_object, word_of
from portal.models.contacts.consent import Scope

_HAS_NUMBER, _HAS_USER = sa.text("number <> ''"), sa.text("user_id <> ''")


class ContactSource(StrEnum):
    """How somebody came to be a contact."""

    WROTE = "wrote"
    HAND = "hand"
    IMPORT = "import"
    CAMPAIGN = "campaign"


class Contact(SQLModel, table=True):
    """A person, known by phone number, by user id or by both; an empty one says nothing and is never compared."""

    __tablename__ = "contact"
    __table_args__ = (
        sa.Index(
            "uq_contact_number",
            *("account_id", "number"),
            unique=True,
            sqlite_where=_HAS_NUMBER,
            postgresql_where=_HAS_NUMBER,
        ),
        sa.Index(
            "uq_contact_user",
            *("account_id", "user_id"),
            unique=True,
            sqlite_where=_HAS_USER,
            postgresql_where=_HAS_USER,
        ),
        sa.Index("ix_contact_list", "account_id", "id"),
        sa.Index("ix_contact_heard", "account_id", "heard_at", "id"),
        sa.Index("ix_contact_out", "account_id", "out_of", "id"),
    )

    id: int | None = Field(
        default=None, sa_type=sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True
    )
    account_id: UUID = Field(foreign_key="account.id")
    number: str = Field(default="", max_length=20)
    """E.164 with `+`."""
    user_id: str = Field(default="", max_length=160)
    """What Meta calls a person towards this one business."""
    name: str = Field(default="", max_length=100)
    language: str = Field(default="", max_length=16)
    tags: list[str] = json_list()
    fields: dict[str, str] = json_object()
    """The account's own, in words of its own."""
    source: ContactSource = word_of(ContactSource, default=ContactSource.HAND)
    out_of: Scope | None = word_of(Scope, default=None, nullable=True)
    """What the ledger says by now, for lists alone: whoever sends asks the ledger."""
    heard_at: datetime | None = instant()
    """When they last wrote."""
    read_at: datetime | None = instant()
    """What they wrote until then was read by somebody of the account."""
    created_at: datetime = instant(default_now=True)
    changed_at: datetime = instant(default_now=True)


class ImportState(StrEnum):
    """How far an import is."""

    RUNNING = "running"
    FINISHED = "finished"


class ContactImport(SQLModel, table=True):
    """A file of contacts that was brought, and what became of its rows."""

    __tablename__ = "contact_import"
    __table_args__ = (
        sa.Index("ix_contact_import_due", "state", "next_attempt_at"),
        sa.Index("ix_contact_import_age", "ended_at"),
        sa.Index("ix_contact_import_account", "account_id", "state"),
    )

    id: UUID = id_field()
    account_id: UUID = Field(foreign_key="account.id")
    intent: str = Field(unique=True, max_length=64)
    """What the form was marked with: a form that is sent twice makes one import."""
    person_id: UUID | None = None
    """Who brought it."""
    tag: str = Field(default="", max_length=40)
    """One that everybody in it gets."""
    file_name: str = Field(default="", max_length=200)
    encoding: str = Field(default="", max_length=20)
    separator: str = Field(default="", max_length=1)
    columns: list[str] = json_list()
    """As its first line names them."""
    state: ImportState = word_of(ImportState, default=ImportState.RUNNING)
    rows: int = 0
    """All that the file has."""
    read_rows: int = 0
    """Those that were taken in or found wrong by now."""
    read_bytes: int = 0
    position: int = 0
    """The number of the last of them, as a spreadsheet counts."""
    added: int = 0
    changed: int = 0
    same: int = 0
    """People who were known like this already."""
    opted_out: int = 0
    opted_in: int = 0
    wrong: int = 0
    next_attempt_at: datetime | None = instant()
    claimed_until: datetime | None = instant()
    created_at: datetime = instant(default_now=True)
    ended_at: datetime | None = instant()


class ContactImportPart(SQLModel, table=True):
    """A piece of such a file, as it came."""

    __tablename__ = "contact_import_part"

    import_id: UUID = Field(foreign_key="contact_import.id", primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    body: bytes = Field(sa_type=sa.LargeBinary, repr=False)


class ContactImportWrong(SQLModel, table=True):
    """A row of such a file that was not taken in."""

    __tablename__ = "contact_import_wrong"

    import_id: UUID = Field(foreign_key="contact_import.id", primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """Of the row, as a spreadsheet counts."""
    column: str = Field(default="", max_length=100)
    """Where it is wrong."""
    problem: str = Field(max_length=64)
    """A word for why, see `portal.contacts.importing.rows`."""


class InboundMessage(SQLModel, table=True):
    """What somebody wrote, as long as messages are kept."""

    __tablename__ = "inbound_message"
    __table_args__ = (
        sa.UniqueConstraint("account_id", "wamid"),
        sa.Index("ix_inbound_message_thread", "contact_id", "at", "id"),
        sa.Index("ix_inbound_message_age", "received_at"),
    )

    id: int | None = Field(
        default=None, sa_type=sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True
    )
    account_id: UUID = Field(foreign_key="account.id")
    contact_id: int = Field(foreign_key="contact.id", sa_type=sa.BigInteger().with_variant(sa.Integer, "sqlite"))
    wamid: str = Field(max_length=200)
    """What the gateway calls it; of what Connexease told, the event and its place in it."""
    business_number: str = Field(default="", max_length=20)
    """The number of the account that they wrote to, E.164, where the event names it."""
    at: datetime = Field(sa_type=UtcDateTime)
    received_at: datetime = instant(default_now=True)
    type: str = Field(default="", max_length=40)
    """The vendor's word."""
    text: str = Field(default="", max_length=4096, repr=False)
    """What it says, a caption, or what a pressed button says."""
    delivery_id: int | None = Field(default=None, sa_type=sa.BigInteger().with_variant(sa.Integer, "sqlite"))
    """The event as it came, while it is kept."""
