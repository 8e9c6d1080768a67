"""Changing the email address of a login: asked for by its person, proven by a link mailed to the new address.

Nothing changes before that. Whether somebody else logs in with the address is told to its owner alone, by mail.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from portal import audit, contact
from portal.db.queue import wake
from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.identity import passwords, sessions
from portal.identity.authentication import LinkSpent, find_person, normalised
from portal.identity.mailed_links import fingerprint
from portal.identity.memberships import accounts_of
from portal.mail import outbox
from portal.models import (
    CORRECTABLE,
    Account,
    EmailChange,
    Mail,
    MailKind,
    Membership,
    Person,
    Provisioning,
    Role,
    Step,
    now,
)

LIFETIME = timedelta(days=1)
SHOWN_FOR = timedelta(days=7)
"""How long a wish that ran out can be sent again."""
NEED_THE_ADDRESS = (*CORRECTABLE, Step.WAITING_FOR_APPROVAL, Step.CREATING_ACCOUNT)
"""A set-up is there that Connexease, or the policy, lets go on only with the address that it began with."""


@dataclass(frozen=True)
class SetUp:
    """An account that is being set up with the address that somebody logs in with."""

    account: Account
    is_corrected_there: bool
    """Whether they can correct the address in its details, and with it the one that they log in with."""


class AddressTaken(DomainError):
    """Somebody else logs in with the address by now."""

    def __init__(self, email: str) -> None:
        super().__init__(_("Another login now uses %(email)s, so your address stays as it is.", email=email))


def set_up_of(person: Person) -> SetUp | None:
    """The account that stands in the way of another address, if there is one."""
    query = (
        select(Account, Provisioning.step, Membership.role)
        .join(Provisioning, col(Provisioning.account_id) == col(Account.id))
        .join(Membership, col(Membership.account_id) == col(Account.id))
        .where(Membership.person_id == person.id, col(Provisioning.step).in_(NEED_THE_ADDRESS))
        .order_by(col(Account.created_at))
    )
    for account, step, role in session().exec(query):
        if normalised(account.contact_email) == person.email:
            return SetUp(account, role == Role.OWNER and step in CORRECTABLE)
    return None


def of(person: Person) -> EmailChange | None:
    """What the person asked for and has not confirmed, also when its time ran out not long ago."""
    row = session().exec(_of(person)).first()
    return row if row is not None and row.session_epoch == person.session_epoch else None


def ask(person: Person, email: str) -> EmailChange:
    """Mail a link to the new address, and a word of warning to the old one.

    Raises:
        DomainError: it is no address or their own, or an account is being set up with the one that they have.
    """
    address = normalised(contact.email(email, "email"))
    _locked(person)
    if address == person.email:
        raise DomainError(_("You already log in with this address. Enter a different one."), "email")
    _refuse_during_set_up(person)
    row = _locked_wish(person) or EmailChange(person_id=person.id, email="", session_epoch=0)
    row.email, row.session_epoch, row.created_at = address, person.session_epoch, now()
    _record(person, "person.email_change_asked", address)
    warning = outbox.promise(MailKind.EMAIL_CHANGE_ASKED, person.email, new=address)
    _mail_link(row, warning)
    return row


def send_again(person: Person) -> EmailChange:
    """Mail another link; the one before does nothing any more.

    Raises:
        DomainError: there is nothing to confirm any more.
    """
    _locked(person)
    row = _locked_wish(person)
    if row is None or row.session_epoch != person.session_epoch:
        raise DomainError(_("There's no new address to confirm. Enter it again."))
    _mail_link(row)
    return row


def cancel(person: Person) -> None:
    """Keep the address that one has; it is no error when nothing else was asked for any more."""
    _locked(person)
    if (row := of(person)) is not None:
        _record(person, "person.email_change_cancelled", row.email)
        session().delete(row)
    session().commit()


def find(token: str) -> tuple[EmailChange, Person] | None:
    """The wish behind a mailed link and whose it is, while it can be confirmed."""
    query = (
        select(EmailChange, Person)
        .join(Person, col(Person.id) == col(EmailChange.person_id))
        .where(EmailChange.token_hash == fingerprint(token))
        .execution_options(populate_existing=True)
    )
    row, person = session().exec(query).first() or (None, None)
    if row is None or person is None or row.is_over:
        return None
    return (row, person) if person.is_enabled and row.session_epoch == person.session_epoch else None


def confirm(token: str, password: str | None) -> Person:
    """Take the new address as theirs, and end every session.

    Args:
        password: what was typed; none when whoever opened the link is logged in as the person. Everybody else
            types it: a link that went to a mistyped address must give nobody the login.

    Raises:
        LinkSpent: the link does nothing any more.
        AddressTaken: somebody else was faster; the wish is over.
        DomainError: the password is wrong, or an account is being set up with the present address.
    """
    found = find(token)
    if found is None:
        raise LinkSpent
    person = found[1]
    session().commit()  # nobody should wait for this transaction while a password is checked
    if password is not None and not passwords.matches(person.password_hash, password):
        raise DomainError(_("This isn't the password that you log in with. Try again."), "password")
    _locked(person)
    found = find(token)
    if found is None:
        session().rollback()
        raise LinkSpent
    _refuse_during_set_up(person)
    _take(person, found[0])
    return person


def overdue() -> list[int]:
    """Whether there are changes that were never confirmed and expired long ago."""
    query = select(EmailChange.id).where(_is_forgotten()).limit(1)
    return [1] if session().exec(query).first() else []


def prune(_one: int) -> None:
    """Forget changes that were never confirmed."""
    with unit_of_work():
        session().execute(sa.delete(EmailChange).where(_is_forgotten()))
        session().commit()


def _take(person: Person, row: EmailChange) -> None:
    address, before = row.email, person.email
    sessions.end_all(person.id)
    _record(person, "person.email_changed", address, before=before)
    person.email, person.email_verified_at = address, now()
    person.session_epoch += 1  # so that no link which was mailed to the old address does anything any more
    session().add(person)
    session().delete(row)
    mailed = outbox.promise(MailKind.EMAIL_CHANGED, before, new=address)
    try:
        session().flush()
    except IntegrityError:
        session().rollback()
        session().execute(sa.delete(EmailChange).where(col(EmailChange.person_id) == person.id))
        session().commit()
        raise AddressTaken(address) from None
    session().commit()
    wake("mail", str(mailed.id))


def _locked(person: Person) -> None:
    """Whatever is done to a wish is done with its person's row locked."""
    session().commit()
    session().get(Person, person.id, with_for_update=True, populate_existing=True)


