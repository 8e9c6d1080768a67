"""Inviting people by mail, and joining."""

import secrets
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from portal import audit, contact
from portal.db.queue import wake
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _, language
from portal.identity import passwords, sessions
from portal.identity.address_proof import address_proven
from portal.identity.authentication import find_person, normalised
from portal.identity.mailed_links import fingerprint
from portal.mail import outbox
from portal.models import Account, Invitation, Mail, MailKind, Membership, Person, Role, StaffRole, now

LIFETIME = timedelta(days=7)


def invite(actor: Person, account: Account | None, email: str, role: Role | StaffRole) -> Invitation:
    """Invite somebody by mail. Whether the address has a login is found out by nobody but its owner.

    Args:
        account: which they shall belong to; none for the reseller's staff.

    Raises:
        DomainError: it is no address, or it belongs already, or was invited already.
    """
    address = normalised(contact.email(email, "email"))
    _one_at_a_time(account)
    _refuse_who_belongs(account, address)
    for row in _pending(account, address):
        if not row.is_over:
            raise DomainError(_("This address already has an invitation. Send that one again instead."), "email")
        row.withdrawn_at = now()
        session().add(row)
    row = Invitation(
        account_id=account.id if account else None,
        email=address,
        role=role if isinstance(role, Role) else None,
        staff_role=role if isinstance(role, StaffRole) else None,
        invited_by=actor.full_name,
        expires_at=now() + LIFETIME,
    )
    session().add(row)
    audit.record(actor, account, "member.invited" if account else "staff.invited", address, role=role.value)
    _mail(row)
    return row


def open_of(account: Account | None) -> list[Invitation]:
    """The invitations to an account, or to the staff, that nobody accepted or withdrew; the newest first."""
    return list(session().exec(_open(account).order_by(col(Invitation.created_at).desc())))


def send_again(actor: Person, account: Account | None, invitation_id: UUID) -> Invitation:
    """Mail another link; the one before does nothing any more.

    Raises:
        DomainError: it was accepted or withdrawn meanwhile.
    """
    row = _open_or_refused(account, invitation_id)
    row.expires_at, row.token_hash = now() + LIFETIME, None
    session().add(row)
    audit.record(actor, account, "invitation.sent_again", row.email)
    _mail(row)
    return row


def withdraw(actor: Person, account: Account | None, invitation_id: UUID) -> Invitation:
    """Let an invitation do nothing any more.

    Raises:
        DomainError: it was accepted or withdrawn meanwhile.
    """
    row = _open_or_refused(account, invitation_id)
    row.withdrawn_at, row.token_hash = now(), None
    session().add(row)
    audit.record(actor, account, "invitation.withdrawn", row.email)
    session().commit()
    return row


def find(token: str) -> tuple[Invitation, Account | None] | None:
    """The invitation behind a mailed link and the account that it is to, while it can be accepted."""
    query = select(Invitation).where(Invitation.token_hash == fingerprint(token))
    row = session().exec(query).first()
    if row is None or row.accepted_at or row.withdrawn_at or row.is_over:
        return None
    return row, session().get_one(Account, row.account_id) if row.account_id else None


def join(person: Person, row: Invitation) -> None:
    """Accept an invitation with the login that one has.

    Raises:
        DomainError: it is to somebody else, or does nothing any more.
    """
    if person.email != row.email:
        raise DomainError(
            _("This invitation is for a different address. Log in with the address that was invited.")
        )
    _spend(row)
    accounts = [] if person.email_verified_at else address_proven(person)  # the link came to this address
    _let_in(person, row)
    session().commit()
    for account in accounts:
        wake("provision", str(account.id))


