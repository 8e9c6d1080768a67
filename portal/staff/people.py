"""Logins for the reseller's own people."""

from portal import audit, contact
from portal.auth import passwords
from portal.auth.service import find_person, normalised
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
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
        raise DomainError(_("There is already a login with this address."), "email")
    if weakness := passwords.weakness(password, address, first_name, last_name):
        raise DomainError(weakness, "password")
    if not contact.is_time_zone(time_zone):
        raise DomainError(_("This is not the name of a time zone, such as Europe/Istanbul."), "time_zone")
    person = Person(
        email=address,
        password_hash=passwords.make_hash(password),
        staff_role=role,
        first_name=first_name,
        last_name=last_name,
        time_zone=time_zone,
        email_verified_at=now(),
    )
    session().add(person)
    audit.record(None, None, "staff.created", address, role=role.value)
    session().commit()
    return person
