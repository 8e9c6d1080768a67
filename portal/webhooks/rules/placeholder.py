"""The placeholder that a webhook of the portal's subscribes to while nothing is watched with it.

Connexease cannot delete a webhook, none may be without a trigger, and one that is switched off may still stand in
the way of others [assumed]. So it is put on something that nobody else holds and that is seldom wanted, and moves
on when somebody does want that.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from portal.webhooks.rules.subscriptions import Subscription, broken_by

SELDOM_WANTED = (
    "conversation.group_changed",
    "conversation.type_changed",
    "conversation.custom_fields_updated",
    "conversation.archived",
    "customer.updated",
    "conversation.assigned",
    "feedback.received",
    "conversation.created",
    "message.state_changed",
    "message.created",
)


def find(channels: Iterable[UUID], held: Sequence[Subscription]) -> Subscription | None:
    """A trigger of one of the channels that nobody holds, the first channel first; none where all are held."""
    for channel in dict.fromkeys(channels):
        for trigger in SELDOM_WANTED:
            found = Subscription([trigger], [channel])
            if not broken_by(found, held):
                return found
    return None
