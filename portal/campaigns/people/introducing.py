"""The people of a confirmed campaign become contacts: some at a time, while it is sent.

Making contacts takes the account's lock. Sending needs that lock too, so each batch is small. The place where
the next batch begins is written with the contacts: if the worker is killed, nobody is left out and nobody is
made twice.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from portal.campaigns.message.mapping import plan_of
from portal.contacts.book import Book
from portal.contacts.csv_reading import compared
from portal.contacts.importing.columns import COLUMNS, NAME
from portal.contacts.people import Who
from portal.db import account_lock
from portal.db.queue import wake
from portal.db.unit_of_work import unit_of_work
from portal.extensions import session
from portal.models import Campaign, CampaignRow, ContactSource, RowState

TASK = "campaign_contacts"
AT_ONCE, TURNS = 50, 5
"""People of a transaction, and transactions of a turn of the worker."""
PAUSE = 1
"""Seconds between two turns."""
_LEFT_OUT = (RowState.WRONG, RowState.DOUBLE, RowState.OPTED_OUT, RowState.RECENT)


def due() -> Sequence[UUID]:
    """Campaigns whose people are not all contacts yet."""
    return session().exec(select(Campaign.id).where(col(Campaign.introduced).is_not(None)).limit(100)).all()


def introduce(campaign_id: UUID) -> None:
    """Make contacts of the next people of a campaign, and go on later where some remain."""
    for _turn in range(TURNS):
        with unit_of_work():
            is_left = _introduce_some(campaign_id)
            session().commit()
        if not is_left:
            return
    wake(TASK, str(campaign_id), delay=PAUSE)


def _introduce_some(campaign_id: UUID) -> bool:
    campaign = session().get(Campaign, campaign_id)
    if campaign is None:
        return False
    account_lock.take(campaign.account_id)
    session().refresh(campaign)
    if campaign.introduced is None:
        return False
    rows = _next(campaign, campaign.introduced)
    name = _place_of_name(campaign)
    people = [Who(row.recipient, name=row.values[name] if name is not None else "") for row in rows]
    book = Book(campaign.account_id, people)
    for who in people:
        book.take_in(who, ContactSource.CAMPAIGN)
    book.save()
    place = sa.update(Campaign).where(col(Campaign.id) == campaign_id)
    place = place.values(introduced=rows[-1].id if rows else None)
    session().execute(place.execution_options(synchronize_session=False))
    return bool(rows)


def _next(campaign: Campaign, after: int) -> Sequence[Any]:
    query = sa.select(col(CampaignRow.id), col(CampaignRow.recipient), col(CampaignRow.values)).where(
        col(CampaignRow.campaign_id) == campaign.id,
        col(CampaignRow.id) > after,
        col(CampaignRow.recipient) != "",
        col(CampaignRow.state).not_in(_LEFT_OUT),
    )
    return session().execute(query.order_by(col(CampaignRow.id)).limit(AT_ONCE)).all()


def _place_of_name(campaign: Campaign) -> int | None:
    """Which of a row's values is what somebody is called; none where no column says so."""
    if campaign.draft is None:
        return None
    columns = [field.column for field in plan_of(campaign.draft).from_columns]
    names = [compared(campaign.columns[column]) if column is not None else "" for column in columns]
    return next((place for place, name in enumerate(names) if name in COLUMNS[NAME]), None)
