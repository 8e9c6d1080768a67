"""Which webhooks an account may hold: the vendor's rules, checked before the vendor is asked.

From the Reseller API guide: an account-wide trigger needs an empty channel list, and only one webhook of the
account may hold it; a channel's trigger may be on several webhooks as long as each has different channels.
Whether an inactive webhook counts is not stated [assumed: it does, so it is named and can be changed].
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from portal.connexease import triggers as catalogue


@dataclass(frozen=True)
class Subscription:
    """What a webhook asks for. `id` is ours, to point at the one that is in the way."""

    triggers: Sequence[str]
    channels: Sequence[UUID]
    id: UUID | None = None


class Rule(StrEnum):
    """The rule that is broken."""

    NO_TRIGGER = "no_trigger"
    MIXED_SCOPES = "mixed_scopes"
    CHANNELS_NOT_EMPTY = "channels_not_empty"
    CHANNELS_EMPTY = "channels_empty"
    ACCOUNT_TRIGGER_HELD = "account_trigger_held"
    CHANNEL_TRIGGER_HELD = "channel_trigger_held"


@dataclass(frozen=True)
class Broken:
    """One broken rule; `other` is the webhook that is in the way."""

    rule: Rule
    trigger: str = ""
    channels: tuple[UUID, ...] = ()
    other: UUID | None = None


def broken_by(new: Subscription, held: Iterable[Subscription], *, is_held: bool = False) -> list[Broken]:
    """The rules that a new or changed webhook would break beside those that the account holds.

    Args:
        new: with the `id` of the webhook that is being changed, which does not stand in its own way.
        held: all webhooks of the account, the portal's own and inactive ones too.
        is_held: Connexease holds just this combination already, so it is not ours to doubt.
    """
    problems = [] if is_held else _within(new)
    for other in held:
        if new.id is None or other.id != new.id:
            problems += _between(new, other)
    return problems


def _within(new: Subscription) -> list[Broken]:
    wide = [name for name in new.triggers if catalogue.is_account_scoped(name)]
    if not new.triggers:
        return [Broken(Rule.NO_TRIGGER)]
    if len(wide) < len(new.triggers) and wide:
        return [Broken(Rule.MIXED_SCOPES, wide[0])]
    if wide and new.channels:
        return [Broken(Rule.CHANNELS_NOT_EMPTY, wide[0])]
    if not wide and not new.channels:
        return [Broken(Rule.CHANNELS_EMPTY, new.triggers[0])]
    return []


def _between(new: Subscription, other: Subscription) -> list[Broken]:
    shared = [name for name in new.triggers if name in other.triggers]
    problems = []
    for name in shared:
        if catalogue.is_account_scoped(name):
            problems.append(Broken(Rule.ACCOUNT_TRIGGER_HELD, name, other=other.id))
        elif channels := _shared_channels(new, other):
            problems.append(Broken(Rule.CHANNEL_TRIGGER_HELD, name, channels, other.id))
    return problems


def _shared_channels(new: Subscription, other: Subscription) -> tuple[UUID, ...]:
    if not other.channels:  # made elsewhere, and taken by Connexease for "all channels" [assumed]
        return tuple(new.channels)
    return tuple(channel for channel in new.channels if channel in other.channels)
