"""The catalogue of webhook triggers, in the order of the vendor's table."""

from dataclasses import dataclass
from enum import StrEnum

from portal.connexease.texts import gettext_noop


class Scope(StrEnum):
    """What a trigger is about: `account` needs `channels: []` and may be held by one webhook per account."""

    ACCOUNT = "account"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Trigger:
    """One documented trigger. `meaning` is a source string for gettext.

    `name_assumed`: the guide lists the trigger, but its name is stated nowhere; the vendor may refuse it.
    """

    name: str
    scope: Scope
    meaning: str
    name_assumed: bool = False


CATALOGUE: tuple[Trigger, ...] = (
    Trigger("channel.created", Scope.ACCOUNT, gettext_noop("A channel was connected to the account")),
    Trigger(
        "channel.updated", Scope.CHANNEL, gettext_noop("The settings of a channel changed"), name_assumed=True
    ),
    Trigger("message.created", Scope.CHANNEL, gettext_noop("A message was created in a conversation")),
    Trigger("message.state_changed", Scope.CHANNEL, gettext_noop("The delivery state of a message changed")),
    Trigger("conversation.created", Scope.CHANNEL, gettext_noop("A new conversation started")),
    Trigger("conversation.assigned", Scope.CHANNEL, gettext_noop("A conversation was assigned to an agent")),
    Trigger("conversation.archived", Scope.CHANNEL, gettext_noop("A conversation was archived")),
    Trigger("conversation.type_changed", Scope.CHANNEL, gettext_noop("The type of a conversation changed")),
    Trigger(
        "conversation.custom_fields_updated",
        Scope.CHANNEL,
        gettext_noop("Custom fields of a conversation were updated"),
    ),
    Trigger("conversation.expired", Scope.CHANNEL, gettext_noop("A conversation expired"), name_assumed=True),
    Trigger("conversation.group_changed", Scope.CHANNEL, gettext_noop("A conversation moved to another group")),
    Trigger("customer.updated", Scope.CHANNEL, gettext_noop("Information about a customer was updated")),
    Trigger("agent.status_changed", Scope.ACCOUNT, gettext_noop("The availability of an agent changed")),
    Trigger("feedback.received", Scope.CHANNEL, gettext_noop("A customer answered a feedback question")),
)

NOT_OFFERED: frozenset[str] = frozenset({"conversation.auto_assign"})
"""Named on the vendor's public page but missing from the guide: shown where it occurs, never offered."""

_BY_NAME = {trigger.name: trigger for trigger in CATALOGUE}


def find(name: str) -> Trigger | None:
    """The catalogue's entry for `name`; None for a trigger we do not know: it is shown and kept as it is."""
    return _BY_NAME.get(name)


def with_scope(scope: Scope) -> tuple[Trigger, ...]:
    """The triggers of one scope, in the catalogue's order."""
    return tuple(trigger for trigger in CATALOGUE if trigger.scope is scope)


def is_account_scoped(name: str) -> bool:
    """Whether `name` is known to need `channels: []`; False for an unknown trigger."""
    trigger = find(name)
    return trigger is not None and trigger.scope is Scope.ACCOUNT


def tells_of_customers(name: str) -> bool:
    """Whether its events carry what an account's customers write or are; so may those of an unknown trigger."""
    return not (is_account_scoped(name) or name.startswith("channel."))
