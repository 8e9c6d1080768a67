"""How WhatsApp says that a thing of an account stands: the account itself, one of its numbers, a template."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.base import UtcDateTime, id_field, instant


class Standing(SQLModel, table=True):
    """The newest that events said of it: one row a thing, so an older event that comes late changes nothing."""

    __tablename__ = "standing"
    __table_args__ = (sa.UniqueConstraint("account_id", "subject", "name", "language", name="uq_standing_thing"),)

    id: UUID = id_field()
    account_id: UUID = Field(foreign_key="account.id")
    subject: str = Field(max_length=40)
    """What is told of, see `portal.messages.reports.standings`."""
    name: str = Field(default="", max_length=512)
    """Which one: the number, E.164, or the template's name; empty where there is only one."""
    language: str = Field(default="", max_length=16)
    """Of a template."""
    state: str = Field(default="", max_length=60)
    """The vendor's word; empty when all is well again."""
    detail: str = Field(default="", max_length=200)
    """What goes with the word: a limit, a kind of violation, a date."""
    at: datetime = Field(sa_type=UtcDateTime)
    """When it was said, by the event; else when that came."""
    until: datetime | None = instant()
    """When it ends by itself, where the event says so."""