def join_as_new(row: Invitation, first_name: str, last_name: str, password: str, time_zone: str = "UTC") -> Person:
    """Accept an invitation with a login that is made for it.

    Args:
        time_zone: of somebody of the staff; the others have their account's.

    Raises:
        DomainError: the password will not do, the address has a login meanwhile, or the link is spent.
    """
    session().commit()
    if weakness := passwords.weakness(password, row.email, first_name, last_name):
        raise DomainError(weakness, "password")
    password_hash = passwords.make_hash(password)
    account = session().get(Account, row.account_id) if row.account_id else None
    person = Person(
        email=row.email,
        password_hash=password_hash,
        first_name=first_name,
        last_name=last_name,
        time_zone=account.time_zone if account else time_zone,
        language=language(),
        email_verified_at=now(),
    )
    _spend(row)
    try:
        session().add(person)
        session().flush()
    except IntegrityError:
        session().rollback()
        raise DomainError(_("This address already has a login. Log in to accept the invitation.")) from None
    _let_in(person, row)
    session().commit()
    return person


def _let_in(person: Person, row: Invitation) -> None:
    """Make somebody belong; who does already stays what they are."""
    if row.account_id is not None and row.role is not None:
        if session().get(Membership, (person.id, row.account_id)) is None:
            session().add(Membership(person_id=person.id, account_id=row.account_id, role=row.role))
            audit.record(person, row.account_id, "member.joined", person.email, role=row.role.value)
    elif row.staff_role is not None and not person.is_staff:
        person.staff_role = row.staff_role
        session().add(person)
        sessions.end_all(person.id)  # whoever is of the staff logs in with a code
        audit.record(person, None, "staff.joined", person.email, role=row.staff_role.value)


def _spend(row: Invitation) -> None:
    spent = session().execute(
        sa.update(Invitation)
        .where(
            col(Invitation.id) == row.id,
            col(Invitation.token_hash) == row.token_hash,
            col(Invitation.accepted_at).is_(None),
            col(Invitation.withdrawn_at).is_(None),
        )
        .values(accepted_at=now())
        .execution_options(synchronize_session=False)
    )
    if not spent.rowcount:  # type: ignore[attr-defined]
        session().rollback()
        raise DomainError(_("This invitation has already been accepted or withdrawn. Reload the page."))


def _one_at_a_time(account: Account | None) -> None:
    """Of two who invite at once the second sees whom the first invited: another link would outlive a removal."""
    session().commit()
    admins = select(Person.id).where(Person.staff_role == StaffRole.ADMIN).order_by(col(Person.id))
    accounts = select(Account.id).where(Account.id == account.id) if account else None
    session().exec((admins if accounts is None else accounts).with_for_update(key_share=True)).all()


def _refuse_who_belongs(account: Account | None, address: str) -> None:
    person = find_person(address)
    if person is None:
        return
    if account is None and person.is_staff:
        raise DomainError(_("This address already belongs to a member of the staff."), "email")
    if account is not None and session().get(Membership, (person.id, account.id)) is not None:
        raise DomainError(_("This address already belongs to a member of the account."), "email")


def _pending(account: Account | None, address: str) -> list[Invitation]:
    return list(session().exec(_open(account).where(Invitation.email == address).with_for_update()))


def _open(account: Account | None) -> SelectOfScalar[Invitation]:
    place = col(Invitation.account_id)
    return select(Invitation).where(
        place.is_(None) if account is None else place == account.id,
        col(Invitation.accepted_at).is_(None),
        col(Invitation.withdrawn_at).is_(None),
    )


def _open_or_refused(account: Account | None, invitation_id: UUID) -> Invitation:
    session().commit()
    row = session().exec(_open(account).where(Invitation.id == invitation_id).with_for_update()).first()
    if row is None:
        raise DomainError(_("This invitation has already been accepted or withdrawn. Reload the page."))
    return row


def _mail(row: Invitation) -> None:
    mailed = outbox.promise(MailKind.INVITATION, row.email, invitation=str(row.id))
    session().commit()
    wake("mail", str(mailed.id))


@outbox.writes(MailKind.INVITATION)
def _write(mailed: Mail) -> outbox.Context | None:
    row = session().get(
        Invitation, UUID(mailed.context["invitation"]), with_for_update=True, populate_existing=True
    )
    if row is None or row.accepted_at or row.withdrawn_at or row.is_over:
        return None
    token = secrets.token_urlsafe(32)
    row.token_hash = fingerprint(token)
    session().add(row)
    account = session().get(Account, row.account_id) if row.account_id else None
    return {"invitation": row, "account": account, "token": token}
