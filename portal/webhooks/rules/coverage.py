"""Which webhook gets what, and what nobody gets: triggers by channels."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from portal.connexease import triggers as catalogue
from portal.connexease.triggers import Scope, Trigger
from portal.models import Channel
from portal.webhooks.snapshot import KnownWebhook


@dataclass(frozen=True)
class Row:
    """One trigger: who gets it of each channel, in the order of `Table.channels`."""

    trigger: Trigger
    cells: list[list[KnownWebhook]]


@dataclass(frozen=True)
class Table:
    """`account_wide` has a single cell a row; `by_channel` one for each channel."""

    channels: Sequence[Channel]
    account_wide: list[Row]
    by_channel: list[Row]


def table(webhooks: Sequence[KnownWebhook], channels: Sequence[Channel]) -> Table:
    """The coverage. One that is switched off delivers nothing, but still holds its triggers."""
    return Table(
        channels,
        [Row(trigger, [_holders(webhooks, trigger, None)]) for trigger in catalogue.with_scope(Scope.ACCOUNT)],
        [
            Row(trigger, [_holders(webhooks, trigger, channel.connexease_uuid) for channel in channels])
            for trigger in catalogue.with_scope(Scope.CHANNEL)
        ],
    )


def _holders(webhooks: Sequence[KnownWebhook], trigger: Trigger, channel: UUID | None) -> list[KnownWebhook]:
    return [
        webhook
        for webhook in webhooks
        if trigger.name in webhook.triggers
        and (channel is None or not webhook.channels or channel in webhook.channels)
    ]
