"""Reconciles a webhook at Connexease with its desired state, and finds out what became of a lost answer.

When nobody knows what became of the call, the row stays pending: the worker looks for a webhook with the same
callback, triggers and channels before it creates again, and repeats a change, which is harmless.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlmodel import col

from portal import audit
from portal.channels.snapshot import uuid_of
from portal.connexease import errors as cx
from portal.connexease import schemas
from portal.db import leases
from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError, FieldErrors, nothing_changed
from portal.extensions import connexease, session, vault
from portal.i18n import _, translated
from portal.models import Account, Webhook, now
from portal.secrets.stored import webhook_place
from portal.webhooks import snapshot
from portal.webhooks.drift import sealed_headers

log = logging.getLogger(__name__)

_FORM_FIELDS = {"data": "headers", "headers": "headers"}


def due(limit: int = 100) -> list[UUID]:
    """Webhooks whose outcome is to be found out now."""
    query = (
        sa.select(col(Webhook.id))
        .where(col(Webhook.is_pending), col(Webhook.next_attempt_at) <= now(), leases.is_free(Webhook))
        .order_by(col(Webhook.next_attempt_at))
        .limit(limit)
    )
    return list(session().execute(query).scalars())


def push(webhook_id: UUID) -> None:
    """Find out what became of a pending webhook, and finish it."""
    with unit_of_work():
        row = leases.take(Webhook, webhook_id, col(Webhook.is_pending).is_(True))
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
            leases.try_later(row, "webhook", error.message)
        except Exception:
            log.exception("webhook %s", webhook_id)
            session().rollback()
            session().refresh(row)
            leases.try_later(row, "webhook", "")


# --- the call --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Before:
    """What was wanted before, to go back to when Connexease refuses."""

    wanted: dict[str, Any] | None
    sealed_headers: str | None
    secret_headers: list[str]
    connexease_uuid: UUID | None
    seen: dict[str, Any] | None
    gone_at: datetime | None
    portal_webhook_id: UUID | None
    call_started_at: datetime | None

    @classmethod
    def of(cls, row: Webhook) -> "Before":
        return cls(**{field.name: getattr(row, field.name) for field in fields(cls)})

    def put_back(self, row: Webhook) -> None:
        for each in fields(self):
            setattr(row, each.name, getattr(self, each.name))
        if row.sealed_headers is not None:  # a rotation of the keys may have passed since these were read
            row.sealed_headers = vault().rewrap(row.sealed_headers, webhook_place(row))


def begin(row: Webhook) -> None:
    """Commit the intent, claimed for this process."""
    row.is_pending, row.problem_text, row.attempts = True, "", 0
    row.claimed_until = row.next_attempt_at = leases.until()
    session().add(row)
    session().commit()


def push_or_take_back(account: Account, row: Webhook, before: Before | None) -> None:
    """Ask Connexease now; what it refuses, or was certainly not asked, is as it was before.

    Raises:
        DomainError: nothing was changed.
    """
    try:
        _call(account, row)
    except cx.OutcomeUnknown as error:
        leases.try_later(row, "webhook", error.message)
    except cx.Rejected as refusal:
        _take_back(row, before)
        raise _refused(refusal) from None
    except cx.ConnexeaseError as error:
        _take_back(row, before)
        raise not_saved(error) from None


def _call(account: Account, row: Webhook) -> None:
    if row.connexease_uuid is None and row.call_started_at is not None:
        snapshot.read(account)  # an earlier call may have made it: then the list has it now
        session().refresh(row)
    if row.connexease_uuid is None:
        row.call_started_at = row.call_started_at or now()
        row.claimed_until = leases.until()
        session().add(row)
        session().commit()
        listed = connexease().reseller.create_webhook(uuid_of(account), schemas.NewWebhook(**_payload(row)))
    else:
        session().commit()
        change = schemas.WebhookChange(**_payload(row))
        listed = connexease().reseller.update_webhook(uuid_of(account), row.connexease_uuid, change)
    snapshot.see(row, listed)
    row.is_pending, row.call_started_at, row.problem_text, row.attempts = False, None, "", 0
    row.claimed_until = row.next_attempt_at = None
    session().add(row)
    session().commit()


def _payload(row: Webhook) -> dict[str, Any]:
    wanted = row.wanted or {}
    return {**wanted, "channels": [UUID(text) for text in wanted["channels"]], "data": _data(row)}


def _data(row: Webhook) -> schemas.WebhookData:
    headers = {name: SecretStr(value) for name, value in sealed_headers(row).items()}
    return schemas.WebhookData(headers=headers or None)


def _take_back(row: Webhook, before: Before | None) -> None:
    session().rollback()
    session().refresh(row)
    host = host_of(url_of(row))
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
            snapshot.read(account)
        session().refresh(row)
        if row.connexease_uuid is not None:
            leases.try_later(row, "webhook", "")  # found; the next try makes sure that all of it is as wanted
            return
        row.gone_at = now()  # `call_started_at` stays: should the list bring it later, it is recognised
    _give_up(row, refusal)


def _give_up(row: Webhook, error: cx.ConnexeaseError) -> None:
    row.is_pending, row.claimed_until, row.next_attempt_at = False, None, None
    row.problem_text = error.message[:500]
    session().add(row)
    session().commit()


# --- what is told of it ----------------------------------------------------------------------------


def _refused(refusal: cx.Rejected) -> FieldErrors:
    at: dict[str, list[str]] = {}
    for name, texts in refusal.fields.items():
        first = name.split(".")[0]
        at.setdefault(_FORM_FIELDS.get(first, first), []).extend(texts)
    at = {name: list(dict.fromkeys(texts)) for name, texts in at.items()}
    if refusal.messages:
        at[""] = list(refusal.messages)
    return FieldErrors(_("%(Vendor)s refused the change: %(reason)s", reason=translated(refusal.message)), at)


def not_saved(error: cx.ConnexeaseError) -> DomainError:
    """What somebody is told of a call that changed nothing."""
    unknown = _("%(Vendor)s no longer knows this account or webhook. Nothing was changed.")
    return nothing_changed(error, unknown)


def url_of(row: Webhook) -> str:
    """Where a webhook delivers, as far as anybody knows."""
    return str((row.wanted or row.seen or {}).get("callback_url", ""))


def host_of(url: str) -> str:
    """What the audit log says of an address: its path and query may hold keys."""
    return urlsplit(url).hostname or url[:100]
