"""Letting the set-up of an account go on that waited for somebody."""

from portal import audit, contact
from portal.customers.accounts.overview import accounts_of
from portal.extensions import session, settings
from portal.models import Account, Person, Provisioning, Step, now

CORRECTABLE = (Step.WAITING_FOR_EMAIL, Step.NEEDS_DETAILS, Step.NEEDS_PROOF)
"""Where a set-up stands still until what was entered is corrected or proven."""


def address_proven(person: Person) -> list[Account]:
    """Note that a person's address is theirs, and let the set-ups that waited for it go on: of accounts with it.

    The caller commits, and wakes the worker for the accounts that come back.
    """
    person.email_verified_at = now()
    session().add(person)
    audit.record(person, None, "person.email_verified", person.email)
    accounts = [each for each in accounts_of(person) if contact.compared(each.contact_email) == person.email]
    for account in accounts:
        release(account, proven=True)
    return accounts


def release(account: Account, *, proven: bool = False, approved: bool = False) -> None:
    """Move a set-up that waits on, as far as the policy lets it."""
    provisioning = session().get_one(Provisioning, account.id)
    if proven and provisioning.step == Step.WAITING_FOR_EMAIL and settings().signup_policy == "approval":
        provisioning.step = Step.WAITING_FOR_APPROVAL
    elif (proven and provisioning.step in (Step.WAITING_FOR_EMAIL, Step.NEEDS_PROOF)) or (
        approved and provisioning.step == Step.WAITING_FOR_APPROVAL
    ):
        provisioning.step = Step.CREATING_ACCOUNT
        provisioning.attempts, provisioning.next_attempt_at = 0, now()
    provisioning.updated_at = now()
    session().add(provisioning)
