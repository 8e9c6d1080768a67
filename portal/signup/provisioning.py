"""Setting an account up at Connexease: a state machine that can be stopped anywhere and taken up again.

account created -> the portal's own webhook registered -> ready

Each call is three steps: commit what we are about to do, call, commit what happened. A row that still says
that a call was begun, with no outcome, is looked into before anything is asked for again. Both calls have a
natural key at Connexease (`contact_email`; callback URL with triggers), so nothing is made twice.
"""

import logging
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlmodel import col, select

from portal import audit, claims
from portal.accounts.service import first_owner
from portal.connexease import errors as cx
from portal.connexease import schemas
from portal.connexease.reseller import Reseller
from portal.database import storable, writing
from portal.extensions import connexease, session
from portal.models import (
    Account,
    Person,
    PortalWebhook,
    Problem,
    Provisioning,
    Step,
    now,
)
from portal.queue import wake
from portal.signup.service import promise_verification
from portal.webhooks import own

log = logging.getLogger(__name__)

WORKING = (Step.CREATING_ACCOUNT, Step.REGISTERING_WEBHOOK)
PATIENCE = timedelta(seconds=3)
"""How long a page view leaves a due step to the worker."""
FIRST_DELAY, LONGEST_DELAY = 2, 900


def due(limit: int = 100) -> list[UUID]:
    """The accounts whose set-up should be taken up now."""
    query = (
        sa.select(col(Provisioning.account_id))
        .where(_is_working(), col(Provisioning.next_attempt_at) <= now(), claims.is_free(Provisioning))
        .order_by(col(Provisioning.next_attempt_at))
        .limit(limit)
    )
    return list(session().execute(query).scalars())


def advance_if_overdue(account_id: UUID) -> None:
    """Take the set-up on from a page view when no worker does, so that nothing hangs on one process."""
    row = session().get_one(Provisioning, account_id)
    if row.step in WORKING and row.next_attempt_at and row.next_attempt_at < now() - PATIENCE:
        advance(account_id)


def advance(account_id: UUID) -> None:
    """Take the set-up as far as it goes now. Does nothing when it waits or another process is at it."""
    with writing():
        while (row := claims.take(Provisioning, account_id, _is_working())) is not None:
            step = row.step
            _try_step(row, session().get_one(Account, account_id))
            if row.step == step:
                return


def _try_step(row: Provisioning, account: Account) -> None:
    interrupted = row.call_started_at is not None
    try:
        _STEPS[row.step](row, account)
    except cx.ConnexeaseError as error:
        log.warning("set-up of account %s at step %s: %s", row.account_id, row.step, type(error).__name__)
        _note_failure(row, _problem(error), error.message)
        if error.method == "POST" and not isinstance(error, cx.OutcomeUnknown) and not interrupted:
            row.call_started_at = None  # certainly not done, so there is nothing to find out
        _retry_later(row, error.retry_after if isinstance(error, cx.RateLimited) else None)
    except Exception:
        log.exception("set-up of account %s at step %s", row.account_id, row.step)
        _note_failure(row, Problem.UNEXPECTED, "")
        _retry_later(row, None)
    finally:
        _give_back(row)


def _is_working() -> sa.ColumnElement[bool]:
    return col(Provisioning.step).in_(WORKING)


def _give_back(row: Provisioning) -> None:
    row.claimed_until = None
    _save(row)


# --- the account -----------------------------------------------------------------------------------


def _create_account(row: Provisioning, account: Account) -> None:
    proven = _is_proven(account)
    if row.call_started_at is not None:
        # An earlier call was begun and nobody knows how it ended.
        found = _reseller().find_account(account.contact_email)
        if found is not None:
            _adopt_or_ask(row, account, found, ours=row.absent_seen_at is not None)
            return
    elif not proven and not _seen_absent(row, account):
        return
    interrupted = row.call_started_at is not None
    _begin_call(row)
    try:
        made = _reseller().create_account(_new_account(account))
    except cx.Rejected as refusal:
        _account_refused(row, account, refusal, interrupted)
    else:
        _account_made(row, account, made)


