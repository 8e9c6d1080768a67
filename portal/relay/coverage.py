"""Whether the events that destinations take reach the portal, and having them delivered to it.

The portal receives by its watches (`portal.events.watches`), which keep what a destination takes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlmodel import select

from portal.connexease import triggers as catalogue
from portal.events import watches
from portal.events.watches import Outcome, Place, Watch
from portal.extensions import session
from portal.messages.reports import parsing
from portal.models import Account, Destination, DestinationState, Person, PortalWebhook, WebhookPurpose
from portal.webhooks.snapshot import KnownWebhook

GATEWAY_KINDS = parsing.KINDS


class Wanted(Protocol):
    """What says which events are wanted: a destination, or one that is being made."""

    @property
    def kinds(self) -> Sequence[str]: ...

    @property
    def channels(self) -> Sequence[str]: ...


@dataclass(frozen=True)
class Gap:
    """Events that a destination takes and that do not reach the portal."""

    trigger: str
    place: Place
    holder: KnownWebhook | None
    """The customer's own webhook that has them delivered elsewhere; none where nobody has."""


def gaps(account: Account, destination: Wanted) -> list[Gap]:
    """What does not reach the portal, as Connexease was last seen."""
    watch = watches.known(account)
    return [
        Gap(trigger.name, place, watch.in_the_way(place, trigger))
        for place in _places(watch, destination)
        for trigger in place.triggers
        if trigger.name in destination.kinds and trigger.name not in _arriving(place)
    ]


def lacks_gateway(account: Account, destination: Destination) -> bool:
    """Whether it takes events of the gateway, and the account has no address for them yet."""
    if not set(destination.kinds) & set(GATEWAY_KINDS):
        return False
    query = select(PortalWebhook.id).where(
        PortalWebhook.account_id == account.id, PortalWebhook.purpose == WebhookPurpose.GATEWAY
    )
    return session().exec(query).first() is None


def close(person: Person, account: Account, destination: Destination) -> Outcome:
    """Have everything that a destination takes delivered to the portal, beside what is watched already.

    What the customer's own webhook holds is refused, and stays as it is.
    """
    watch = watches.known(account)
    watched = {f"{place.scope}:{name}" for place in watch.places for name in place.watched}
    return watches.change(person, account, watched | set(_wanted(watch, [destination])))


@watches.needs
def needed(account: Account, watch: Watch) -> set[str]:
    """What the watches of an account must keep, because a destination takes it."""
    query = select(Destination).where(
        Destination.account_id == account.id, Destination.state != DestinationState.OFF
    )
    return set(_wanted(watch, session().exec(query).all()))


def _wanted(watch: Watch, destinations: Iterable[Destination]) -> Iterable[str]:
    for destination in destinations:
        for place in _places(watch, destination):
            for trigger in place.triggers:
                if trigger.name in destination.kinds and watch.in_the_way(place, trigger) is None:
                    yield place.value(trigger)


def _places(watch: Watch, destination: Wanted) -> list[Place]:
    return [
        place
        for place in watch.places
        if place.channel is None or not destination.channels or str(place.channel) in destination.channels
    ]


def _arriving(place: Place) -> set[str]:
    """The triggers that Connexease holds there for the portal."""
    webhook = place.webhook
    if webhook is None or not webhook.is_active or webhook.row.gone_at is not None:
        return set(place.carried)
    return {*webhook.triggers, *place.carried}


def offered() -> list[str]:
    """Every kind of event that a destination can take."""
    return [*(trigger.name for trigger in catalogue.CATALOGUE), *GATEWAY_KINDS]
