"""A campaign as its sender's press of the button leaves it, made without the pages that lead to it."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from portal.campaigns import tallies
from portal.campaigns.message.mapping import Field, Part, Plan
from portal.extensions import session
from portal.models import Campaign, CampaignRow, CampaignState, Credential, Person, RowState, now

PLAN = Plan(number=0, fields=(Field(Part.VALUE, column=1),))


def confirmed(person: Person, credential: Credential, numbers: Sequence[str], **changes: Any) -> Campaign:
    """Make it, and commit."""
    at = now()
    campaign = Campaign(
        account_id=credential.account_id,
        intent=uuid4().hex,
        name="Autumn sale",
        state=CampaignState.RUNNING,
        draft=PLAN.kept,
        template_name="autumn_sale",
        language="tr",
        credential_id=credential.id,
        credential_name=credential.name,
        author_id=person.id,
        author=person.email,
        sender_id=person.id,
        sender=person.email,
        people=len(numbers),
        confirmed_at=at,
        checked_at=at,
        next_attempt_at=at,
    )
    for name, value in changes.items():
        setattr(campaign, name, value)
    session().add(campaign)
    session().flush()
    shared = {"campaign_id": campaign.id, "state": RowState.WAITING, "problem": "", "column": ""}
    rows = [
        {**shared, "number": place, "recipient": number, "values": [f"Ada {place}"]}
        for place, number in enumerate(numbers, 2)
    ]
    session().execute(sa.insert(CampaignRow), rows)
    tallies.count(session().connection(), {(campaign.id, RowState.WAITING): len(numbers)})
    session().commit()
    return campaign
