"""Invitations to take over an account that exists only at Connexease.

Whoever is invited proves their address by the mailed link, and logs in or chooses a password. Then the account
has its place here, and its set-up goes on with the portal's own webhook.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from portal import audit, contact
from portal.db.queue import wake
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _, language
from portal.identity import passwords
from portal.identity.address_proof import address_proven
from portal.identity.authentication import LinkSpent, find_person, normalised
from portal.identity.mailed_links import fingerprint
from portal.mail import outbox
from portal.models import (
    Account,
    AccountInvitation,
    Mail,
    MailKind,
    Membership,
    MirroredAccount,
    Person,
    Provisioning,
    Role,
    Step,
    now,
)

LIFETIME = timedelta(days=7)


@dataclass(frozen=True)
class Newcomer:
    """What somebody who has no login yet says of themselves."""

    first_name: str
    last_name: str
    time_zone: str
    password: str


def invite(actor: Person, row: MirroredAccount, email: str) -> AccountInvitation:
    """Ask somebody to take an account over; an earlier invitation to it ends.

    Raises:
        DomainError: the account has an owner here or is gone, or this is no address to invite.
    """
    address = normalised(contact.email(email, "email"))
    session().commit()
    session().refresh(row, with_for_update=True)  # of two who invite at once the second ends the first's
    if row.account_id is not None or row.connexease_uuid is None:
        raise DomainError(_("This account is already in the portal."))
    if row.gone_at is not None:
        raise DomainError(_("Connexease no longer lists this account, so it can't be taken over."))
    known = find_person(address)
    if known is not None and known.is_staff:
        raise DomainError(_("This address belongs to a member of the staff. Enter another one."), "email")
    _end_open(row.connexease_uuid)
    invitation = AccountInvitation(
        connexease_uuid=row.connexease_uuid,
        name=(row.name or row.contact_email)[:80],
        email=address,
        created_by=actor.email,
        expires_at=now() + LIFETIME,
    )
    session().add(invitation)
    audit.record(actor, None, "invitation.account_sent", invitation.name, to=address)
    mailed = outbox.promise(MailKind.ACCOUNT_INVITATION, address, invitation_id=str(invitation.id))
    session().commit()
    wake("mail", str(mailed.id))
    return invitation


def withdraw(actor: Person, row: MirroredAccount) -> None:
    """Let the invitation to an account lead nowhere; it is no error when there is none."""
    if row.connexease_uuid is not None and _end_open(row.connexease_uuid):
        audit.record(actor, None, "invitation.account_withdrawn", row.name or row.contact_email)
    session().commit()


def open_for(row: MirroredAccount) -> AccountInvitation | None:
    """The invitation that somebody may still accept."""
    if row.connexease_uuid is None or row.account_id is not None:
        return None
    query = select(AccountInvitation).where(*_is_open(), AccountInvitation.connexease_uuid == row.connexease_uuid)
    return session().exec(query.order_by(col(AccountInvitation.created_at).desc())).first()


def find(token: str) -> AccountInvitation | None:
    """The invitation behind a mailed link, while it can still be accepted."""
    query = select(AccountInvitation).where(*_is_open(), AccountInvitation.token_hash == fingerprint(token))
    return session().exec(query).first()


def invited_person(invitation: AccountInvitation) -> Person | None:
    """Whoever logs in with the invited address already; none for somebody who has yet to choose a password."""
    person = find_person(invitation.email)
    return person if person is not None and passwords.is_set(person.password_hash) else None


def accept_as(token: str, person: Person) -> Account:
    """Take the account over, as somebody who is logged in with the invited address.

    Raises:
        DomainError: the invitation is over, is for somebody else, or the account has an owner by now.
    """
    invitation = find(token)
    if invitation is None:
        raise LinkSpent
    if person.email != invitation.email or not person.is_enabled:
        raise DomainError(_("This invitation is for another address. Log in with the address that was invited."))
    return _connect(invitation, person)


def accept_new(token: str, newcomer: Newcomer) -> tuple[Person, Account]:
    """Take the account over, as somebody who chooses a password.

    Raises:
        DomainError: the invitation is over, the password will not do, or the account has an owner by now.
    """
    invitation = find(token)
    if invitation is None:
        raise LinkSpent
    names = (invitation.email, newcomer.first_name, newcomer.last_name)
    password_hash = passwords.strong_hash(newcomer.password, *names)
    person = find_person(invitation.email) or Person(email=invitation.email, password_hash=passwords.NONE)
    if passwords.is_set(person.password_hash):
        raise DomainError(_("This address already has a login. Log in to accept the invitation."))
    person.password_hash = password_hash
    person.first_name, person.last_name = newcomer.first_name, newcomer.last_name
    person.time_zone, person.language = newcomer.time_zone, language()
    person.session_epoch += 1
    session().add(person)
    return person, _connect(invitation, person)


def _connect(invitation: AccountInvitation, person: Person) -> Account:
    try:
        account, others = _spend(invitation, person)
        session().commit()
    except IntegrityError:  # somebody else was faster: with the account, or with the address
        session().rollback()
        raise LinkSpent from None
    for each in (account, *others):
        wake("provision", str(each.id))
    wake("read_account", str(account.id))
    return account


def _spend(invitation: AccountInvitation, person: Person) -> tuple[Account, list[Account]]:
    session().flush()
    spent = session().execute(
        sa.update(AccountInvitation)
        .where(col(AccountInvitation.id) == invitation.id, *_is_open())
        .values(accepted_at=now())
        .execution_options(synchronize_session=False)
    )
    row = (
        session()
        .exec(select(MirroredAccount).where(MirroredAccount.connexease_uuid == invitation.connexease_uuid))
        .first()
    )
    if not spent.rowcount or row is None or row.account_id is not None:  # type: ignore[attr-defined]
        session().rollback()
        raise LinkSpent
    if row.gone_at is not None:
        session().rollback()
        raise DomainError(_("%(Vendor)s no longer lists this account. Ask the person who invited you."))
    others = [] if person.email_verified_at else address_proven(person)
    account = _account(row, person)
    session().add(account)
    session().flush()
    session().add(Membership(person_id=person.id, account_id=account.id, role=Role.OWNER))
    session().add(Provisioning(account_id=account.id, step=Step.REGISTERING_WEBHOOK, next_attempt_at=now()))
    invitation.account_id = account.id
    session().add(invitation)
    audit.record(person, account, "account.taken_over", account.name)
    return account, others


def _account(row: MirroredAccount, person: Person) -> Account:
    return Account(
        connexease_uuid=row.connexease_uuid,
        name=(row.name or row.contact_email)[:80],
        contact_email=row.contact_email,
        billing_email=row.contact_email,
        contact_name=person.first_name,
        contact_lastname=person.last_name,
        time_zone=person.time_zone,
    )


def _end_open(connexease_uuid: UUID) -> bool:
    ended = session().execute(
        sa.update(AccountInvitation)
        .where(*_is_open(), col(AccountInvitation.connexease_uuid) == connexease_uuid)
        .values(withdrawn_at=now())
        .execution_options(synchronize_session=False)
    )
    return bool(ended.rowcount)  # type: ignore[attr-defined]


def _is_open() -> list[sa.ColumnElement[bool]]:
    return [
        col(AccountInvitation.accepted_at).is_(None),
        col(AccountInvitation.withdrawn_at).is_(None),
        col(AccountInvitation.expires_at) > now(),
    ]


@outbox.writes(MailKind.ACCOUNT_INVITATION)
def _write(mailed: Mail) -> outbox.Context | None:
    invitation = session().get(AccountInvitation, UUID(mailed.context["invitation_id"]))
    if invitation is None or invitation.accepted_at or invitation.withdrawn_at or invitation.expires_at <= now():
        return None
    token = secrets.token_urlsafe(32)
    invitation.token_hash = fingerprint(token)
    session().add(invitation)
    return {"invitation": invitation, "token": token}
