"""How a campaign ends or pauses by itself: nothing is left, its time ran out, or it has to stop."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal import audit
from portal.campaigns import tallies
from portal.campaigns.sending import reasons, releasing
from portal.campaigns.sending.reasons import Reason
from portal.campaigns.tallies import Move
from portal.db import queue
from portal.extensions import session
from portal.identity.memberships import owners_of
from portal.mail import outbox
from portal.models import (
    Account,
    Campaign,
    CampaignRow,
    CampaignState,
    CampaignTally,
    Mail,
    MailKind,
    Person,
    RowState,
)

LOOK_AGAIN = timedelta(seconds=1)
"""While calls are awaited."""
AT_ONCE = 1000
"""Rows that are skipped in one transaction."""
STOPPED = "stopped"
"""Why rows are skipped that a person stopped."""


def pause(campaign: Campaign, reason: Reason, detail: str = "") -> list[Mail]:
    """Pause it, and promise its people a mail about it. The caller has locked the account, and commits."""
    if campaign.state != CampaignState.RUNNING:
        return []
    campaign.state, campaign.reason, campaign.reason_detail = CampaignState.PAUSED, reason, detail[:500]
    campaign.next_attempt_at, campaign.attempts = campaign.ends_at, 0
    session().add(campaign)
    audit.record(None, campaign.account_id, "campaign.paused_itself", campaign.name)
    return _tell(MailKind.CAMPAIGN_PAUSED, campaign, reason=reason, detail=detail)


def wake(mails: Iterable[Mail]) -> None:
    """Have the mails sent; after the commit."""
    for mailed in mails:
        queue.wake("mail", str(mailed.id))


def stop(campaign: Campaign, at: datetime, reason: str = "") -> None:
    """Stop it for good: what was not sent is skipped by and by. The caller has locked the account, and commits."""
    campaign.state, campaign.reason, campaign.reason_detail = CampaignState.STOPPED, reason, ""
    campaign.ended_at = campaign.next_attempt_at = at
    session().add(campaign)


def time_is_over(campaign: Campaign, at: datetime) -> bool:
    """Whether its time ran out before everybody got a message."""
    if campaign.ends_at is None or campaign.ends_at > at:
        return False
    return campaign.state == CampaignState.PAUSED or counts_of(campaign.id).get(RowState.WAITING, 0) > 0


def stop_in_time(campaign: Campaign, at: datetime) -> list[Mail]:
    """Stop a campaign whose time ran out, and promise its people a mail about it. The caller commits."""
    left = counts_of(campaign.id).get(RowState.WAITING, 0)
    stop(campaign, at, Reason.TIME_OVER)
    audit.record(None, campaign.account_id, "campaign.time_over", campaign.name)
    return _tell(MailKind.CAMPAIGN_STOPPED, campaign, reason=Reason.TIME_OVER, left=left) if left else []


def skip_rest(campaign: Campaign, at: datetime) -> None:
    """Skip some of what a stopped campaign has not sent. The caller has locked the account, and commits."""
    problem = campaign.reason or STOPPED
    rows = skipped(campaign.id, problem, AT_ONCE)
    counts = counts_of(campaign.id)
    is_under_way = counts.get(RowState.SENDING, 0) > 0
    if is_under_way:
        releasing.put_back_abandoned(campaign.id)
    more = at if len(rows) == AT_ONCE else at + LOOK_AGAIN if is_under_way else None
    campaign.next_attempt_at = more
    session().add(campaign)


def skipped(campaign_id: UUID, problem: str, most: int) -> Sequence[int]:
    """Skip waiting rows of a campaign."""
    query = sa.select(col(CampaignRow.id)).where(
        col(CampaignRow.campaign_id) == campaign_id, col(CampaignRow.state) == RowState.WAITING
    )
    rows = list(session().execute(query.order_by(col(CampaignRow.id)).limit(most)).scalars())
    moves = [Move(row, campaign_id, RowState.WAITING, RowState.SKIPPED, problem=problem) for row in rows]
    tallies.move(session().connection(), moves)
    return rows


def look_ahead(campaign: Campaign, at: datetime) -> None:
    """Where no row is due: say when the next is, or that nothing is left. The caller has locked the account."""
    counts = counts_of(campaign.id)
    if counts.get(RowState.WAITING, 0) > 0:
        campaign.next_attempt_at = max(_next_due(campaign) or at, at + timedelta(milliseconds=100))
    elif counts.get(RowState.SENDING, 0) > 0:
        is_more = releasing.put_back_abandoned(campaign.id)
        campaign.next_attempt_at = at if is_more else at + LOOK_AGAIN
    else:
        campaign.state, campaign.ended_at, campaign.next_attempt_at = CampaignState.FINISHED, at, None
        campaign.reason = campaign.reason_detail = ""
    session().add(campaign)


def counts_of(campaign_id: UUID) -> dict[RowState, int]:
    """The tally of a campaign."""
    query = sa.select(col(CampaignTally.state), col(CampaignTally.rows))
    return {
        row.state: row.rows
        for row in session().execute(query.where(col(CampaignTally.campaign_id) == campaign_id))
    }


def _next_due(campaign: Campaign) -> datetime | None:
    query = sa.select(col(CampaignRow.due_at)).where(
        col(CampaignRow.campaign_id) == campaign.id,
        col(CampaignRow.state) == RowState.WAITING,
        col(CampaignRow.due_at).is_not(None),
    )
    found: datetime | None = session().execute(query.order_by(col(CampaignRow.due_at)).limit(1)).scalar()
    if found is not None and campaign.ends_at is not None:
        return min(found, campaign.ends_at)
    return found


def _tell(kind: MailKind, campaign: Campaign, **facts: Any) -> list[Mail]:
    """Promise a mail to who sent it and to the owners."""
    readers = dict.fromkeys([*_sender(campaign), *owners_of(campaign.account_id)])
    return [outbox.promise(kind, to, campaign=str(campaign.id), **facts) for to in readers]


def _sender(campaign: Campaign) -> list[str]:
    sender = session().get(Person, campaign.sender_id) if campaign.sender_id else None
    return [sender.email] if sender is not None and sender.is_enabled else []


@outbox.writes(MailKind.CAMPAIGN_STOPPED)
@outbox.writes(MailKind.CAMPAIGN_PAUSED)
def _write(mailed: Mail) -> outbox.Context | None:
    row = session().get(Campaign, UUID(mailed.context["campaign"]))
    if row is None:
        return None
    account = session().get_one(Account, row.account_id)
    reason, detail = mailed.context["reason"], mailed.context.get("detail", "")
    said = {"happened": reasons.happened(reason, detail), "todo": reasons.todo(reason)}
    return {"campaign": row, "account": account, "left": mailed.context.get("left", 0), **said}
