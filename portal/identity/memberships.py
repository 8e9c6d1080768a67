"""Who belongs to which account, and who answers for one."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped
from sqlmodel import col, select

from portal.extensions import session
from portal.models import Account, Membership, Person, Role


def accounts_of(person: Person) -> list[Account]:
    """The accounts that a person belongs to, oldest first."""
    query = (
        select(Account)
        .join(Membership, col(Membership.account_id) == col(Account.id))
        .where(Membership.person_id == person.id)
        .order_by(col(Account.created_at))
    )
    return list(session().exec(query))


def first_owner(account_id: UUID | Mapped[UUID]) -> sa.ScalarSelect[Any]:
    """Who answers for an account, for a query: whoever of its owners has belonged to it longest."""
    return (
        sa.select(col(Membership.person_id))
        .where(col(Membership.account_id) == account_id, col(Membership.role) == Role.OWNER)
        .order_by(col(Membership.created_at), col(Membership.person_id))
        .limit(1)
        .scalar_subquery()
    )


def owners_of(account_id: UUID) -> list[str]:
    """Where mail to an account's owners goes: the addresses of those who can log in."""
    query = (
        select(Person.email)
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .where(Membership.account_id == account_id, Membership.role == Role.OWNER, col(Person.is_enabled))
    )
    return list(session().exec(query))
