"""A snapshot of an account's webhooks: what Connexease lists, compared with what was last set here."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from portal.channels.snapshot import note_try, uuid_of
from portal.connexease import errors as cx
from portal.connexease import schemas
from portal.connexease import triggers as catalogue
from portal.extensions import connexease, session
from portal.models import Account, PortalWebhook, Webhook, WebhookListing, WebhookPurpose, now
from portal.webhooks import portal_webhooks
from portal.webhooks.drift import differences, is_same, is_same_headers, plain, seal_headers, sealed_headers
from portal.webhooks.rules.subscriptions import Subscription

JUST_MADE = timedelta(minutes=2)
"""A webhook that was just made may not be in Connexease's list yet [assumed]."""


class Standing(StrEnum):
    """How a webhook stands."""

    AS_SET = "as_set"
    SAVING = "saving"
    DIFFERS = "differs"
    """At Connexease it is other than it was last set here."""
    MISSING = "missing"
    """It was set here, and Connexease does not list it."""
    ELSEWHERE = "elsewhere"
    """It was made elsewhere and never changed here."""


@dataclass(frozen=True)
class KnownWebhook:
    """One webhook as a page shows it: never a header's value."""

    row: Webhook
    portal_webhook: PortalWebhook | None

    @property
    def state(self) -> dict[str, Any]:
        """What Connexease holds, or while it does not, what was last set."""
        listed = self.row.seen if self.row.gone_at is None else None
        return listed or self.row.wanted or self.row.seen or {}

    @property
    def id(self) -> UUID:
        return self.row.id

    @property
    def callback_url(self) -> str:
        return str(self.state.get("callback_url", ""))

    @property
    def triggers(self) -> list[str]:
        return list(self.state.get("triggers", []))

    @property
    def channels(self) -> list[UUID]:
        return [UUID(text) for text in self.state.get("channels", [])]

    @property
    def is_active(self) -> bool:
        return bool(self.state.get("is_active"))

    @property
    def header_names(self) -> list[str]:
        return list((self.row.seen or {}).get("header_names", self.row.secret_headers))

    @property
    def is_hidden(self) -> bool:
        """Hidden, unless it delivers again because somebody switched it on elsewhere."""
        delivers = self.row.gone_at is None and self.is_active
        return self.row.hidden_at is not None and not delivers

    @property
    def is_portals(self) -> bool:
        return self.row.portal_webhook_id is not None

    @property
    def is_placeholder(self) -> bool:
        """Whether nothing is watched with it any more: it is still there, and makes way for what is wanted."""
        hook = self.portal_webhook
        is_watch = hook is not None and hook.purpose == WebhookPurpose.WATCH
        return is_watch and not self.is_active and self.standing == Standing.AS_SET

    @property
    def unknown_triggers(self) -> list[str]:
        return [name for name in self.triggers if catalogue.find(name) is None]

    @property
    def standing(self) -> Standing:
        if self.row.is_pending:
            return Standing.SAVING
        if self.row.gone_at is not None:
            return Standing.MISSING
        if self.row.wanted is None:
            return Standing.ELSEWHERE
        return Standing.DIFFERS if differences(self.row) else Standing.AS_SET

    @property
    def last_set(self) -> dict[str, Any]:
        """What was last set here, of that which Connexease holds otherwise now; of headers no value."""
        wanted = {**(self.row.wanted or {}), "headers": None}
        wanted["channels"] = [UUID(text) for text in wanted.get("channels", [])]
        return {part: wanted.get(part) for part in differences(self.row)}

    @property
    def subscription(self) -> Subscription:
        return Subscription(self.triggers, self.channels, self.id)


@dataclass(frozen=True)
class Snapshot:
    """All webhooks of an account and how fresh the picture is."""

    webhooks: list[KnownWebhook]
    read_at: datetime | None
    problem_text: str

    @property
    def is_current(self) -> bool:
        """Whether Connexease answered the last time it was asked: if not, nothing can be changed."""
        return not self.problem_text

    @property
    def shown(self) -> list[KnownWebhook]:
        return [held for held in self.webhooks if not held.is_hidden]

    @property
    def hidden(self) -> list[KnownWebhook]:
        return [held for held in self.webhooks if held.is_hidden]

    @property
    def at_connexease(self) -> list[KnownWebhook]:
        """Those that Connexease has."""
        return [held for held in self.webhooks if held.row.gone_at is None]

    @property
    def in_the_way(self) -> list[KnownWebhook]:
        """Those that count for the vendor's rules, without those of the portal that make way."""
        return [held for held in self.at_connexease if not held.is_placeholder]

    def find(self, webhook_id: UUID) -> KnownWebhook | None:
        return next((held for held in self.webhooks if held.id == webhook_id), None)


