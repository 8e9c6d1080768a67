"""Switching a customer's own webhook over: its events come to the portal, which sends them on to where they went.

Nothing is lost, because nothing ever ends before its successor is there:

1. In one transaction the portal makes an address of its own for the webhook, and a destination with the webhook's
   URL and headers. From then on an event at either address reaches the customer's server.
2. Connexease holds a trigger of a channel on one webhook only, so there can be no second one beside the old. The
   same webhook is changed instead, by one PATCH of its address and headers; triggers and channels stay. Before it
   Connexease delivers to the customer, after it to the portal, and what it is repeating goes to either.
3. While nobody knows what became of the PATCH, both ways are open, and the worker repeats it, which is harmless
   (`portal.webhooks.reconcile`). If Connexease refuses it in the end, the webhook is the customer's again; the
   destination stays, since it is then only without events.

What Connexease delivers to the portal twice is a repeat in the log and is sent on once; every attempt at it
carries one `webhook-id`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from portal import audit
from portal.connexease import errors as cx
from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.models import (
    Account,
    Destination,
    DestinationState,
    Forward,
    Person,
    PortalWebhook,
    SwitchOver,
    Webhook,
    WebhookPurpose,
    now,
)
from portal.relay import coverage, destinations, signing
from portal.relay.destinations import Wish
from portal.webhooks import changes, portal_webhooks, snapshot
from portal.webhooks.desired import DesiredWebhook, desire_observed, set_desired
from portal.webhooks.drift import is_same_address, plain
from portal.webhooks.reconcile import Before, begin, host_of, not_saved, push_or_take_back
from portal.webhooks.rules import callback_addresses
from portal.webhooks.rules.headers import Header, looks_secret
from portal.webhooks.snapshot import KnownWebhook


@dataclass(frozen=True)
class Conflict:
    """A webhook of the customer's own that takes events directly which a destination wants as well."""

    webhook: KnownWebhook
    gaps: Sequence[coverage.Gap]


def conflicts(account: Account, wanted: coverage.Wanted) -> list[Conflict]:
    """What stands in the way of a destination, as Connexease was last seen."""
    found: dict[UUID, tuple[KnownWebhook, list[coverage.Gap]]] = {}
    for gap in coverage.gaps(account, wanted):
        if gap.holder is not None:
            found.setdefault(gap.holder.id, (gap.holder, []))[1].append(gap)
    return [Conflict(webhook, gaps) for webhook, gaps in found.values()]


def switch(person: Person, account: Account, row: Webhook) -> Destination:
    """Have a webhook delivered to the portal and sent on from there; where to.

    Raises:
        DomainError: nothing was changed.
    """
    changes.refuse_locked(row)
    observed = _observe(account, row)
    session().refresh(row, with_for_update=True)
    changes.refuse_locked(row)  # somebody else may have pressed the same button meanwhile
    destination, is_new = _heir(account, observed)
    hook = _hook(account, row)
    session().flush()  # what the next rows point at
    before = Before.of(row)
    set_desired(
        row,
        DesiredWebhook(
            portal_webhooks.callback_url(hook),
            observed.triggers,
            observed.channels,
            headers=[Header(name, value, is_secret=True) for name, value in portal_webhooks.headers(hook).items()],
        ),
        {},
    )
    row.portal_webhook_id = hook.id
    switched = session().get(SwitchOver, row.id) or SwitchOver(webhook_id=row.id, destination_id=destination.id)
    switched.destination_id, switched.begun_at, switched.settled_at = destination.id, now(), None
    session().add(switched)
    audit.record(person, account, "webhook.switched_over", host_of(observed.callback_url))
    begin(row)
    try:
        push_or_take_back(account, row, before)
    except DomainError:
        _forget(switched, destination if is_new else None)
        raise
    if not row.is_pending:
        switched.settled_at = now()
        session().add(switched)
        session().commit()
    return destination


def hand_back(person: Person, account: Account, row: Webhook) -> Destination:
    """Have a webhook that was switched over delivered directly again. The destination stays: some may be waiting.

    Raises:
        DomainError: nothing was changed.
    """
    switched = session().get(SwitchOver, row.id)
    if switched is None or row.portal_webhook_id is None:
        raise DomainError(_("This webhook isn't delivered through the portal."))
    observed, destination = _observe(account, row), session().get_one(Destination, switched.destination_id)
    session().refresh(row, with_for_update=True)
    if row.is_pending:
        raise changes.busy()
    before = Before.of(row)
    names = {header["name"] for header in destination.headers if header["is_secret"]}
    headers = [Header(name, value, name in names) for name, value in signing.headers_of(destination).items()]
    is_on = destination.state != DestinationState.OFF
    set_desired(row, DesiredWebhook(destination.url, observed.triggers, observed.channels, is_on, headers), {})
    row.portal_webhook_id, switched.settled_at = None, now()
    session().add(switched)
    audit.record(person, account, "webhook.handed_back", host_of(destination.url))
    begin(row)
    push_or_take_back(account, row, before)
    return destination


def destinations_of(account: Account) -> dict[UUID, Destination]:
    """By webhook: where the events go of those that were switched over."""
    query = (
        select(Webhook.id, Destination)
        .join(SwitchOver, col(SwitchOver.webhook_id) == col(Webhook.id))
        .join(Destination, col(Destination.id) == col(SwitchOver.destination_id))
        .where(Webhook.account_id == account.id, col(Webhook.portal_webhook_id).is_not(None))
    )
    return dict(session().exec(query).all())


