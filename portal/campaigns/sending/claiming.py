"""Claiming rows to send: their messages are made, each with an instant for its call.

Claiming takes the account's lock, so two workers never claim the same rows. Campaigns that share a key get the
same number of calls. A claimed message is *queued* without a time for its next attempt, so only the worker that
claimed it makes the call.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from pydantic import SecretStr
from sqlmodel import col

from portal.campaigns import tallies
from portal.campaigns.message import mapping
from portal.campaigns.sending import choosing, ending, stops
from portal.campaigns.sending.reasons import Reason
from portal.campaigns.tallies import Move
from portal.connexease import schemas
from portal.db import first_come, leases
from portal.db.engine import storable
from portal.extensions import connexease, session
from portal.messages.compose import preview
from portal.messages.reports.standings import TEMPLATE
from portal.messages.sending import callback_data, gateway_call, outbox, pace
from portal.models import (
    Account,
    Campaign,
    CampaignRow,
    CampaignState,
    Credential,
    KeyPace,
    Mail,
    Message,
    MessageState,
    MessageType,
    RowState,
    Standing,
    now,
)
from portal.secrets.crypto import VaultError
from portal.vault import keys

MOST = 32
"""Rows that are claimed at once: a worker that is killed leaves no more than these, and the calls under way."""
MOVING = (CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.STOPPED)


@dataclass(frozen=True)
class Job:
    """One call to make, not before its instant."""

    message_id: UUID
    row_id: int
    campaign_id: UUID
    account_id: UUID
    credential_id: UUID
    key: SecretStr
    message: schemas.Message = field(repr=False)
    mmlite: bool
    is_fake: bool
    starts_at: float
    """By `time.monotonic()`."""
    per_second: int
    """What the gateway allows."""
    claimed_at: float = field(default_factory=time.monotonic)


@dataclass
class Claimed:
    """What is to be called, and the mails that were promised about what is not."""

    jobs: list[Job] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    is_more: bool = False
    """Whether there is more to do at once."""


def accounts_with_work() -> list[UUID]:
    """The accounts whose campaigns are due."""
    query = sa.select(col(Campaign.account_id)).distinct().where(*_is_due(now()))
    return list(session().execute(query).scalars())


def claim(account_id: UUID, room: int, ahead: timedelta = pace.AHEAD) -> Claimed:
    """Claim what is due of an account, so many rows at most. The caller has locked the account, and commits.

    Args:
        ahead: how long it takes at least until this is asked again.
    """
    at, claimed = now(), Claimed()
    account = session().get_one(Account, account_id)
    by_key: dict[UUID | None, list[tuple[Campaign, Standing | None]]] = {}
    for campaign, standing in _due(account_id, at):
        if campaign.state == CampaignState.STOPPED:
            ending.skip_rest(campaign, at)
            claimed.is_more = True
        elif ending.time_is_over(campaign, at):
            claimed.mails += ending.stop_in_time(campaign, at)
            claimed.is_more = True
        elif campaign.state == CampaignState.RUNNING:
            by_key.setdefault(campaign.credential_id, []).append((campaign, standing))
        else:  # paused, and its end is not yet
            campaign.next_attempt_at = campaign.ends_at
            session().add(campaign)
    for credential_id, campaigns in by_key.items():
        _claim_with_key(account, credential_id, campaigns, room - len(claimed.jobs), ahead, claimed)
    return claimed


def _is_due(at: datetime) -> tuple[Any, ...]:
    return col(Campaign.state).in_(MOVING), col(Campaign.next_attempt_at) <= at


def _due(account_id: UUID, at: datetime) -> Sequence[Any]:
    """The campaigns that are due, with how their templates stand; who was served longest ago comes first."""
    its_template = sa.and_(
        col(Standing.account_id) == col(Campaign.account_id),
        col(Standing.subject) == TEMPLATE,
        col(Standing.name) == col(Campaign.template_name),
        col(Standing.language) == col(Campaign.language),
    )
    query = sa.select(Campaign, Standing).outerjoin(Standing, its_template)
    query = query.where(col(Campaign.account_id) == account_id, *_is_due(at))
    query = query.order_by(col(Campaign.next_attempt_at), col(Campaign.id))
    return session().execute(query.execution_options(populate_existing=True)).all()


def _claim_with_key(
    account: Account,
    credential_id: UUID | None,
    campaigns: Sequence[tuple[Campaign, Standing | None]],
    room: int,
    ahead: timedelta,
    claimed: Claimed,
) -> None:
    credential = session().get(Credential, credential_id) if credential_id else None
    key = key_of(account, credential)
    ready = []
    for campaign, standing in campaigns:
        reason = Reason.NO_KEY if key is None else stops.of_standing(standing)
        if reason is not None:
            claimed.mails += ending.pause(campaign, reason)
        else:
            ready.append(campaign)
    if not ready or key is None or credential is None:
        return
    at, its_pace = now(), pace.locked(credential.id)
    count = min(pace.room(its_pace, at, ahead), room, MOST)
    for left, campaign in zip(range(len(ready), 0, -1), ready, strict=True):
        share = -(-count // left)  # whoever waited longest gets what cannot be shared
        rows = _choose(account, campaign, share, at, claimed)
        count -= len(rows)
        claimed.jobs += _jobs(account, campaign, credential, key, rows, its_pace)


def _choose(
    account: Account, campaign: Campaign, count: int, at: datetime, claimed: Claimed
) -> Sequence[CampaignRow]:
    if count <= 0:
        return ()
    try:
        chosen = choosing.choose(account, campaign, _by_own_rate(campaign, count), at)
    except VaultError:
        claimed.mails += ending.pause(campaign, Reason.CONSENT)
        return ()
    claimed.is_more = claimed.is_more or chosen.is_more
    if chosen.rows:
        step = timedelta(seconds=len(chosen.rows) / campaign.rate) if campaign.rate else timedelta()
        campaign.next_attempt_at = max(at + step, at)
        campaign.position = max(campaign.position, *(row.id or 0 for row in chosen.rows), 0)
        session().add(campaign)
    elif not chosen.is_more:
        ending.look_ahead(campaign, at)
    return chosen.rows


def _by_own_rate(campaign: Campaign, count: int) -> int:
    """As many as it may send in a tenth of a second, by its own rate."""
    return min(count, max(1, campaign.rate // 10)) if campaign.rate else count


def key_of(account: Account, credential: Credential | None) -> SecretStr | None:
    """The key in clear; none where it is gone or does not open."""
    if credential is None or not gateway_call.can_send(account, credential):
        return None
    try:
        return keys.kept_key(credential)
    except (keys.NoKey, VaultError):
        return None


def _jobs(
    account: Account,
    campaign: Campaign,
    credential: Credential,
    key: SecretStr,
    rows: Sequence[CampaignRow],
    its_pace: KeyPace,
) -> list[Job]:
    """Make the messages, and note that their calls begin."""
    if not rows:
        return []
    at, clock = now(), time.monotonic()
    made: list[tuple[CampaignRow, dict[str, Any], schemas.Message]] = []
    broken: list[Move] = []
    for row in rows:
        try:
            wire = mapping.message_of(campaign, row)
        except ValueError:
            broken.append(Move(row.id or 0, campaign.id, RowState.WAITING, RowState.SKIPPED, problem="unreadable"))
            continue
        made.append((row, *_message(campaign, credential, row, wire, at)))
    first_come.insert_whole(Message, [message for _row, message, _wire in made])
    connection = session().connection()
    tallies.move(connection, broken)
    tallies.move(
        connection,
        [
            Move(
                row.id or 0, campaign.id, RowState.WAITING, RowState.SENDING, values={"message_id": message["id"]}
            )
            for row, message, _wire in made
        ],
    )
    instants = pace.take(its_pace, len(made), at)
    return [
        Job(
            message["id"],
            row.id or 0,
            campaign.id,
            account.id,
            credential.id,
            key,
            wire,
            campaign.mmlite,
            campaign.is_fake,
            clock + (instant - at).total_seconds(),
            pace.allowed(its_pace),
        )
        for (row, message, wire), instant in zip(made, instants, strict=True)
    ]


def _message(
    campaign: Campaign, credential: Credential, row: CampaignRow, wire: schemas.Message, at: datetime
) -> tuple[dict[str, Any], schemas.Message]:
    own = callback_data.made() if credential.echoes_callback_data else None
    looks = outbox.content_hash(wire, is_test=campaign.is_fake or credential.is_trial)
    wire = wire.model_copy(update={"biz_opaque_callback_data": own}) if own else wire
    draft = mapping.draft_of(campaign, row.recipient, row.values)
    return {
        **_usual(),
        "id": uuid4(),
        "account_id": campaign.account_id,
        "intent": f"campaign row {row.id}",
        "credential_id": credential.id,
        "credential_name": keys.label(credential),
        "credential_last_four": credential.last_four,
        "is_trial": credential.is_trial,
        "sender_id": campaign.sender_id,
        "sender": campaign.sender,
        "campaign_id": campaign.id,
        "recipient": row.recipient,
        "payload": connexease().gateway.body(wire),
        "preview": storable(preview.line(draft, mapping.seen(campaign)), 200),
        "template_uuid": campaign.template_uuid,
        "template_seen": campaign.template_seen,
        "content_hash": looks,
        "mmlite": campaign.mmlite,
        "is_fake": campaign.is_fake,
        "is_marketing": campaign.is_marketing,
        "created_at": at,
        "claimed_until": leases.until(),
        "callback_data": own,
        "confirmed_at": at,
    }, wire


@cache
def _usual() -> dict[str, Any]:
    """A message that is claimed, as its model fills it: to make a model of each takes longer."""
    usual = Message(account_id=UUID(int=0), intent="", type=MessageType.TEMPLATE, state=MessageState.QUEUED)
    return {column.name: getattr(usual, column.name) for column in sa.inspect(Message).columns}
