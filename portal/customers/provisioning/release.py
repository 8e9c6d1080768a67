"""Lets provisioning go on when the proof or the approval that it waited for is there."""

from portal import contact
from portal.extensions import session, settings
from portal.identity import address_proof
from portal.identity.memberships import accounts_of
from portal.models import Account, Person, Provisioning, Step, now


@address_proof.follows
def go_on(person: Person) -> list[Account]:
    """Let the set-ups go on that waited for a person's address: of their accounts with it."""
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
