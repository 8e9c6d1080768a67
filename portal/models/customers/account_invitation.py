"""Invitations to own an account that so far exists only at Connexease."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from portal.models.base import UtcDateTime, id_field, instant


class AccountInvitation(SQLModel, table=True):
    """Somebody is asked to take an account over. Of the mailed link only a hash is kept."""

    __tablename__ = "account_invitation"

    id: UUID = id_field()
    connexease_uuid: UUID = Field(index=True)
    name: str = Field(max_length=80)
    email: str = Field(max_length=254)
    """Normalised: the address that is invited, and that the link proves."""
    token_hash: str | None = Field(default=None, unique=True, max_length=64)
    created_by: str = Field(max_length=254)
    created_at: datetime = instant(default_now=True)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    withdrawn_at: datetime | None = instant()
    accepted_at: datetime | None = instant()
    account_id: UUID | None = Field(default=None, foreign_key="account.id")
    """What came of it."""
