"""What status events say of messages: in any order, repeated, ahead of the gateway's own answer; only forwards.

A status is kept under its `wamid`. Whoever comes to know which message bears it, the event or the answer to our
call, does the linking; `lock` makes the two take turns, so that neither misses the other.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from portal.compose.reports import Report
from portal.extensions import session
from portal.models import Account, Delivery, Message, MessageState, MessageStatus, now

STATES = {
    "sent": MessageState.SENT,
    "failed": MessageState.FAILED,
    "delivered": MessageState.DELIVERED,
    "read": MessageState.READ,
}
_ORDER = (*STATES.values(),)
"""What was delivered did not fail, whichever is said last."""

WAIT_FOR = timedelta(days=7)
"""How long a status waits for a message that bears its `wamid`."""
EARLIER, LATER = timedelta(minutes=1), timedelta(minutes=5)
"""How far from the start of its call the first status of a message may lie, clocks that differ included."""


def lock(account_id: UUID) -> None:
    """Take turns with whatever else changes this account's messages, until the transaction ends."""
    query = sa.select(col(Account.id)).where(col(Account.id) == account_id)
    session().execute(query.with_for_update(key_share=True))  # lets rows that refer to the account be written


def take_in(account_id: UUID, reports: Sequence[Report], delivery_id: int | None) -> bool:
    """Keep what an event says and move the messages that it is about. The caller commits.

    Returns:
        Whether any of it is about a message that was sent from here.
    """
    lock(account_id)
    found = False
    for report in reports:
        _keep(account_id, report, delivery_id)
        message = named(account_id, report.wamid) or _recognised(account_id, report)
        if message is not None:
            catch_up(message)
            found = True
    return found


def catch_up(message: Message) -> None:
    """Apply what was reported of a message, now that its `wamid` may be known. The caller locks and commits."""
    if message.wamid is None and message.state == MessageState.UNKNOWN:
        _recognise(message)
    if message.wamid is None:
        return
    session().flush()
    query = select(MessageStatus).where(
        MessageStatus.account_id == message.account_id, MessageStatus.wamid == message.wamid
    )
    for status in session().exec(query):
        status.message_id = message.id
        session().add(status)
        _advance(message, status)
    session().add(message)


def timeline(message: Message) -> Sequence[MessageStatus]:
    """What was reported of a message, in the order in which it happened."""
    query = select(MessageStatus).where(MessageStatus.message_id == message.id)
    return session().exec(query.order_by(col(MessageStatus.at), col(MessageStatus.received_at))).all()


def events_kept(timeline: Sequence[MessageStatus]) -> set[int]:
    """Which of the events that told of these are still in the event log."""
    told = [status.delivery_id for status in timeline if status.delivery_id is not None]
    return set(session().execute(sa.select(col(Delivery.id)).where(col(Delivery.id).in_(told))).scalars())


def hint(message: Message) -> MessageStatus | None:
    """A report that may be about a message without an answer, though it could be about another one, too."""
    query = (
        _waiting(message.account_id)
        .where(MessageStatus.recipient == _digits(message), *_in_time(message))
        .order_by(col(MessageStatus.at).desc())
    )
    return session().exec(query).first()


def _keep(account_id: UUID, report: Report, delivery_id: int | None) -> None:
    same = select(MessageStatus).where(
        MessageStatus.account_id == account_id,
        MessageStatus.wamid == report.wamid,
        MessageStatus.status == report.status,
    )
    if session().exec(same).first() is not None:
        return
    session().add(
        MessageStatus(
            account_id=account_id,
            wamid=report.wamid,
            status=report.status,
            recipient=report.recipient,
            at=report.at or now(),
            code=report.code,
            description=report.description,
            delivery_id=delivery_id,
        )
    )
    session().flush()


def _advance(message: Message, status: MessageStatus) -> None:
    state = STATES.get(status.status)
    if state is None or _place(state) <= _place(message.state):
        return
    message.state, is_failure = state, state == MessageState.FAILED
    message.code = status.code if is_failure else ""
    message.description = status.description if is_failure else ""
    message.claimed_until = None


def _place(state: MessageState) -> int:
    return _ORDER.index(state) if state in _ORDER else -1


def named(account_id: UUID, wamid: str) -> Message | None:
    """The account's message that bears this `wamid`."""
    query = select(Message).where(Message.account_id == account_id, Message.wamid == wamid)
    return session().exec(query.with_for_update().execution_options(populate_existing=True)).first()


# --- a message whose answer never came ---------------------------------------------------------------


def _recognised(account_id: UUID, report: Report) -> Message | None:
    """The message without an answer that a report is certainly about."""
    if not report.recipient:
        return None
    query = select(Message).where(
        Message.account_id == account_id,
        Message.recipient == f"+{report.recipient}",
        Message.state == MessageState.UNKNOWN,
        col(Message.wamid).is_(None),
    )
    for message in session().exec(query.limit(2)):
        if _recognise(message):
            return message
    return None


def _recognise(message: Message) -> bool:
    """Find the `wamid` of a message without an answer, if it can be told without guessing.

    A status names no content, and other systems may send to the same number. So all of this must hold: no other
    message to this number is without an answer; only one `wamid` that nobody claims was reported in the last
    days, for any number, so nobody else sends through this gateway; it was first reported for this number around
    our call; and messages sent with the same key were reported here before. Else a person settles it.
    """
    wamids = _waiting(message.account_id).with_only_columns(col(MessageStatus.wamid)).distinct().limit(2)
    unclaimed = set(session().execute(wamids).scalars())
    if len(unclaimed) != 1 or not _is_alone(message) or not _is_reported_here(message):
        return False
    wamid = unclaimed.pop()
    fits = _waiting(message.account_id).where(MessageStatus.recipient == _digits(message), *_in_time(message))
    if session().exec(fits).first() is None:
        return False
    message.wamid, message.is_recognised = wamid, True
    session().add(message)
    return True


def _is_alone(message: Message) -> bool:
    query = sa.select(sa.func.count()).where(
        col(Message.account_id) == message.account_id,
        col(Message.recipient) == message.recipient,
        col(Message.state).in_((MessageState.SENDING, MessageState.UNKNOWN)),
        col(Message.id) != message.id,
    )
    return int(session().execute(query).scalar_one()) == 0


def _is_reported_here(message: Message) -> bool:
    query = (
        sa.select(col(MessageStatus.id))
        .join(Message, col(Message.id) == col(MessageStatus.message_id))
        .where(
            col(MessageStatus.account_id) == message.account_id,
            col(Message.credential_id) == message.credential_id,
            col(Message.is_recognised).is_(False),
        )
    )
    return session().execute(query.limit(1)).first() is not None


def _waiting(account_id: UUID) -> SelectOfScalar[MessageStatus]:
    return select(MessageStatus).where(
        MessageStatus.account_id == account_id,
        col(MessageStatus.message_id).is_(None),
        col(MessageStatus.received_at) > now() - WAIT_FOR,
    )


def _in_time(message: Message) -> tuple[sa.ColumnElement[bool], ...]:
    started = message.call_started_at or message.created_at
    return col(MessageStatus.at) >= started - EARLIER, col(MessageStatus.at) <= started + LATER


def _digits(message: Message) -> str:
    return message.recipient.removeprefix("+")
