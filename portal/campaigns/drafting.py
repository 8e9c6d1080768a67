"""A campaign until it is confirmed: made, given other people or another message, checked, deleted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from portal import audit
from portal.campaigns import tallies
from portal.campaigns.checking.batches import TASK
from portal.campaigns.message.filling import Filled
from portal.campaigns.message.mapping import Plan, plan_of
from portal.campaigns.people import audience
from portal.campaigns.people.file_reading import SHELF
from portal.campaigns.words import BEFORE
from portal.contacts import kept_file
from portal.contacts.csv_reading import compared
from portal.contacts.kept_file import Seen
from portal.db.engine import storable
from portal.db.queue import wake
from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.messages import template_list
from portal.messages.compose.drafts import Draft
from portal.messages.reports import categories
from portal.messages.sending import consent
from portal.models import Account, Audience, Campaign, CampaignRow, CampaignState, Person, now
from portal.vault import keys


@dataclass(frozen=True)
class Asked:
    """What a campaign is called, and whom it goes to."""

    name: str
    audience: Audience
    tag: str = ""
    file: BinaryIO | None = None
    """None where the file that is there stays."""
    file_name: str = ""


def create(person: Person, account: Account, asked: Asked, intent: str) -> Campaign:
    """Begin a campaign. The same form once more is the same campaign.

    Raises:
        DomainError: nobody can be read from the file, or no contact has the tag; at its field.
    """
    facts, seen = _people(account, asked)
    with unit_of_work():
        try:
            return _made(person, account, asked, intent, facts, seen)
        except IntegrityError:  # the same form, a moment ago, in another request
            session().rollback()
            return _made(person, account, asked, intent, facts, seen)


def change_people(person: Person, account: Account, campaign_id: UUID, asked: Asked) -> None:
    """Call a campaign something else, or send it to others. The message stays, for columns with the same names.

    Raises:
        DomainError: as `create`; or it was confirmed meanwhile.
    """
    known = session().get_one(Campaign, campaign_id)
    stays = asked.audience == Audience.FILE == known.audience and asked.file is None
    facts, seen = ({}, None) if stays else _people(account, asked)
    with unit_of_work():
        campaign = locked(account, campaign_id)
        campaign.name = storable(asked.name, 80)
        if not stays:
            campaign.again_of = None
            _write(campaign, facts)
            _reopen(campaign)
            _keep_file(campaign, asked, seen)
        session().add(campaign)
        session().commit()


def fill(person: Person, account: Account, campaign_id: UUID, filled: Filled) -> None:
    """Keep what the message is, and have every row checked.

    Raises:
        DomainError: it was confirmed meanwhile, or repeats messages that failed.
    """
    with unit_of_work():
        campaign = locked(account, campaign_id)
        _write(campaign, _message(account, filled))
        _begin_check(campaign)
        session().commit()
    wake(TASK, str(campaign_id))
    use = filled.use
    template_list.remember_language(account, Draft(template=use.uuid, name=use.name, language=use.language))


def check_again(account: Account, campaign_id: UUID) -> None:
    """Look at every row once more.

    Raises:
        DomainError: it was confirmed meanwhile, has no message yet, or repeats messages that failed.
    """
    with unit_of_work():
        campaign = locked(account, campaign_id)
        if campaign.draft is None or not campaign.template_name:
            raise DomainError(_("Choose the template first."))
        known = template_list.known(account).find(str(campaign.template_uuid or ""))
        if known is not None and len(known.labels) == len(_labels(campaign)):
            campaign.template_seen = known.kept
        _begin_check(campaign)
        session().commit()
    wake(TASK, str(campaign_id))


def delete(person: Person, account: Account, campaign_id: UUID) -> None:
    """Delete a campaign that was not confirmed, with its file and rows.

    Raises:
        DomainError: it was confirmed meanwhile.
    """
    with unit_of_work():
        campaign = locked(account, campaign_id)
        SHELF.forget(campaign_id)
        tallies.forget(campaign_id)
        own = sa.delete(CampaignRow).where(col(CampaignRow.campaign_id) == campaign_id)
        session().execute(own.execution_options(synchronize_session=False))
        session().delete(campaign)
        audit.record(person, account, "campaign.deleted", campaign.name)
        session().commit()


def locked(account: Account, campaign_id: UUID) -> Campaign:
    """A campaign as it is now, which nobody else changes until the transaction ends.

    Raises:
        DomainError: it was confirmed, or is gone.
    """
    query = select(Campaign).where(Campaign.id == campaign_id, Campaign.account_id == account.id).with_for_update()
    found = session().exec(query.execution_options(populate_existing=True)).first()
    if found is None:
        raise DomainError(_("This campaign was deleted in another window."))
    if found.state not in BEFORE:
        raise DomainError(_("This campaign was confirmed already. It can't be changed."))
    return found


# --- people ------------------------------------------------------------------------------------------


def _people(account: Account, asked: Asked) -> tuple[dict[str, Any], Seen | None]:
    if asked.audience == Audience.CONTACTS:
        columns = audience.columns_of_contacts(account, asked.tag)
        facts = {"tag": asked.tag, "columns": columns, "file_name": "", "file_size": 0}
        return facts | {"encoding": "", "separator": ""}, None
    if asked.file is None:
        raise DomainError(_("Choose a CSV file."), "file")
    seen = kept_file.look(asked.file)
    facts = {"columns": seen.columns, "encoding": seen.encoding, "separator": seen.separator}
    return facts | {"tag": "", "file_name": storable(asked.file_name, 200), "file_size": seen.size}, seen


def _made(
    person: Person, account: Account, asked: Asked, intent: str, facts: dict[str, Any], seen: Seen | None
) -> Campaign:
    known = session().exec(select(Campaign).where(Campaign.intent == intent)).first()
    if known is not None:
        if known.account_id != account.id:
            raise DomainError(_("This form was already submitted. Fill in a new one."))
        return known
    campaign = Campaign(account_id=account.id, intent=intent, name=storable(asked.name, 80))
    campaign.audience, campaign.author_id, campaign.author = asked.audience, person.id, person.email
    _write(campaign, facts)
    session().add(campaign)
    session().flush()
    _keep_file(campaign, asked, seen)
    session().commit()
    return campaign


def _keep_file(campaign: Campaign, asked: Asked, seen: Seen | None) -> None:
    campaign.audience = asked.audience
    session().flush()
    if seen is not None and asked.file is not None:
        SHELF.keep(campaign.id, asked.file)
    else:
        SHELF.forget(campaign.id)


def _reopen(campaign: Campaign) -> None:
    """The message of before, as far as the new columns have the names that it took its values from."""
    campaign.state, campaign.problem = CampaignState.DRAFT, ""
    campaign.next_attempt_at = campaign.claimed_until = campaign.checked_at = None


def moved(plan: Plan, before: Sequence[str], after: Sequence[str]) -> Plan:
    """A plan for other columns: what was taken from one is taken from the one with the same name."""
    places = {compared(name): place for place, name in reversed(list(enumerate(after)))}

    def place(column: int | None) -> int | None:
        name = before[column] if column is not None and column < len(before) else ""
        return places.get(compared(name)) if name else None

    fields = tuple(replace(field, column=place(field.column)) for field in plan.fields)
    return Plan(place(plan.number) or 0, plan.header, fields)


# --- the message -------------------------------------------------------------------------------------


def _message(account: Account, filled: Filled) -> dict[str, Any]:
    use, key = filled.use, filled.credential
    template = categories.key(use.name, use.language)
    otherwise = filled.is_not_marketing
    return {
        "draft": filled.plan.kept,
        "template_uuid": use.uuid,
        "template_name": use.name,
        "language": use.language,
        "template_seen": use.listed.kept if use.listed else None,
        "credential_id": key.id,
        "credential_name": keys.label(key),
        "credential_last_four": key.last_four,
        "mmlite": filled.mmlite,
        "is_fake": filled.is_fake,
        "is_marketing": consent.is_marketing(
            account.id, template, mmlite=filled.mmlite, is_said_otherwise=otherwise
        ),
    }


def _begin_check(campaign: Campaign) -> None:
    if campaign.again_of is not None:
        raise DomainError(
            _("This campaign repeats messages that failed, so they stay the same. Choose other people first.")
        )
    campaign.state, campaign.problem = CampaignState.CHECKING, ""
    campaign.checked_rows = campaign.checked_bytes = campaign.position = 0
    campaign.regions, campaign.zones, campaign.attempts = {}, {}, campaign.attempts + 1
    campaign.next_attempt_at, campaign.claimed_until, campaign.checked_at = now(), None, None
    tallies.forget(campaign.id)
    session().add(campaign)


def _labels(campaign: Campaign) -> Sequence[str]:
    seen = template_list.of_kept(campaign.template_seen) if campaign.template_seen else None
    return seen.labels if seen else ()


def _write(campaign: Campaign, facts: dict[str, Any]) -> None:
    if "columns" in facts and campaign.draft is not None:
        campaign.draft = moved(plan_of(campaign.draft), campaign.columns, facts["columns"]).kept
    for name, value in facts.items():
        setattr(campaign, name, value)
    session().add(campaign)
