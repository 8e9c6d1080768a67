"""The events that Connexease sends to webhooks, and who gets them."""

from __future__ import annotations

from typing import Any

from portal.sandbox.api.triggers import ACCOUNT_TRIGGERS
from portal.sandbox.core import Core
from portal.sandbox.state import Account, Channel, Delivery, State, Webhook


def emit(
    core: Core,
    hook: str,
    account: Account,
    channel: Channel | None = None,
    payload: dict[str, Any] | None = None,
    *,
    hold: bool = False,
    delay: float = 0.0,
) -> list[Delivery]:
    """Queue an event for every webhook that wants it; call inside ``core.changing()``.

    With ``hold`` the deliveries wait until somebody releases them.
    """
    body = {
        "hook": hook,
        "account": {"uuid": account.uuid, "name": account.name},
        "payload": payload,
        "channel": channel and {"uuid": channel.uuid, "name": channel.name, "backend": channel.backend},
    }
    return [
        delivery
        for webhook in core.state.webhooks_of(account.uuid)
        if _wants(webhook, hook, channel)
        for delivery in queue(core, "webhook", webhook.uuid, hook, body, hold=hold, delay=delay)
    ]


def _wants(webhook: Webhook, hook: str, channel: Channel | None) -> bool:
    if not webhook.is_active or hook not in webhook.triggers:
        return False
    if hook in ACCOUNT_TRIGGERS or not webhook.channels:
        return True
    return channel is not None and channel.uuid in webhook.channels


def queue(
    core: Core,
    kind: str,
    target: str,
    hook: str,
    body: dict[str, Any],
    *,
    hold: bool = False,
    delay: float = 0.0,
) -> list[Delivery]:
    """Queue one delivery and, if so set, its duplicates."""
    settings, state = core.settings, core.state
    now = core.now()
    due = now + settings.first_delay + delay
    status = "held" if hold or settings.hold_deliveries else "pending"
    first = Delivery(state.next_number(), kind, target, hook, body, now, due, status)
    state.deliveries.append(first)
    return [first, *(duplicate(state, first, due) for _ in range(settings.duplicates))]


def duplicate(state: State, delivery: Delivery, due: float) -> Delivery:
    """The same event once more, at ``due``."""
    number = state.next_number()
    status = "held" if delivery.status == "held" else "pending"
    copy = Delivery(
        number,
        delivery.kind,
        delivery.target,
        delivery.hook,
        delivery.body,
        due,
        due,
        status,
        delivery.number,
    )
    state.deliveries.append(copy)
    return copy


def release(core: Core, delivery: Delivery) -> None:
    """Attempt it now: held, waiting for its next attempt, or given up. A delivered one stays so."""
    if delivery.status != "delivered":
        delivery.status = "pending"
        delivery.next_at = core.now()
