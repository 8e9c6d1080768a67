"""Invitations: by mail, to an account or to the reseller's staff."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from portal.models.base import UtcDateTime, id_field, instant, word_of
from portal.models.clock import now
from portal.models.customers.account import Role
from portal.models.identity.person import StaffRole


class Invitation(SQLModel, table=True):
    """Somebody may join. Its link is made when the mail is written, and only a hash of it is kept."""

    __tablename__ = "invitation"

    id: UUID = id_field()
    account_id: UUID | None = Field(default=None, foreign_key="account.id", index=True)
    """None when it is an invitation to the staff."""
    email: str = Field(max_length=254)
    """Normalised. Only a login with this address accepts it."""
    role: Role | None = word_of(Role, default=None, nullable=True)
    staff_role: StaffRole | None = word_of(StaffRole, default=None, nullable=True)
    token_hash: str | None = Field(default=None, unique=True, max_length=64, repr=False)
    """Of the newest mail's link: an older one does nothing any more."""
    invited_by: str = Field(max_length=254)
    created_at: datetime = instant(default_now=True)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    accepted_at: datetime | None = instant()
    withdrawn_at: datetime | None = instant()

    @property
    def is_over(self) -> bool:
        """Whether its time ran out before it was accepted."""
        return self.expires_at <= now()
