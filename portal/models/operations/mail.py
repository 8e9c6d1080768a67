"""The outbox: mail that was promised, until it is sent."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.base import id_field, instant, json_object, word_of


class MailKind(StrEnum):
    """Which mail: the template of the same name writes it when it is sent."""

    VERIFY = "verify"
    ALREADY_REGISTERED = "already_registered"
    RESET = "reset"
    PASSWORD_CHANGED = "password_changed"
    NEW_EMAIL = "new_email"
    EMAIL_CHANGE_ASKED = "email_change_asked"
    EMAIL_CHANGED = "email_changed"
    INVITATION = "invitation"
    SECOND_FACTOR = "second_factor"
    APPROVED = "approved"
    DECLINED = "declined"
    GIVEN_UP = "given_up"
    TAKEN_UP = "taken_up"
    ADOPTED = "adopted"
    RESUME = "resume"
    ACCOUNT_OPENED = "account_opened"
    ACCOUNT_INVITATION = "account_invitation"
    KEY_HANDED_OVER = "key_handed_over"
    TOKEN_EXPIRES = "token_expires"
    TOKEN_REVIEW = "token_review"
    WEBHOOK_BY_STAFF = "webhook_by_staff"
    DESTINATION_FAILING = "destination_failing"
    CAMPAIGN_PAUSED = "campaign_paused"
    CAMPAIGN_STOPPED = "campaign_stopped"


class MailState(StrEnum):
    """Whether a mail has gone out."""

    WAITING = "waiting"
    SENT = "sent"
    DROPPED = "dropped"
    """Nothing to send, such as a reset for an address that nobody has."""
    FAILED = "failed"


class Mail(SQLModel, table=True):
    """A mail to write and send. It holds no link: the link is made when the mail is written."""

    __tablename__ = "mail"
    __table_args__ = (sa.Index("ix_mail_state", "state", "created_at"),)

    id: UUID = id_field()
    kind: MailKind = word_of(MailKind)
    to: str = Field(max_length=254)
    language: str | None = Field(default=None, max_length=16)
    """Of the page that it was promised on: for somebody whose own is not known."""
    context: dict[str, Any] = json_object()
    state: MailState = word_of(MailState, default=MailState.WAITING)
    attempts: int = 0
    next_attempt_at: datetime | None = instant(default_now=True, index=True)
    claimed_until: datetime | None = instant()
    problem_text: str = Field(default="", max_length=500)
    created_at: datetime = instant(default_now=True)
    sent_at: datetime | None = instant()
