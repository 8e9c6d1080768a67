"""What the gateway reports to an account's callback, in Meta's shape: statuses and inbound messages."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from portal.sandbox.core import Core
from portal.sandbox.delivery.events import queue
from portal.sandbox.state import SOME_NUMBER, Delivery, GatewayMessage

TOGETHER = 100
"""Statuses in one event, at most."""
_UNDELIVERABLE = {
    "code": 131026,
    "title": "Message undeliverable",
    "message": "Message undeliverable",
    "error_data": {"details": "Message Undeliverable."},
}


def report(
    core: Core,
    message: GatewayMessage,
    statuses: Sequence[str],
    error: dict[str, Any] | None = None,
    after: Sequence[float] = (),
) -> list[Delivery]:
    """Queue these statuses of a message, in this order, if the account has a callback.

    Args:
        error: Meta's reason for a ``failed``, instead of that it cannot be delivered.
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
            _event(
                message.account,
                {"statuses": [_status(core, message, status, core.now() + delay, error)]},
                message.sender,
            ),
            delay=delay,
        )
    ]


def report_together(
    core: Core, account: str, messages: Sequence[GatewayMessage], status: str, error: dict[str, Any] | None = None
) -> list[Delivery]:
    """Queue one status of many messages, a hundred in one event."""
    if account not in core.state.callbacks:
        return []
    rows = [_status(core, message, status, core.now(), error) for message in messages]
    return [
        delivery
        for start in range(0, len(rows), TOGETHER)
        for delivery in queue(
            core,
            "gateway",
            account,
            f"status.{status}",
            _event(account, {"statuses": rows[start : start + TOGETHER]}),
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


def mixed(core: Core, account: str, parts: Mapping[str, Any]) -> list[Delivery]:
    """Queue one event that tells of several things, each in an entry of its own, as Meta batches them.

    ``parts``: statuses (a word by wamid), text of an inbound message, preference (stop, resume), template (its
    name, and template_event), of a person with a number or, when ``user_id`` is given, without one; news (a value
    by the field that tells of the account or of a number).
    """
    if account not in core.state.callbacks:
        return []
    changes, at = list(_parts(core, parts)), int(core.now())
    entries = [
        {"id": str(number), "time": at, "changes": [{"field": field, "value": {**_head(account), **value}}]}
        for number, (field, value) in enumerate(changes, 1)
    ]
    event = {"object": "whatsapp_business_account", "entry": entries}
    return queue(core, "gateway", account, "mixed", event)


def _parts(core: Core, parts: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    at = str(int(core.now()))
    digits, user_id = re.sub(r"\D", "", str(parts.get("from", "905301112233"))), str(parts.get("user_id", ""))
    contact: dict[str, Any] = {"profile": {"name": str(parts.get("name", "Ayşe Demir"))}}
    contact |= {"user_id": user_id} if user_id else {"wa_id": digits}
    for wamid, word in dict(parts.get("statuses", {})).items():
        whom = {"recipient_user_id": user_id} if user_id else {"recipient_id": digits}
        yield "messages", {"statuses": [{"id": wamid, "status": word, "timestamp": at, **whom}]}
    if text := parts.get("text"):
        sender = {"from_user_id": user_id} if user_id else {"from": digits}
        message = {"id": f"wamid.{uuid.uuid4().hex}", "timestamp": at, "type": "text", "text": {"body": text}}
        yield "messages", {"contacts": [contact], "messages": [{**sender, **message}]}
    if value := parts.get("preference"):
        wish = {"detail": f"User requested to {value} marketing messages", "category": "marketing_messages"}
        whom = {"user_id": user_id} if user_id else {"wa_id": digits}
        told = {**whom, **wish, "value": value, "timestamp": at}
        yield "user_preferences", {"contacts": [contact], "user_preferences": [told]}
    if name := parts.get("template"):
        said = {"event": str(parts.get("template_event", "APPROVED")), "reason": "NONE"}
        named = {"message_template_name": name, "message_template_language": "tr"}
        yield "message_template_status_update", {**said, **named}
    yield from dict(parts.get("news", {})).items()


def _status(
    core: Core, message: GatewayMessage, status: str, at: float, error: dict[str, Any] | None
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": message.wamid,
        "status": status,
        "timestamp": str(int(at)),
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


def _head(account: str, number: str = SOME_NUMBER) -> dict[str, Any]:
    metadata = {"display_phone_number": number, "phone_number_id": str(uuid.UUID(account).int)[:15]}
    return {"messaging_product": "whatsapp", "metadata": metadata}


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


def _event(account: str, value: dict[str, Any], number: str = SOME_NUMBER) -> dict[str, Any]:
    own_id = str(uuid.UUID(account).int)[:15]
    change = {"field": "messages", "value": {**_head(account, number), **value}}
    return {"object": "whatsapp_business_account", "entry": [{"id": own_id[::-1], "changes": [change]}]}
