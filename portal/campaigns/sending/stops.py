"""What makes a campaign stop by itself: an answer that every row would get, or too much that goes wrong."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal.campaigns.sending.reasons import Reason
from portal.extensions import session
from portal.messages.log import outcome
from portal.messages.sending import results
from portal.messages.sending.results import Result
from portal.models import (
    Campaign,
    CampaignRow,
    ConsentEntry,
    Message,
    MessageState,
    Standing,
    Wish,
)

LATEST, AT_LEAST = 200, 20
"""Messages that are looked back at, and how many there must be."""
FAILED = (MessageState.FAILED, MessageState.REFUSED)
SLOW_DOWN, ONE_PERSON = "130429", "131056"
TOO_FAST = (SLOW_DOWN, ONE_PERSON)
"""Meta's words for too much at once: from a number, and to one person."""
_OF_CODE = {
    "BILL_001": Reason.BALANCE,
    "AUTH_001": Reason.KEY_REFUSED,
    "AUTH_002": Reason.KEY_REFUSED,
    "AUTH_003": Reason.KEY_REFUSED,
    results.KEY_REFUSED: Reason.KEY_REFUSED,
    results.MALFORMED_KEY: Reason.KEY_REFUSED,
    results.FORBIDDEN: Reason.FORBIDDEN,
    results.NO_GATEWAY: Reason.NO_GATEWAY,
    results.NO_KEY: Reason.NO_KEY,
}
_OF_META = {
    "132015": Reason.TEMPLATE_PAUSED,
    "132016": Reason.TEMPLATE_DISABLED,
    "131048": Reason.SPAM_LIMIT,
    "368": Reason.BLOCKED,
    "131031": Reason.LOCKED,
    "133010": Reason.UNREGISTERED,
    "131042": Reason.PAYMENT,
}
_OF_STANDING = {
    "PAUSED": Reason.TEMPLATE_PAUSED,
    "DISABLED": Reason.TEMPLATE_DISABLED,
    "REJECTED": Reason.TEMPLATE_DISABLED,
    "PENDING_DELETION": Reason.TEMPLATE_DISABLED,
    "DELETED": Reason.TEMPLATE_DISABLED,
}


def of_result(result: Result) -> Reason | None:
    """Why an answer stops a campaign; none for one that is about its row alone."""
    if result.state != MessageState.REFUSED:
        return None
    return _of(_meta_code(result), result.code, result.http_status)


def is_passing(result: Result) -> bool:
    """Whether the row may simply be sent later: it was certainly not sent, and not for a reason of its own."""
    if result.state != MessageState.REFUSED:
        return False
    is_later = _meta_code(result) in TOO_FAST or result.code in ("AUTH_004", "AUTH_005")
    return result.is_busy or result.code == results.UNREACHABLE or is_later


def is_too_many_to_one(result: Result) -> bool:
    """Whether only this person gets too many messages."""
    return result.state == MessageState.REFUSED and _meta_code(result) == ONE_PERSON


def is_too_fast(result: Result) -> bool:
    """Whether Meta takes fewer messages."""
    return result.state == MessageState.REFUSED and _meta_code(result) in TOO_FAST


def of_standing(standing: Standing | None) -> Reason | None:
    """Why a template that stands like this at WhatsApp cannot be sent."""
    return _OF_STANDING.get(standing.state) if standing is not None else None


def looking_back(campaign: Campaign) -> tuple[Reason, str] | None:
    """Why a campaign has to stop by what became of its last messages, with a detail for people."""
    rows = _latest(campaign)
    for row in rows:
        if row.state == MessageState.FAILED and (reason := _of(row.code, row.code, None)):
            return reason, row.code
    if len(rows) >= AT_LEAST:
        share = sum(row.state in FAILED for row in rows) * 100 / len(rows)
        if share > campaign.most_failures:
            return Reason.FAILURES, f"{share:.0f}"
    return None


def too_many_opt_outs(campaign: Campaign) -> tuple[Reason, str] | None:
    """Whether more people opted out since it began than its sender allowed."""
    since = _since(campaign)
    out = opted_out_since(campaign, since)
    if not out:
        return None
    sent = _sent_since(campaign, since)
    share = out * 100 / sent if sent else 0
    return (Reason.OPT_OUTS, f"{share:.0f}") if sent >= AT_LEAST and share > campaign.most_opt_outs else None


def is_slowed_by_reports(campaign: Campaign, since: datetime) -> bool:
    """Whether a message that went out since then with the campaign's key failed because it was too fast.

    It doesn't matter whether it was the campaign's own: everything that is sent with a key shares its pace.
    """
    query = sa.select(col(Message.id)).where(
        col(Message.account_id) == campaign.account_id,
        col(Message.state) == MessageState.FAILED,
        col(Message.confirmed_at) >= since,
        col(Message.credential_id) == campaign.credential_id,
        col(Message.code).in_(TOO_FAST),
    )
    return session().execute(query.limit(1)).first() is not None


def opted_out_since(campaign: Campaign, since: datetime) -> int:
    """How many of those whom it was sent to opted out since then."""
    query = (
        sa.select(sa.func.count(sa.distinct(col(ConsentEntry.number))))
        .select_from(ConsentEntry)
        .join(
            CampaignRow,
            sa.and_(
                col(CampaignRow.campaign_id) == campaign.id,
                col(CampaignRow.recipient) == col(ConsentEntry.number),
                # As the index says it.
                sa.text("campaign_row.recipient <> '' AND campaign_row.state NOT IN ('wrong', 'double')"),
            ),
        )
        .where(
            col(ConsentEntry.account_id) == campaign.account_id,
            col(ConsentEntry.at) >= since,
            col(ConsentEntry.wish) == Wish.OUT,
            col(CampaignRow.message_id).is_not(None),
        )
    )
    return int(session().execute(query).scalar_one())


def _since(campaign: Campaign) -> datetime:
    return campaign.resumed_at or campaign.confirmed_at or campaign.created_at


def _sent_since(campaign: Campaign, since: datetime) -> int:
    query = sa.select(sa.func.count()).where(
        col(Message.campaign_id) == campaign.id, col(Message.confirmed_at) >= since
    )
    return int(session().execute(query).scalar_one())


def _latest(campaign: Campaign) -> Sequence[sa.Row[tuple[UUID, MessageState, str]]]:
    """The last messages that were answered, newest first."""
    columns = (col(Message.id), col(Message.state), col(Message.code))
    query = sa.select(*columns).where(
        col(Message.campaign_id) == campaign.id,
        col(Message.confirmed_at) >= _since(campaign),
        col(Message.state) != MessageState.SENDING,
    )
    newest = query.order_by(col(Message.confirmed_at).desc(), col(Message.id).desc()).limit(LATEST)
    return session().execute(newest).all()


def _of(meta: str, code: str, status: int | None) -> Reason | None:
    found = _OF_META.get(meta) or _OF_CODE.get(code)
    return found or (Reason.BALANCE if status == 402 else None)


def _meta_code(result: Result) -> str:
    return outcome.meta_code_in(result.code, result.description)
