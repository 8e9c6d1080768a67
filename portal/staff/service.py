"""Sign-ups that wait for the staff."""

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from portal import audit, mail
from portal.accounts.release import release
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.models import (
    Account,
    MailKind,
    Membership,
    Person,
    Provisioning,
    Role,
    Step,
    now,
)
from portal.queue import wake


@dataclass(frozen=True)
class SetUp:
    """An account that is not ready, with its state and its owner."""

    account: Account
    row: Provisioning
    owner: Person


def unfinished(limit: int = 200) -> list[SetUp]:
    """The set-ups that are not done, those that wait for a decision first, then the oldest."""
    query = (
        select(Account, Provisioning, Person)
        .join(Provisioning, col(Provisioning.account_id) == col(Account.id))
        .join(Membership, col(Membership.account_id) == col(Account.id))
        .join(Person, col(Person.id) == col(Membership.person_id))
        .where(Membership.role == Role.OWNER, col(Provisioning.step).not_in((Step.READY, Step.DECLINED)))
        .order_by(col(Provisioning.step) != Step.WAITING_FOR_APPROVAL, col(Provisioning.created_at))
        .limit(limit)
    )
    return [SetUp(*row) for row in session().exec(query)]


def accounts(wanted: str, limit: int = 50) -> list[Account]:
    """Accounts whose name, e-mail address or UUID matches, the newest first; all of them for an empty text."""
    query = select(Account).order_by(col(Account.created_at).desc()).limit(limit)
    if wanted := wanted.strip():
        text = f"%{wanted.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
        matches: list[sa.ColumnElement[bool]] = [
            col(Account.name).ilike(text, escape="!"),
            col(Account.contact_email).ilike(text, escape="!"),
        ]
        with suppress(ValueError):
            uuid = UUID(wanted)
            matches += [col(Account.id) == uuid, col(Account.connexease_uuid) == uuid]
        query = query.where(sa.or_(*matches))
    return list(session().exec(query))


def approve(actor: Person, account_id: UUID) -> Account:
    """Let a sign-up go on.

    Raises:
        DomainError: it does not wait for approval any more.
    """
    account = _waiting(account_id)
    release(account, approved=True)
    return _decided(actor, account, MailKind.APPROVED, "account.approved")


def decline(actor: Person, account_id: UUID) -> Account:
    """Turn a sign-up down.

    Raises:
        DomainError: it does not wait for approval any more.
    """
    account = _waiting(account_id)
    row = session().get_one(Provisioning, account.id)
    row.step, row.next_attempt_at, row.updated_at = Step.DECLINED, None, now()
    session().add(row)
    return _decided(actor, account, MailKind.DECLINED, "account.declined")


def _waiting(account_id: UUID) -> Account:
    row = session().get(Provisioning, account_id)
    if row is None or row.step != Step.WAITING_FOR_APPROVAL:
        raise DomainError(_("This sign-up does not wait for approval any more."))
    return session().get_one(Account, account_id)


def _decided(actor: Person, account: Account, kind: MailKind, action: str) -> Account:
    audit.record(actor, account, action, account.name)
    mailed = mail.promise(kind, account.contact_email, account_id=str(account.id), name=account.contact_name)
    session().commit()
    wake("mail", str(mailed.id))
    wake("provision", str(account.id))
    return account
