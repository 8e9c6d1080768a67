"""People who log in, and the links that are mailed to them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field, SQLModel

from portal.models.base import UtcDateTime, id_field, instant, word_of
from portal.models.clock import now


class StaffRole(StrEnum):
    """What a person of the reseller's own staff may do."""

    ADMIN = "admin"
    SUPPORT = "support"
    READ_ONLY = "read_only"


class Person(SQLModel, table=True):
    """Somebody who can log in: a customer's person, or one of the reseller's staff."""

    __tablename__ = "person"

    id: UUID = id_field()
    email: str = Field(unique=True, max_length=254)
    """Normalised: the address as people compare it, in lower case."""
    password_hash: str = Field(repr=False)
    first_name: str = Field(default="", max_length=80)
    last_name: str = Field(default="", max_length=80)
    time_zone: str = Field(default="UTC", max_length=64)
    language: str | None = Field(default=None, max_length=16)
    """In which pages and mails are written to them; none while the browser decides."""
    staff_role: StaffRole | None = word_of(StaffRole, default=None, nullable=True)
    is_enabled: bool = True
    session_epoch: int = 0
    """Counts up when every session of this person must end, such as on a change of password."""
    email_verified_at: datetime | None = instant()
    created_at: datetime = instant(default_now=True)
    last_login_at: datetime | None = instant()

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email

    @property
    def is_staff(self) -> bool:
        return self.staff_role is not None

    # The four names below are what Flask-Login asks of a user.

    @property
    def is_active(self) -> bool:
        return self.is_enabled

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def is_anonymous(self) -> bool:
        return False

    def get_id(self) -> str:
        return str(self.id)


class EmailChange(SQLModel, table=True):
    """Somebody wants to log in with another address. It counts once that address is proven by a mailed link."""

    __tablename__ = "email_change"

    id: UUID = id_field()
    person_id: UUID = Field(foreign_key="person.id", unique=True)
    """Of whom one wish waits at a time: the newest."""
    email: str = Field(max_length=254)
    """Normalised: the address that they want. Somebody else may have it; only its owner is told so."""
    token_hash: str | None = Field(default=None, unique=True, max_length=64, repr=False)
    """Of the newest mail's link: an older one does nothing any more."""
    session_epoch: int
    """The person's when they asked: a wish outlives no change of password."""
    created_at: datetime = instant(default_now=True)
    expires_at: datetime = instant(default_now=True, index=True)

    @property
    def is_over(self) -> bool:
        """Whether its time ran out before it was confirmed."""
        return self.expires_at <= now()


class LinkPurpose(StrEnum):
    """What a mailed link lets its reader do."""

    VERIFY = "verify"
    RESET = "reset"
    WELCOME = "welcome"
    """Choose the first password of a login that the staff made for a customer."""


class EmailLink(SQLModel, table=True):
    """A single-use link that was mailed. Only a hash of its token is kept."""

    __tablename__ = "email_link"

    id: UUID = id_field()
    person_id: UUID = Field(foreign_key="person.id", index=True)
    purpose: LinkPurpose = word_of(LinkPurpose)
    email: str = Field(max_length=254)
    """The address that it was mailed to, and therefore proves."""
    token_hash: str = Field(unique=True, max_length=64)
    browser_hash: str | None = Field(default=None, max_length=64)
    """Set when the same browser that signed up may confirm without typing the password again."""
    session_epoch: int
    """The person's epoch when the link was made: a link outlives no change of password."""
    created_at: datetime = instant(default_now=True)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = instant()
