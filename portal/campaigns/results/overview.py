"""How a campaign stands: its numbers, and when it will be through, at the same cost for however many rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col

from portal.campaigns.results import words
from portal.campaigns.results.words import Why
from portal.campaigns.sending import ending, stops
from portal.extensions import session
from portal.messages.sending import pace
from portal.models import Campaign, CampaignReason, CampaignState, KeyPace, RowState, now

SHOWN = (
    RowState.WAITING,
    RowState.SENDING,
    RowState.ACCEPTED,
    RowState.HELD,
    RowState.SENT,
    RowState.DELIVERED,
    RowState.READ,
    RowState.FAILED,
    RowState.REFUSED,
    RowState.UNKNOWN,
    RowState.SKIPPED,
)
"""The states of rows that the check found good, in the order of a page."""
OPEN = (RowState.WAITING, RowState.SENDING)
MOST_REASONS = 20
_LOOKS = ((timedelta(minutes=1), 3), (timedelta(minutes=10), 10), (timedelta(hours=1), 30))
"""How often a page looks, in seconds, at a campaign that ended so long ago: reports still come in."""


@dataclass(frozen=True)
class Bar:
    """The rows in a state."""

    state: RowState
    word: str
    kind: str
    explained: str
    rows: int
    percent: float


@dataclass(frozen=True)
class Cause:
    """Rows that are in a state for the same reason."""

    state: RowState
    problem: str
    rows: int
    why: Why


@dataclass(frozen=True)
class Overview:
    """What the page of a campaign shows."""

    bars: Sequence[Bar]
    total: int
    done: int
    causes: Sequence[Cause]
    again: int
    """Rows that failed for a reason that passes."""
    opted_out: int
    """People who got a message and opted out since it began."""
    starts: datetime | None
    """When it begins, if that is still to come."""
    ends: datetime | None
    """When it will be through, if nothing holds it up."""
    look_after: int
    """Seconds after which the page looks again; 0 when nothing changes any more."""

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 100


def of(campaign: Campaign) -> Overview:
    """How a campaign stands now."""
    counts = ending.counts_of(campaign.id)
    total = sum(counts.get(state, 0) for state in SHOWN)
    left = sum(counts.get(state, 0) for state in OPEN)
    causes = _causes(campaign)
    return Overview(
        bars=[_bar(state, counts[state], total) for state in SHOWN if counts.get(state, 0)],
        total=total,
        done=total - left,
        causes=causes,
        again=sum(cause.rows for cause in causes if cause.why.passes),
        opted_out=stops.opted_out_since(campaign, campaign.confirmed_at or campaign.created_at),
        starts=_starts(campaign),
        ends=_ends(campaign, counts.get(RowState.WAITING, 0)),
        look_after=_look_after(campaign, left),
    )


def _bar(state: RowState, rows: int, total: int) -> Bar:
    return Bar(
        state,
        str(words.STATE_WORDS[state]),
        words.KINDS.get(state, "neutral"),
        str(words.EXPLAINED.get(state, "")),
        rows,
        100 * rows / total if total else 0,
    )


def _causes(campaign: Campaign) -> list[Cause]:
    """The most frequent reasons."""
    columns = (col(CampaignReason.state), col(CampaignReason.problem), col(CampaignReason.rows))
    query = sa.select(*columns).where(col(CampaignReason.campaign_id) == campaign.id, col(CampaignReason.rows) > 0)
    query = query.order_by(col(CampaignReason.rows).desc(), *columns[:2]).limit(MOST_REASONS)
    return [
        Cause(row.state, row.problem, row.rows, words.why(row.state, row.problem))
        for row in session().execute(query)
    ]


def _starts(campaign: Campaign) -> datetime | None:
    is_to_come = campaign.starts_at is not None and campaign.starts_at > now()
    return campaign.starts_at if is_to_come and campaign.state == CampaignState.RUNNING else None


def _ends(campaign: Campaign, waiting: int) -> datetime | None:
    if campaign.state != CampaignState.RUNNING or not waiting or campaign.credential_id is None:
        return None
    at = now()
    its = session().get(KeyPace, campaign.credential_id) or KeyPace(credential_id=campaign.credential_id)
    share = pace.rate(its, at) / max(1, _running_with(campaign))
    each_second = min(share, campaign.rate) if campaign.rate else share
    ends = max(campaign.starts_at or at, at) + timedelta(seconds=waiting / each_second)
    return min(ends, campaign.ends_at) if campaign.ends_at else ends


def _running_with(campaign: Campaign) -> int:
    """How many campaigns share the key now."""
    query = sa.select(sa.func.count()).where(
        col(Campaign.state) == CampaignState.RUNNING,
        col(Campaign.next_attempt_at) <= now() + timedelta(seconds=5),
        col(Campaign.credential_id) == campaign.credential_id,
    )
    return int(session().execute(query).scalar_one())


def _look_after(campaign: Campaign, left: int) -> int:
    if campaign.state == CampaignState.RUNNING:
        return 2
    if campaign.state == CampaignState.PAUSED or left:
        return 5
    age = now() - (campaign.ended_at or campaign.created_at)
    return next((seconds for limit, seconds in _LOOKS if age < limit), 0)
