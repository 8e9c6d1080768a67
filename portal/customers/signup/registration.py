"""Signing up: who may, what is made, and how an address is proven."""

import secrets
from dataclasses import asdict, dataclass

from sqlalchemy.exc import IntegrityError

from portal import audit
from portal.db.queue import wake
from portal.errors import DomainError
from portal.extensions import session, settings
from portal.i18n import _, language
from portal.identity import mailed_links, passwords
from portal.identity.address_proof import address_proven
from portal.identity.authentication import LinkSpent, find_person, normalised
from portal.identity.memberships import accounts_of
from portal.mail import outbox
from portal.models import (
    Account,
    LinkPurpose,
    Mail,
    MailKind,
    Membership,
    Person,
    Provisioning,
    Role,
    Step,
    now,
)


@dataclass(frozen=True)
class AccountDetails:
    """What Connexease's account call takes. E-mail addresses are normalised, the phone number is E.164."""

    name: str
    contact_name: str
    contact_lastname: str
    contact_email: str
    billing_email: str
    contact_phone_number: str
    time_zone: str


@dataclass(frozen=True)
class SignedUp:
    """What came of a sign-up.

    Attributes:
        person: to be logged in at once; none when the address has to be proven first.
        account: theirs, likewise.
        browser_token: to be kept in this browser, so that it may confirm without the password. It is there
            whether or not the address was new, so that it tells nobody anything.
    """

    person: Person | None
    account: Account | None
    browser_token: str


class AddressTaken(DomainError):
    """Somebody logs in with this address already."""

    def __init__(self) -> None:
        super().__init__(_("This address already has a login. Log in, or reset the password."), "contact_email")


def is_open() -> bool:
    """Whether anybody may sign up."""
    return settings().signup_policy != "closed"


def sign_up(details: AccountDetails, password: str) -> SignedUp:
    """Make a person and their account, and begin its set-up as `SIGNUP_POLICY` says.

    Raises:
        DomainError: sign-up is closed, or, where accounts are made at once, the address is taken.
    """
    if not is_open():
        raise DomainError(_("Sign-up is closed. Ask us for an account."))
    # Hashing comes first and always, so that the time does not tell whether the address is known.
    password_hash = passwords.make_hash(password)
    try:
        return _begin(details, password_hash)
    except IntegrityError:
        session().rollback()
        return _begin(details, password_hash)  # somebody took the address in between: now it is known


def _begin(details: AccountDetails, password_hash: str) -> SignedUp:
    browser_token = secrets.token_urlsafe(32)
    known = find_person(details.contact_email)
    if settings().signup_policy == "open":
        if known is not None:
            raise AddressTaken
        person, account = _create(details, password_hash, Step.CREATING_ACCOUNT)
        session().commit()
        wake("provision", str(account.id))
        return SignedUp(person, account, browser_token)
    mailed = _begin_unproven(known, details, password_hash, mailed_links.fingerprint(browser_token))
    session().commit()
    wake("mail", str(mailed.id))
    return SignedUp(None, None, browser_token)


def _begin_unproven(known: Person | None, details: AccountDetails, password_hash: str, browser_hash: str) -> Mail:
    """Sign-up whose answer is the same whether or not the address is known: the mail makes the difference."""
    if known is not None:
        # Nobody may prove the address between this look at it and the change that follows.
        session().refresh(known, with_for_update=True)
    if known is None:
        person, _account = _create(details, password_hash, Step.WAITING_FOR_EMAIL)
    elif (account := _waiting_account(known)) is not None:
        person = _begin_again(known, account, details, password_hash)
    else:
        return outbox.promise(MailKind.ALREADY_REGISTERED, known.email)
    return promise_verification(person, browser_hash)


def _create(details: AccountDetails, password_hash: str, step: Step) -> tuple[Person, Account]:
    person = Person(
        email=normalised(details.contact_email),
        password_hash=password_hash,
        first_name=details.contact_name,
        last_name=details.contact_lastname,
        time_zone=details.time_zone,
        language=language(),
    )
    account = Account(**asdict(details))
    session().add_all([person, account])
    session().flush()
    session().add(Membership(person_id=person.id, account_id=account.id, role=Role.OWNER))
    session().add(Provisioning(account_id=account.id, step=step, next_attempt_at=now()))
    audit.record(person, account, "account.signed_up", details.name)
    return person, account


