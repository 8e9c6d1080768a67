"""Sending a message exactly once: prepared, confirmed, called, recorded.

prepared -> queued -> sending -> accepted | refused | unknown

The confirmation is committed before anything else happens, so that a message is not forgotten, and the start of
the call before the call, so that it is not sent twice: a call that was begun and whose end nobody knows leaves
the message `unknown`, and nothing here ever repeats it.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from portal import audit
from portal.connexease import schemas
from portal.contacts.phone_numbers import masked
from portal.db import account_lock
from portal.db.engine import storable
from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.extensions import connexease, session
from portal.i18n import _
from portal.messages.sending import callback_data, consent, results
from portal.messages.sending.gateway_call import can_send, credential_of, due, refresh, send, send_if_overdue
from portal.models import (
    Account,
    Credential,
    CredentialKind,
    Message,
    MessageState,
    MessageType,
    Person,
    now,
)
from portal.vault import gateway_keys as vault_keys
from portal.vault import keys

__all__ = [
    "Composed",
    "LookAlike",
    "confirm",
    "discard",
    "due",
    "gateway_keys",
    "look_alike",
    "mark",
    "prepare",
    "send",
    "send_if_overdue",
    "settle",
    "show_anew",
]

LOOKS_ALIKE_FOR = timedelta(minutes=10)


class LookAlike(DomainError):
    """The same went to the same number a moment ago; `other` is that message."""

    def __init__(self, other: Message) -> None:
        super().__init__(_("You sent the same message to the same number less than ten minutes ago."))
        self.other = other


@dataclass(frozen=True)
class Composed:
    """What somebody wrote: the message, the key to send it with, and one plain line that tells what it is."""

    message: schemas.Message
    credential: Credential
    mmlite: bool = False
    is_fake: bool = False
    is_not_marketing: bool = False
    """Whether its sender says so of a template whose category nobody knows."""
    preview: str = ""
    template: UUID | None = None
    """The one of Connexease's list that it was written with."""
    template_seen: dict[str, Any] | None = None
    """The template as the person sees it, where its text is known."""
    callback_data: str | None = None
    """A value for its statuses to bring back, which is sent along although the key was not tried for that."""


def prepare(person: Person, account: Account, composed: Composed, intent: str) -> Message:
    """Keep what was written until it is confirmed. The same form again changes it; once confirmed, nothing does.

    Raises:
        DomainError: the key cannot be used, the form belongs to another account, or the recipient opted out.
    """
    if not can_send(account, composed.credential):
        raise DomainError(_("This API key is no longer in the vault. Choose another."), "credential")
    with unit_of_work():
        try:
            return _keep(person, account, composed, intent)
        except IntegrityError:  # the same form, a moment ago, in another request
            session().rollback()
            return _keep(person, account, composed, intent)


def mark(message: Message) -> str:
    """What a review shows, in one word: whoever confirms sends it along and sends nothing else than they saw."""
    facts = [message.payload, str(message.credential_id), message.mmlite, message.is_fake, message.is_marketing]
    return _hash([*facts, str(message.template_uuid), message.template_seen])


def show_anew(message: Message, preview: str, template_seen: dict[str, Any]) -> None:
    """Let a message that was prepared be seen as its template is by now. Does nothing to any other."""
    with unit_of_work():
        refresh(message)
        if message.state == MessageState.PREPARED:
            message.preview, message.template_seen = storable(preview, 200), template_seen
            session().add(message)
        session().commit()


def look_alike(account: Account, message: Message) -> Message | None:
    """The latest message with the same recipient and content that was confirmed a moment ago and may arrive."""
    query = select(Message).where(
        Message.account_id == account.id,
        Message.content_hash == message.content_hash,
        Message.id != message.id,
        col(Message.confirmed_at) >= now() - LOOKS_ALIKE_FOR,
        col(Message.state).not_in((MessageState.REFUSED, MessageState.FAILED)),
    )
    return session().exec(query.order_by(col(Message.confirmed_at).desc())).first()


def confirm(person: Person, account: Account, message: Message, *, anyway: bool = False, seen: str = "") -> None:
    """Send a message that was prepared; once, however often and wherever this is asked for.

    Args:
        anyway: send it although the same was sent a moment ago.
        seen: the `mark` of what the person looked at.

    Raises:
        LookAlike: the same was sent a moment ago.
        DomainError: it is not what the person looked at any more, its key is gone, or its recipient opted out.
    """
    with unit_of_work():
        account_lock.take(account.id)
        refresh(message)
        try:
            if message.state == MessageState.PREPARED:
                _refuse(account, message, anyway, seen)
                _queue(person, account, message)
            session().commit()
        finally:
            session().rollback()  # who is refused looks on, and must keep nobody waiting meanwhile
    send(message.id)


