"""What a webhook may be.

Where the guide is silent the sandbox has chosen: an inactive webhook still counts for "only one" and for
"another channel"; channel-scoped triggers without a channel are refused unless the setting
``allow_empty_channels`` says that this means all channels; a trigger repeated in one list counts once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from portal.sandbox.api import fields
from portal.sandbox.api.rest import Invalid, Refusal, Rule
from portal.sandbox.api.triggers import ACCOUNT_TRIGGERS, CHANNEL_TRIGGERS
from portal.sandbox.settings import Settings
from portal.sandbox.state import State, Webhook


def rules(state: State, account: str, settings: Settings, carried: Iterable[str] = ()) -> dict[str, Rule]:
    """The field rules for a webhook of ``account``; ``carried`` are triggers it holds already."""
    known = ACCOUNT_TRIGGERS | CHANNEL_TRIGGERS | set(settings.extra_triggers) | set(carried)
    owned = {channel.uuid for channel in state.channels_of(account)}
    return {
        "callback_url": Rule(fields.callback_url),
        "triggers": Rule(lambda value: _triggers(value, known)),
        "channels": Rule(lambda value: _channels(value, owned)),
        "is_active": Rule(fields.boolean),
        "data": Rule(fields.webhook_data, required=False),
    }


def check_scope(state: State, webhook: Webhook, settings: Settings) -> None:
    """Refuse (400) a webhook whose triggers and channels do not go together, or meet another webhook's."""
    account_wide = [trigger for trigger in webhook.triggers if trigger in ACCOUNT_TRIGGERS]
    if account_wide and webhook.channels:
        names = ", ".join(account_wide)
        raise Refusal(400, {"channels": [f"Must be empty for channel-independent triggers: {names}."]})
    scoped = len(account_wide) < len(webhook.triggers)
    if scoped and not webhook.channels and not settings.allow_empty_channels:
        raise Refusal(400, {"channels": ["At least one channel is required for channel-scoped triggers."]})
    others = [other for other in state.webhooks_of(webhook.account) if other.uuid != webhook.uuid]
    clashes = [clash for other in others for clash in _clashes(webhook, other)]
    if clashes:
        raise Refusal(400, {"non_field_errors": clashes})


def _clashes(webhook: Webhook, other: Webhook) -> list[str]:
    channels = sorted(set(webhook.channels) & set(other.channels))
    if not webhook.channels or not other.channels:
        channels = ["(any)"]
    sentences = []
    for trigger in webhook.triggers:
        if trigger not in other.triggers:
            continue
        if trigger in ACCOUNT_TRIGGERS:
            sentences.append(f'A webhook with trigger "{trigger}" already exists for this account.')
        else:
            sentences += [f'Trigger "{trigger}" already exists for channel {channel}.' for channel in channels]
    return sentences


def _triggers(value: Any, known: set[str] | frozenset[str]) -> list[str]:
    names = fields.items(value)
    if not names:
        raise Invalid("This list may not be empty.")
    errors = {
        str(index): [f'"{name}" is not a valid choice.' if isinstance(name, str) else "Not a valid string."]
        for index, name in enumerate(names)
        if not isinstance(name, str) or name not in known
    }
    if errors:
        raise Invalid(errors)
    return list(dict.fromkeys(names))


def _channels(value: Any, owned: set[str]) -> list[str]:
    uuids = [fields.uuid_text(item) for item in fields.items(value)]
    for uuid in uuids:
        if uuid not in owned:
            raise Invalid(f'Invalid pk "{uuid}" - object does not exist.')
    return list(dict.fromkeys(uuids))
