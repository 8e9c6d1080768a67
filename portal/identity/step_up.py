"""Step-up: asks for the password again, and a code where there is an app, before something that matters."""

from portal.identity import browser_login
from portal.identity.authentication import confirm_password
from portal.identity.forms import PasswordForm
from portal.web import access, rate_limits
from portal.web.forms import text
from portal.web.rate_limits import Limit


def confirm(form: PasswordForm) -> None:
    """Check what was typed again, where that was needed.

    Raises:
        DomainError: it is wrong, or there were too many tries.
    """
    if form.needs_password:
        person = access.person_or_401()
        rate_limits.take_for_person(Limit.PASSWORDS, person.id)
        confirm_password(person, text(form.password), text(form.code))
        browser_login.note_confirmed()
