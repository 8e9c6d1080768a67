"""Asking for the password again before something delicate."""

from portal import access, throttle
from portal.auth.service import confirm_password
from portal.throttle import Limit


def confirm_again(password: str) -> None:
    """Check the password that the person who is logged in typed again, and know so for a while.

    Raises:
        DomainError: it is wrong, or there were too many tries.
    """
    person = access.person_or_401()
    throttle.take_for_email(Limit.LOG_INS, person.email)
    confirm_password(person, password)
    access.note_password()