def discard(person: Person, account: Account, message_id: UUID) -> bool:
    """Forget a message that was prepared; whether it was there. One that is confirmed meanwhile stays."""
    with unit_of_work():
        gone = session().execute(
            sa.delete(Message)
            .where(
                col(Message.id) == message_id,
                col(Message.account_id) == account.id,
                col(Message.state) == MessageState.PREPARED,
            )
            .returning(col(Message.recipient))
            .execution_options(synchronize_session=False)
        )
        recipient = gone.scalar()
        if recipient is not None:
            audit.record(person, account, "message.discarded", masked(recipient))
        session().commit()
    return recipient is not None


def _keep(person: Person, account: Account, composed: Composed, intent: str) -> Message:
    query = select(Message).where(Message.intent == intent).with_for_update()
    row = session().exec(query.execution_options(populate_existing=True)).first()
    if row is None:
        row = Message(account_id=account.id, intent=intent, type=MessageType(composed.message.type))
    if row.account_id != account.id:
        raise DomainError(_("This form was already submitted. Write the message in a new form."))
    if row.state == MessageState.PREPARED:
        _write(row, person, composed)
        consent.refuse(row)
        session().add(row)
    session().commit()
    return row


def _write(row: Message, person: Person, composed: Composed) -> None:
    message, credential = composed.message, composed.credential
    row.type, row.recipient = MessageType(message.type), message.to
    row.created_at = now()  # what is edited is as young as its last edit
    row.payload = connexease().gateway.body(message)
    row.preview = storable(composed.preview, 200)
    row.template_uuid, row.template_seen = composed.template, composed.template_seen
    row.callback_data = composed.callback_data
    row.mmlite, row.is_fake, row.is_trial = composed.mmlite, composed.is_fake, credential.is_trial
    row.credential_id, row.credential_name = credential.id, keys.label(credential)
    row.is_marketing = consent.counts_as_marketing(row, is_said_otherwise=composed.is_not_marketing)
    row.credential_last_four = credential.last_four
    row.sender_id, row.sender = person.id, person.email
    row.content_hash = content_hash(message, is_test=row.is_fake or row.is_trial)


def content_hash(message: schemas.Message, *, is_test: bool) -> str:
    """What finds a message that looks the same. A test is no look-alike of one that goes out in earnest."""
    return _hash([message.as_json(without_none=True), is_test])


def _refuse(account: Account, message: Message, anyway: bool, seen: str) -> None:
    if seen and seen != mark(message):
        raise DomainError(_("The message was changed in another window. Review it again before you send it."))
    credential = credential_of(account, message)
    if credential is None:
        raise DomainError(
            _("The API key chosen for this message is no longer in the vault. Go back and choose another.")
        )
    consent.refuse(message)
    other = None if anyway else look_alike(account, message)
    if other is not None:
        raise LookAlike(other)
    if credential.echoes_callback_data and message.callback_data is None:
        message.callback_data = callback_data.made()


def _queue(person: Person, account: Account, message: Message) -> None:
    message.state = MessageState.QUEUED
    message.confirmed_at = message.next_attempt_at = now()
    message.sender_id, message.sender = person.id, person.email
    session().add(message)
    details = {"type": message.type.value, "test": message.is_fake or message.is_trial}
    audit.record(person, account, "message.sent", masked(message.recipient), **details)


def settle(person: Person, account: Account, message: Message, arrived: bool) -> None:
    """Note what a person found out about a message without an answer. Does nothing to any other."""
    with unit_of_work():
        account_lock.take(account.id)
        refresh(message)
        if message.state != MessageState.UNKNOWN:
            return
        message.state = MessageState.DELIVERED if arrived else MessageState.FAILED
        message.code = "" if arrived else results.NOT_ARRIVED
        message.settled_by, message.settled_at, message.settled_arrived = person.email, now(), arrived
        session().add(message)
        action = "message.settled_arrived" if arrived else "message.settled_lost"
        audit.record(person, account, action, masked(message.recipient))
        session().commit()


def gateway_keys(account: Account) -> Sequence[Credential]:
    """The account's gateway keys that messages can be sent with."""
    return vault_keys.usable(account)


def has_gateway_key(account: Account) -> bool:
    """Whether there is one."""
    return session().execute(_key_query(), {"account": account.id}).first() is not None


@cache
def _key_query() -> sa.Select[Any]:
    return sa.select(col(Credential.id)).where(*_sends()).limit(1)


def _sends() -> tuple[Any, ...]:
    return (
        col(Credential.account_id) == sa.bindparam("account"),
        col(Credential.kind) == CredentialKind.GATEWAY_KEY,
        col(Credential.sealed_key).is_not(None),
        col(Credential.keep),
    )


def _hash(facts: Any) -> str:
    text = json.dumps(facts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
