"""A short conversation on a channel: a customer asks, an agent answers, the case is closed.

The guide gives no payloads for these hooks; the ones here are plausible, not the vendor's.
"""

from __future__ import annotations

from typing import Any

from portal.sandbox.core import Core
from portal.sandbox.delivery.events import emit
from portal.sandbox.state import Channel, Delivery, naive_utc, new_uuid

_CUSTOMER_NUMBER = "905301112233"


def play(core: Core, channel: Channel) -> list[Delivery]:
    """Queue the events of one conversation, in order; call inside ``core.changing()``."""
    account = core.state.accounts[channel.account]
    return [
        delivery
        for hook, payload in _script(naive_utc(core.now()))
        for delivery in emit(core, hook, account, channel, payload)
    ]


def _script(at: str) -> list[tuple[str, dict[str, Any]]]:
    customer = {"uuid": new_uuid(), "name": "Ayşe Demir", "phone_number": _CUSTOMER_NUMBER}
    agent = {"uuid": new_uuid(), "name": "Jane Doe"}
    conversation = {"uuid": new_uuid(), "type": "open", "customer": customer, "created_at": at}
    question = _message(conversation, at, "incoming", "Hello, is my order on its way?")
    reply = _message(conversation, at, "outgoing", "Hello Ayşe, it left our warehouse this morning.")
    states = [
        (
            "message.state_changed",
            {"uuid": reply["uuid"], "conversation": conversation["uuid"], "state": state},
        )
        for state in ("sent", "delivered", "read")
    ]
    return [
        ("conversation.created", conversation),
        ("message.created", question),
        ("conversation.assigned", {**conversation, "agent": agent}),
        ("message.created", {**reply, "agent": agent}),
        *states,
        ("customer.updated", {**customer, "note": "Asked about an order"}),
        ("conversation.archived", {**conversation, "type": "archived", "agent": agent}),
        ("feedback.received", {"conversation": conversation["uuid"], "score": 5, "comment": "Quick answer"}),
    ]


def _message(conversation: dict[str, Any], at: str, direction: str, text: str) -> dict[str, Any]:
    return {
        "uuid": new_uuid(),
        "conversation": conversation["uuid"],
        "direction": direction,
        "type": "text",
        "text": text,
        "created_at": at,
    }
