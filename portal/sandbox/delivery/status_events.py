"""What the gateway reports to an account's callback, in Meta's shape: statuses and inbound messages."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from typing import Any

from portal.sandbox.core import Core
from portal.sandbox.delivery.events import queue
from portal.sandbox.state import Delivery, GatewayMessage

_UNDELIVERABLE = {
    "code": 131026,
    "title": "Message undeliverable",
    "message": "Message undeliverable",
    "error_data": {"details": "Message Undeliverable."},
}


def report(
    core: Core, message: GatewayMessage, statuses: Sequence[str], after: Sequence[float] = ()
) -> list[Delivery]:
    """Queue these statuses of a message, in this order, if the account has a callback.

    Args:
        after: for each the seconds until it happens; by default each follows the one before at once.
    """
    if message.account not in core.state.callbacks:
        return []
    delays = after or [step * core.settings.status_gap for step in range(len(statuses))]
    return [
        delivery
        for status, delay in zip(statuses, delays, strict=True)
        for delivery in queue(
            core,
            "gateway",
            message.account,
            f"status.{status}",
            _event(message.account, {"statuses": [_status(message, status, core.now() + delay)]}),
            delay=delay,
        )
    ]


def inbound(core: Core, account: str, sender: str, text: str) -> list[Delivery]:
    """Queue a message that a customer wrote, if the account has a callback."""
    if account not in core.state.callbacks:
        return []
    digits = re.sub(r"\D", "", sender)
    value = {
        "contacts": [{"profile": {"name": "Ayşe Demir"}, "wa_id": digits}],
        "messages": [
            {
                "from": digits,
                "id": f"wamid.{uuid.uuid4().hex}",
                "timestamp": str(int(core.now())),
                "type": "text",
                "text": {"body": text},
            }
        ],
    }
    return queue(core, "gateway", account, "message", _event(account, value))


def _status(message: GatewayMessage, status: str, at: float) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": message.wamid,
        "status": status,
        "timestamp": str(int(at)),
        "recipient_id": re.sub(r"\D", "", message.to),
    }
    if status == "failed":
        row["errors"] = [_UNDELIVERABLE]
    return row


def _event(account: str, value: dict[str, Any]) -> dict[str, Any]:
    number = str(uuid.UUID(account).int)[:15]
    metadata = {"display_phone_number": "905550000000", "phone_number_id": number}
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
    return {"object": "whatsapp_business_account", "entry": [{"id": number[::-1], "changes": [change]}]}
