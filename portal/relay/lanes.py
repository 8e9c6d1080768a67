"""Which events have an order among each other: those of one conversation."""

import hashlib
from typing import Any

from portal.events.processing.contents import Contents
from portal.messages.reports.json_fields import dict_of, list_of, text_of


def lane(told: Contents) -> str | None:
    """What the events of one conversation have in common; none where an event names no conversation."""
    names = _gateways(told.report.changes) if told.report is not None else _vendors(told.event)
    name = next((name for name in names if name), "")
    return hashlib.sha256(name.encode()).hexdigest()[:40] if name else None


def _vendors(event: dict[str, Any]) -> list[str]:
    payload = dict_of(event, "payload")
    conversation = dict_of(payload, "conversation")
    customer = dict_of(payload, "customer") or dict_of(conversation, "customer")
    return [
        text_of(payload, "conversation_uuid", 100),
        text_of(conversation, "uuid", 100),
        *(text_of(source, name, 100) for source in (customer, payload) for name in ("phone_number", "user_id")),
    ]


def _gateways(changes: tuple[Any, ...]) -> list[str]:
    """The person that the first part of an event of the gateway is about, and the number that they write to."""
    value = dict_of(changes[0], "value") if changes else {}
    number = text_of(dict_of(value, "metadata"), "phone_number_id", 100)
    people = [
        text_of(item, name, 200)
        for part, names in (
            ("messages", ("from", "from_user_id")),
            ("statuses", ("recipient_id", "recipient_user_id")),
        )
        for item in list_of(value, part)[:1]
        for name in names
    ]
    return [f"{number} {person}" for person in people if person]
