"""Customers who began to connect a number and did not get there, and a mail that leads them back."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col

from portal import audit
from portal.db.queue import wake
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.identity.memberships import first_owner
from portal.mail import outbox
from portal.models import (
    BLOCKED,
    STOPPED_BLOCKED,
    Account,
    AttemptState,
    Channel,
    Mail,
    MailKind,
    Membership,
    OnboardingAttempt,
    Person,
    now,
)

LATELY = timedelta(days=30)
ENDED = (AttemptState.FAILED, AttemptState.CANCELLED, AttemptState.EXPIRED)
MOST = 50


@dataclass(frozen=True)
class DropOff:
    """An account without a number, and the last attempt to connect one.

    Attributes:
        person: who tried; where they do not belong to the account (any more), its owner.
    """

    attempt: OnboardingAttempt
    account: Account
    person: Person

    @property
    def last_step(self) -> str:
        """How far it came: `asked`, `opened`, `reported`, or `blocked`."""
        if self.attempt.reported_status:
            return "reported"
        if self.attempt.opened_at is not None:
            return "opened"
        return "blocked" if self.attempt.problem in (BLOCKED, STOPPED_BLOCKED) else "asked"


def lately(limit: int = MOST) -> list[DropOff]:
    """Accounts whose newest attempt ended without a number and that have none, the newest first."""
    query = _without_a_number().where(col(OnboardingAttempt.ended_at) > now() - LATELY)
    rows = session().execute(query.order_by(col(OnboardingAttempt.ended_at).desc()).limit(limit))
    return [DropOff(*row) for row in rows]


def mail_way_back(actor: Person, attempt_id: UUID) -> Account:
    """Mail the person who tried, or the owner in their place, a link to where they left off; once an attempt.

    Raises:
        DomainError: a number is connected by now, or they tried again.
    """
    row = session().execute(_without_a_number().where(col(OnboardingAttempt.id) == attempt_id)).first()
    if row is None:
        raise DomainError(_("There's nothing to continue. They tried again or have connected a number."))
    found = DropOff(*row)
    if not _claim(attempt_id):
        return found.account
    mailed = outbox.promise(MailKind.RESUME, found.person.email, account_id=str(found.account.id))
    audit.record(actor, found.account, "channel.way_back_mailed", found.person.email)
    session().commit()
    wake("mail", str(mailed.id))
    return found.account


def _claim(attempt_id: UUID) -> bool:
    claimed = session().execute(
        sa.update(OnboardingAttempt)
        .where(col(OnboardingAttempt.id) == attempt_id, col(OnboardingAttempt.resume_mailed_at).is_(None))
        .values(resume_mailed_at=now())
    )
    return bool(claimed.rowcount)  # type: ignore[attr-defined]


def _without_a_number() -> sa.Select[OnboardingAttempt, Account, Person]:
    later = aliased(OnboardingAttempt)
    tried_again = sa.exists().where(
        col(later.account_id) == col(OnboardingAttempt.account_id),
        col(later.requested_at) > col(OnboardingAttempt.requested_at),
    )
    has_number = sa.exists().where(
        col(Channel.account_id) == col(OnboardingAttempt.account_id),
        col(Channel.gone_at).is_(None),
        col(Channel.is_connected).is_not(False),
    )
    belongs = sa.exists().where(
        col(Membership.account_id) == col(OnboardingAttempt.account_id),
        col(Membership.person_id) == col(OnboardingAttempt.person_id),
    )
    person_id = sa.case((belongs, col(OnboardingAttempt.person_id)), else_=first_owner(col(Account.id)))
    return (
        sa.select(OnboardingAttempt, Account, Person)
        .join(Account, col(Account.id) == col(OnboardingAttempt.account_id))
        .join(Person, col(Person.id) == person_id)
        .where(col(OnboardingAttempt.state).in_(ENDED), ~tried_again, ~has_number)
    )


@outbox.writes(MailKind.RESUME)
def _write(mailed: Mail) -> outbox.Context | None:
    """The mail leads to the channels; nobody gets it who has connected a number meanwhile."""
    account = session().get(Account, UUID(mailed.context["account_id"]))
    if account is None:
        return None
    still_without = _without_a_number().where(col(OnboardingAttempt.account_id) == account.id)
    if session().execute(still_without).first() is None:
        return None
    return {"company": account.name, "account_id": account.id}