def known(account: Account) -> Snapshot:
    """The last known state, without asking Connexease."""
    listing = _listing(account)
    portals = {hook.id: hook for hook in portal_webhooks.all_of(account)}
    held = [KnownWebhook(row, portals.get(row.portal_webhook_id)) for row in _rows(account)]  # type: ignore[arg-type]
    return Snapshot(held, listing.read_at, listing.problem_text)


def current(account: Account) -> Snapshot:
    """The state that Connexease reports now; when it cannot be asked, the last known one, which says so."""
    with suppress(cx.ConnexeaseError):  # noted in the listing, and shown with its age
        read(account)
    return known(account)


def read(account: Account) -> list[schemas.Webhook]:
    """Read Connexease's whole list and bring our picture up to it.

    Raises:
        ConnexeaseError: it could not be read; what was known stays, and the try is noted.
    """
    session().commit()
    try:
        listed = connexease().reseller.webhooks(uuid_of(account))
    except cx.ConnexeaseError as error:
        note_try(_listing(account), error.message)
        raise
    try:
        _bring_up_to(account, listed)
    except IntegrityError:  # another request noted the same list a moment ago
        session().rollback()
    return listed


def _bring_up_to(account: Account, listed: list[schemas.Webhook]) -> None:
    rows = _rows(account)
    _add_own(account, rows)
    uuids: set[UUID | None] = {webhook.uuid for webhook in listed}
    for webhook in listed:
        see(_row_for(account, rows, webhook, uuids), webhook)
    for row in rows:
        if row.connexease_uuid not in uuids and row.connexease_uuid is not None and row.gone_at is None:
            _mark_gone(row)
    note_try(_listing(account), "")


def see(row: Webhook, listed: schemas.Webhook) -> None:
    """Note what Connexease holds. Header values are compared and not kept."""
    row.connexease_uuid = listed.uuid
    headers = plain(listed.data)
    row.seen = {
        "callback_url": listed.callback_url,
        "triggers": list(listed.triggers),
        "channels": [str(channel) for channel in listed.channels],
        "is_active": listed.is_active,
        "header_names": sorted(headers),
    }
    row.headers_differ = row.wanted is not None and not is_same_headers(headers, sealed_headers(row))
    row.seen_at, row.gone_at = now(), None
    session().add(row)


def _rows(account: Account) -> list[Webhook]:
    query = select(Webhook).where(Webhook.account_id == account.id).order_by(col(Webhook.created_at))
    return list(session().exec(query))


def _row_for(account: Account, rows: list[Webhook], listed: schemas.Webhook, live: set[UUID | None]) -> Webhook:
    """The row of a listed webhook: by its UUID, by a creation whose answer was lost, by our address, or new."""
    for row in rows:
        if row.connexease_uuid == listed.uuid:
            return row
    for row in rows:
        if row.connexease_uuid is None and row.call_started_at is not None and is_same(row, listed):
            return row
    hook = next(
        (
            hook
            for hook in portal_webhooks.all_of(account)
            if portal_webhooks.callback_url(hook) == listed.callback_url
        ),
        None,
    )
    held = next((row for row in rows if hook is not None and row.portal_webhook_id == hook.id), None)
    if held is not None and held.connexease_uuid not in live:
        return held
    row = Webhook(account_id=account.id, connexease_uuid=listed.uuid)
    if hook is not None and held is None:
        _make_own(row, hook, listed)
    session().add(row)
    rows.append(row)
    return row


def _add_own(account: Account, rows: list[Webhook]) -> None:
    """Know of the webhook that the set-up registered, so that it is missed when Connexease does not list it."""
    for hook in portal_webhooks.all_of(account):
        known_already = any(row.portal_webhook_id == hook.id for row in rows)
        if hook.purpose == WebhookPurpose.ONBOARDING and hook.connexease_uuid and not known_already:
            row = Webhook(account_id=account.id, connexease_uuid=hook.connexease_uuid)
            row.created_at = hook.created_at
            _make_own(row, hook, None)
            session().add(row)
            rows.append(row)


def _make_own(row: Webhook, hook: PortalWebhook, listed: schemas.Webhook | None) -> None:
    """Mark a webhook as the portal's, with what the portal wants of it."""
    is_onboarding = hook.purpose == WebhookPurpose.ONBOARDING or listed is None
    row.portal_webhook_id = hook.id
    row.wanted = {
        "callback_url": portal_webhooks.callback_url(hook),
        "triggers": [portal_webhooks.ONBOARDING_TRIGGER]
        if is_onboarding
        else list(listed.triggers if listed else []),
        "channels": [] if is_onboarding else [str(channel) for channel in (listed.channels if listed else [])],
        "is_active": is_onboarding or bool(listed and listed.is_active),
    }
    seal_headers(row, portal_webhooks.headers(hook))


def _mark_gone(row: Webhook) -> None:
    if row.created_at < now() - JUST_MADE:
        row.gone_at = now()
        session().add(row)


def _listing(account: Account) -> WebhookListing:
    return session().get(WebhookListing, account.id) or WebhookListing(account_id=account.id)