def _seen_absent(row: Provisioning, account: Account) -> bool:
    """Make sure, for an unproven address, that an account found later is the one that we asked for."""
    found = _reseller().find_account(account.contact_email)
    if found is not None and found.uuid == row.vouched_uuid:
        _adopt_or_ask(row, account, found, ours=False)
        return False
    if found is not None:
        _ask_for_proof(row, account, found)
        return False
    row.absent_seen_at = now()
    return True


def _account_refused(row: Provisioning, account: Account, refusal: cx.Rejected, interrupted: bool) -> None:
    if not interrupted:
        # Certainly not done. Should the lookup fail, the next try must not take what it finds for ours.
        row.call_started_at = None
        _save(row)
    found = _reseller().find_account(account.contact_email)
    if found is not None:
        # Refused because it exists: perhaps by the earlier call of ours that arrived late.
        _adopt_or_ask(row, account, found, ours=interrupted and row.absent_seen_at is not None)
        return
    row.call_started_at = None
    row.step, row.problem, row.problem_text = Step.NEEDS_DETAILS, Problem.REFUSED, refusal.message[:500]
    row.refused_fields = {"fields": refusal.fields, "messages": refusal.messages}
    _save(row)


def _adopt_or_ask(row: Provisioning, account: Account, found: schemas.Account, *, ours: bool) -> None:
    """Connect the account that Connexease has under this address, if it is certainly this customer's."""
    if _belongs_to_another(account, found.uuid):
        row.call_started_at = None
        row.step, row.problem = Step.NEEDS_DETAILS, Problem.TAKEN
        row.refused_fields = {"fields": {}, "messages": []}
        _save(row)
    elif _is_proven(account) or found.uuid == row.vouched_uuid or (ours and found.name == account.name):
        _account_made(row, account, found)
    else:
        _ask_for_proof(row, account, found)


def _ask_for_proof(row: Provisioning, account: Account, found: schemas.Account) -> None:
    row.call_started_at, row.vouched_uuid = None, None
    row.found_uuid, row.found_name = found.uuid, storable(found.name, 200)
    row.step, row.problem = Step.NEEDS_PROOF, Problem.TAKEN
    owner = _owner(account)
    mailed = promise_verification(owner, None)
    _save(row)
    wake("mail", str(mailed.id))


def _account_made(row: Provisioning, account: Account, made: schemas.Account) -> None:
    account.connexease_uuid = made.uuid
    session().add(account)
    audit.record(None, account, "account.created_at_connexease", str(made.uuid))
    _next_step(row, Step.REGISTERING_WEBHOOK)


def _new_account(account: Account) -> schemas.NewAccount:
    return schemas.NewAccount(
        name=account.name,
        contact_email=account.contact_email,
        billing_email=account.billing_email,
        contact_name=account.contact_name or None,
        contact_lastname=account.contact_lastname or None,
        contact_phone_number=account.contact_phone_number or None,
        time_zone=account.time_zone,
    )


def _belongs_to_another(account: Account, connexease_uuid: UUID) -> bool:
    query = select(Account.id).where(Account.connexease_uuid == connexease_uuid, Account.id != account.id)
    return session().exec(query).first() is not None


def _is_proven(account: Account) -> bool:
    """Whether an owner has proven the account's own address."""
    owner = _owner(account)
    return owner.email_verified_at is not None and owner.email == account.contact_email.casefold()


def _owner(account: Account) -> Person:
    owner = session().exec(select(Person).where(col(Person.id) == first_owner(account.id))).first()
    if owner is None:
        raise LookupError("an account without an owner")
    return owner


# --- the portal's own webhook ----------------------------------------------------------------------


def _register_webhook(row: Provisioning, account: Account) -> None:
    hook = own.onboarding(account)
    if row.call_started_at is not None and _adopt_webhook(row, account, hook):
        return
    _begin_call(row)
    try:
        made = _reseller().create_webhook(_uuid(account), _new_webhook(hook))
    except cx.Rejected:
        if not _adopt_webhook(row, account, hook):
            _webhook_held_elsewhere(row, account, hook)
    else:
        _webhook_registered(row, account, hook, made.uuid)


