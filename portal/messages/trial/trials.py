"""A check of a gateway key, from the form to its end, through crashes and lost answers.

begun -> a message in test mode -> where the person agreed, a real one -> its status event, or the time is over

Both messages are messages like any other, each under an intent that is made of the check's id: however often this
is begun again after a crash, each goes out once. A value of our own goes along, see
`Credential.echoes_callback_data`; where the gateway refuses a message with it, the same goes out without.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from portal import audit
from portal.channels import proof
from portal.connexease import schemas
from portal.db import leases
from portal.db.queue import wake
from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.messages.compose import recipients
from portal.messages.sending import callback_data, outbox, results
from portal.messages.trial.facts import MOVING, Facts, find, gather, intent_of, number_reported
from portal.models import Account, Credential, KeyTrial, Message, MessageState, Person, now
from portal.vault import keys

DEADLINE = timedelta(minutes=2)
"""How long a status event is waited for."""
OFTEN_UNTIL = timedelta(seconds=20)
OFTEN, SELDOM = 2, 10
"""Seconds between two looks, at first and later."""
PATIENCE = timedelta(seconds=3)
"""How long a page view leaves a check that is due to the worker."""


def begin(
    person: Person, account: Account, credentials: Sequence[Credential], to: str, *, wants_real: bool, intent: str
) -> None:
    """Check these keys. The same form sent twice checks each once.

    Args:
        to: the person's own number, as typed.
        wants_real: whether a real message may go to it.

    Raises:
        DomainError: it is no phone number.
    """
    recipient = recipients.read(to, account.time_zone).e164
    begun = [
        KeyTrial(
            account_id=account.id,
            credential_id=credential.id,
            intent=intent,
            person_id=person.id,
            recipient=recipient,
            wants_real=wants_real,
        )
        for credential in credentials
    ]
    with unit_of_work():
        try:
            _forget_older(account, credentials, intent)
            session().add_all(begun)
            for credential in credentials:
                audit.record(person, account, "gateway_key.checked", keys.label(credential))
            session().commit()
        except IntegrityError:  # the same form, a moment ago
            session().rollback()
            return
        ids = [str(trial.id) for trial in begun]
    for trial_id in ids:
        wake("key_trial", trial_id)


def _forget_older(account: Account, credentials: Sequence[Credential], intent: str) -> None:
    session().execute(
        sa.delete(KeyTrial)
        .where(
            col(KeyTrial.account_id) == account.id,
            col(KeyTrial.credential_id).in_([credential.id for credential in credentials]),
            col(KeyTrial.ended_at).is_not(None),
            col(KeyTrial.intent) != intent,
        )
        .execution_options(synchronize_session=False)
    )


def latest(account: Account) -> dict[UUID, KeyTrial]:
    """The newest check of each of the account's keys."""
    query = select(KeyTrial).where(KeyTrial.account_id == account.id).order_by(col(KeyTrial.created_at))
    return {trial.credential_id: trial for trial in session().exec(query)}


def newest(account: Account) -> KeyTrial | None:
    """The newest check of all."""
    return session().execute(_newest_query(), {"account": account.id}).scalars().first()


@cache
def _newest_query() -> sa.Select[Any]:
    query = sa.select(KeyTrial).where(col(KeyTrial.account_id) == sa.bindparam("account"))
    return query.order_by(col(KeyTrial.created_at).desc()).limit(1)


def find_check(account: Account, trial_id: UUID) -> KeyTrial | None:
    """One of the account's checks."""
    query = select(KeyTrial).where(KeyTrial.id == trial_id, KeyTrial.account_id == account.id)
    return session().exec(query).first()


def name_channel(person: Person, account: Account, trial: KeyTrial, channel_uuid: UUID) -> None:
    """Somebody says which channel a check's message came from.

    Raises:
        DomainError: the check found no number, or the account has no such channel.
    """
    number = gather(trial).number
    if not number or trial.ended_at is None:
        raise DomainError(_("This check found no number. Check the connection again."))
    proof.say(person, account, channel_uuid, number, trial.ended_at)


def due(limit: int = 100) -> list[UUID]:
    """Checks that are to be taken on."""
    query = sa.select(col(KeyTrial.id)).where(
        col(KeyTrial.ended_at).is_(None), col(KeyTrial.next_attempt_at) <= now(), leases.is_free(KeyTrial)
    )
    return list(session().execute(query.order_by(col(KeyTrial.next_attempt_at)).limit(limit)).scalars())


def advance_if_overdue(trial: KeyTrial) -> None:
    """Take a check on from a page view when no worker does, so that nothing hangs on one process."""
    if trial.ended_at is None and trial.next_attempt_at < now() - PATIENCE:
        advance(trial.id)
        session().refresh(trial)


