"""Correcting what was entered at a sign-up, as long as Connexease has not taken it."""

from sqlalchemy.exc import IntegrityError

from portal import audit
from portal.customers.provisioning.release import release
from portal.customers.signup.registration import AccountDetails, AddressTaken, apply, promise_verification
from portal.db.queue import wake
from portal.errors import DomainError
from portal.extensions import session, settings
from portal.i18n import _
from portal.identity.authentication import find_person, normalised
from portal.models import CORRECTABLE, Account, Mail, Person, Provisioning, Step, now


def correct_details(person: Person, account: Account, details: AccountDetails) -> None:
    """Change what Connexease refused, or an address that was mistyped, and let the set-up go on.

    Args:
        person: an owner. Only the address that they log in with changes their login, too.

    Raises:
        DomainError: the set-up is past the point where details can be changed, or the address is taken.
    """
    # Of two who correct at once the second sees that the set-up goes on already.
    provisioning = session().get_one(Provisioning, account.id, with_for_update=True, populate_existing=True)
    if provisioning.step not in CORRECTABLE or provisioning.call_started_at is not None:
        raise DomainError(_("The account is already being set up, so its details can't be changed here."))
    contact = _contact(person, account, details)
    email_changed = normalised(details.contact_email) != contact.email
    if email_changed and find_person(details.contact_email) is not None:
        raise AddressTaken
    try:
        apply(details, account, person if contact is person else None)
        audit.record(person, account, "account.details_corrected", details.name)
        mailed = _restart(contact, account, provisioning, email_changed)
        session().commit()
    except IntegrityError:  # somebody took the address in between
        session().rollback()
        raise AddressTaken from None
    if mailed is not None:
        wake("mail", str(mailed.id))
    wake("provision", str(account.id))


def _contact(person: Person, account: Account, details: AccountDetails) -> Person:
    """Whose login the account's address is, or becomes."""
    before, after = normalised(account.contact_email), normalised(details.contact_email)
    if person.email in (before, after):
        return person
    other = find_person(before)
    if other is None and before == after:  # who had it logs in with another by now
        raise DomainError(_("Enter your own address: %(email)s.", email=person.email), "contact_email")
    if other is None or before != after:
        raise DomainError(
            _("Keep the address as it was, or enter your own: %(email)s.", email=person.email), "contact_email"
        )
    return other


def _restart(person: Person, account: Account, provisioning: Provisioning, email_changed: bool) -> Mail | None:
    provisioning.problem, provisioning.problem_text, provisioning.refused_fields = None, "", {}
    provisioning.attempts, provisioning.next_attempt_at, provisioning.updated_at = 0, now(), now()
    session().add(provisioning)
    if email_changed:
        person.email_verified_at, provisioning.absent_seen_at = None, None
        provisioning.found_uuid, provisioning.vouched_uuid = None, None
    if settings().signup_policy != "open" and person.email_verified_at is None:
        provisioning.step = Step.WAITING_FOR_EMAIL
        return promise_verification(person, None)
    if provisioning.step == Step.WAITING_FOR_EMAIL:
        release(account, proven=True)
    else:
        provisioning.step = Step.CREATING_ACCOUNT
    return None
