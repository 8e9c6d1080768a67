"""Who belongs to an account, what each may do there, and that an owner always stays."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from portal import audit
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.identity import sessions
from portal.identity.second_factor import authenticator
from portal.models import Account, LoginSession, Membership, Person, Role
from portal.vault import handovers
from portal.web.access import BUILDERS


@dataclass(frozen=True)
class Member:
    """Somebody who belongs to an account."""

    person: Person
    role: Role
    has_app: bool
    """Whether logging in takes a code as well."""


def members_of(account: Account) -> list[Member]:
    """The account's people, the owners first."""
    query = (
        select(Person, Membership)
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .where(Membership.account_id == account.id)
        .order_by(col(Membership.created_at))
    )
    rows = list(session().exec(query))
    with_app = authenticator.who_has_one([person for person, _row in rows])
    found = [Member(person, row.role, person.id in with_app) for person, row in rows]
    return sorted(found, key=lambda member: list(Role).index(member.role))


def find(account: Account, person_id: UUID) -> Member | None:
    """One of the account's people."""
    return next((member for member in members_of(account) if member.person.id == person_id), None)


def sessions_of(member: Member) -> list[LoginSession]:
    """Where somebody is logged in."""
    return sessions.of_person(member.person.id)


def change_role(actor: Person, account: Account, person_id: UUID, role: Role) -> None:
    """Let somebody do something else from their next click on.

    Raises:
        DomainError: they do not belong any more, or no owner would be left.
    """
    row, person = _locked(account, person_id)
    if row.role == role:
        session().rollback()
        return
    if row.role == Role.OWNER:
        _refuse_the_last_owner(account, person_id)
    before, row.role = row.role, role
    session().add(row)
    if role not in BUILDERS:
        handovers.withdraw_made_by(account.id, person_id)
    audit.record(actor, account, "member.role_changed", person.email, before=before.value, role=role.value)
    session().commit()


def remove(actor: Person, account: Account, person_id: UUID) -> Person:
    """Take somebody out of the account, at once; they may be who asks for it.

    Raises:
        DomainError: they do not belong any more, or no owner would be left.
    """
    row, person = _locked(account, person_id)
    if row.role == Role.OWNER:
        _refuse_the_last_owner(account, person_id)
    # While they belong still: the customer sees that it was one of their own.
    audit.record(actor, account, "member.left" if actor.id == person_id else "member.removed", person.email)
    session().delete(row)
    handovers.withdraw_made_by(account.id, person_id)
    session().commit()
    return person


def end_session(actor: Person, account: Account, person: Person, login_id: UUID) -> None:
    """Log one browser of somebody out; it is no error when it is out already."""
    if sessions.end(person.id, login_id):
        audit.record(actor, account, "member.session_ended", person.email)
    session().commit()


def end_sessions(actor: Person, account: Account, person: Person, but: UUID | None = None) -> None:
    """Log every browser of somebody out, but for the one at hand where it is one's own."""
    if sessions.end_all(person.id, but):
        audit.record(actor, account, "member.sessions_ended", person.email)
    session().commit()


def _locked(account: Account, person_id: UUID) -> tuple[Membership, Person]:
    """A membership, with those of every owner locked: of two who leave at once, one sees the other gone."""
    session().commit()
    owners = (
        select(Membership)
        .where(Membership.account_id == account.id, Membership.role == Role.OWNER)
        .order_by(col(Membership.person_id))
        .with_for_update()
    )
    session().exec(owners).all()
    row = session().get(Membership, (person_id, account.id), with_for_update=True, populate_existing=True)
    if row is None:
        session().rollback()
        raise DomainError(_("This person is no longer a member of the account."))
    return row, session().get_one(Person, person_id)


def _refuse_the_last_owner(account: Account, person_id: UUID) -> None:
    others = (
        select(Membership.person_id)
        .join(Person, col(Person.id) == col(Membership.person_id))
        .where(
            Membership.account_id == account.id,
            Membership.role == Role.OWNER,
            Membership.person_id != person_id,
            col(Person.is_enabled),
        )
    )
    if session().exec(others).first() is None:
        session().rollback()
        raise DomainError(_("An account needs at least one owner. Make someone else an owner first."))
