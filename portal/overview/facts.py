"""What an account's overview page shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from portal.events import log
from portal.extensions import session
from portal.messages import notices
from portal.messages.notices import Notice
from portal.messages.trial import lines, trials
from portal.messages.trial.facts import gather
from portal.messages.trial.lines import Line
from portal.models import (
    Account,
    AuditEntry,
    Channel,
    Credential,
    Message,
    MessageStatus,
    PortalWebhook,
    WebhookPurpose,
)

EVENTS = 5


@dataclass(frozen=True)
class Overview:
    """What the overview shows."""

    channels: list[Channel]
    webhook: PortalWebhook | None
    history: list[AuditEntry]
    has_sent: bool
    """Whether a message was ever sent from here."""
    is_proven: bool
    """Whether what was sent ever came back as a status event: then everything in between works."""
    checked: list[Line]
    """What the newest check of the connection found."""
    notices: list[Notice]
    """What WhatsApp says of the account and its numbers that somebody should act on."""
    events: Sequence[log.Event]
    """The newest events."""

    @property
    def connected(self) -> list[Channel]:
        return [channel for channel in self.channels if channel.is_connected is not False]

    @property
    def untried(self) -> list[Channel]:
        """Connected channels of which nobody knows whether messages go through them."""
        return [channel for channel in self.connected if channel.works_by_list and not channel.is_proven]


def overview(account: Account, *, with_events: bool, history: int = 8) -> Overview:
    """The account's channels, whether they work, and the last things that happened.

    Args:
        with_events: whether the visitor may see the event log.
    """
    of_account = {"account": account.id}
    has_sent, has_proven_key, has_report = session().execute(_how_far_query(), of_account).one()
    checked = trials.newest(account)
    return Overview(
        channels=list(session().execute(_channels_query(), of_account).scalars()),
        webhook=session().execute(_webhook_query(), of_account).scalars().first(),
        history=list(session().execute(_history_query(), {**of_account, "most": history}).scalars()),
        has_sent=has_sent,
        is_proven=has_proven_key or has_report,
        checked=lines.of(gather(checked) if checked else None),
        notices=notices.of_account(account),
        events=log.page(account, log.Filter(), size=EVENTS).rows if with_events else (),
    )


def _own(column: Any) -> sa.ColumnElement[bool]:
    return col(column) == sa.bindparam("account")


@cache
def _channels_query() -> sa.Select[Any]:
    channels = sa.select(Channel).where(_own(Channel.account_id), col(Channel.gone_at).is_(None))
    return channels.order_by(col(Channel.first_seen_at))


@cache
def _webhook_query() -> sa.Select[Any]:
    is_it = col(PortalWebhook.purpose) == WebhookPurpose.ONBOARDING
    return sa.select(PortalWebhook).where(_own(PortalWebhook.account_id), is_it)


@cache
def _history_query() -> sa.Select[Any]:
    entries = sa.select(AuditEntry).where(_own(AuditEntry.account_id))
    return entries.order_by(col(AuditEntry.id).desc()).limit(sa.bindparam("most", type_=sa.Integer))


@cache
def _how_far_query() -> sa.Select[bool, bool, bool]:
    """Whether a message was ever sent, a key was proven, and a report came of a message."""
    sent = sa.exists().where(_own(Message.account_id), col(Message.confirmed_at).is_not(None))
    proven = sa.exists().where(_own(Credential.account_id), col(Credential.proven_at).is_not(None))
    report = sa.exists().where(_own(MessageStatus.account_id), col(MessageStatus.message_id).is_not(None))
    return sa.select(sent, proven, report)