def _adopt_webhook(row: Provisioning, account: Account, hook: PortalWebhook) -> bool:
    """Look whether an earlier call did register it; make sure that it is on and bears our secret."""
    for listed in _reseller().webhooks(_uuid(account)):
        if listed.callback_url == own.callback_url(hook) and own.ONBOARDING_TRIGGER in listed.triggers:
            change = schemas.WebhookChange(is_active=True, data=_headers(hook))
            _reseller().update_webhook(_uuid(account), listed.uuid, change)
            _webhook_registered(row, account, hook, listed.uuid)
            return True
    return False


def _webhook_held_elsewhere(row: Provisioning, account: Account, hook: PortalWebhook) -> None:
    # Channels are found by asking for the list as well, so the account works without the event.
    hook.held_elsewhere = True
    session().add(hook)
    audit.record(None, account, "webhook.held_elsewhere", own.ONBOARDING_TRIGGER)
    _next_step(row, Step.READY)


def _webhook_registered(row: Provisioning, account: Account, hook: PortalWebhook, uuid: UUID) -> None:
    hook.connexease_uuid, hook.registered_at, hook.held_elsewhere = uuid, now(), False
    session().add(hook)
    audit.record(None, account, "webhook.registered", own.ONBOARDING_TRIGGER)
    _next_step(row, Step.READY)


def _new_webhook(hook: PortalWebhook) -> schemas.NewWebhook:
    return schemas.NewWebhook(
        callback_url=own.callback_url(hook),
        triggers=[own.ONBOARDING_TRIGGER],
        channels=[],
        is_active=True,
        data=_headers(hook),
    )


def _headers(hook: PortalWebhook) -> schemas.WebhookData:
    secrets_to_send = {name: SecretStr(value) for name, value in own.headers(hook).items()}
    return schemas.WebhookData(headers=secrets_to_send)


def _uuid(account: Account) -> UUID:
    if account.connexease_uuid is None:
        raise LookupError("the account has no UUID at Connexease yet")
    return account.connexease_uuid


# --- what every step does --------------------------------------------------------------------------


def _reseller() -> Reseller:
    """The Reseller API. No transaction stays open while another machine is asked."""
    session().commit()
    return connexease().reseller


def _begin_call(row: Provisioning) -> None:
    row.call_started_at = row.call_started_at or now()
    row.claimed_until = claims.until()
    _save(row)


def _next_step(row: Provisioning, step: Step) -> None:
    row.step, row.call_started_at, row.attempts = step, None, 0
    row.problem, row.problem_text, row.refused_fields = None, "", {}
    row.next_attempt_at = now()
    _save(row)


def _note_failure(row: Provisioning, problem: Problem, text: str) -> None:
    session().rollback()  # half a transaction is dropped; what was committed stands
    session().refresh(row)
    row.problem, row.problem_text = problem, text[:500]
    row.attempts += 1


def _retry_later(row: Provisioning, asked: float | None) -> None:
    delay = max(claims.delay(row.attempts, FIRST_DELAY, LONGEST_DELAY), asked or 0)
    row.next_attempt_at = now() + timedelta(seconds=delay)
    _save(row)
    wake("provision", str(row.account_id), delay=delay)


def _problem(error: cx.ConnexeaseError) -> Problem:
    by_class = {
        cx.OutcomeUnknown: Problem.UNKNOWN_OUTCOME,
        cx.RateLimited: Problem.BUSY,
        cx.Unauthorized: Problem.NOT_ALLOWED,
        cx.BadAnswer: Problem.UNEXPECTED,
        cx.Unavailable: Problem.UNREACHABLE,
    }
    return next((problem for kind, problem in by_class.items() if isinstance(error, kind)), Problem.UNEXPECTED)


def _save(row: Provisioning) -> None:
    row.updated_at = now()
    session().add(row)
    session().commit()


_STEPS = {Step.CREATING_ACCOUNT: _create_account, Step.REGISTERING_WEBHOOK: _register_webhook}
