"""Which rows of a campaign come next: due, not in their quiet hours, and not opted out meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col, select

from portal.campaigns import tallies
from portal.campaigns.sending import quiet_hours
from portal.campaigns.tallies import Move
from portal.extensions import session
from portal.messages.reports import categories
from portal.messages.sending import consent
from portal.models import Account, Campaign, CampaignRow, RowState

QUIET_AT_ONCE = 300
"""Rows that are looked at where they may lie in quiet hours."""


@dataclass(frozen=True)
class Chosen:
    """The rows to send now, and whether others were looked at: then there is more to find."""

    rows: Sequence[CampaignRow]
    is_more: bool


def choose(account: Account, campaign: Campaign, count: int, at: datetime) -> Chosen:
    """Choose so many rows at most. The caller has locked the account, and commits.

    Raises:
        VaultError: nobody can tell who opted out.
    """
    has_quiet_hours = campaign.quiet_from is not None
    found = _due(campaign, at, QUIET_AT_ONCE if has_quiet_hours else count)
    awake = _awake(account, campaign, found, count, at) if has_quiet_hours else found
    wanted = _wanted(account, campaign, awake)
    return Chosen(wanted, is_more=len(wanted) < len(found))


def _due(campaign: Campaign, at: datetime, count: int) -> list[CampaignRow]:
    """Those whose time has come first, then the others in their order."""
    waits = (CampaignRow.campaign_id == campaign.id, CampaignRow.state == RowState.WAITING)
    due = col(CampaignRow.due_at)
    timed = select(CampaignRow).where(*waits, due <= at).order_by(due, col(CampaignRow.id)).limit(count)
    found = list(session().exec(timed))
    if len(found) < count:
        others = select(CampaignRow).where(*waits, due.is_(None)).order_by(col(CampaignRow.id))
        found += session().exec(others.limit(count - len(found)))
    return found


def _awake(
    account: Account, campaign: Campaign, rows: Sequence[CampaignRow], count: int, at: datetime
) -> list[CampaignRow]:
    awake: list[CampaignRow] = []
    later = []
    for row in rows:
        if len(awake) == count:
            break
        end = quiet_hours.ends(campaign, row.recipient, account.time_zone, at)
        if end is None:
            awake.append(row)
        else:
            later.append({"id": row.id, "due_at": end})
    if later:
        session().execute(sa.update(CampaignRow), later)
    return awake


def _wanted(account: Account, campaign: Campaign, rows: Sequence[CampaignRow]) -> list[CampaignRow]:
    if not rows:
        return []
    template = categories.key(campaign.template_name, campaign.language)
    counts = campaign.is_marketing or campaign.mmlite
    refused = consent.refusals(account.id, [row.recipient for row in rows], template, is_marketing=counts)
    moves = [
        Move(row.id or 0, campaign.id, RowState.WAITING, RowState.SKIPPED, problem=refused[row.recipient].code)
        for row in rows
        if row.recipient in refused
    ]
    tallies.move(session().connection(), moves)
    return [row for row in rows if row.recipient not in refused]
