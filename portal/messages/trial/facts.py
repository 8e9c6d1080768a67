"""What is known of a check: its messages, what was reported of them, and what came of the value sent along."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from portal.channels import proof, snapshot
from portal.extensions import session
from portal.messages.reports import parsing, statuses
from portal.models import (
    Account,
    Channel,
    Delivery,
    KeyTrial,
    Message,
    MessageState,
    MessageStatus,
    PortalWebhook,
    WebhookPurpose,
)

MOVING = (MessageState.PREPARED, MessageState.QUEUED, MessageState.SENDING)
TAKEN = (MessageState.ACCEPTED, MessageState.SENT, MessageState.DELIVERED, MessageState.READ, MessageState.FAILED)
"""The gateway took it, whatever became of it later."""
WENT = (MessageState.SENT, MessageState.DELIVERED, MessageState.READ)


@dataclass(frozen=True)
class Facts:
    """How far a check has come."""

    trial: KeyTrial
    test: Message | None
    real: Message | None
    reports: Sequence[MessageStatus]
    """What was reported of the real message."""
    has_callback: bool
    """Whether there is an address for status events."""
    has_event: bool
    """Whether any event of the gateway came in since it was begun."""
    channel: Channel | None = None
    """The channel that the message came from, where anybody said which number it has."""

    @property
    def works(self) -> bool:
        """Whether the gateway took the message in test mode."""
        return self.test is not None and self.test.state == MessageState.ACCEPTED

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen that the check waits for."""
        if self.test is None or self.test.state in MOVING:
            return False
        if not self.works or not self.trial.wants_real:
            return True
        if self.real is None or self.real.state in MOVING:
            return False
        return bool(self.reports) or self.real.state == MessageState.REFUSED or not self.has_callback

    @property
    def is_round_trip(self) -> bool:
        """Whether a real message went out and its status event is in the log here."""
        sent = self.real is not None and self.real.state in TAKEN
        return self.works and sent and bool(self.reports) and self.has_event

    @property
    def number(self) -> str:
        """The number that the message came from, where it went out and its status event names it."""
        is_shown = self.is_round_trip and self.real is not None and self.real.state in WENT
        return self.trial.number if is_shown else ""

    @property
    def brought_back(self) -> bool | None:
        """Whether a status brought our value back; none where nothing was found out."""
        if self.trial.refuses_callback_data:
            return False
        if self.real is None or self.real.state == MessageState.REFUSED or not self.has_callback:
            return None
        if self.real.callback_data is None:
            return None
        return any(report.callback_data == self.real.callback_data for report in self.reports)


def gather(trial: KeyTrial) -> Facts:
    """Read it all."""
    real = _newest(trial, "real")
    return Facts(
        trial,
        _newest(trial, "test"),
        real,
        statuses.timeline(real) if real is not None else (),
        session().exec(_callback(trial)).first() is not None,
        _has_event(trial),
        proof.with_number(trial.account_id, trial.number),
    )


def number_reported(facts: Facts) -> str:
    """The number that the status events of the real message name, as long as they are kept as they came."""
    wamids = {report.wamid for report in facts.reports}
    numbers = [report.delivery_id for report in facts.reports if report.delivery_id is not None]
    bodies = session().exec(select(Delivery.body).where(col(Delivery.id).in_(numbers)))
    told = (report for body in bodies for report in parsing.read(body).reports)
    return next((each.business_number for each in told if each.wamid in wamids and each.business_number), "")


def candidates(account: Account) -> list[Channel]:
    """The channels that a number may be that of."""
    return [channel for channel in snapshot.channels_of(account) if channel.works_by_list]


def intent_of(trial: KeyTrial, kind: str, *, plain: bool) -> str:
    """What its message of this kind is marked with. `plain`: the one without a value of ours."""
    return f"{trial.id.hex}:{kind}{':plain' if plain else ''}"


def find(trial: KeyTrial, kind: str, *, plain: bool) -> Message | None:
    """Its message of this kind, if it is there."""
    return session().exec(select(Message).where(Message.intent == intent_of(trial, kind, plain=plain))).first()


def _newest(trial: KeyTrial, kind: str) -> Message | None:
    return find(trial, kind, plain=True) or find(trial, kind, plain=False)


def _callback(trial: KeyTrial) -> SelectOfScalar[UUID]:
    return select(PortalWebhook.id).where(
        PortalWebhook.account_id == trial.account_id, PortalWebhook.purpose == WebhookPurpose.GATEWAY
    )


def _has_event(trial: KeyTrial) -> bool:
    query = select(Delivery.id).where(
        col(Delivery.webhook_id).in_(_callback(trial)), col(Delivery.received_at) >= trial.created_at
    )
    return session().exec(query.limit(1)).first() is not None
