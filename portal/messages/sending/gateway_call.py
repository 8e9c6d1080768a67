"""The call to the gateway: claimed by one process, begun on record, and its end recorded.

queued -> sending -> accepted | refused | unknown, or queued again when the gateway wants us a little later

The start is committed before the call. A call that was begun and whose end nobody knows leaves the message
`unknown`, and nothing here ever repeats it.
"""

import logging
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr, TypeAdapter, ValidationError
from sqlmodel import col

from portal.connexease import errors as cx
from portal.connexease import schemas
from portal.db import account_lock, leases
from portal.db.queue import wake
from portal.db.unit_of_work import unit_of_work
from portal.extensions import connexease, session
from portal.messages.reports import statuses
from portal.messages.sending import consent, pace, recording, results
from portal.messages.sending.results import Result
from portal.models import Account, Credential, CredentialKind, Message, MessageState, Person, now
from portal.secrets.crypto import VaultError
from portal.vault import keys

log = logging.getLogger(__name__)

SHORT_WAIT = 15
"""Seconds: a message waits this long by itself when the gateway asks for it; longer, and a person decides."""
FIRST_WAIT = 2
"""Seconds to wait when the gateway is busy and does not say how long."""
MOST_CALLS = 4
"""How often a busy gateway is asked before a person decides."""
PATIENCE = timedelta(seconds=3)
"""How long a page view leaves a message that is due to the worker."""

_MESSAGE: TypeAdapter[schemas.Message] = TypeAdapter(schemas.Message)


def due(limit: int = 100) -> list[UUID]:
    """Messages that were confirmed and not called, and those whose call was interrupted."""
    waits = sa.and_(
        col(Message.state) == MessageState.QUEUED,
        col(Message.next_attempt_at) <= now(),
        leases.is_free(Message),
    )
    query = sa.select(col(Message.id)).where(sa.or_(waits, _is_interrupted()))
    return list(session().execute(query.order_by(col(Message.next_attempt_at)).limit(limit)).scalars())


def send_if_overdue(message: Message) -> None:
    """Take a message on from a page view when no worker does, so that nothing hangs on one process."""
    is_due = message.next_attempt_at is not None and message.next_attempt_at < now() - PATIENCE
    if (message.state == MessageState.QUEUED and is_due) or _is_over(message):
        send(message.id)
        refresh(message)


def send(message_id: UUID) -> None:
    """Call the gateway for a message that was confirmed. Does nothing when another process did, or is at it."""
    with unit_of_work():
        _give_up(message_id)
        row = leases.take(
            Message,
            message_id,
            col(Message.state) == MessageState.QUEUED,
            state=MessageState.SENDING,
            call_started_at=now(),
            attempts=col(Message.attempts) + 1,
        )
        if row is None:
            return
        account = session().get_one(Account, row.account_id)
        prepared = _prepare_call(account, row)
        result = prepared if isinstance(prepared, Result) else _call(row, *prepared)
        _record(row, result)
        if not isinstance(prepared, Result):
            _note_use(account, row)


def _prepare_call(account: Account, row: Message) -> tuple[SecretStr, schemas.Message] | Result:
    """All that can fail before the gateway is called."""
    credential = credential_of(account, row)
    try:
        key = keys.kept_key(credential) if credential else None
    except (keys.NoKey, VaultError):
        key = None
    if key is None:
        return Result(MessageState.REFUSED, results.NO_KEY)
    try:
        message = _MESSAGE.validate_python((row.payload or {}) | {"biz_opaque_callback_data": row.callback_data})
    except ValidationError:
        return Result(MessageState.REFUSED, results.UNREADABLE)
    account_lock.take(row.account_id)  # from here to the commit nobody can opt out unseen
    refresh(row)
    if not _is_ours(row):
        return Result(MessageState.REFUSED, results.STALLED)
    if (refusal := consent.refusal(row)) is not None:
        return refusal
    row.payload, row.claimed_until = connexease().gateway.body(message), leases.until()
    session().add(row)
    pace.note_single(row.credential_id)
    session().commit()
    return key, message


def _is_ours(row: Message) -> bool:
    """Whether nobody gave the call up meanwhile: a process may be held up for longer than its claim lasts."""
    return row.state == MessageState.SENDING and row.claimed_until is not None and row.claimed_until > now()


def _call(row: Message, key: SecretStr, message: schemas.Message) -> Result:
    try:
        return results.of_success(connexease().gateway.send(key, message, row.mmlite, row.is_fake))
    except cx.ConnexeaseError as error:
        log.warning("message %s: %s", row.id, type(error).__name__)
        return results.of_error(error)
    except Exception:  # it may have left us all the same
        log.exception("message %s", row.id)
        return Result(MessageState.UNKNOWN, results.NO_ANSWER)


def _record(row: Message, result: Result) -> None:
    account_lock.take(row.account_id)
    refresh(row)
    wait, was_guessed = None, row.is_recognised
    if recording.record(row, result):
        wait = None if was_guessed else _wait(row, result)
        if wait is not None:
            row.state, row.next_attempt_at = MessageState.QUEUED, now() + timedelta(seconds=wait)
        statuses.catch_up([row])
    pace.learn(row.credential_id, [result])
    session().commit()
    if wait is not None:
        wake("message", str(row.id), delay=wait)


def _wait(row: Message, result: Result) -> float | None:
    """Seconds after which a busy gateway is asked again by itself; none when a person has to decide."""
    if not result.is_busy or row.attempts >= MOST_CALLS:
        return None
    asked = leases.delay(row.attempts, FIRST_WAIT, SHORT_WAIT) if result.wait is None else result.wait
    return asked if asked <= SHORT_WAIT else None


def _note_use(account: Account, row: Message) -> None:
    credential = credential_of(account, row)
    if credential is not None:
        sender = session().get(Person, row.sender_id) if row.sender_id else None
        keys.note_used(account, credential, "message", sender)


def _is_interrupted() -> sa.ColumnElement[bool]:
    return sa.and_(col(Message.state) == MessageState.SENDING, col(Message.claimed_until) < now())


def _is_over(row: Message) -> bool:
    """Whether a call was begun and whoever began it is gone."""
    return row.state == MessageState.SENDING and row.claimed_until is not None and row.claimed_until < now()


def _give_up(message_id: UUID) -> None:
    """A call that was begun by a process which is gone: nobody will ever know its end."""
    session().rollback()
    row = session().get(Message, message_id)
    if row is None or row.state != MessageState.SENDING:
        return
    account_lock.take(row.account_id)
    refresh(row)
    if _is_over(row):
        row.state, row.code = MessageState.UNKNOWN, results.INTERRUPTED
        row.claimed_until, row.answered_at = None, now()
        session().add(row)
        statuses.catch_up([row])
    session().commit()


def can_send(account: Account, credential: Credential) -> bool:
    """Whether messages of the account can be sent with it."""
    return (
        credential.account_id == account.id
        and credential.kind == CredentialKind.GATEWAY_KEY
        and credential.sealed_key is not None
    )


def credential_of(account: Account, message: Message) -> Credential | None:
    """The key that a message is sent with, while the vault holds it."""
    found = session().get(Credential, message.credential_id) if message.credential_id else None
    return found if found is not None and can_send(account, found) else None


def refresh(message: Message) -> None:
    """Read a message anew, and keep others from changing it until the transaction ends."""
    session().refresh(message, with_for_update=True)
