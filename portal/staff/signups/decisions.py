"""What the staff can do about a sign-up that is under way or stuck.

Every action changes a row only from the states that it is meant for and while no worker has it: pressed twice, or
by two people at once, it is done and recorded once.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal import audit, contact
from portal.customers.provisioning.release import release
from portal.customers.signup.registration import promise_verification
from portal.db import leases
from portal.db.queue import wake
from portal.errors import DomainError
from portal.extensions import session, settings
from portal.i18n import _
from portal.mail import outbox
from portal.mirror import projection
from portal.models import Account, AuditEntry, Mail, MailKind, Person, Provisioning, Step, now
from portal.staff.signups.board import DECIDED, UNFINISHED, WORKING, find

LET_IN = ("account.approved", "account.opened", "account.vouched_for")
"""What the staff did who wanted an account, as the audit log calls it."""


# --- decisions ---------------------------------------------------------------------------------------


def approve(actor: Person, account_id: UUID) -> Account:
    """Let a sign-up go on.

    Raises:
        DomainError: it does not wait for approval any more.
    """
    account = _waiting(account_id)
    release(account, approved=True)
    return _told(actor, account, MailKind.APPROVED, "account.approved")


def decline(actor: Person, account_id: UUID, note: str = "") -> Account:
    """Turn a sign-up down, and tell the customer.

    Raises:
        DomainError: it does not wait for approval any more.
    """
    account = _waiting(account_id)
    row = session().get_one(Provisioning, account.id)
    row.step, row.next_attempt_at, row.updated_at = Step.DECLINED, None, now()
    session().add(row)
    return _told(actor, account, MailKind.DECLINED, "account.declined", note=note.strip()[:500])


def _waiting(account_id: UUID) -> Account:
    """The account, while nobody else decides about it."""
    row = session().get(Provisioning, account_id, with_for_update=True, populate_existing=True)
    if row is None or row.step != Step.WAITING_FOR_APPROVAL:
        raise DomainError(_("This sign-up is no longer waiting for approval."))
    return session().get_one(Account, account_id)


def _told(actor: Person, account: Account, kind: MailKind, action: str, **facts: str) -> Account:
    """Record what was decided, tell the customer, and let the worker look at it."""
    audit.record(actor, account, action, account.name, **facts)
    context = {"account_id": str(account.id), "name": account.contact_name, **facts}
    return _going_on(account, outbox.promise(kind, account.contact_email, **context))


def _going_on(account: Account, mailed: Mail | None = None) -> Account:
    """Commit; the worker sends what was promised and looks at the set-up."""
    session().commit()
    if mailed is not None:
        wake("mail", str(mailed.id))
    wake("provision", str(account.id))
    return account


# --- help --------------------------------------------------------------------------------------------


def retry(actor: Person, account_id: UUID) -> Account:
    """Let the worker try at once, or look at Connexease again after it refused.

    Raises:
        DomainError: there is nothing to try.
    """
    account, step = _account(account_id), col(Provisioning.step)
    waits = (step.in_(WORKING), col(Provisioning.next_attempt_at) > now())
    if not _change(account_id, sa.and_(*waits), next_attempt_at=now()):
        refused = step.in_((Step.NEEDS_DETAILS, Step.NEEDS_PROOF))
        if not _change(account_id, refused, step=Step.CREATING_ACCOUNT, **_fresh()):
            # The page may be older than the worker's own next try.
            _say_why_not(account_id, already=(*WORKING, Step.READY))
            return account
    audit.record(actor, account, "account.tried_again", account.name)
    return _going_on(account)


def adopt(actor: Person, account_id: UUID, connexease_uuid: UUID, reason: str) -> Account:
    """Vouch that the customer owns the account that Connexease has under their address.

    The set-up then connects exactly that account, after it has looked that it is still there under this address
    and is nobody else's here. The customer is told by mail at that very address.

    Args:
        connexease_uuid: the account that the actor was shown.
        reason: how the actor knows.

    Raises:
        DomainError: no reason was given, or something else was found meanwhile.
    """
    if not reason.strip():
        raise DomainError(_("Enter how you know that the account is theirs."), "reason")
    account, row = _account(account_id), col(Provisioning.step)
    seen = sa.and_(row == Step.NEEDS_PROOF, col(Provisioning.found_uuid) == connexease_uuid)
    changes = {"step": Step.CREATING_ACCOUNT, "vouched_uuid": connexease_uuid, **_fresh()}
    if not _change(account_id, seen, **changes):
        _say_why_not(account_id, already=(*WORKING, Step.READY))
        return account
    audit.record(actor, account, "account.vouched_for", str(connexease_uuid), reason=reason.strip()[:300])
    mailed = outbox.promise(
        MailKind.ADOPTED, account.contact_email, name=account.contact_name, company=account.name
    )
    return _going_on(account, mailed)


def give_up(actor: Person, account_id: UUID, note: str = "") -> Account:
    """End a set-up that leads nowhere, and tell the customer.

    Raises:
        DomainError: it is ready, or a worker is at it.
    """
    account = _account(account_id)
    if not _change(account_id, col(Provisioning.step).in_(UNFINISHED), step=Step.GIVEN_UP, next_attempt_at=None):
        _say_why_not(account_id, already=(Step.GIVEN_UP,))
        return account
    return _told(actor, account, MailKind.GIVEN_UP, "account.given_up", note=note.strip()[:500])


def take_up(actor: Person, account_id: UUID) -> Account:
    """Go on with a set-up that was given up or declined, from where it stood, and tell the customer.

    Raises:
        DomainError: it was not ended, or its address can no longer be proven.
    """
    account = _account(account_id)
    step = _where_it_stood(account)
    if not _change(account_id, col(Provisioning.step).in_(DECIDED), step=step, **_fresh()):
        _say_why_not(account_id, already=UNFINISHED)
        return account
    audit.record(actor, account, "account.taken_up", account.name)
    return _going_on(account, _tell_that_it_goes_on(account, step))


def _tell_that_it_goes_on(account: Account, step: Step) -> Mail | None:
    """Whoever was told that it ended does not come back to look; of an approval they hear once it is given."""
    if step in WORKING:
        return outbox.promise(
            MailKind.TAKEN_UP, account.contact_email, account_id=str(account.id), name=account.contact_name
        )
    owner = (set_up := find(account.id)) and set_up.owner
    return promise_verification(owner, None) if owner and step == Step.WAITING_FOR_EMAIL else None


def mail_link(actor: Person, account_id: UUID) -> Account:
    """Mail the customer another link that proves their address.

    Raises:
        DomainError: nothing waits for it.
    """
    set_up = find(account_id)
    if set_up is None or not set_up.may_mail_link:
        raise DomainError(_("This sign-up is no longer waiting for a link."))
    mailed = promise_verification(set_up.owner, None)
    audit.record(actor, set_up.account, "account.link_mailed", set_up.owner.email)
    session().commit()
    wake("mail", str(mailed.id))
    return set_up.account


def _where_it_stood(account: Account) -> Step:
    if account.connexease_uuid is not None:
        return Step.REGISTERING_WEBHOOK
    if settings().signup_policy == "open":
        return Step.CREATING_ACCOUNT
    set_up = find(account.id)
    if set_up is not None and set_up.owner.email != contact.compared(account.contact_email):
        raise DomainError(
            _(
                "The owner now logs in with %(email)s, so they can't prove the account's own address. Create "
                "a new account for them instead.",
                email=set_up.owner.email,
            )
        )
    if set_up is not None and set_up.owner.email_verified_at is None:
        return Step.WAITING_FOR_EMAIL
    return Step.CREATING_ACCOUNT if _is_let_in(account) else Step.WAITING_FOR_APPROVAL


def _is_let_in(account: Account) -> bool:
    """Whether nobody has to approve of it, or somebody of the staff wanted it."""
    if settings().signup_policy != "approval":
        return True
    wanted = (col(AuditEntry.account_id) == account.id, col(AuditEntry.action).in_(LET_IN))
    return session().execute(sa.select(col(AuditEntry.id)).where(*wanted).limit(1)).first() is not None


def _fresh() -> dict[str, Any]:
    """A step that begins anew. What is known of calls that were begun stays."""
    return {"attempts": 0, "next_attempt_at": now(), "problem": None, "problem_text": "", "refused_fields": {}}


def _change(account_id: UUID, when: sa.ColumnElement[bool], **values: Any) -> bool:
    """Change a set-up if it is where it should be and no worker has it."""
    changed = session().execute(
        sa.update(Provisioning)
        .where(col(Provisioning.account_id) == account_id, when, leases.is_free(Provisioning))
        .values(updated_at=now(), **values)
        .execution_options(synchronize_session=False)
    )
    session().expire_all()
    if not changed.rowcount:  # type: ignore[attr-defined]
        return False
    projection.follow(account_id)
    return True


def _say_why_not(account_id: UUID, already: Sequence[Step]) -> None:
    """Nothing was changed: that is fine when what was asked for is the case already."""
    row = session().get_one(Provisioning, account_id, populate_existing=True)
    if row.step in already:
        return
    if row.claimed_until is not None and row.claimed_until > now():
        raise DomainError(_("The setup is running right now. Try again in a minute."))
    raise DomainError(_("The setup has moved on in the meantime. Check it again."))


def _account(account_id: UUID) -> Account:
    account = session().get(Account, account_id)
    if account is None or session().get(Provisioning, account_id) is None:
        raise DomainError(_("This sign-up doesn't exist."))
    return account
