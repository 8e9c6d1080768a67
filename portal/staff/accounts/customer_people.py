"""Helping one of a customer's people: resetting a lost authenticator app."""

from uuid import UUID

from sqlmodel import col, select

from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.identity.second_factor import authenticator
from portal.models import Membership, Person


def with_an_app(account_id: UUID, person_id: UUID) -> Person | None:
    """Somebody who belongs to the account and has set an app up; colleagues are found among the staff."""
    person = session().get(Person, person_id) if session().get(Membership, (person_id, account_id)) else None
    return person if person is not None and not person.is_staff and authenticator.of(person) else None


def reset_app(actor: Person, account_id: UUID, person_id: UUID) -> Person:
    """Take the app away from a customer who lost it; every account that they belong to sees that in its history.

    Raises:
        DomainError: there is nothing to take away any more.
    """
    person = with_an_app(account_id, person_id)
    if person is None:
        raise DomainError(_("This person no longer has an authenticator app."))
    theirs = select(Membership.account_id).where(Membership.person_id == person.id)
    authenticator.reset(actor, person, session().exec(theirs.order_by(col(Membership.created_at))).all())
    return person
