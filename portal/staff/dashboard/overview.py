"""The figures of the staff's first page: how the business goes, and what needs somebody.

Nothing here reads a table that grows without end: what there is was counted by `portal.staff.dashboard.counters`,
and only what came after that is read.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import col

from portal.extensions import session, settings
from portal.i18n import _
from portal.mirror import runs
from portal.models import (
    Account,
    Channel,
    Credential,
    CredentialStep,
    Delivery,
    DeliveryState,
    Mail,
    MailState,
    Membership,
    OnboardingAttempt,
    Person,
    Problem,
    Provisioning,
    Role,
    RunState,
    Step,
    Webhook,
    now,
)
from portal.operations import heartbeats
from portal.staff.dashboard import counters
from portal.staff.signups import board
from portal.web.rendering.charts import Chart

DAYS = 30
MOST_COUNTED = 999
"""What needs somebody is counted no further."""
TOO_OFTEN = 5
"""Tries after which a change at Connexease looks as if it would not mend itself."""


@dataclass(frozen=True)
class Stage:
    """How many of those who signed up have come this far."""

    name: str
    count: int
    of: int

    @property
    def percent(self) -> int:
        return round(100 * self.count / self.of) if self.of else 0


@dataclass(frozen=True)
class Failure:
    """Something that needs somebody, and where it is mended."""

    kind: str
    count: int
    accounts: list[tuple[UUID, str]] = field(default_factory=list)
    """Some of the accounts that it is about, where each is mended on its own page."""
    reason: str = ""

    @property
    def shown(self) -> str:
        return f"{MOST_COUNTED}+" if self.count > MOST_COUNTED else str(self.count)


def days(zone: str, number: int = DAYS) -> list[date]:
    """The last days in the zone, today last."""
    today = now().astimezone(ZoneInfo(zone)).date()
    return [today - timedelta(days=back) for back in range(number - 1, -1, -1)]


def charts(zone: str) -> list[Chart]:
    """Accounts and channels over time, and events and messages a day."""
    of = days(zone)
    return [
        Chart(_("Accounts"), of, counters.standing(counters.ACCOUNTS, of, zone)),
        Chart(_("Channels"), of, _channels(of, zone)),
        Chart(_("Events per day"), of, counters.per_day(counters.EVENTS, of, zone)),
        Chart(_("Messages per day"), of, counters.per_day(counters.MESSAGES, of, zone)),
    ]


def funnel() -> list[Stage]:
    """How far those came who signed up in the last days."""
    since = now() - timedelta(days=DAYS)
    account = col(Account.id)
    owner = sa.select(col(Person.id)).join(Membership, col(Membership.person_id) == col(Person.id))
    proven = owner.where(
        col(Membership.account_id) == account,
        col(Membership.role) == Role.OWNER,
        col(Person.email_verified_at).is_not(None),
    )
    ready = col(Provisioning.step) == Step.READY
    tried = sa.select(1).where(col(OnboardingAttempt.account_id) == account)
    connected = sa.select(1).where(col(Channel.account_id) == account)
    reached = [proven.exists(), ready, tried.exists() | connected.exists(), connected.exists()]
    query = (
        sa.select(sa.func.count(), *[sa.func.count(sa.case((each, 1))) for each in reached])
        .select_from(Account)
        .join(Provisioning, col(Provisioning.account_id) == account)
        .where(col(Account.created_at) >= since)
    )
    counts = session().execute(query).one()
    names = [
        _("Signed up"),
        _("Confirmed their email"),
        _("Set up at Connexease"),
        _("Tried to connect"),
        _("Connected a number"),
    ]
    stages = [Stage(name, count, counts[0]) for name, count in zip(names, counts, strict=True)]
    return [stage for place, stage in enumerate(stages) if place != 1 or settings().signup_policy != "open"]


def failures() -> list[Failure]:
    """What needs somebody, where there is any of it."""
    found = [
        Failure("worker", 0 if heartbeats.is_alive(heartbeats.WORKER) else 1),
        _reading(),
        Failure("approval", board.counts().get(Step.WAITING_FOR_APPROVAL, 0)),
        Failure("set_up", _count(_stuck())),
        Failure("mail", _count(sa.select(1).where(col(Mail.state) == MailState.FAILED))),
        Failure("event", _count(sa.select(1).where(col(Delivery.state) == DeliveryState.FAILED))),
        _of_accounts("channel", col(Channel.account_id), _disconnected()),
        _of_accounts("webhook", col(Webhook.account_id), _failing_webhooks()),
        _of_accounts("token", col(Credential.account_id), _failing_tokens()),
    ]
    return [failure for failure in found if failure.count]


def _reading() -> Failure:
    """Whether the last run of the mirror came to nothing; without it the lists only grow older."""
    run = runs.newest()
    has_failed = run is not None and run.state == RunState.FAILED
    return Failure("mirror", int(has_failed), reason=run.problem_text if run else "")


def _stuck() -> sa.Select[Any]:
    step = col(Provisioning.step)
    in_vain = (col(Provisioning.attempts) >= board.SLOW_AFTER) | (col(Provisioning.problem) == Problem.NOT_ALLOWED)
    tried = sa.and_(step.in_(board.WORKING), in_vain)
    return sa.select(1).where(tried | step.in_((Step.NEEDS_DETAILS, Step.NEEDS_PROOF)))


def _disconnected() -> sa.ColumnElement[bool]:
    return sa.and_(col(Channel.is_connected).is_(False), col(Channel.gone_at).is_(None))


def _failing_webhooks() -> sa.ColumnElement[bool]:
    return sa.and_(col(Webhook.is_pending), col(Webhook.attempts) >= TOO_OFTEN)


def _failing_tokens() -> sa.ColumnElement[bool]:
    waits = col(Credential.step).in_((CredentialStep.CREATING, CredentialStep.REVOKING))
    return sa.and_(waits, col(Credential.attempts) >= TOO_OFTEN)


def _of_accounts(kind: str, account_id: Any, when: sa.ColumnElement[bool]) -> Failure:
    count = _count(sa.select(1).where(when).select_from(account_id.class_))
    if not count:
        return Failure(kind, 0)
    some = sa.select(col(Account.id), col(Account.name)).where(
        col(Account.id).in_(sa.select(account_id).where(when).limit(MOST_COUNTED))
    )
    rows = session().execute(some.order_by(col(Account.name)).limit(5))
    return Failure(kind, count, [(row.id, row.name) for row in rows])


def _count(query: sa.Select[Any]) -> int:
    some = query.limit(MOST_COUNTED + 1).subquery()
    return int(session().execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


def _channels(of: list[date], zone: str) -> list[int]:
    """Those that were seen first by the end of each day, without those that were gone by then."""
    gone = "SELECT count(*) FROM channel WHERE gone_at IS NOT NULL"
    total = int(session().execute(sa.text(gone)).scalar_one())
    left = counters.backwards(total, counters.each_day(gone, "gone_at", of, zone))
    seen = counters.standing(counters.CHANNELS, of, zone)
    return [there - away for there, away in zip(seen, left, strict=True)]
