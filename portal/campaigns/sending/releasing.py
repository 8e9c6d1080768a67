"""Letting rows go that were claimed and certainly not called: they wait once more, as if nothing had been."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal.campaigns import tallies
from portal.campaigns.tallies import Move
from portal.extensions import session
from portal.models import CampaignRow, Message, MessageState, RowState, now


class Claim(NamedTuple):
    """A row with the message that was made for it."""

    row_id: int
    campaign_id: UUID
    message_id: UUID
    due_at: datetime | None


def put_back(claims: Sequence[Claim]) -> None:
    """Let rows wait, and forget their messages. The caller has locked the account, and commits."""
    if not claims:
        return
    connection = session().connection()
    # A report or a person may have moved one meanwhile: the row says what it counts as.
    states = tallies.states_of(connection, [claim.row_id for claim in claims])
    tallies.move(
        connection,
        [
            Move(
                claim.row_id,
                claim.campaign_id,
                states[claim.row_id],
                RowState.WAITING,
                values={"message_id": None, "due_at": claim.due_at},
            )
            for claim in claims
        ],
    )
    gone = sa.delete(Message).where(col(Message.id).in_([claim.message_id for claim in claims]))
    session().execute(gone.execution_options(synchronize_session="fetch"))


def put_back_abandoned(campaign_id: UUID) -> bool:
    """The same for rows of a worker that was gone before their calls began; whether there were any."""
    at = now()
    query = (
        sa.select(col(CampaignRow.id), col(CampaignRow.message_id))
        .join(Message, col(Message.id) == col(CampaignRow.message_id))
        .where(
            col(CampaignRow.campaign_id) == campaign_id,
            col(CampaignRow.state) == RowState.SENDING,
            col(Message.state) == MessageState.QUEUED,
            col(Message.claimed_until) < at,
        )
    )
    claims = [Claim(row.id, campaign_id, row.message_id, at) for row in session().execute(query)]
    put_back(claims)
    return bool(claims)
