"""Checks passwords, resets and changes them."""

from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from portal import audit, contact
from portal.db.queue import wake
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.identity import mailed_links, passwords, sessions
from portal.identity.address_proof import address_proven
from portal.identity.second_factor import authenticator
from portal.mail import outbox
from portal.models import LinkPurpose, Mail, MailKind, Person


def normalised(email: str) -> str:
    """An e-mail address as we compare it, or what was typed in its place, as it is."""
    return contact.compared(email)


def find_person(email: str) -> Person | None:
    """The person with this address, if there is one."""
    return session().exec(select(Person).where(Person.email == normalised(email))).first()


def check_log_in(email: str, password: str) -> Person:
    """The person whom these belong to.

    Raises:
        DomainError: they belong to nobody. The same words, after the same time, whatever was wrong.
    """
    person = find_person(email)
    session().commit()  # hashing takes long: nobody should wait for this transaction meanwhile
    good = passwords.matches(person.password_hash if person else None, password)
    if person is None or not good or not person.is_enabled:
        raise DomainError(_("The email address or password is wrong. Try again, or reset your password."))
    _renew_hash(person, password)
    return person


def _renew_hash(person: Person, password: str) -> None:
    """Keep a better hash of a password that was right, where there is one."""
    if passwords.is_outdated(person.password_hash, password):
        known, better = person.password_hash, passwords.make_hash(password)
        session().execute(
            sa.update(Person)
            .where(col(Person.id) == person.id, col(Person.password_hash) == known)  # it was not changed meanwhile
            .values(password_hash=better)
        )
    session().commit()


def request_reset(email: str) -> None:
    """Promise a mail with a reset link.

    The worker finds out whether anybody has the address, so that the answer takes as long either way.
    """
    mailed = outbox.promise(MailKind.RESET, normalised(email))
    session().commit()
    wake("mail", str(mailed.id))


def reset_password(token: str, password: str) -> Person:
    """Set a new password by a mailed link, end every session, and take the address as proven.

    Raises:
        DomainError: the link is used up, or the password will not do.
    """
    found = mailed_links.find(token, LinkPurpose.RESET)
    if found is None:
        raise LinkSpent
    link, person = found
    password_hash = _strong_hash(password, person)
    if not mailed_links.use(link):
        raise LinkSpent
    accounts = [] if person.email_verified_at else address_proven(person)
    _set_password(person, password_hash)
    for account in accounts:
        wake("provision", str(account.id))
    return person


def change_password(person: Person, current: str, new: str) -> None:
    """Change one's own password and end every session.

    Raises:
        DomainError: the current password is wrong, or the new one will not do.
    """
    session().commit()
    if not passwords.matches(person.password_hash, current):
        raise DomainError(_("This isn't your current password. Try again."), "current")
    _set_password(person, _strong_hash(new, person))


def confirm_password(person: Person, password: str, code: str) -> None:
    """Make sure that whoever sits there is the person who logged in; by a code as well, where they have an app.

    Raises:
        DomainError: this is not their password, or the code does not count.
    """
    session().commit()
    if not passwords.matches(person.password_hash, password):
        raise DomainError(_("This isn't your password. Try again."), "password")
    _renew_hash(person, password)
    if authenticator.of(person) is not None:
        authenticator.check(person, code)


def change_details(person: Person, first_name: str, last_name: str, time_zone: str, language: str | None) -> None:
    """Change one's own name, the zone for times that belong to no account, and the language."""
    person.first_name, person.last_name, person.time_zone = first_name, last_name, time_zone
    person.language = language
    session().add(person)
    audit.record(person, None, "person.details_changed", person.email)
    session().commit()


def choose_language(person: Person, language: str) -> None:
    """Write to this person in a language from now on."""
    person.language = language
    session().add(person)
    session().commit()


def end_session(person: Person, login_id: UUID) -> None:
    """End one of one's own sessions; it is no error when it has ended already."""
    if sessions.end(person.id, login_id):
        audit.record(person, None, "person.session_ended", person.email)
    session().commit()


def end_other_sessions(person: Person, here: UUID | None) -> None:
    """End all of one's own sessions but the one at hand."""
    if sessions.end_all(person.id, but=here):
        audit.record(person, None, "person.sessions_ended", person.email)
    session().commit()


class LinkSpent(DomainError):
    """A mailed link that no longer does anything."""

    def __init__(self) -> None:
        super().__init__(_("This link was already used, has expired, or was replaced by a newer one."))


def _strong_hash(password: str, person: Person) -> str:
    return passwords.strong_hash(password, person.email, person.first_name, person.last_name)


def _set_password(person: Person, password_hash: str) -> None:
    person.password_hash = password_hash
    person.session_epoch += 1
    sessions.end_all(person.id)
    session().add(person)
    audit.record(person, None, "person.password_changed")
    mailed = outbox.promise(MailKind.PASSWORD_CHANGED, person.email)
    session().commit()
    wake("mail", str(mailed.id))


@outbox.writes(MailKind.RESET)
def _write_reset(mailed: Mail) -> outbox.Context | None:
    person = find_person(mailed.to)
    if person is None or not person.is_enabled:
        return None
    return {"person": person, "token": mailed_links.make(person, LinkPurpose.RESET)}


@outbox.writes(MailKind.VERIFY)
def _write_verify(mailed: Mail) -> outbox.Context | None:
    person = session().get(Person, UUID(mailed.context["person_id"]))
    if person is None or not person.is_enabled:
        return None
    if person.email != mailed.to or person.email_verified_at is not None:
        return None
    # Whoever signed up anew since this mail was promised chose another password: the browser of the first
    # sign-up must not confirm the second one's.
    is_current = mailed.context.get("session_epoch") == person.session_epoch
    browser_hash = mailed.context.get("browser_hash") if is_current else None
    return {"person": person, "token": mailed_links.make(person, LinkPurpose.VERIFY, browser_hash)}
