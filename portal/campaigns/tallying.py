"""How many rows of a campaign are in each state: kept beside the rows, so that nobody counts them."""

from collections.abc import Mapping
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from portal.db import first_come
from portal.extensions import session
from portal.models import CampaignTally, RowState


def of(campaign_id: UUID) -> dict[RowState, int]:
    """The counts; a state that no row is in may be missing."""
    query = select(CampaignTally).where(CampaignTally.campaign_id == campaign_id)
    rows = session().exec(query.execution_options(populate_existing=True))
    return {row.state: row.rows for row in rows if row.rows}


def add(campaign_id: UUID, counts: Mapping[RowState, int]) -> None:
    """Add to the counts, or take away from them. The caller commits."""
    wanted = {state: count for state, count in sorted(counts.items()) if count}
    first_come.insert_whole(
        CampaignTally, [{"campaign_id": campaign_id, "state": state, "rows": 0} for state in wanted]
    )
    for state, count in wanted.items():
        session().execute(
            sa.update(CampaignTally)
            .where(col(CampaignTally.campaign_id) == campaign_id, col(CampaignTally.state) == state)
            .values(rows=col(CampaignTally.rows) + count)
            .execution_options(synchronize_session=False)
        )


def forget(campaign_id: UUID) -> None:
    """Take the counts away. The caller commits."""
    own = sa.delete(CampaignTally).where(col(CampaignTally.campaign_id) == campaign_id)
    session().execute(own.execution_options(synchronize_session=False))
