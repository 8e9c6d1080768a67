"""The one step that lets a campaign go out: confirmed once, for exactly what was looked at."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from portal import audit
from portal.campaigns import tallies
from portal.campaigns.people import introducing
from portal.campaigns.words import BEFORE
from portal.db.queue import wake
from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _, _n
from portal.messages import notices, template_list
from portal.messages.reports import standings
from portal.messages.sending.gateway_call import can_send
from portal.models import Account, Campaign, CampaignRow, CampaignState, Credential, Person, RowState, now

TASK = "campaign"
LATE = timedelta(minutes=1)
"""A start that is no longer past than this is now."""


@dataclass(frozen=True)
class Wishes:
    """When and how a campaign is sent. Times of day are minutes after midnight."""

    with_recent: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    quiet_from: int | None = None
    quiet_until: int | None = None
    rate: int | None = None
    most_failures: int = 20
    most_opt_outs: int = 5


def mark(campaign: Campaign) -> str:
    """What somebody looked at, in one word: the file, the message, the key, and which check it was."""
    facts = [
        *(campaign.draft, campaign.template_name, campaign.language, campaign.template_seen),
        *(str(campaign.credential_id), campaign.mmlite, campaign.is_fake, campaign.is_marketing),
        *(campaign.file_name, campaign.file_size, campaign.tag, campaign.columns, campaign.attempts),
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def people(campaign: Campaign, *, with_recent: bool) -> int:
    """To how many people it would go."""
    counts = tallies.of(campaign.id)
    return counts.get(RowState.WAITING, 0) + (counts.get(RowState.RECENT, 0) if with_recent else 0)


def confirm(
    person: Person, account: Account, campaign_id: UUID, wishes: Wishes, *, seen: str, number: int | None
) -> None:
    """Let a campaign go out; once, however often this is asked for.

    Args:
        seen: the `mark` of what the person looked at.
        number: how many people the button named.

    Raises:
        DomainError: it is not what the person looked at any more, or cannot be sent like this.
    """
    with unit_of_work():
        query = select(Campaign).where(Campaign.id == campaign_id, Campaign.account_id == account.id)
        campaign = session().exec(query.with_for_update().execution_options(populate_existing=True)).one()
        if campaign.state not in BEFORE:
            return
        refuse(account, campaign, seen)
        refuse_times(wishes)
        _refuse_number(campaign, wishes, number)
        _start(person, campaign, wishes)
        audit.record(person, account, "campaign.confirmed", campaign.name, people=campaign.people)
        session().commit()
    wake(TASK, str(campaign_id))
    wake(introducing.TASK, str(campaign_id))


def refuse(account: Account, campaign: Campaign, seen: str = "") -> None:
    """Refuse what is not as it was checked.

    Raises:
        DomainError: with what to do about it.
    """
    if campaign.state != CampaignState.CHECKED:
        raise DomainError(_("The check isn't finished. Wait for it, then confirm the campaign."))
    if seen and seen != mark(campaign):
        raise DomainError(_("The campaign was changed in another window. Look at the check again."))
    key = session().get(Credential, campaign.credential_id) if campaign.credential_id else None
    if key is None or not can_send(account, key):
        raise DomainError(
            _("The API key for this campaign is no longer in the vault. Go back and choose another.")
        )
    _refuse_template(account, campaign)
    _refuse_another(campaign)


def refuse_times(wishes: Wishes) -> None:
    """Refuse times that mean nothing.

    Raises:
        DomainError: at the field.
    """
    starts_at = max(wishes.starts_at or now(), now())
    if wishes.starts_at is not None and wishes.starts_at < now() - LATE:
        raise DomainError(
            _("This time has passed. Enter a later one, or leave it empty to start now."), "starts_at"
        )
    if wishes.ends_at is not None and wishes.ends_at <= starts_at:
        raise DomainError(_("Enter a time after the start."), "ends_at")
    if (wishes.quiet_from is None) != (wishes.quiet_until is None):
        field = "quiet_from" if wishes.quiet_from is None else "quiet_until"
        raise DomainError(_("Enter both times, or leave both empty."), field)
    if wishes.quiet_from is not None and wishes.quiet_from == wishes.quiet_until:
        raise DomainError(_("Enter two different times."), "quiet_until")


def _refuse_template(account: Account, campaign: Campaign) -> None:
    known = template_list.known(account)
    listed = known.find(str(campaign.template_uuid)) if campaign.template_uuid else None
    if campaign.template_uuid and known.read_at and listed is None:
        raise DomainError(_("This template is no longer listed. Go back and choose another."))
    if listed is not None and listed.kept != campaign.template_seen:
        raise DomainError(_("The template was changed since the check. Check the rows again."))
    stands = standings.of_templates(account).get(campaign.template_name, [])
    bad = [each for each in stands if each.language == campaign.language and each.state not in standings.WELL]
    if bad:
        word = notices.word(bad[0].state)
        raise DomainError(_("WhatsApp doesn't deliver this template now (%(state)s). Choose another.", state=word))


def _refuse_another(campaign: Campaign) -> None:
    """Of two campaigns with the same people each was checked before the other went out."""
    query = select(Campaign.id).where(
        Campaign.account_id == campaign.account_id,
        Campaign.id != campaign.id,
        Campaign.template_name == campaign.template_name,
        col(Campaign.is_fake).is_(False),
        col(Campaign.confirmed_at) >= campaign.checked_at,
    )
    if not campaign.is_fake and session().exec(query.limit(1)).first() is not None:
        raise DomainError(
            _("Another campaign with this template was confirmed since the check. Check the rows again.")
        )


def _refuse_number(campaign: Campaign, wishes: Wishes, number: int | None) -> None:
    found = people(campaign, with_recent=wishes.with_recent)
    if found == 0:
        raise DomainError(_("There's nobody to send to. Choose other recipients or correct the file."))
    if number is not None and found != number:
        raise DomainError(
            _n(
                "With this choice, the campaign goes to %(num)d person. Confirm it again.",
                "With this choice, the campaign goes to %(num)d people. Confirm it again.",
                found,
            )
        )


def _start(person: Person, campaign: Campaign, wishes: Wishes) -> None:
    campaign.people = people(campaign, with_recent=wishes.with_recent)
    if wishes.with_recent:
        _take_recent(campaign.id)
    campaign.with_recent = wishes.with_recent
    campaign.starts_at, campaign.ends_at = wishes.starts_at, wishes.ends_at
    campaign.quiet_from, campaign.quiet_until, campaign.rate = wishes.quiet_from, wishes.quiet_until, wishes.rate
    campaign.most_failures, campaign.most_opt_outs = wishes.most_failures, wishes.most_opt_outs
    campaign.sender_id, campaign.sender, campaign.confirmed_at = person.id, person.email, now()
    campaign.state, campaign.position, campaign.attempts = CampaignState.RUNNING, 0, 0
    campaign.next_attempt_at, campaign.claimed_until = wishes.starts_at or now(), None
    campaign.introduced = 0
    session().add(campaign)


def _take_recent(campaign_id: UUID) -> None:
    moved = session().execute(
        sa.update(CampaignRow)
        .where(col(CampaignRow.campaign_id) == campaign_id, col(CampaignRow.state) == RowState.RECENT)
        .values(state=RowState.WAITING)
        .execution_options(synchronize_session=False)
    )
    count: int = moved.rowcount  # type: ignore[attr-defined]
    tallies.add(campaign_id, {RowState.RECENT: -count, RowState.WAITING: count})
