"""The step that makes the account at Connexease, or finds that it is there."""

from uuid import UUID

from sqlmodel import col, select

from portal import audit, contact
from portal.connexease import errors as cx
from portal.connexease import schemas
from portal.customers.provisioning import steps
from portal.customers.signup.registration import promise_verification
from portal.db.engine import storable
from portal.db.queue import wake
from portal.extensions import session
from portal.identity.memberships import first_owner
from portal.models import Account, Person, Problem, Provisioning, Step, now


def create_account(row: Provisioning, account: Account) -> None:
    """Make it, unless it is there: an earlier call may have made it, or somebody before us."""
    proven = _is_proven(account)
    if row.call_started_at is not None:
        # An earlier call was begun and nobody knows how it ended.
        found = steps.reseller().find_account(account.contact_email)
        if found is not None:
            _adopt_or_ask(row, account, found, ours=row.absent_seen_at is not None)
            return
    elif not proven and not _seen_absent(row, account):
        return
    interrupted = row.call_started_at is not None
    steps.begin(row)
    try:
        made = steps.reseller().create_account(_new_account(account))
    except cx.Rejected as refusal:
        _account_refused(row, account, refusal, interrupted)
    else:
        _account_made(row, account, made)


def _seen_absent(row: Provisioning, account: Account) -> bool:
    """Make sure, for an unproven address, that an account found later is the one that we asked for."""
    found = steps.reseller().find_account(account.contact_email)
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
        steps.save(row)
    found = steps.reseller().find_account(account.contact_email)
    if found is not None:
        # Refused because it exists: perhaps by the earlier call of ours that arrived late.
        _adopt_or_ask(row, account, found, ours=interrupted and row.absent_seen_at is not None)
        return
    row.call_started_at = None
    row.step, row.problem, row.problem_text = Step.NEEDS_DETAILS, Problem.REFUSED, refusal.message[:500]
    row.refused_fields = {"fields": refusal.fields, "messages": refusal.messages}
    steps.save(row)


def _adopt_or_ask(row: Provisioning, account: Account, found: schemas.Account, *, ours: bool) -> None:
    """Connect the account that Connexease has under this address, if it is certainly this customer's."""
    if _belongs_to_another(account, found.uuid):
        row.call_started_at = None
        row.step, row.problem = Step.NEEDS_DETAILS, Problem.TAKEN
        row.refused_fields = {"fields": {}, "messages": []}
        steps.save(row)
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
    steps.save(row)
    wake("mail", str(mailed.id))


def _account_made(row: Provisioning, account: Account, made: schemas.Account) -> None:
    account.connexease_uuid = made.uuid
    session().add(account)
    audit.record(None, account, "account.created_at_connexease", str(made.uuid))
    steps.go_on(row, Step.REGISTERING_WEBHOOK)


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
    return owner.email_verified_at is not None and owner.email == contact.compared(account.contact_email)


def _owner(account: Account) -> Person:
    owner = session().exec(select(Person).where(col(Person.id) == first_owner(account.id))).first()
    if owner is None:
        raise LookupError("an account without an owner")
    return owner
