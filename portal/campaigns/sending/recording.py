"""Writing down what came of calls, many at once, and what follows for their campaign and its key's pace."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select

from portal.campaigns.sending import ending, releasing, stops
from portal.campaigns.sending.claiming import Job
from portal.campaigns.sending.reasons import Reason
from portal.campaigns.sending.releasing import Claim
from portal.extensions import session
from portal.messages.reports import named, statuses
from portal.messages.sending import pace, results
from portal.messages.sending import recording as of_messages
from portal.messages.sending.results import Result
from portal.models import Campaign, CampaignState, Credential, Mail, Message, MessageState, now

ONE_PERSON_LATER = timedelta(minutes=1)
"""One person gets a message in six seconds at most, by Meta's rule; this is when their row comes again."""
UNREACHABLE_WAIT, MOST_UNREACHABLE = timedelta(seconds=10), 18
"""How long a gateway that is not reached is left alone, and how often in a row until the campaign pauses."""


@dataclass(frozen=True)
class Ended:
    """What came of a job; no result where the call was not begun."""

    job: Job
    result: Result | None = None


def record(ended: Sequence[Ended]) -> list[Mail]:
    """Write down what came of an account's jobs; the mails that this promised.

    The caller has locked the account, commits, and wakes the worker for the mails.
    """
    if not ended:
        return []
    messages = _messages(ended)
    names = {each.result.wamid for each in ended if each.result and each.result.wamid}
    bearers = named.find(ended[0].job.account_id, names) if names else {}
    known: list[Message] = []
    again: list[Ended] = []
    for each in ended:
        message = messages.get(each.job.message_id)
        if message is None:
            continue
        if _comes_again(each, message):
            again.append(each)
        elif each.result is not None and of_messages.record(message, each.result, bearers):
            known.append(message)
    statuses.catch_up(known)
    session().flush()
    _put_back(again)
    _learn(ended)
    return _judge(ended)


def _messages(ended: Sequence[Ended]) -> dict[UUID, Message]:
    query = select(Message).where(col(Message.id).in_([each.job.message_id for each in ended]))
    query = query.order_by(col(Message.id)).with_for_update()
    found = session().exec(query.execution_options(populate_existing=True))
    return {message.id: message for message in found}


def _comes_again(each: Ended, message: Message) -> bool:
    """Whether the row waits once more, as if there had been no call: its message was certainly not sent."""
    is_open = message.state in (MessageState.QUEUED, MessageState.SENDING, MessageState.UNKNOWN)
    if not is_open or message.wamid is not None or message.settled_at is not None:
        return False
    result = each.result
    return result is None or stops.is_passing(result) or stops.of_result(result) is not None


def _put_back(again: Sequence[Ended]) -> None:
    at = now()
    releasing.put_back(
        [
            Claim(each.job.row_id, each.job.campaign_id, each.job.message_id, _due(each.result, at))
            for each in again
        ]
    )


def _due(result: Result | None, at: datetime) -> datetime | None:
    if result is None:
        return at
    return at + ONE_PERSON_LATER if stops.is_too_many_to_one(result) else at


def _learn(ended: Sequence[Ended]) -> None:
    told: dict[UUID, list[Result]] = {}
    for each in ended:
        if each.result is not None:
            told.setdefault(each.job.credential_id, []).append(each.result)
    for credential_id, answers in told.items():
        pace.learn(credential_id, answers)
        if any(map(stops.is_too_fast, answers)):
            pace.slow_down(credential_id)
        if any(result.code == results.UNREACHABLE for result in answers):
            credential = session().get(Credential, credential_id)
            if credential is not None:
                pace.hold(pace.locked(credential_id), now() + UNREACHABLE_WAIT)


def _judge(ended: Sequence[Ended]) -> list[Mail]:
    """Pause the campaigns that an answer stops."""
    mails: list[Mail] = []
    for campaign_id, answers in _by_campaign(ended).items():
        campaign = session().get(Campaign, campaign_id, populate_existing=True)
        if campaign is None:
            continue
        if campaign.next_attempt_at is not None and campaign.rate is None:
            # It may have waited for just these calls to end.
            campaign.next_attempt_at = min(campaign.next_attempt_at, now())
            session().add(campaign)
        if campaign.state != CampaignState.RUNNING:
            continue
        reason = next(filter(None, map(stops.of_result, answers)), None)
        reason = reason or _not_reached(campaign, answers)
        if reason is not None:
            mails += ending.pause(campaign, reason)
    return mails


def _not_reached(campaign: Campaign, answers: Iterable[Result]) -> Reason | None:
    if any(result.code == results.UNREACHABLE for result in answers):
        campaign.attempts += 1
        session().add(campaign)
    elif campaign.attempts:
        campaign.attempts = 0
        session().add(campaign)
    return Reason.UNREACHABLE if campaign.attempts >= MOST_UNREACHABLE else None


def _by_campaign(ended: Sequence[Ended]) -> Mapping[UUID, list[Result]]:
    found: dict[UUID, list[Result]] = {}
    for each in ended:
        if each.result is not None:
            found.setdefault(each.job.campaign_id, []).append(each.result)
    return found


def look_back(campaign_id: UUID) -> list[Mail]:
    """Pause a campaign of which too much goes wrong. The caller has locked the account, and commits."""
    campaign = session().get(Campaign, campaign_id, populate_existing=True)
    if campaign is None or campaign.state != CampaignState.RUNNING:
        return []
    found = stops.looking_back(campaign) or stops.too_many_opt_outs(campaign)
    if found is not None:
        return ending.pause(campaign, *found)
    if campaign.credential_id is not None and stops.is_slowed_by_reports(campaign, now() - pace.SLOW_FOR):
        pace.slow_down(campaign.credential_id)
    return []
