"""Sending again to those that failed for a reason that passes: a new campaign, which waits to be confirmed."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from portal import audit
from portal.campaigns import tallies
from portal.campaigns.checking.rows import number
from portal.campaigns.results import words
from portal.campaigns.sending import quiet_hours
from portal.db import account_lock
from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.models import Account, Campaign, CampaignReason, CampaignRow, CampaignState, Person, RowState, now

COPIED = (
    *("audience", "tag", "file_name", "encoding", "separator", "columns", "draft"),
    *("template_uuid", "template_name", "language", "template_seen"),
    *("credential_id", "credential_name", "credential_last_four", "mmlite", "is_fake", "is_marketing"),
    *("quiet_from", "quiet_until", "rate", "most_failures", "most_opt_outs"),
)
NAME_LIMIT = 80
Counts = dict[str, list[int]]


def prepare(person: Person, account: Account, campaign: Campaign, intent: str) -> UUID:
    """Make the new campaign; the same form again finds the one that it made.

    Raises:
        DomainError: nobody is left to whom it would help.
    """
    places = _places(campaign)
    with unit_of_work():
        account_lock.take(account.id)
        made = session().exec(select(Campaign).where(Campaign.intent == intent)).first()
        if made is None:
            made = _make(person, account, session().get_one(Campaign, campaign.id), intent, places)
        if made.account_id != account.id:
            raise DomainError(_("This form was already submitted. Open the campaign again."))
        session().commit()
        return made.id


def _make(
    person: Person, account: Account, campaign: Campaign, intent: str, places: tuple[Counts, Counts]
) -> Campaign:
    reasons = _passing(campaign)
    if not reasons or campaign.draft is None:
        raise DomainError(_("Sending again wouldn't help anyone now."))
    made = Campaign(
        account_id=account.id,
        intent=intent,
        name=_("%(name)s (again)", name=campaign.name[: NAME_LIMIT - 15])[:NAME_LIMIT],
        state=CampaignState.CHECKED,
        with_recent=True,
        author_id=person.id,
        author=person.email,
        again_of=campaign.id,
        checked_at=now(),
        regions=places[0],
        zones=places[1],
        **{name: getattr(campaign, name) for name in COPIED},
    )
    session().add(made)
    session().flush()
    made.checked_rows = _copy_rows(campaign, made, reasons)
    session().add(made)
    audit.record(person, account, "campaign.made_again", campaign.name)
    return made


def _passing(campaign: Campaign) -> list[tuple[RowState, str]]:
    query = sa.select(col(CampaignReason.state), col(CampaignReason.problem)).where(
        col(CampaignReason.campaign_id) == campaign.id,
        col(CampaignReason.rows) > 0,
        col(CampaignReason.state).in_((RowState.FAILED, RowState.REFUSED)),
    )
    found = session().execute(query).all()
    return [(row.state, row.problem) for row in found if words.why(row.state, row.problem).passes]


def _places(campaign: Campaign) -> tuple[Counts, Counts]:
    """Where their numbers are, as a check counts it, for what it may cost and how long it may take."""
    query = sa.select(col(CampaignRow.recipient)).where(*_chosen(campaign, _passing(campaign)))
    recipients = session().execute(query).scalars().all()
    session().rollback()  # nothing is locked while very many are counted
    regions, zones = Counter[str](), Counter[str]()
    for recipient in recipients:
        regions[number(recipient, None).region] += 1
        zones[" ".join(quiet_hours.zones_of(recipient))] += 1
    return (
        {name: [count, 0] for name, count in regions.items()},
        {name: [count, 0] for name, count in zones.items()},
    )


def _chosen(campaign: Campaign, reasons: Sequence[tuple[RowState, str]]) -> tuple[Any, ...]:
    fits = [
        sa.and_(col(CampaignRow.state) == state, col(CampaignRow.problem) == problem) for state, problem in reasons
    ]
    return col(CampaignRow.campaign_id) == campaign.id, col(CampaignRow.recipient) != "", sa.or_(sa.false(), *fits)


def _copy_rows(campaign: Campaign, made: Campaign, reasons: list[tuple[RowState, str]]) -> int:
    rows = SQLModel.metadata.tables["campaign_row"]
    chosen = sa.select(
        sa.literal(made.id, rows.c.campaign_id.type),
        *(rows.c.number, rows.c.recipient, rows.c["values"]),
        sa.literal(RowState.WAITING, rows.c.state.type),
        *(sa.literal(""), sa.literal("")),
    ).where(*_chosen(campaign, reasons))
    columns = ["campaign_id", "number", "recipient", "values", "state", "problem", "column"]
    copied = session().connection().execute(rows.insert().from_select(columns, chosen.order_by(rows.c.id)))
    tallies.count(session().connection(), {(made.id, RowState.WAITING): copied.rowcount})
    return int(copied.rowcount)
