"""Sign-ups under way or stuck."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal.audit import log as audit_log
from portal.extensions import session
from portal.identity.memberships import first_owner
from portal.models import (
    Account,
    AuditEntry,
    Person,
    Problem,
    Provisioning,
    Step,
    now,
)

WORKING = (Step.CREATING_ACCOUNT, Step.REGISTERING_WEBHOOK)
DECIDED = (Step.DECLINED, Step.GIVEN_UP)
UNFINISHED = tuple(step for step in Step if step not in (Step.READY, *DECIDED))
MOST = 100
LATELY = timedelta(days=14)
FEW = 5
SLOW_AFTER = 3
"""Tries of one step, after which it looks as if it would not mend itself."""


@dataclass(frozen=True)
class SetUp:
    """An account that is not ready, with its state and its owner."""

    account: Account
    row: Provisioning
    owner: Person

    @property
    def is_stuck(self) -> bool:
        """Whether somebody should look: many tries did not help, or it is the customer's turn."""
        if self.row.step in WORKING:
            return self.row.attempts >= SLOW_AFTER or self.row.problem == Problem.NOT_ALLOWED
        return self.row.step in (Step.NEEDS_DETAILS, Step.NEEDS_PROOF)

    @property
    def may_retry(self) -> bool:
        return self.row.step in (*WORKING, Step.NEEDS_DETAILS, Step.NEEDS_PROOF)

    @property
    def may_adopt(self) -> bool:
        """Whether Connexease has the account that the customer claims, and nobody has vouched for them yet."""
        return self.row.step == Step.NEEDS_PROOF and self.row.found_uuid is not None

    @property
    def may_mail_link(self) -> bool:
        return self.row.step in (Step.WAITING_FOR_EMAIL, Step.NEEDS_PROOF) and not self.owner.email_verified_at

    @property
    def may_have_been_made(self) -> bool:
        """Whether giving up may leave an account behind at Connexease."""
        return self.row.call_started_at is not None or self.account.connexease_uuid is not None


def counts() -> dict[Step, int]:
    """How many set-ups stand at each step that is not the end."""
    step = col(Provisioning.step)
    query = sa.select(step, sa.func.count()).where(step.in_(UNFINISHED)).group_by(step)
    return {Step(row[0]): row[1] for row in session().execute(query)}


def unfinished(step: Step | None = None, limit: int = MOST) -> list[SetUp]:
    """The set-ups that are not done: those that wait for a decision first, then what failed, then the oldest."""
    query = _set_ups().where(col(Provisioning.step).in_((step,) if step else UNFINISHED))
    undecided = col(Provisioning.step) != Step.WAITING_FOR_APPROVAL
    order = (undecided, col(Provisioning.problem).is_(None), col(Provisioning.created_at))
    return [SetUp(*row) for row in session().execute(query.order_by(*order).limit(limit))]


def ended(limit: int = 20) -> list[SetUp]:
    """Those that were given up or declined lately, the newest first."""
    lately = (col(Provisioning.step).in_(DECIDED), col(Provisioning.updated_at) > now() - LATELY)
    query = _set_ups().where(*lately).order_by(col(Provisioning.updated_at).desc()).limit(limit)
    return [SetUp(*row) for row in session().execute(query)]


def history(account_id: UUID) -> Sequence[AuditEntry]:
    """What was done about a sign-up lately, the newest first."""
    return audit_log.page(audit_log.Filter(accounts=(account_id,)), size=FEW).rows


def find(account_id: UUID) -> SetUp | None:
    """One set-up, however far it has come."""
    found = session().execute(_set_ups().where(col(Account.id) == account_id)).first()
    return SetUp(*found) if found else None


def _set_ups() -> sa.Select[Account, Provisioning, Person]:
    return (
        sa.select(Account, Provisioning, Person)
        .join(Provisioning, col(Provisioning.account_id) == col(Account.id))
        .join(Person, col(Person.id) == first_owner(col(Account.id)))
    )
