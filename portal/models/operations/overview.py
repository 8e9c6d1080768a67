"""What the staff's overview counts, and the sign of life of those who do the work."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.base import UtcDateTime


class Tally(SQLModel, table=True):
    """How many of something happened in a quarter of an hour: the largest step that fits every time zone."""

    __tablename__ = "tally"

    kind: str = Field(max_length=40, primary_key=True)
    quarter: datetime = Field(sa_type=UtcDateTime, primary_key=True)
    count: int = 0


class TallyPlace(SQLModel, table=True):
    """Up to which row a kind is counted."""

    __tablename__ = "tally_place"

    kind: str = Field(max_length=40, primary_key=True)
    place: str = Field(default="", max_length=80)
    total: int = Field(default=0, sa_type=sa.BigInteger)
    """How many were counted up to there."""


class Heartbeat(SQLModel, table=True):
    """When a part of the portal was last seen at work."""

    __tablename__ = "heartbeat"

    name: str = Field(max_length=40, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
