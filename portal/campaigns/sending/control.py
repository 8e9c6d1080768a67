"""What people do with a campaign under way: pause it, resume it, stop it for good."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlmodel import select

from portal import audit
from portal.campaigns.sending import claiming, ending, reasons, stops
from portal.campaigns.sending.reasons import Reason
from portal.db import account_lock, queue
from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.messages.reports import standings
from portal.models import Account, Campaign, CampaignState, Credential, Person, Standing, now


def pause(person: Person, account: Account, campaign_id: UUID) -> None:
    """Begin no more calls until it is resumed. Calls under way end by themselves."""

    def do(campaign: Campaign, _at: datetime) -> None:
        if campaign.state != CampaignState.RUNNING:
            return
        campaign.state, campaign.reason, campaign.reason_detail = CampaignState.PAUSED, "", ""
        campaign.next_attempt_at = campaign.ends_at
        audit.record(person, account, "campaign.paused", campaign.name)

    _change(account, campaign_id, do)


def resume(person: Person, account: Account, campaign_id: UUID) -> None:
    """Let it go on.

    Raises:
        DomainError: what stopped it is still so.
    """

    def do(campaign: Campaign, at: datetime) -> None:
        if campaign.state != CampaignState.PAUSED:
            return
        _refuse(account, campaign)
        campaign.state, campaign.reason, campaign.reason_detail = CampaignState.RUNNING, "", ""
        campaign.resumed_at, campaign.attempts = at, 0
        campaign.next_attempt_at = max(campaign.starts_at or at, at)
        audit.record(person, account, "campaign.resumed", campaign.name)

    _change(account, campaign_id, do)


def stop(person: Person, account: Account, campaign_id: UUID) -> None:
    """Stop it for good: who got no message yet gets none."""

    def do(campaign: Campaign, at: datetime) -> None:
        if campaign.state in (CampaignState.RUNNING, CampaignState.PAUSED):
            ending.stop(campaign, at)
            audit.record(person, account, "campaign.stopped", campaign.name)

    _change(account, campaign_id, do)


def _change(account: Account, campaign_id: UUID, do: Callable[[Campaign, datetime], None]) -> None:
    """The account's lock makes this and the worker take turns, so nothing is decided by what is over."""
    with unit_of_work():
        account_lock.take(account.id)
        query = select(Campaign).where(Campaign.id == campaign_id, Campaign.account_id == account.id)
        campaign = session().exec(query.execution_options(populate_existing=True)).one()
        do(campaign, now())
        session().add(campaign)
        session().commit()
    queue.wake("campaign", str(campaign_id))


def _refuse(account: Account, campaign: Campaign) -> None:
    credential = session().get(Credential, campaign.credential_id) if campaign.credential_id else None
    if claiming.key_of(account, credential) is None:
        raise DomainError(_refusal(Reason.NO_KEY))
    query = select(Standing).where(
        Standing.account_id == account.id,
        Standing.subject == standings.TEMPLATE,
        Standing.name == campaign.template_name,
        Standing.language == campaign.language,
    )
    reason = stops.of_standing(session().exec(query).first())
    if reason is not None:
        raise DomainError(_refusal(reason))
    if campaign.ends_at is not None and campaign.ends_at <= now():
        raise DomainError(_("The time until which this campaign may be sent is over."))


def _refusal(reason: Reason) -> str:
    return f"{reasons.happened(reason, '')} {reasons.todo(reason)}"