def _locked_wish(person: Person) -> EmailChange | None:
    """The wish, while no mail of it is being written: its link would outlive that the row is changed."""
    return session().exec(_of(person).with_for_update()).first()


def _of(person: Person) -> SelectOfScalar[EmailChange]:
    wish = select(EmailChange).where(EmailChange.person_id == person.id)
    return wish.execution_options(populate_existing=True)


def _refuse_during_set_up(person: Person) -> None:
    if (set_up := set_up_of(person)) is not None:
        session().rollback()
        raise DomainError(
            _(
                "“%(account)s” is being set up with your current address. Try again when the setup is finished.",
                account=set_up.account.name,
            )
        )


def _mail_link(row: EmailChange, *others: Mail) -> None:
    row.expires_at, row.token_hash = now() + LIFETIME, None
    session().add(row)
    mails = [outbox.promise(MailKind.NEW_EMAIL, row.email, change=str(row.id)), *others]
    session().commit()
    for mailed in mails:
        wake("mail", str(mailed.id))


def _record(person: Person, action: str, target: str, **details: str) -> None:
    """Say it in the history of each account of theirs: whoever shares one knows them by their address."""
    accounts: Sequence[Account | None] = accounts_of(person) or [None]
    for account in accounts:
        audit.record(person, account, action, target, **details)


def _is_forgotten() -> sa.ColumnElement[bool]:
    return col(EmailChange.expires_at) <= now() - SHOWN_FOR


@outbox.writes(MailKind.NEW_EMAIL)
def _write(mailed: Mail) -> outbox.Context | None:
    row = session().get(EmailChange, UUID(mailed.context["change"]), with_for_update=True, populate_existing=True)
    person = session().get(Person, row.person_id) if row is not None else None
    if row is None or person is None or not person.is_enabled or row.is_over or row.email != mailed.to:
        return None
    if row.session_epoch != person.session_epoch or row.email == person.email:
        return None
    if find_person(row.email) is not None:
        return {"token": None}
    token = secrets.token_urlsafe(32)
    row.token_hash = fingerprint(token)
    session().add(row)
    return {"token": token}
