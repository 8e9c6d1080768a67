"""Changing webhooks at Connexease: intent first, an unknown outcome found out, nothing made twice.

What is wanted is committed before Connexease is asked. A refusal, or a call that was certainly not made, takes the
wish back and says why. When nobody knows what became of the call, the row stays pending: the worker looks for a
webhook with the same callback, triggers and channels before it creates again, and repeats a change, which is
harmless.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from portal import audit, claims
from portal.channels.listing import uuid_of
from portal.connexease import errors as cx
from portal.connexease import schemas
from portal.database import writing
from portal.errors import DomainError, FieldErrors
from portal.extensions import connexease, session, vault
from portal.i18n import _
from portal.models import Account, Person, PortalWebhook, Webhook, now
from portal.queue import wake
from portal.vault_keeping import webhook_place
from portal.webhooks import holdings, own
from portal.webhooks.headers import Header, looks_secret
from portal.webhooks.rules import Broken, Subscription, broken_by
from portal.webhooks.telling import tell_owners

log = logging.getLogger(__name__)

FIRST_DELAY, LONGEST_DELAY = 3, 900
_FORM_FIELDS = {"data": "headers", "headers": "headers"}


@dataclass(frozen=True)
class Wish:
    """A webhook as somebody wants it."""

    callback_url: str
    triggers: Sequence[str]
    channels: Sequence[UUID]
    is_active: bool = True
    headers: Sequence[Header] = field(default=(), repr=False)

    def subscription(self, row: Webhook | None = None) -> Subscription:
        return Subscription(self.triggers, self.channels, row.id if row else None)


class RulesBroken(DomainError):
    """The wish breaks rules of Connexease; `broken` names each and the webhook in the way."""

    def __init__(self, broken: list[Broken]) -> None:
        super().__init__(_("Connexease's rules do not allow this combination."))
        self.broken = broken


class NotSaved(DomainError):
    """Connexease could not be asked, so nothing was changed."""


def create(person: Person, account: Account, wish: Wish, intent: str) -> Webhook:
    """Make a webhook. A form that is sent twice makes one.

    Args:
        intent: what this form was marked with when it was shown.

    Raises:
        RulesBroken, FieldErrors, NotSaved: nothing was made.
    """
    if (made_before := _of_intent(account, intent)) is not None:
        return made_before
    _refuse_broken(account, wish.subscription())
    row = Webhook(account_id=account.id, intent=intent)
    _want(row, wish, {})
    audit.record(person, account, "webhook.created", _host(wish.callback_url))
    try:
        _begin(row)
    except IntegrityError:  # the same form, a moment ago, in another request
        session().rollback()
        if (made_before := _of_intent(account, intent)) is not None:
            return made_before
        raise DomainError(_("This form was used already. Open it anew.")) from None
    _push_or_take_back(account, row, before=None)
    tell_owners(person, account, row, made=True)
    return row


def _of_intent(account: Account, intent: str) -> Webhook | None:
    query = select(Webhook).where(Webhook.intent == intent, Webhook.account_id == account.id)
    return session().exec(query).first()


def change(person: Person, account: Account, row: Webhook, wish: Wish) -> None:
    """Change a webhook. Headers without a value keep theirs; triggers that we do not know stay.

    Raises:
        RulesBroken, FieldErrors, NotSaved: nothing was changed.
    """
    _refuse_own(row)
    _refuse_busy(row)
    listed = _refuse_broken(account, wish.subscription(row), row)
    current = next((webhook for webhook in listed if webhook.uuid == row.connexease_uuid), None)
    stored = holdings.plain(current.data) if current else holdings.sealed_headers(row)
    before = _Before.of(row)
    _want(row, wish, stored)
    audit.record(person, account, "webhook.changed", _host(wish.callback_url))
    _begin(row)
    _push_or_take_back(account, row, before)
    tell_owners(person, account, row, made=False)


def switch(person: Person, account: Account, row: Webhook, *, on: bool) -> None:
    """Switch a webhook on or off. Everything else of it stays as Connexease holds it, a foreign change too.

    Raises:
        RulesBroken, FieldErrors, NotSaved: nothing was changed.
    """
    _refuse_own(row)
    _refuse_busy(row)
    listed = _refuse_broken(account, _seen_subscription(row), row) if on else _read(account)
    before = _Before.of(row)
    _want_what_is_seen(row, listed)
    row.wanted = {**(row.wanted or {}), "is_active": on}
    row.hidden_at = None if on else row.hidden_at
    action = "webhook.switched_on" if on else "webhook.switched_off"
    audit.record(person, account, action, _host(row.wanted.get("callback_url", "")))
    _begin(row)
    _push_or_take_back(account, row, before)


def set_right(person: Person, account: Account, row: Webhook) -> None:
    """Make Connexease hold again what was last set here, whether it differs or is gone.

    Raises:
        RulesBroken, FieldErrors, NotSaved: nothing was changed.
    """
    _refuse_busy(row)
    wanted = row.wanted or {}
    channels = [UUID(text) for text in wanted.get("channels", [])]
    _refuse_broken(account, Subscription(wanted.get("triggers", []), channels, row.id), row)
    before = _Before.of(row)
    if row.gone_at is not None:
        row.connexease_uuid, row.seen = None, None
    audit.record(person, account, "webhook.set_right", _host(wanted.get("callback_url", "")))
    _begin(row)
    _push_or_take_back(account, row, before)


def accept(person: Person, account: Account, row: Webhook) -> None:
    """Take what Connexease holds as what is wanted.

    Raises:
        NotSaved: what it holds cannot be read now.
    """
    _refuse_own(row)
    _refuse_busy(row)
    _want_what_is_seen(row, _read(account))
    row.problem_text, row.is_pending = "", False
    audit.record(person, account, "webhook.accepted", _host((row.seen or {}).get("callback_url", "")))
    session().add(row)
    session().commit()


def hide(person: Person, account: Account, row: Webhook, *, hidden: bool) -> None:
    """Hide a webhook that is switched off or gone, or show it again.

    Raises:
        DomainError: it is active, so hiding it would hide that it delivers.
    """
    _refuse_own(row)
    if hidden and row.gone_at is None and (row.seen or row.wanted or {}).get("is_active"):
        raise DomainError(_("Switch it off before you hide it."))
    row.hidden_at = now() if hidden else None
    audit.record(person, account, "webhook.hidden" if hidden else "webhook.shown", _host(_url(row)))
    session().add(row)
    session().commit()


def hold(
    account: Account,
    hook: PortalWebhook,
    triggers: Sequence[str],
    channels: Sequence[UUID],
    active: bool = True,
) -> Webhook:
    """Make Connexease hold a webhook of the portal's own with these triggers; none of them switches it off.

    Raises:
        RulesBroken, FieldErrors, NotSaved: nothing was changed.
    """
    row = session().exec(select(Webhook).where(Webhook.portal_webhook_id == hook.id)).first()
    row = row or Webhook(account_id=account.id, portal_webhook_id=hook.id)
    is_on = active and bool(triggers)
    if not is_on and row.connexease_uuid is None and not row.is_pending:
        return row
    wanted_triggers = list(triggers) or list((row.wanted or {}).get("triggers", []))
    if is_on:
        _refuse_broken(account, Subscription(wanted_triggers, channels, row.id), row)
    before = _Before.of(row) if row.wanted is not None else None
    headers = [Header(name, value, is_secret=True) for name, value in own.headers(hook).items()]
    _want(row, Wish(own.callback_url(hook), wanted_triggers, channels, is_on, headers), {})
    if row.gone_at is not None:
        row.connexease_uuid, row.seen = None, None
    _begin(row)
    _push_or_take_back(account, row, before)
    if row.connexease_uuid is not None:
        hook.connexease_uuid, hook.registered_at = row.connexease_uuid, hook.registered_at or now()
        session().add(hook)
        session().commit()
    return row


# --- the worker's part -----------------------------------------------------------------------------


def due(limit: int = 100) -> list[UUID]:
    """Webhooks whose outcome is to be found out now."""
    query = (
        sa.select(col(Webhook.id))
        .where(col(Webhook.is_pending), col(Webhook.next_attempt_at) <= now(), claims.is_free(Webhook))
        .order_by(col(Webhook.next_attempt_at))
        .limit(limit)
    )
    return list(session().execute(query).scalars())


def push(webhook_id: UUID) -> None:
    """Find out what became of a pending webhook, and finish it."""
    with writing():
        row = claims.take(Webhook, webhook_id, col(Webhook.is_pending).is_(True))
        if row is None:
            return
        account = session().get_one(Account, row.account_id)
        try:
            _call(account, row)
        except cx.Rejected as refusal:
            _note_refusal(account, row, refusal)
        except cx.NotFound as error:
            row.gone_at = now()  # it, or the account, is no longer there: asking again would change nothing
            _give_up(row, error)
        except cx.ConnexeaseError as error:
            _retry_later(row, error.message)
        except Exception:
            log.exception("webhook %s", webhook_id)
            session().rollback()
            session().refresh(row)
            _retry_later(row, "")


# --- the call --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Before:
    """What was wanted before, to go back to when Connexease refuses."""

    wanted: dict[str, Any] | None
    sealed_headers: str | None
    secret_headers: list[str]
    connexease_uuid: UUID | None
    seen: dict[str, Any] | None
    gone_at: datetime | None
    call_started_at: datetime | None

    @classmethod
    def of(cls, row: Webhook) -> "_Before":
        return cls(**{field.name: getattr(row, field.name) for field in fields(cls)})

    def put_back(self, row: Webhook) -> None:
        for each in fields(self):
            setattr(row, each.name, getattr(self, each.name))
        if row.sealed_headers is not None:  # a rotation of the keys may have passed since these were read
            row.sealed_headers = vault().rewrap(row.sealed_headers, webhook_place(row))


def _begin(row: Webhook) -> None:
    """Commit the intent, claimed for this process."""
    row.is_pending, row.problem_text, row.attempts = True, "", 0
    row.claimed_until = row.next_attempt_at = claims.until()
    session().add(row)
    session().commit()


def _push_or_take_back(account: Account, row: Webhook, before: _Before | None) -> None:
    try:
        _call(account, row)
    except cx.OutcomeUnknown as error:
        _retry_later(row, error.message)
    except cx.Rejected as refusal:
        _take_back(row, before)
        raise _refused(refusal) from None
    except cx.ConnexeaseError as error:
        _take_back(row, before)
        raise _not_saved(error) from None


def _call(account: Account, row: Webhook) -> None:
    if row.connexease_uuid is None and row.call_started_at is not None:
        holdings.read(account)  # an earlier call may have made it: then the list has it now
        session().refresh(row)
    if row.connexease_uuid is None:
        row.call_started_at = row.call_started_at or now()
        row.claimed_until = claims.until()
        session().add(row)
        session().commit()
        listed = connexease().reseller.create_webhook(uuid_of(account), schemas.NewWebhook(**_payload(row)))
    else:
        session().commit()
        change = schemas.WebhookChange(**_payload(row))
        listed = connexease().reseller.update_webhook(uuid_of(account), row.connexease_uuid, change)
    holdings.see(row, listed)
    row.is_pending, row.call_started_at, row.problem_text, row.attempts = False, None, "", 0
    row.claimed_until = row.next_attempt_at = None
    session().add(row)
    session().commit()


def _payload(row: Webhook) -> dict[str, Any]:
    wanted = row.wanted or {}
    return {**wanted, "channels": [UUID(text) for text in wanted["channels"]], "data": _data(row)}


def _data(row: Webhook) -> schemas.WebhookData:
    headers = {name: SecretStr(value) for name, value in holdings.sealed_headers(row).items()}
    return schemas.WebhookData(headers=headers or None)


def _take_back(row: Webhook, before: _Before | None) -> None:
    session().rollback()
    session().refresh(row)
    host = _host(_url(row))
    if before is None:
        session().delete(row)
    else:
        before.put_back(row)
        row.is_pending, row.claimed_until, row.next_attempt_at = False, None, None
        session().add(row)
    audit.record(None, row.account_id, "webhook.not_done", host)
    session().commit()


def _note_refusal(account: Account, row: Webhook, refusal: cx.Rejected) -> None:
    """A refusal in the worker: of a creation, perhaps because an earlier call of ours arrived late after all."""
    if row.connexease_uuid is None:
        with suppress(cx.ConnexeaseError):
            holdings.read(account)
        session().refresh(row)
        if row.connexease_uuid is not None:
            _retry_later(row, "")  # found; the next try makes sure that all of it is as wanted
            return
        row.gone_at = now()  # `call_started_at` stays: should the list bring it later, it is recognised
    _give_up(row, refusal)


def _give_up(row: Webhook, error: cx.ConnexeaseError) -> None:
    row.is_pending, row.claimed_until, row.next_attempt_at = False, None, None
    row.problem_text = error.message[:500]
    session().add(row)
    session().commit()


def _retry_later(row: Webhook, problem: str) -> None:
    row.attempts += 1
    row.problem_text = problem[:500]
    delay = claims.delay(row.attempts, FIRST_DELAY, LONGEST_DELAY)
    row.next_attempt_at, row.claimed_until = now() + timedelta(seconds=delay), None
    session().add(row)
    session().commit()
    wake("webhook", str(row.id), delay=delay)


# --- what is wanted --------------------------------------------------------------------------------


def _want(row: Webhook, wish: Wish, stored: holdings.Headers) -> None:
    unknown = holdings.Held(row, None).unknown_triggers if row.seen else []
    row.wanted = {
        "callback_url": wish.callback_url,
        "triggers": list(dict.fromkeys([*wish.triggers, *unknown])),
        "channels": [str(channel) for channel in wish.channels],
        "is_active": wish.is_active,
    }
    by_name = {name.casefold(): value for name, value in stored.items()}
    values = {
        header.name: header.value if header.value is not None else by_name[header.name.casefold()]
        for header in wish.headers
        if header.value is not None or header.name.casefold() in by_name
    }
    row.secret_headers = [header.name for header in wish.headers if header.is_secret]
    holdings.seal_headers(row, values)


def _want_what_is_seen(row: Webhook, listed: Sequence[schemas.Webhook]) -> None:
    """Start from what Connexease holds, so that a small change does not undo what was changed elsewhere."""
    webhook = next((webhook for webhook in listed if webhook.uuid == row.connexease_uuid), None)
    if webhook is None:
        raise DomainError(_("Connexease does not list this webhook any more."))
    secret_headers = row.secret_headers
    _want(row, Wish(webhook.callback_url, webhook.triggers, webhook.channels, webhook.is_active), {})
    headers = holdings.plain(webhook.data)
    row.secret_headers = [name for name in headers if name in secret_headers or looks_secret(name)]
    holdings.seal_headers(row, headers)
    holdings.see(row, webhook)


def _seen_subscription(row: Webhook) -> Subscription:
    return holdings.Held(row, None).subscription


def _refuse_broken(account: Account, new: Subscription, row: Webhook | None = None) -> list[schemas.Webhook]:
    listed = _read(account)
    held = [other.subscription for other in holdings.known(account).at_connexease]
    seen = _seen_subscription(row) if row is not None and row.seen else None
    is_held = seen is not None and (set(seen.triggers), set(seen.channels)) == (
        set(new.triggers),
        set(new.channels),
    )
    if broken := broken_by(new, held, is_held=is_held):
        raise RulesBroken(broken)
    return listed


def _read(account: Account) -> list[schemas.Webhook]:
    try:
        return holdings.read(account)
    except cx.ConnexeaseError as error:
        raise _not_saved(error) from None


def _refuse_own(row: Webhook) -> None:
    if row.portal_webhook_id is not None:
        raise DomainError(_("The portal holds this webhook for itself, so it cannot be changed by hand."))


def _refuse_busy(row: Webhook) -> None:
    if row.is_pending:
        raise DomainError(_("The last change of this webhook is still being saved. Wait until that is settled."))


def _refused(refusal: cx.Rejected) -> FieldErrors:
    at: dict[str, list[str]] = {}
    for name, texts in refusal.fields.items():
        first = name.split(".")[0]
        at.setdefault(_FORM_FIELDS.get(first, first), []).extend(texts)
    at = {name: list(dict.fromkeys(texts)) for name, texts in at.items()}
    if refusal.messages:
        at[""] = list(refusal.messages)
    return FieldErrors(_("Connexease refused: %(reason)s", reason=refusal.message), at)


def _not_saved(error: cx.ConnexeaseError) -> NotSaved:
    if isinstance(error, cx.RateLimited):
        return NotSaved(_("Connexease is busy. Nothing was changed; wait a minute, then try again."))
    if isinstance(error, cx.NotFound):
        return NotSaved(_("Connexease does not know this account or webhook any more. Nothing was changed."))
    return NotSaved(_("Connexease could not be asked. Nothing was changed; try again in a moment."))


def _url(row: Webhook) -> str:
    return str((row.wanted or row.seen or {}).get("callback_url", ""))


def _host(url: str) -> str:
    """What the audit log says of an address: its path and query may hold keys."""
    return urlsplit(url).hostname or url[:100]
