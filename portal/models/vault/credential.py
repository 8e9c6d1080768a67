"""An account's access tokens and gateway API keys: what Connexease lists, and the keys that we keep."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.base import UtcDateTime, id_field, instant, json_list, word_of


class CredentialKind(StrEnum):
    """Which of Connexease's two credentials it is."""

    ACCESS_TOKEN = "access_token"
    """Issued through the Reseller API, for the account API."""
    GATEWAY_KEY = "gateway_key"
    """Pasted in by the customer, for sending messages."""


class CredentialStep(StrEnum):
    """Where a credential stands with us."""

    CREATING = "creating"
    """Connexease is being asked for it, or the answer never came and we find out what became of it."""
    LISTED = "listed"
    REVOKING = "revoking"
    """Somebody wants it revoked, and Connexease has not confirmed it yet."""
    LOST = "lost"
    """Its creation was never confirmed; `ending` says what we found out."""


class LostEnding(StrEnum):
    """What became of a token whose creation was never confirmed."""

    REVOKED = "revoked"
    """It had been made; as nobody can know its key, it was revoked."""
    NOT_MADE = "not_made"
    CANNOT_TELL = "cannot_tell"
    """Several new tokens are listed, and any of them may be somebody else's."""


class Credential(SQLModel, table=True):
    """One access token or gateway API key of an account. Of access tokens, Connexease's list is the truth."""

    __tablename__ = "credential"
    __table_args__ = (sa.UniqueConstraint("account_id", "connexease_uuid"),)

    id: UUID = id_field()
    account_id: UUID = Field(foreign_key="account.id", index=True)
    kind: CredentialKind = word_of(CredentialKind)
    step: CredentialStep = word_of(CredentialStep, default=CredentialStep.LISTED, index=True)
    ending: LostEnding | None = word_of(LostEnding, default=None, nullable=True)
    intent: str | None = Field(default=None, unique=True, max_length=64)
    """What the form that made it was marked with: a form that is sent twice makes one."""
    name: str = Field(default="", max_length=80)
    """Ours: Connexease has no documented way to name a token."""
    sealed_key: str | None = Field(default=None, repr=False)
    last_four: str = Field(default="", max_length=4)
    keep: bool = True
    """Whether the key stays in the vault once it was shown."""
    shown_at: datetime | None = instant()
    """When a new key was shown to whoever made it."""
    is_ours: bool = False
    """Whether the portal uses this access token for itself."""
    is_trial: bool = False
    """Whether it is a gateway key for trying out: what a person says, and nothing that a key looks like."""
    is_trial_guessed: bool = False
    """Whether `is_trial` comes from the time when the portal went by a key's first letters, and nobody said it."""
    echoes_callback_data: bool | None = None
    """Of a gateway key: whether statuses bring back a value that is sent along; none until it was tried."""
    proven_at: datetime | None = instant()
    """When a message of the portal's own was last sent with it and its status event came back here."""
    replaces_id: UUID | None = Field(default=None, foreign_key="credential.id")
    revoke_at: datetime | None = instant(index=True)
    """When a token that was replaced is revoked by itself."""
    created_by_id: UUID | None = None
    created_by: str = Field(default="", max_length=254)
    created_at: datetime = instant(default_now=True)
    last_used_at: datetime | None = instant()
    """When the portal last used it; what others do with it nobody tells us."""

    connexease_uuid: UUID | None = None
    connexease_name: str = Field(default="", max_length=200)
    is_active: bool = True
    issued_at: datetime | None = instant()
    expires_at: datetime | None = instant(index=True)
    revoked_at: datetime | None = instant()
    seen_at: datetime | None = instant()
    gone_at: datetime | None = instant()
    """When Connexease's list no longer had it."""

    known_before: list[str] = json_list()
    """The UUIDs that Connexease listed before it was asked for this one."""
    call_started_at: datetime | None = instant()
    claimed_until: datetime | None = instant()
    next_attempt_at: datetime | None = instant()
    attempts: int = 0
    problem_text: str = Field(default="", max_length=500)

    reminded_at: datetime | None = instant()
    """When its owners were last reminded to look whether it is still needed."""
    expiry_reminded_at: datetime | None = instant()


class CredentialListing(SQLModel, table=True):
    """When an account's access tokens were last read whole, and what stopped the last try."""

    __tablename__ = "credential_listing"

    account_id: UUID = Field(foreign_key="account.id", primary_key=True)
    read_at: datetime | None = instant()
    tried_at: datetime | None = instant()
    problem_text: str = Field(default="", max_length=500)


class HandOver(SQLModel, table=True):
    """A link that shows a key once to somebody who cannot log in. Only a hash of its token is kept."""

    __tablename__ = "hand_over"

    id: UUID = id_field()
    account_id: UUID = Field(foreign_key="account.id", index=True)
    credential_id: UUID = Field(foreign_key="credential.id", index=True)
    intent: str = Field(unique=True, max_length=64)
    token_hash: str = Field(unique=True, max_length=64)
    note: str = Field(default="", max_length=120)
    """For whom it is, in the words of whoever made it."""
    created_by_id: UUID = Field(foreign_key="person.id")
    created_by: str = Field(max_length=254)
    created_at: datetime = instant(default_now=True)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    withdrawn_at: datetime | None = instant()
    opened_at: datetime | None = instant()
    opened_from: str = Field(default="", max_length=64)
    """The network address."""
    opened_with: str = Field(default="", max_length=200)
    """What the browser says of itself."""
