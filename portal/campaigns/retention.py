"""Forgetting what is personal in campaigns, like that of messages: after its time, and when somebody is erased.

A campaign stays with its numbers and states; the people of its rows, what they were sent, and its file go. The
file goes earlier, a day after the confirmation, unless somebody may still want the rows that are wrong in it.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from portal.campaigns import tallies
from portal.campaigns.tallies import Move
from portal.contacts.people import Who, spellings
from portal.db import account_lock
from portal.db.unit_of_work import unit_of_work
from portal.extensions import session, settings
from portal.models import (
    Account,
    Campaign,
    CampaignFilePart,
    CampaignRow,
    CampaignState,
    CampaignTally,
    RowState,
    now,
)

AT_ONCE = 1000
MOST = 20
"""Campaigns in one sweep."""
FILE_FOR = timedelta(days=1)
ERASED = "erased"
"""Why a row is skipped whose person was erased."""
_MOVING = (CampaignState.RUNNING, CampaignState.CHECKING)
_NOTHING = {"recipient": "", "values": []}
_PLAIN = {"synchronize_session": False}


def overdue() -> list[UUID]:
    """The campaigns whose time is over."""
    limit = now() - timedelta(days=settings().message_retention_days)
    query = sa.select(col(Campaign.id)).where(
        col(Campaign.erased_at).is_(None),
        col(Campaign.created_at) < limit,
        col(Campaign.state).not_in(_MOVING),
    )
    return list(session().execute(query.order_by(col(Campaign.created_at)).limit(MOST)).scalars())


def erase(campaign_id: UUID) -> None:
    """Erase what is personal in a campaign, in steps that keep nobody waiting."""
    last: int | None = 0
    while last is not None:
        last = _erase_some(campaign_id, last)
    with unit_of_work():
        _delete_file(campaign_id)
        nothing = {"draft": sa.null(), "template_seen": sa.null(), "file_name": "", "erased_at": now()}
        session().execute(
            sa.update(Campaign)
            .where(col(Campaign.id) == campaign_id)
            .values(**nothing)
            .execution_options(**_PLAIN)
        )
        session().commit()


def _erase_some(campaign_id: UUID, after: int) -> int | None:
    """Erase some rows after one; the last of them, where there may be more."""
    with unit_of_work():
        campaign = session().get(Campaign, campaign_id, populate_existing=True)
        if campaign is None:
            return None
        account_lock.take(campaign.account_id)
        query = sa.select(col(CampaignRow.id), col(CampaignRow.state)).where(
            col(CampaignRow.campaign_id) == campaign_id, col(CampaignRow.id) > after
        )
        rows = session().execute(query.order_by(col(CampaignRow.id)).limit(AT_ONCE)).all()
        _forget(campaign_id, rows)
        session().commit()
    return int(rows[-1].id) if len(rows) == AT_ONCE else None


def _forget(campaign_id: UUID, rows: Sequence[sa.Row[tuple[int, RowState]]]) -> None:
    """Erase the person of rows; who has not got a message gets none."""
    waiting = [row.id for row in rows if row.state == RowState.WAITING]
    moves = [Move(row, campaign_id, RowState.WAITING, RowState.SKIPPED, problem=ERASED) for row in waiting]
    tallies.move(session().connection(), moves)
    ids = [row.id for row in rows]
    for start in range(0, len(ids), AT_ONCE):
        some = sa.update(CampaignRow).where(col(CampaignRow.id).in_(ids[start : start + AT_ONCE]))
        session().execute(some.values(**_NOTHING).execution_options(**_PLAIN))


def old_files() -> list[UUID]:
    """Campaigns whose file nobody needs any more."""
    has_file = sa.exists().where(col(CampaignFilePart.campaign_id) == col(Campaign.id))
    has_wrong = sa.exists().where(
        col(CampaignTally.campaign_id) == col(Campaign.id),
        col(CampaignTally.state) == RowState.WRONG,
        col(CampaignTally.rows) > 0,
    )
    query = sa.select(col(Campaign.id)).where(
        col(Campaign.erased_at).is_(None),
        col(Campaign.confirmed_at) < now() - FILE_FOR,
        has_file,
        sa.not_(has_wrong),
    )
    return list(session().execute(query.limit(MOST)).scalars())


def forget_file(campaign_id: UUID) -> None:
    """Delete a campaign's file."""
    with unit_of_work():
        _delete_file(campaign_id)
        session().commit()


def _delete_file(campaign_id: UUID) -> None:
    gone = sa.delete(CampaignFilePart).where(col(CampaignFilePart.campaign_id) == campaign_id)
    session().execute(gone.execution_options(**_PLAIN))


def forget_person(account: Account, who: Who) -> None:
    """Take an erased person out of the account's campaigns, and their files. The caller has locked the account.

    What waits for them is skipped. The caller commits.
    """
    numbers = spellings(who.number)
    if not numbers:
        return
    query = select(Campaign).where(Campaign.account_id == account.id, col(Campaign.erased_at).is_(None))
    for campaign in session().exec(query).all():
        columns = (col(CampaignRow.id), col(CampaignRow.state))
        mine = (col(CampaignRow.campaign_id) == campaign.id, col(CampaignRow.recipient).in_(numbers))
        # As the index of people says it, and beside it the few rows that it leaves out.
        people = sa.text("recipient <> '' AND state NOT IN ('wrong', 'double')")
        others = col(CampaignRow.state).in_((RowState.WRONG, RowState.DOUBLE))
        found = [
            row for part in (people, others) for row in session().execute(sa.select(*columns).where(*mine, part))
        ]
        if found:
            _forget(campaign.id, found)
            if campaign.confirmed_at is not None:
                _delete_file(campaign.id)


def forget_messages(ids: Sequence[UUID]) -> None:
    """Erase the rows of messages that are erased. The caller commits."""
    theirs = sa.update(CampaignRow).where(col(CampaignRow.message_id).in_(ids))
    session().execute(theirs.values(**_NOTHING).execution_options(**_PLAIN))
