"""Watches: webhooks of the portal itself that bring the events of a channel into the log.

These webhooks keep the same rules as the customer's: a trigger of a channel is held by one webhook only.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from portal import audit
from portal.channels import snapshot
from portal.connexease import triggers as catalogue
from portal.connexease.triggers import Scope, Trigger
from portal.db.engine import writing
from portal.errors import DomainError, FieldErrors
from portal.extensions import session
from portal.i18n import _, translated
from portal.models import Account, Person, PortalWebhook, WebhookPurpose, now
from portal.webhooks import changes, portal_webhooks
from portal.webhooks import snapshot as webhook_snapshot
from portal.webhooks.rules.subscriptions import Broken
from portal.webhooks.snapshot import KnownWebhook, Snapshot, Standing

ACCOUNT = "account"
"""The scope of the account-wide triggers; the others have their channel's UUID."""


@dataclass(frozen=True)
class Place:
    """Something to watch: a channel, or the account as a whole."""

    scope: str
    label: str
    channel: UUID | None
    webhook: KnownWebhook | None
    """The portal's webhook for it, if there ever was one."""
    carried: frozenset[str] = frozenset()
    """Triggers that come to the portal already, by a webhook of the customer's that was switched over to it."""

    @property
    def triggers(self) -> tuple[Trigger, ...]:
        """What can be watched there. The portal holds `channel.created` already."""
        offered = catalogue.with_scope(Scope.CHANNEL if self.channel else Scope.ACCOUNT)
        return tuple(trigger for trigger in offered if trigger.name != portal_webhooks.ONBOARDING_TRIGGER)

    @property
    def watched(self) -> set[str]:
        """The triggers that were last chosen."""
        wanted = (self.webhook.row.wanted if self.webhook else None) or {}
        chosen = wanted.get("triggers", []) if wanted.get("is_active") else []
        return {trigger.name for trigger in self.triggers} & set(chosen)

    @property
    def is_saving(self) -> bool:
        """Whether nobody knows yet what became of the last change."""
        return self.webhook is not None and self.webhook.standing == Standing.SAVING

    @property
    def is_off_course(self) -> bool:
        """Whether Connexease does not hold what was last chosen."""
        if self.webhook is None:
            return False
        is_missing = self.webhook.standing == Standing.MISSING and bool(self.watched)
        return is_missing or self.webhook.standing == Standing.DIFFERS

    def value(self, trigger: Trigger) -> str:
        """What the form sends for this trigger here."""
        return f"{self.scope}:{trigger.name}"


@dataclass(frozen=True)
class Group:
    """Triggers about the same thing."""

    title: str
    triggers: list[Trigger]


@dataclass(frozen=True)
class Watch:
    """What is watched, what could be, and what is in the way."""

    places: list[Place]
    snapshot: Snapshot

    @property
    def channels(self) -> list[Place]:
        return [place for place in self.places if place.channel]

    @property
    def account(self) -> Place:
        return self.places[-1]

    @property
    def groups(self) -> list[Group]:
        """The triggers of a channel by what they are about: the first part of their name says it."""
        titles = {"message": _("Messages"), "conversation": _("Conversations"), "channel": _("Channel")}
        customers = _("Customers")
        groups = {title: Group(title, []) for title in (*titles.values(), customers)}
        for trigger in catalogue.with_scope(Scope.CHANNEL):
            groups[titles.get(trigger.name.partition(".")[0], customers)].triggers.append(trigger)
        return list(groups.values())

    def in_the_way(self, place: Place, trigger: Trigger) -> KnownWebhook | None:
        """The customer's webhook that holds this trigger there; one that is switched off still does."""
        for webhook in self.snapshot.at_connexease:
            is_about = place.channel is None or not webhook.channels or place.channel in webhook.channels
            if is_about and not webhook.is_portals and trigger.name in webhook.triggers:
                return webhook
        return None


