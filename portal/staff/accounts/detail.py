"""Everything about one account, for the staff: what it is, who belongs to it, what it holds and what happened."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from portal.audit import log as audit_log
from portal.events import log as event_log
from portal.extensions import session
from portal.identity import passwords
from portal.identity.second_factor import authenticator
from portal.mirror import snapshot
from portal.mirror.snapshot import AccountSnapshot
from portal.models import (
    Account,
    AuditEntry,
    Membership,
    Message,
    MessageState,
    MirroredAccount,
    Person,
    Provisioning,
    Role,
    Step,
)

LATELY = 10
MESSAGES = 200
"""So many of the last messages are counted."""
FOR_A_PROOF = (Step.WAITING_FOR_EMAIL, Step.NEEDS_PROOF)


@dataclass(frozen=True)
class Detail:
    """One account. Of one that exists only at Connexease there is nothing but what that lists."""

    row: MirroredAccount
    snapshot: AccountSnapshot
    account: Account | None = None
    set_up: Provisioning | None = None
    people: Sequence[tuple[Person, Role]] = ()
    with_app: frozenset[UUID] = frozenset()
    """Who of them logs in with a code as well."""
    events: Sequence[Any] = ()
    messages: dict[MessageState, int] = field(default_factory=dict)
    history: Sequence[AuditEntry] = ()

    @property
    def owner(self) -> Person | None:
        return next((person for person, role in self.people if role == Role.OWNER), None)

    @property
    def waits_for_password(self) -> bool:
        """Whether the owner was invited and has yet to choose a password."""
        return self.owner is not None and not passwords.is_set(self.owner.password_hash)

    @property
    def waits_for_proof(self) -> bool:
        """Whether the owner has yet to follow the link that was mailed to them."""
        is_unproven = self.owner is not None and self.owner.email_verified_at is None
        return is_unproven and self.set_up is not None and self.set_up.step in FOR_A_PROOF


def of(row: MirroredAccount) -> Detail:
    """What is known; nobody is asked for it."""
    account = session().get(Account, row.account_id) if row.account_id else None
    if account is None:
        return Detail(row, snapshot.of(row))
    people = _people(account)
    return Detail(
        row,
        snapshot.of(row),
        account,
        session().get(Provisioning, account.id),
        people,
        frozenset(authenticator.who_has_one([person for person, _role in people])),
        event_log.page(account, event_log.Filter(), size=LATELY).rows,
        _messages(account),
        audit_log.page(audit_log.Filter(accounts=(account.id,)), size=LATELY).rows,
    )


def _people(account: Account) -> list[tuple[Person, Role]]:
    query = (
        select(Person, Membership.role)
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .where(Membership.account_id == account.id)
        .order_by(col(Membership.created_at))
    )
    return [(person, Role(role)) for person, role in session().exec(query)]


def _messages(account: Account) -> dict[MessageState, int]:
    """How many of the last messages are in each state; never to whom or what."""
    last = (
        sa.select(col(Message.state))
        .where(col(Message.account_id) == account.id, col(Message.confirmed_at).is_not(None))
        .order_by(col(Message.confirmed_at).desc(), col(Message.id).desc())
        .limit(MESSAGES)
        .subquery()
    )
    counted = sa.select(last.c.state, sa.func.count()).group_by(last.c.state).order_by(last.c.state)
    return {row[0]: row[1] for row in session().execute(counted)}
