"""What others know of a campaign's people: who does not want it, who got the same lately, who is in it already."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal.contacts.consent import ledger
from portal.contacts.people import one_spelling, spellings
from portal.extensions import session
from portal.models import Campaign, CampaignRow, Message, MessageState, MessageType, RowState, now

LATELY = timedelta(days=7)
"""For so long, somebody who was sent the same template is reported as sent to recently."""
AT_ONCE = 500
"""Numbers that one statement asks for."""


def opted_out(campaign: Campaign, numbers: Sequence[str]) -> set[str]:
    """Those of the numbers whose people do not want it.

    Raises:
        VaultError: erased people cannot be told apart, as the account's key does not open.
    """
    found = ledger.standings(campaign.account_id, numbers)
    return {number for number, said in found.items() if said.against(is_marketing=campaign.is_marketing)}


def recent(campaign: Campaign, numbers: Iterable[str]) -> set[str]:
    """The numbers, in one spelling, that the same template went to lately, or may have."""
    found: set[str] = set()
    for some in _parts(numbers):
        query = sa.select(col(Message.recipient)).where(
            col(Message.account_id) == campaign.account_id,
            col(Message.recipient).in_(some),
            col(Message.confirmed_at) >= now() - LATELY,
            col(Message.type) == MessageType.TEMPLATE,
            col(Message.state).not_in((MessageState.REFUSED, MessageState.FAILED)),
            col(Message.is_fake).is_(False),
            col(Message.is_trial).is_(False),
            col(Message.payload)[("template", "name")].as_string() == campaign.template_name,
        )
        found |= {one_spelling(number) for number in session().execute(query).scalars()}
    return found


def taken(campaign_id: UUID, numbers: Iterable[str]) -> set[str]:
    """The numbers, in one spelling, that an earlier row of the campaign has."""
    found: set[str] = set()
    for some in _parts(numbers):
        query = sa.select(col(CampaignRow.recipient)).where(
            col(CampaignRow.campaign_id) == campaign_id,
            col(CampaignRow.recipient).in_(some),
            col(CampaignRow.recipient) != "",
            col(CampaignRow.state).not_in((RowState.WRONG, RowState.DOUBLE)),
        )
        found |= {one_spelling(number) for number in session().execute(query).scalars()}
    return found


def _parts(numbers: Iterable[str]) -> Iterator[list[str]]:
    """Every spelling of the numbers, so many at once."""
    every = sorted({spelling for number in numbers for spelling in spellings(number)})
    return (every[start : start + AT_ONCE] for start in range(0, len(every), AT_ONCE))