def advance(trial_id: UUID) -> None:
    """Do what comes next in a check. Does nothing when it is over or another process is at it."""
    with unit_of_work():
        trial = leases.take(KeyTrial, trial_id, col(KeyTrial.ended_at).is_(None))
        if trial is None:
            return
        credential = session().get(Credential, trial.credential_id)
    problem = ""
    try:
        if credential is None:
            raise DomainError(_("This API key is no longer in the vault."))
        tested = _send(trial, credential, "test")
        if trial.wants_real and tested.state == MessageState.ACCEPTED:
            _send(trial, credential, "real")
    except DomainError as error:
        problem = error.message
    _look(trial_id, problem)


# --- the messages ------------------------------------------------------------------------------------


def _send(trial: KeyTrial, credential: Credential, kind: str) -> Message:
    """The check's message of this kind, sent if it was not yet; as far as that has come."""
    if trial.refuses_callback_data or find(trial, kind, plain=True) is not None:
        return _message(trial, credential, kind, plain=True)
    message = _message(trial, credential, kind, plain=False)
    if not _may_be_the_value(message):
        return message
    _expect_no_echo(credential)
    plain = _message(trial, credential, kind, plain=True)
    if plain.state not in (*MOVING, MessageState.REFUSED, MessageState.UNKNOWN):
        _note_refused_value(trial)
    return plain


def _message(trial: KeyTrial, credential: Credential, kind: str, *, plain: bool) -> Message:
    person = session().get_one(Person, trial.person_id)
    account = session().get_one(Account, trial.account_id)
    message = find(trial, kind, plain=plain)
    if message is None:
        composed = _composed(trial, credential, is_fake=kind == "test", plain=plain)
        message = outbox.prepare(person, account, composed, intent_of(trial, kind, plain=plain))
    if message.state == MessageState.PREPARED:
        outbox.confirm(person, account, message, anyway=True)
    outbox.send_if_overdue(message)
    session().refresh(message)
    return message


def _composed(trial: KeyTrial, credential: Credential, *, is_fake: bool, plain: bool) -> outbox.Composed:
    body = _("This message tests the connection. If you can read it, sending works.")
    return outbox.Composed(
        schemas.TextMessage(to=trial.recipient, text=schemas.Text(body=body)),
        credential,
        is_fake=is_fake,
        preview=body,
        callback_data=None if plain else callback_data.made(),
    )


def _may_be_the_value(message: Message) -> bool:
    """Whether the gateway found something wrong with what is in the message, which may be the value."""
    is_about_body = message.code.startswith("GW_") or message.code == results.REJECTED
    return message.state == MessageState.REFUSED and (is_about_body or message.http_status == 400)


def _expect_no_echo(credential: Credential) -> None:
    """Nothing sends the value with this key from now on, so that the next try goes without."""
    with unit_of_work():
        session().refresh(credential)
        credential.echoes_callback_data = None
        session().add(credential)
        session().commit()


def _note_refused_value(trial: KeyTrial) -> None:
    with unit_of_work():
        session().refresh(trial)
        trial.refuses_callback_data = True
        session().add(trial)
        session().commit()


# --- its end -----------------------------------------------------------------------------------------


def _look(trial_id: UUID, problem: str) -> None:
    """Look how far it has come, and end it where nothing more will happen."""
    with unit_of_work():
        trial = session().get(KeyTrial, trial_id, with_for_update=True, populate_existing=True)
        if trial is None or trial.ended_at is not None:
            return
        trial.claimed_until, facts = None, gather(trial)
        is_over = bool(problem) or facts.is_over or trial.created_at < now() - DEADLINE
        wait = OFTEN if trial.created_at > now() - OFTEN_UNTIL else SELDOM
        if is_over:
            trial.ended_at, trial.recipient, trial.problem_text = now(), "", problem[:500]
            trial.number = number_reported(facts)
            _conclude(facts)
        else:
            trial.next_attempt_at = now() + timedelta(seconds=wait)
        session().add(trial)
        session().commit()
    if not is_over:
        wake("key_trial", str(trial_id), delay=wait)


def _conclude(facts: Facts) -> None:
    """Note at the key what was found out about it."""
    credential = session().get(Credential, facts.trial.credential_id, with_for_update=True, populate_existing=True)
    if credential is None:
        return
    if facts.brought_back is not None:
        credential.echoes_callback_data = facts.brought_back
    if facts.is_round_trip:
        credential.proven_at = now()
    session().add(credential)
    proof.note(facts.trial.account_id, facts.number, now())
