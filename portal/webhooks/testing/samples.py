"""Realistic sample events, for testing a receiver.

The guide shows `channel.created` in full. The payloads of the others are not in the guide [assumed]: a receiver
must not break when a real event has other fields.
"""

import json
from typing import Any
from uuid import UUID

_CUSTOMER = {"uuid": "0f4c1f0e-6b54-4e3f-9d0c-0a3f6a3b7c11", "name": "Ada Example", "phone": "+905551112233"}
_AGENT = {"uuid": "5a0e3a34-6b62-4a59-8d63-2f2bb4d2c9a7", "name": "Sam Agent"}
_CONVERSATION = {"uuid": "c0a8012e-7b1d-4b0e-9e53-7c2a1f6d9a10", "status": "open", "customer": _CUSTOMER}
_MESSAGE = {
    "uuid": "7d9c5a0b-2f61-4f2b-8a44-93a4b4f0d6e2",
    "conversation": _CONVERSATION["uuid"],
    "direction": "in",
    "type": "text",
    "text": "Hello! This is a test message.",
    "created_at": "2026-03-26T18:30:41.391409",
}

_PAYLOADS: dict[str, dict[str, Any] | None] = {
    "channel.created": None,
    "channel.updated": {"changed": ["name"]},
    "message.created": _MESSAGE,
    "message.state_changed": {"message": _MESSAGE["uuid"], "state": "delivered"},
    "conversation.created": _CONVERSATION,
    "conversation.assigned": {**_CONVERSATION, "agent": _AGENT},
    "conversation.archived": {**_CONVERSATION, "status": "archived"},
    "conversation.type_changed": {**_CONVERSATION, "type": "support"},
    "conversation.custom_fields_updated": {**_CONVERSATION, "custom_fields": {"order": "1042"}},
    "conversation.expired": {**_CONVERSATION, "status": "expired"},
    "conversation.group_changed": {**_CONVERSATION, "group": {"name": "Sales"}},
    "customer.updated": _CUSTOMER,
    "agent.status_changed": {**_AGENT, "status": "available"},
    "feedback.received": {"conversation": _CONVERSATION["uuid"], "score": 5, "comment": "Quick and friendly."},
}


def sample(trigger: str, account: tuple[UUID | None, str], channel: tuple[UUID, str, str] | None) -> bytes:
    """The body of a sample event, as Connexease would send it.

    Args:
        account: UUID at Connexease and name.
        channel: UUID at Connexease, name and backend; none for an event about no channel.
    """
    event = {
        "hook": trigger,
        "account": {"uuid": str(account[0]), "name": account[1]},
        "payload": _PAYLOADS.get(trigger, {}),
        "channel": {"uuid": str(channel[0]), "name": channel[1], "backend": channel[2]} if channel else None,
    }
    return json.dumps(event, ensure_ascii=False).encode()
