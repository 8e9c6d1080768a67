"""Accounts that staff open for a customer, who then chooses a password by a mailed link.

Whoever is invited has a login without a password until they follow the mailed link, which proves their address.
"""

from dataclasses import asdict
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from portal import audit
from portal.customers.signup.registration import AccountDetails
from portal.db.queue import wake
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.identity import mailed_links, passwords
from portal.identity.address_proof import address_proven
from portal.identity.authentication import LinkSpent, find_person, normalised
from portal.mail import outbox
from portal.models import (
    Account,
    LinkPurpose,
    Mail,
    MailKind,
    Membership,
    MirroredAccount,
    Person,
    Provisioning,
    Role,
    Step,
    now,
)

FIELD = "contact_email"


def open_account(actor: Person, details: AccountDetails) -> Account:
    """Make an account for a customer, begin its set-up, and invite its owner.

    Raises:
        DomainError: the address is that of another account, or of somebody of the staff.
    """
    owner = _owner(details)
    account = Account(**asdict(details))
    session().add_all([owner, account])
    try:
        session().flush()
    except IntegrityError:  # somebody took the address in between, perhaps by a second click
        session().rollback()
        raise DomainError(
            _("This address was used a moment ago. Check whether you've already opened the account."), FIELD
        ) from None
    session().add(Membership(person_id=owner.id, account_id=account.id, role=Role.OWNER))
    session().add(Provisioning(account_id=account.id, step=Step.CREATING_ACCOUNT, next_attempt_at=now()))
    audit.record(actor, account, "account.opened", details.name, to=owner.email)
    mailed = _promise(owner, account)
    session().commit()
    wake("mail", str(mailed.id))
    wake("provision", str(account.id))
    return account


def invite_again(actor: Person, account: Account, owner: Person) -> None:
    """Mail the owner another link to choose a password.

    Raises:
        DomainError: they have chosen one.
    """
    if passwords.is_set(owner.password_hash):
        raise DomainError(_("This person has already chosen a password. They can log in or reset it."))
    audit.record(actor, account, "account.invited_again", account.name, to=owner.email)
    mailed = _promise(owner, account)
    session().commit()
    wake("mail", str(mailed.id))


def waiting_for(token: str) -> Person | None:
    """Whom a mailed link lets choose a password, while it can still be used."""
    found = mailed_links.find(token, LinkPurpose.WELCOME)
    return found[1] if found else None


def accept(token: str, password: str) -> Person:
    """Choose the first password by the mailed link, and take the address as proven.

    Raises:
        DomainError: the link is used up, or the password will not do.
    """
    found = mailed_links.find(token, LinkPurpose.WELCOME)
    if found is None:
        raise LinkSpent
    link, person = found
    password_hash = passwords.strong_hash(password, person.email, person.first_name, person.last_name)
    if not mailed_links.use(link) or passwords.is_set(person.password_hash):
        session().rollback()
        raise LinkSpent
    accounts = [] if person.email_verified_at else address_proven(person)
    person.password_hash = password_hash
    person.session_epoch += 1
    session().add(person)
    audit.record(person, None, "person.password_chosen", person.email)
    session().commit()
    for account in accounts:
        wake("provision", str(account.id))
    return person


def _owner(details: AccountDetails) -> Person:
    """Whoever has the address, or somebody new without a password."""
    known = find_person(details.contact_email)
    if known is not None and known.is_staff:
        raise DomainError(_("This address belongs to a member of the staff. Enter another one."), FIELD)
    if session().exec(select(Account.id).where(Account.contact_email == details.contact_email)).first():
        raise DomainError(_("An account with this address already exists. Enter another address."), FIELD)
    elsewhere = select(MirroredAccount.id).where(
        MirroredAccount.contact_email == details.contact_email, col(MirroredAccount.gone_at).is_(None)
    )
    if session().exec(elsewhere).first():
        raise DomainError(
            _("Connexease already has an account with this address. Find it in the list and invite its owner."),
            FIELD,
        )
    return known or Person(
        email=normalised(details.contact_email),
        password_hash=passwords.NONE,
        first_name=details.contact_name,
        last_name=details.contact_lastname,
        time_zone=details.time_zone,
    )


def _promise(owner: Person, account: Account) -> Mail:
    return outbox.promise(
        MailKind.ACCOUNT_OPENED,
        owner.email,
        person_id=str(owner.id),
        account_id=str(account.id),
        name=account.name,
    )


@outbox.writes(MailKind.ACCOUNT_OPENED)
def _write(mailed: Mail) -> outbox.Context | None:
    person = session().get(Person, UUID(mailed.context["person_id"]))
    if person is None or not person.is_enabled or person.email != mailed.to:
        return None
    is_new = not passwords.is_set(person.password_hash)
    token = mailed_links.make(person, LinkPurpose.WELCOME) if is_new else None
    return {"person": person, "token": token, **mailed.context}
