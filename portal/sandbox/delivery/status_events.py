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
    core: Core, message: GatewayMessage, statuses: Sequence[str], error: dict[str, Any] | None = None
) -> list[Delivery]:
    """Queue these statuses of a message, in this order, if the account has a callback.

    Args:
        error: Meta's reason for a ``failed``, instead of that it cannot be delivered.
    """
    if message.account not in core.state.callbacks:
        return []
    return [
        delivery
        for step, status in enumerate(statuses)
        for delivery in queue(
            core,
            "gateway",
            message.account,
            f"status.{status}",
            _event(message.account, {"statuses": [_status(core, message, status, error)]}),
            delay=step * core.settings.status_gap,
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


def _status(core: Core, message: GatewayMessage, status: str, error: dict[str, Any] | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": message.wamid,
        "status": status,
        "timestamp": str(int(core.now())),
        "recipient_id": re.sub(r"\D", "", message.to),
    }
    if (own := message.body.get("biz_opaque_callback_data")) and core.settings.callback_data == "echo":
        row["biz_opaque_callback_data"] = own
    if status == "failed":
        row["errors"] = [error or _UNDELIVERABLE]
    if status in ("delivered", "read") and core.settings.pricing and not message.is_priced:
        message.is_priced = True
        row["pricing"] = _pricing(message)
    return row


def _pricing(message: GatewayMessage) -> dict[str, Any]:
    if message.type != "template":
        return {
            "billable": False,
            "pricing_model": "PMP",
            "type": "free_customer_service",
            "category": "service",
        }
    category = "marketing" if message.mmlite else "utility"
    return {"billable": True, "pricing_model": "PMP", "type": "regular", "category": category}


def _event(account: str, value: dict[str, Any]) -> dict[str, Any]:
    number = str(uuid.UUID(account).int)[:15]
    metadata = {"display_phone_number": "905550000000", "phone_number_id": number}
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
    return {"object": "whatsapp_business_account", "entry": [{"id": number[::-1], "changes": [change]}]}
