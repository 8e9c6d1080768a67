"""What an account's overview page shows."""

from dataclasses import dataclass

from sqlmodel import col, select

from portal.extensions import session
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

    @property
    def connected(self) -> list[Channel]:
        return [channel for channel in self.channels if channel.is_connected is not False]


def overview(account: Account, history: int = 8) -> Overview:
    """The account's channels, its onboarding webhook and the last things that happened."""
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
    return Overview(
        channels=list(session().exec(channels.order_by(col(Channel.first_seen_at)))),
        webhook=session().exec(webhook).first(),
        history=list(session().exec(entries)),
        has_sent=session().exec(sent).first() is not None,
        is_proven=_is_proven(account),
    )


def _is_proven(account: Account) -> bool:
    key = select(Credential.id).where(Credential.account_id == account.id, col(Credential.proven_at).is_not(None))
    report = select(MessageStatus.id).where(
        MessageStatus.account_id == account.id, col(MessageStatus.message_id).is_not(None)
    )
    return any(session().exec(query.limit(1)).first() is not None for query in (key, report))


def said_at_the_end(account: Account) -> str:
    """What the staff said when they declined a sign-up or gave its set-up up; empty where they said nothing."""
    ended = ("account.declined", "account.given_up")
    query = select(AuditEntry).where(AuditEntry.account_id == account.id, col(AuditEntry.action).in_(ended))
    entry = session().exec(query.order_by(col(AuditEntry.id).desc()).limit(1)).first()
    return str(entry.details.get("note", "")) if entry else ""
