"""Who is logged in where, and the second factor of a log-in."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.base import id_field, instant


class LoginSession(SQLModel, table=True):
    """One log-in, from one browser. It ends when its row goes."""

    __tablename__ = "login_session"

    id: UUID = id_field()
    person_id: UUID = Field(foreign_key="person.id", index=True)
    token_hash: str = Field(unique=True, max_length=64, repr=False)
    """Of the token in the browser's cookie, which is not kept."""
    session_epoch: int
    """The person's when they logged in: a session outlives no change of password."""
    created_at: datetime = instant(default_now=True)
    last_seen_at: datetime = instant(default_now=True, index=True)
    """Coarse: it is written every few minutes at most."""
    address: str = Field(default="", max_length=64)
    """The network address that was last seen."""
    agent: str = Field(default="", max_length=300)
    """What the browser says of itself."""


class Authenticator(SQLModel, table=True):
    """An app that makes codes for a person (TOTP). Until a code of it was typed in it counts for nothing."""

    __tablename__ = "authenticator"

    id: UUID = id_field()
    person_id: UUID = Field(foreign_key="person.id", index=True)
    sealed_secret: str = Field(repr=False)
    last_step: int | None = Field(default=None, sa_type=sa.BigInteger)
    """The time step of the newest code that was accepted: no code up to it is taken again."""
    created_at: datetime = instant(default_now=True)
    confirmed_at: datetime | None = instant()


class RecoveryCode(SQLModel, table=True):
    """Stands in for an app that is lost, once. Only its hash is kept."""

    __tablename__ = "recovery_code"

    id: UUID = id_field()
    person_id: UUID = Field(foreign_key="person.id", index=True)
    code_hash: str = Field(max_length=64, repr=False)
    created_at: datetime = instant(default_now=True)
    used_at: datetime | None = instant()
