"""What an account's overview page shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, select

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
    channels = select(Channel).where(Channel.account_id == account.id, col(Channel.gone_at).is_(None))
    webhook = select(PortalWebhook).where(
        PortalWebhook.account_id == account.id, PortalWebhook.purpose == WebhookPurpose.ONBOARDING
    )
    entries = (
        select(AuditEntry)
        .where(AuditEntry.account_id == account.id)
        .order_by(col(AuditEntry.id).desc())
        .limit(history)
    )
    sent = (
        select(Message.id).where(Message.account_id == account.id, col(Message.confirmed_at).is_not(None)).limit(1)
    )
    checked = trials.newest(account)
    return Overview(
        channels=list(session().exec(channels.order_by(col(Channel.first_seen_at)))),
        webhook=session().exec(webhook).first(),
        history=list(session().exec(entries)),
        has_sent=session().exec(sent).first() is not None,
        is_proven=_is_proven(account),
        checked=lines.of(gather(checked) if checked else None),
        notices=notices.of_account(account),
        events=log.page(account, log.Filter(), size=EVENTS).rows if with_events else (),
    )


def _is_proven(account: Account) -> bool:
    key = select(Credential.id).where(Credential.account_id == account.id, col(Credential.proven_at).is_not(None))
    report = select(MessageStatus.id).where(
        MessageStatus.account_id == account.id, col(MessageStatus.message_id).is_not(None)
    )
    return any(session().exec(query.limit(1)).first() is not None for query in (key, report))
