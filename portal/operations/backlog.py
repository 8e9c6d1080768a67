"""Backlog: how many rows wait to be worked on, by kind, and how many are overdue."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from portal.extensions import session
from portal.models import (
    Credential,
    CredentialStep,
    Delivery,
    DeliveryState,
    Mail,
    MailState,
    Message,
    MessageState,
    Provisioning,
    Step,
    Webhook,
    now,
)

MOST_COUNTED = 100_000
OVERDUE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True)
class Waiting:
    """How many rows of a kind wait, and how many of these should have been done minutes ago."""

    kind: str
    count: int
    overdue: int


def _waits() -> dict[str, tuple[sa.ColumnElement[bool], Any]]:
    """For each kind which rows wait, and when each is due."""
    working = col(Provisioning.step).in_((Step.CREATING_ACCOUNT, Step.REGISTERING_WEBHOOK))
    tokens = col(Credential.step).in_((CredentialStep.CREATING, CredentialStep.REVOKING))
    return {
        "sign-ups": (working, col(Provisioning.next_attempt_at)),
        "webhooks": (col(Webhook.is_pending).is_(True), col(Webhook.next_attempt_at)),
        "tokens": (tokens, col(Credential.next_attempt_at)),
        "messages": (col(Message.state) == MessageState.QUEUED, col(Message.next_attempt_at)),
        "mails": (col(Mail.state) == MailState.WAITING, col(Mail.next_attempt_at)),
        "events": (col(Delivery.state) == DeliveryState.RECEIVED, col(Delivery.received_at)),
    }


def waiting() -> list[Waiting]:
    """What waits, of every kind."""
    late = now() - OVERDUE_AFTER
    return [
        Waiting(kind, count(which, at), count(which & (at < late), at)) for kind, (which, at) in _waits().items()
    ]


def failed_mails() -> int:
    """Mails that were tried to the end in vain."""
    return count(col(Mail.state) == MailState.FAILED, col(Mail.id))


def count(which: sa.ColumnElement[bool], of: Any) -> int:
    """How many rows of the column's table there are, up to a bound."""
    some = sa.select(sa.literal(1)).select_from(of.class_).where(which).limit(MOST_COUNTED).subquery()
    return int(session().execute(sa.select(sa.func.count()).select_from(some)).scalar_one())
