"""The reseller's own people: their logins, what each may do, and that an admin always stays."""

from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from portal import audit, contact
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.identity import passwords, sessions
from portal.identity.authentication import find_person, normalised
from portal.identity.second_factor import authenticator
from portal.models import Person, StaffRole, now


def create(
    email: str,
    password: str,
    role: StaffRole,
    *,
    first_name: str = "",
    last_name: str = "",
    time_zone: str = "UTC",
) -> Person:
    """Make a login for somebody of the staff; whoever may run this vouches for the address.

    Raises:
        DomainError: the address, the password or the zone will not do, or the address has a login.
    """
    address = normalised(contact.email(email, "email"))
    if find_person(address) is not None:
        raise DomainError(_("Someone already logs in with this email address. Enter another one."), "email")
    if weakness := passwords.weakness(password, address, first_name, last_name):
        raise DomainError(weakness, "password")
    if not contact.is_time_zone(time_zone):
        raise DomainError(_("Enter the name of a time zone, for example Europe/Istanbul."), "time_zone")
    person = Person(
        email=address,
        password_hash=passwords.make_hash(password),
        staff_role=role,
        first_name=first_name,
        last_name=last_name,
        time_zone=time_zone,
        email_verified_at=now(),
    )
    try:
        session().add(person)
        session().flush()
    except IntegrityError:  # the same, a moment ago, by somebody else
        session().rollback()
        raise DomainError(
            _("Someone already logs in with this email address. Enter another one."), "email"
        ) from None
    audit.record(None, None, "staff.created", address, role=role.value)
    session().commit()
    return person


def everybody() -> list[Person]:
    """The reseller's people: those who can log in first, then by role."""
    query = select(Person).where(col(Person.staff_role).is_not(None))
    ranks = list(StaffRole)
    found = session().exec(query.order_by(col(Person.email)))
    return sorted(found, key=lambda person: (not person.is_enabled, ranks.index(person.staff_role or ranks[-1])))


def find(person_id: UUID) -> Person | None:
    """Somebody of the staff."""
    person = session().get(Person, person_id)
    return person if person is not None and person.is_staff else None


def change_role(actor: Person, person_id: UUID, role: StaffRole) -> None:
    """Let somebody do something else from their next click on.

    Raises:
        DomainError: they are not of the staff any more, or no admin would be left.
    """
    person = _locked(person_id)
    if person.staff_role == role:
        session().rollback()
        return
    if role != StaffRole.ADMIN:
        _refuse_the_last_admin(person)
    before, person.staff_role = person.staff_role, role
    audit.record(
        actor, None, "staff.role_changed", person.email, before=before.value if before else "", role=role.value
    )
    session().commit()


def switch_off(actor: Person, person_id: UUID) -> Person:
    """Keep somebody from logging in, and end their sessions at once.

    Raises:
        DomainError: they are not of the staff any more, or no admin would be left.
    """
    person = _locked(person_id)
    _refuse_the_last_admin(person)
    person.is_enabled = False
    sessions.end_all(person.id)
    audit.record(actor, None, "staff.switched_off", person.email)
    session().commit()
    return person


def switch_on(actor: Person, person_id: UUID) -> Person:
    """Let somebody log in again.

    Raises:
        DomainError: they are not of the staff any more.
    """
    person = _locked(person_id)
    person.is_enabled = True
    audit.record(actor, None, "staff.switched_on", person.email)
    session().commit()
    return person


def remove(actor: Person, person_id: UUID) -> Person:
    """Take somebody out of the staff, and end their sessions; the accounts that they belong to stay theirs.

    So their login stays, or works again where it was switched off: nobody could switch it on any more.

    Raises:
        DomainError: they are not of the staff any more, or no admin would be left.
    """
    person = _locked(person_id)
    _refuse_the_last_admin(person)
    person.staff_role, person.is_enabled = None, True
    sessions.end_all(person.id)
    audit.record(actor, None, "staff.removed", person.email)
    session().commit()
    return person


def reset_app(actor: Person, person_id: UUID) -> Person:
    """Take a colleague's authenticator app away who lost it.

    Raises:
        DomainError: they are not of the staff any more, or it is one's own.
    """
    person = _locked(person_id)
    if person.id == actor.id:
        session().rollback()
        raise DomainError(_("You can't reset your own app here. Set up another app in your profile."))
    authenticator.reset(actor, person)
    return person


def end_session(actor: Person, person: Person, login_id: UUID) -> None:
    """Log one browser of somebody out; it is no error when it is out already."""
    if sessions.end(person.id, login_id):
        audit.record(actor, None, "staff.session_ended", person.email)
    session().commit()


def end_sessions(actor: Person, person: Person, but: UUID | None = None) -> None:
    """Log every browser of somebody out, but for the one at hand where it is one's own."""
    if sessions.end_all(person.id, but):
        audit.record(actor, None, "staff.sessions_ended", person.email)
    session().commit()


def _locked(person_id: UUID) -> Person:
    """Somebody of the staff, with every admin locked: of two who go at once, one sees the other gone."""
    session().commit()
    session().exec(_admins().order_by(col(Person.id)).with_for_update()).all()
    person = session().get(Person, person_id, with_for_update=True, populate_existing=True)
    if person is None or not person.is_staff:
        session().rollback()
        raise DomainError(_("This person is no longer on the staff."))
    session().add(person)
    return person


def _refuse_the_last_admin(person: Person) -> None:
    if session().exec(_admins().where(Person.id != person.id)).first() is None:
        session().rollback()
        raise DomainError(
            _("The staff needs at least one admin who can log in. Make someone else an admin first.")
        )


def _admins() -> SelectOfScalar[Person]:
    return select(Person).where(Person.staff_role == StaffRole.ADMIN, col(Person.is_enabled))