def unsettled(limit: int = 100) -> list[UUID]:
    """Webhooks of which it is to be found out whether Connexease delivers them to the portal now."""
    query = (
        sa.select(col(SwitchOver.webhook_id))
        .join(Webhook, col(Webhook.id) == col(SwitchOver.webhook_id))
        .where(col(SwitchOver.settled_at).is_(None), col(Webhook.is_pending).is_(False))
        .limit(limit)
    )
    return list(session().execute(query).scalars())


def settle(webhook_id: UUID) -> None:
    """Note that a webhook is switched over. If Connexease refused it in the end, it is the customer's again."""
    with unit_of_work():
        row = session().get_one(Webhook, webhook_id)
        account, switched = session().get_one(Account, row.account_id), session().get_one(SwitchOver, webhook_id)
        try:
            listed = snapshot.read(account)
        except cx.ConnexeaseError:
            return
        session().refresh(row)
        if row.is_pending:
            return
        if row.portal_webhook_id is not None and row.gone_at is None and not _is_portals(row):
            row.portal_webhook_id = None
            desire_observed(row, listed)
            audit.record(None, account.id, "webhook.not_done", host_of((row.seen or {}).get("callback_url", "")))
        switched.settled_at = now()
        session().add_all([row, switched])
        session().commit()


def _observe(account: Account, row: Webhook) -> DesiredWebhook:
    """What Connexease holds now, with the headers that it sends along."""
    try:
        listed = snapshot.read(account)
    except cx.ConnexeaseError as error:
        raise not_saved(error) from None
    webhook = next((each for each in listed if each.uuid == row.connexease_uuid), None)
    if webhook is None:
        raise DomainError(_("%(Vendor)s no longer lists this webhook."))
    secret = row.secret_headers
    headers = [Header(n, value, n in secret or looks_secret(n)) for n, value in plain(webhook.data).items()]
    return DesiredWebhook(
        webhook.callback_url, webhook.triggers, webhook.channels, webhook.is_active, headers=headers
    )


def _heir(account: Account, observed: DesiredWebhook) -> tuple[Destination, bool]:
    """The destination that gets what the webhook got, and whether it was made for that. The caller commits.

    One that leads to the same address takes it over, so that the customer's server does not get each event twice.
    """
    if problem := callback_addresses.problem_with(observed.callback_url):
        raise DomainError(problem)
    if ours := [header.name for header in observed.headers if header.name.casefold().startswith("webhook-")]:
        raise DomainError(_("%(name)s carries our signature. Enter another name.", name=ours[0]))
    for destination in destinations.of_account(account):
        takes_all = destination.state == DestinationState.ON and not destination.conditions
        if observed.is_active and takes_all and is_same_address(destination.url, observed.callback_url):
            _extend(destination, observed)
            return destination, False
    made = Destination(account_id=account.id, name="", url="", sealed_secret="")
    signing.make(made)
    name, channels = (urlsplit(observed.callback_url).hostname or "")[:80], list(map(str, observed.channels))
    Wish(name, observed.callback_url, observed.triggers, channels, headers=observed.headers).put(made)
    made.state = DestinationState.ON if observed.is_active else DestinationState.OFF
    session().add(made)
    return made, True


def _extend(destination: Destination, observed: DesiredWebhook) -> None:
    destination.kinds = list(dict.fromkeys([*destination.kinds, *observed.triggers]))
    if destination.channels and observed.channels:
        destination.channels = list(dict.fromkeys([*destination.channels, *map(str, observed.channels)]))
    _add_headers(destination, observed.headers)
    session().add(destination)


def _add_headers(destination: Destination, more: Sequence[Header]) -> None:
    values = signing.headers_of(destination)
    taken = {name.casefold() for name in values}
    new = [header for header in more if header.name.casefold() not in taken and header.value]
    signing.set_headers(destination, values | {header.name: header.value or "" for header in new})
    destination.headers = [
        *destination.headers,
        *({"name": header.name, "is_secret": header.is_secret} for header in new),
    ]


def _hook(account: Account, row: Webhook) -> PortalWebhook:
    query = select(PortalWebhook).where(
        PortalWebhook.account_id == account.id,
        PortalWebhook.purpose == WebhookPurpose.SWITCHED,
        PortalWebhook.scope == str(row.id),
    )
    found = session().exec(query).first()
    return found or portal_webhooks.make(account, WebhookPurpose.SWITCHED, scope=str(row.id))


def _is_portals(row: Webhook) -> bool:
    hook = session().get_one(PortalWebhook, row.portal_webhook_id)
    return is_same_address((row.seen or {}).get("callback_url", ""), portal_webhooks.callback_url(hook))


def _forget(switched: SwitchOver, made: Destination | None) -> None:
    """Take back what was prepared for a switch that Connexease did not make."""
    session().delete(switched)
    session().flush()
    if made is not None:
        forwards = sa.select(col(Forward.id)).where(col(Forward.destination_id) == made.id).limit(1)
        if session().execute(forwards).first() is None:
            session().delete(made)
    session().commit()