@dataclass(frozen=True)
class Refusal:
    """Why the watch of one place was not changed."""

    place: Place
    message: str
    broken: Sequence[Broken] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of a change: the names of the places."""

    saved: list[str]
    unknown: list[str]
    refusals: list[Refusal]
    kept: list[str] = field(default_factory=list)
    """What was not chosen and is watched all the same, as others need it."""


Needs = Callable[[Account, Watch], set[str]]
_needs: list[Needs] = []


def needs(need: Needs) -> Needs:
    """Have these watched whatever is chosen: what a room above needs of an account (`Place.value`)."""
    _needs.append(need)
    return need


def current(account: Account) -> Watch:
    """The watch as it stands now; Connexease is asked."""
    with writing():
        return _watch(account, webhook_snapshot.current(account))


def known(account: Account) -> Watch:
    """The watch as it was last seen."""
    return _watch(account, webhook_snapshot.known(account))


def change(person: Person, account: Account, chosen: Iterable[str]) -> Outcome:
    """Watch exactly what was chosen (`Place.value`). Each place is changed by itself."""
    watch, wanted = known(account), set(chosen)
    needed = set[str]().union(*(need(account, watch) for need in _needs))
    outcome = Outcome([], [], [], [])
    for place in watch.places:
        left = [trigger.name for trigger in place.triggers if place.value(trigger) in needed - wanted]
        outcome.kept.extend(f"{name} ({place.label})" for name in left if name in place.watched)
        wanted |= {f"{place.scope}:{name}" for name in left}
        triggers = [t.name for t in place.triggers if place.value(t) in wanted and t.name not in place.carried]
        if set(triggers) != place.watched or (place.is_off_course and not place.is_saving):
            _change_one(person, account, place, triggers, outcome)
    return outcome


def _change_one(person: Person, account: Account, place: Place, triggers: list[str], outcome: Outcome) -> None:
    try:
        is_pending = _hold(account, place, triggers)
    except changes.RulesBroken as error:
        outcome.refusals.append(Refusal(place, error.message, error.broken))
    except FieldErrors as error:
        texts = [text for texts in error.fields.values() for text in texts]
        outcome.refusals.append(Refusal(place, translated(" ".join(texts) or error.message)))
    except DomainError as error:
        outcome.refusals.append(Refusal(place, error.message))
    else:
        (outcome.unknown if is_pending else outcome.saved).append(place.label)
        action = "watch.changed" if triggers else "watch.stopped"
        audit.record(person, account, action, place.label, triggers=triggers)
        session().commit()


def _hold(account: Account, place: Place, triggers: list[str]) -> bool:
    """Hold the place's webhook with these triggers; whether its outcome is unknown.

    Raises:
        DomainError: nothing was changed.
    """
    busy = DomainError(_("The last change is still being saved at %(vendor)s. Wait a moment, then try again."))
    row = place.webhook.row if place.webhook else None
    if row is not None and row.claimed_until is not None and row.claimed_until > now():
        raise busy
    channels = [place.channel] if place.channel else []
    try:
        hook = _webhook(account, place.scope)
        return changes.hold(account, hook, triggers, channels).is_pending
    except IntegrityError:  # the same form, a moment ago, in another request
        session().rollback()
        raise busy from None


def _webhook(account: Account, scope: str) -> PortalWebhook:
    query = select(PortalWebhook).where(
        PortalWebhook.account_id == account.id,
        PortalWebhook.purpose == WebhookPurpose.WATCH,
        PortalWebhook.scope == scope,
    )
    return session().exec(query).first() or portal_webhooks.make(account, WebhookPurpose.WATCH, scope=scope)


def _watch(account: Account, known: Snapshot) -> Watch:
    portals = {
        item.portal_webhook.scope: item
        for item in known.webhooks
        if item.portal_webhook is not None and item.portal_webhook.purpose == WebhookPurpose.WATCH
    }
    places = [
        Place(scope, channel.label, uuid, portals.get(scope), _carried(known, uuid))
        for channel in snapshot.channels_of(account)
        if channel.gone_at is None and (scope := str(uuid := channel.connexease_uuid))
    ]
    whole = Place(ACCOUNT, _("the whole account"), None, portals.get(ACCOUNT), _carried(known, None))
    return Watch([*places, whole], known)


def _carried(known: Snapshot, channel: UUID | None) -> frozenset[str]:
    switched = [
        item
        for item in known.at_connexease
        if item.portal_webhook is not None and item.portal_webhook.purpose == WebhookPurpose.SWITCHED
    ]
    is_about = [item for item in switched if channel is None or not item.channels or channel in item.channels]
    return frozenset(name for item in is_about for name in item.triggers)
