"""Customer accounts, who belongs to them, and how far their set-up at Connexease has come."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.base import id_field, instant, json_object, word_of


class Account(SQLModel, table=True):
    """A customer of the reseller. The fields are those of Connexease's account call."""

    __tablename__ = "account"
    __table_args__ = (sa.Index("ix_account_created_at", "created_at"),)

    id: UUID = id_field()
    connexease_uuid: UUID | None = Field(default=None, unique=True)
    name: str = Field(max_length=80)
    contact_email: str = Field(max_length=254, index=True)
    billing_email: str = Field(max_length=254)
    contact_name: str = Field(default="", max_length=80)
    contact_lastname: str = Field(default="", max_length=80)
    contact_phone_number: str = Field(default="", max_length=32)
    time_zone: str = Field(max_length=64)
    created_at: datetime = instant(default_now=True)


class Role(StrEnum):
    """What a person may do in an account."""

    OWNER = "owner"
    DEVELOPER = "developer"
    """Webhooks, events and keys."""
    OPERATOR = "operator"
    """Messages and channels."""
    MEMBER = "member"
    """Looks, and changes nothing."""


class Membership(SQLModel, table=True):
    """A person belongs to an account."""

    __tablename__ = "membership"

    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    account_id: UUID = Field(foreign_key="account.id", primary_key=True, index=True)
    role: Role = word_of(Role)
    created_at: datetime = instant(default_now=True)


class Step(StrEnum):
    """Where the set-up of an account at Connexease stands."""

    WAITING_FOR_EMAIL = "waiting_for_email"
    WAITING_FOR_APPROVAL = "waiting_for_approval"
    CREATING_ACCOUNT = "creating_account"
    REGISTERING_WEBHOOK = "registering_webhook"
    READY = "ready"
    NEEDS_DETAILS = "needs_details"
    """Connexease refused what was entered; the person can correct it."""
    NEEDS_PROOF = "needs_proof"
    """The address already has an account there; it is connected once the address is proven."""
    DECLINED = "declined"
    GIVEN_UP = "given_up"
    """The staff ended it; they can take it up again."""


CORRECTABLE = (Step.WAITING_FOR_EMAIL, Step.NEEDS_DETAILS, Step.NEEDS_PROOF)
"""Where a set-up stands still until what was entered is corrected or proven."""


class Problem(StrEnum):
    """Why the last try of a step did not go through. The words for a person are in the templates."""

    UNREACHABLE = "unreachable"
    BUSY = "busy"
    UNKNOWN_OUTCOME = "unknown_outcome"
    NOT_ALLOWED = "not_allowed"
    REFUSED = "refused"
    TAKEN = "taken"
    UNEXPECTED = "unexpected"


class Provisioning(SQLModel, table=True):
    """The state machine that sets an account up at Connexease: one row an account.

    A step commits `call_started_at` before it calls and clears it when the outcome is known; a row that
    still has it when the step begins again must first find out what became of that call.
    """

    __tablename__ = "provisioning"

    account_id: UUID = Field(foreign_key="account.id", primary_key=True)
    step: Step = word_of(Step, index=True)
    call_started_at: datetime | None = instant()
    absent_seen_at: datetime | None = instant()
    """When we saw that Connexease had no account with this address, before we asked for one."""
    attempts: int = 0
    """Tries of this step so far: the delay before the next grows with it."""
    next_attempt_at: datetime | None = instant(index=True)
    claimed_until: datetime | None = instant()
    """Until then one process works on this row and the others leave it alone."""
    found_uuid: UUID | None = None
    """The account that Connexease had under this address when the set-up stopped to ask for proof."""
    found_name: str = Field(default="", max_length=200)
    vouched_uuid: UUID | None = None
    """The account of which somebody of the staff has said that it is this customer's."""
    problem: Problem | None = word_of(Problem, default=None, nullable=True)
    problem_text: str = Field(default="", max_length=500)
    refused_fields: dict[str, Any] = json_object()
    created_at: datetime = instant(default_now=True)
    updated_at: datetime = instant(default_now=True)
