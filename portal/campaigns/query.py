"""An account's campaigns: the list, and one of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from portal.db.keyset import Keyset, Page
from portal.extensions import session
from portal.models import Account, Campaign

PAGE = 50


def page(account: Account, before: UUID | None, after: UUID | None, size: int = PAGE) -> Page[Campaign]:
    """The campaigns made before, or after, one that somebody has seen; the newest when none is named."""
    query = select(Campaign).where(Campaign.account_id == account.id)
    listed: Keyset[Campaign] = Keyset(query, col(Campaign.created_at), col(Campaign.id))
    return listed.page(size, _place(account, before), _place(account, after))


def find(account: Account, campaign_id: UUID) -> Campaign | None:
    """One of the account's campaigns."""
    query = select(Campaign).where(Campaign.id == campaign_id, Campaign.account_id == account.id)
    return session().exec(query).first()


def _place(account: Account, campaign_id: UUID | None) -> tuple[datetime, Any] | None:
    found = find(account, campaign_id) if campaign_id else None
    return (found.created_at, found.id) if found else None