def _waiting_account(person: Person) -> Account | None:
    """The account of a sign-up whose address was never proven and which has therefore not begun."""
    if person.email_verified_at is not None or person.is_staff:
        return None
    found = accounts_of(person)
    if len(found) != 1:
        return None
    step = session().get_one(Provisioning, found[0].id).step
    return found[0] if step == Step.WAITING_FOR_EMAIL else None


def _begin_again(person: Person, account: Account, details: AccountDetails, password_hash: str) -> Person:
    """Somebody signs up anew with an address that was never proven: nothing of the old try may remain.

    Otherwise whoever typed the address first would share the account with the one who owns it.
    """
    person.password_hash = password_hash
    person.session_epoch += 1
    apply(details, account, person)
    audit.record(person, account, "account.signed_up", details.name)
    return person


def apply(details: AccountDetails, account: Account, person: Person | None) -> None:
    """Write details down: of the account, and of the person whose login the address is, where one is given."""
    for name, value in asdict(details).items():
        setattr(account, name, value)
    session().add(account)
    if person is not None:
        person.email = normalised(details.contact_email)
        person.first_name, person.last_name = details.contact_name, details.contact_lastname
        person.time_zone = details.time_zone
        session().add(person)


def promise_verification(person: Person, browser_hash: str | None) -> Mail:
    """Put the mail that proves a person's address into the outbox.

    Args:
        browser_hash: of the browser that chose the present password, and may confirm without it.
    """
    context = {"person_id": str(person.id), "browser_hash": browser_hash, "session_epoch": person.session_epoch}
    return outbox.promise(MailKind.VERIFY, person.email, **context)


def send_verification_again(person: Person, actor: Person | None = None, account: Account | None = None) -> None:
    """Promise another mail with a link.

    Args:
        actor: somebody of the staff who asks for it, for the owner of `account`.

    Raises:
        DomainError: the address is proven already.
    """
    if person.email_verified_at is not None:
        raise DomainError(_("Your email address is already confirmed."))
    if actor is not None:
        audit.record(
            actor, account, "account.verification_mailed", account.name if account else "", to=person.email
        )
    mailed = promise_verification(person, None)
    session().commit()
    wake("mail", str(mailed.id))


def waiting_for(token: str) -> Person | None:
    """The person whose address this link proves, while it can still be used."""
    found = mailed_links.find(token, LinkPurpose.VERIFY)
    return found[1] if found else None


def may_confirm_at_once(token: str, browser_token: str, person: Person | None) -> bool:
    """Whether this browser proved itself: it signed up, or its session is that person's.

    Everybody else must type the password. Otherwise somebody could sign up with an address that is not
    theirs and let its owner's click confirm an account whose password they know.
    """
    found = mailed_links.find(token, LinkPurpose.VERIFY)
    if found is None:
        return False
    link, owner = found
    same_browser = link.browser_hash is not None and secrets.compare_digest(
        link.browser_hash, mailed_links.fingerprint(browser_token)
    )
    return same_browser or (person is not None and person.id == owner.id)


def confirm(token: str, password: str | None) -> Person:
    """Take the address as proven and let the set-up go on.

    Args:
        password: what was typed; none when `may_confirm_at_once`.

    Raises:
        LinkSpent: the link does nothing any more.
        DomainError: the password is wrong.
    """
    found = mailed_links.find(token, LinkPurpose.VERIFY)
    if found is None:
        raise LinkSpent
    link, person = found
    session().commit()  # nobody should wait for this transaction while a password is checked
    if password is not None and not passwords.matches(person.password_hash, password):
        raise DomainError(_("This isn't the password you signed up with. Try again, or reset it."), "password")
    if not mailed_links.use(link):
        raise LinkSpent
    accounts = address_proven(person)
    session().commit()
    for account in accounts:
        wake("provision", str(account.id))
    return person
