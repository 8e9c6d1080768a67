"""What status events say of messages: in any order, repeated, ahead of the gateway's own answer; only forwards.

A status is kept under its `wamid`. Whoever comes to know which message bears it, the event or the answer to our
call, does the linking; `lock` makes the two take turns, so that neither misses the other.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from portal.extensions import session
from portal.messages.reports.parsing import Report
from portal.messages.sending import wamids as sending_wamids
from portal.models import Account, Credential, Delivery, Message, MessageState, MessageStatus, now

STATES = {
    "sent": MessageState.SENT,
    "failed": MessageState.FAILED,
    "delivered": MessageState.DELIVERED,
    "read": MessageState.READ,
    "played": MessageState.READ,
}
_ORDER = (MessageState.SENT, MessageState.FAILED, MessageState.DELIVERED, MessageState.READ)
"""What was delivered did not fail, whichever is said last."""

WAIT_FOR = timedelta(days=7)
"""How long a status waits for a message that bears its `wamid`."""
EARLIER, LATER = timedelta(minutes=1), timedelta(minutes=5)
"""How far from the start of its call the first status of a message may lie, clocks that differ included."""


def lock(account_id: UUID) -> None:
    """Take turns with whatever else changes this account's messages, until the transaction ends."""
    query = sa.select(col(Account.id)).where(col(Account.id) == account_id)
    session().execute(query.with_for_update(key_share=True))  # lets rows that refer to the account be written


@dataclass(frozen=True)
class Taken:
    """What an event is about: a message that was sent from here; one whose number and content were erased."""

    is_ours: bool = False
    is_erased: bool = False

    def __or__(self, other: "Taken") -> "Taken":
        return Taken(self.is_ours or other.is_ours, self.is_erased or other.is_erased)


class Found(dict[str, Message]):
    """The messages that reports are about, by the `wamid` in the report."""

    def of(self, reports: Iterable[Report]) -> Taken:
        """What some of the reports are about."""
        messages = [self[report.wamid] for report in reports if report.wamid in self]
        return Taken(bool(messages), any(message.erased_at for message in messages))


def take_in(account_id: UUID, told: Sequence[tuple[Report, int | None]]) -> Found:
    """Keep what events say, and move the messages that they are about. The caller commits.

    However many reports there are, they cost a handful of statements, since nobody else writes meanwhile.

    Args:
        told: each report with the number of the event that it was in.
    """
    reports = [report for report, _ in told]
    lock(account_id)
    messages = _named(account_id, {report.wamid for report in reports})
    messages |= _matched(account_id, [report for report in reports if report.wamid not in messages])
    _keep(account_id, told, messages)
    numbers = {report.recipient for report in reports if report.recipient and report.wamid not in messages}
    recognised = [message for message in _unanswered(account_id, numbers) if _recognise(message)]
    found = Found(messages | {message.wamid or "": message for message in recognised})
    _apply(account_id, list({message.id: message for message in found.values()}.values()))
    return found


def catch_up(message: Message) -> None:
    """Apply what was reported of a message, now that its `wamid` may be known. The caller locks and commits."""
    if message.wamid is None and message.state == MessageState.UNKNOWN and not _match(message):
        _recognise(message)
    _apply(message.account_id, [message])


def _apply(account_id: UUID, messages: Sequence[Message]) -> None:
    bearers = {message.wamid: message for message in messages if message.wamid is not None}
    if not bearers:
        return
    session().flush()
    query = select(MessageStatus).where(
        MessageStatus.account_id == account_id, col(MessageStatus.wamid).in_(bearers)
    )
    for status in session().exec(query):
        message = bearers[status.wamid]
        status.message_id = message.id
        _advance(message, status)
        session().add_all((status, message))


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
    if not message.recipient:
        return None  # it was erased; and reports without a number are about anybody
    query = (
        _waiting(message.account_id)
        .where(MessageStatus.recipient == _digits(message), *_in_time(message))
        .order_by(col(MessageStatus.at).desc())
    )
    return session().exec(query).first()


def _keep(account_id: UUID, told: Sequence[tuple[Report, int | None]], messages: Mapping[str, Message]) -> None:
    """Keep the first report of each status of each message."""
    rows: dict[tuple[str, str], MessageStatus] = {}
    for report, delivery_id in told:
        message = messages.get(report.wamid)
        row = _row(account_id, report, delivery_id)
        if message is not None and message.erased_at is not None:
            row.wamid, row.recipient, row.description = sending_wamids.erased(row.wamid), "", ""
            row.delivery_id = None
        rows.setdefault((row.wamid, row.status), row)
    query = sa.select(col(MessageStatus.wamid), col(MessageStatus.status)).where(
        col(MessageStatus.account_id) == account_id, col(MessageStatus.wamid).in_({wamid for wamid, _ in rows})
    )
    for known in session().execute(query):
        rows.pop((known.wamid, known.status), None)
    session().add_all(rows.values())
    session().flush()


def _row(account_id: UUID, report: Report, delivery_id: int | None) -> MessageStatus:
    return MessageStatus(
        account_id=account_id,
        wamid=report.wamid,
        status=report.status,
        recipient=report.recipient,
        at=report.at or now(),
        code=report.code,
        description=report.description,
        pricing=report.pricing,
        callback_data=report.callback_data,
        delivery_id=delivery_id,
    )


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
    return _named(account_id, {wamid}).get(wamid)


def _named(account_id: UUID, wamids: Set[str]) -> dict[str, Message]:
    """The messages that bear these, be it that only a hash is left of it."""
    spelled = {spelling: wamid for wamid in wamids for spelling in (wamid, sending_wamids.erased(wamid))}
    query = select(Message).where(Message.account_id == account_id, col(Message.wamid).in_(spelled))
    # In one order, so that two events about the same messages wait for each other, and not in a circle.
    query = query.order_by(col(Message.id)).with_for_update()
    rows = session().exec(query.execution_options(populate_existing=True))
    return {spelled[row.wamid]: row for row in rows if row.wamid is not None}


# --- a message whose answer never came ---------------------------------------------------------------


def _matched(account_id: UUID, reports: Sequence[Report]) -> dict[str, Message]:
    """Messages without an answer whose own value came back: each report says itself which message it is about.

    It says so too of a message that a person settled meanwhile.
    """
    wamids = {report.callback_data: report.wamid for report in reports if report.callback_data}
    if not wamids:
        return {}
    query = select(Message).where(
        Message.account_id == account_id,
        col(Message.callback_data).in_(wamids),
        sa.or_(col(Message.state) == MessageState.UNKNOWN, col(Message.settled_at).is_not(None)),
        col(Message.wamid).is_(None),
    )
    rows = session().exec(query.order_by(col(Message.id)).with_for_update()).all()
    found = {wamids[row.callback_data or ""]: row for row in rows}
    return {wamid: _bear(row, wamid) for wamid, row in found.items()}


def _match(message: Message) -> bool:
    """Find the report that brought a message's own value back; whether there is one."""
    if message.callback_data is None:
        return False
    query = _waiting(message.account_id).where(MessageStatus.callback_data == message.callback_data)
    found = session().exec(query.limit(1)).first()
    if found is not None:
        _bear(message, found.wamid)
    return found is not None


def _bear(message: Message, wamid: str) -> Message:
    message.wamid = wamid if message.erased_at is None else sending_wamids.erased(wamid)
    message.is_matched = True
    session().add(message)
    return message


def _unanswered(account_id: UUID, numbers: Set[str]) -> Sequence[Message]:
    """Messages to these numbers whose answer never came."""
    if not numbers:
        return ()
    query = select(Message).where(
        Message.account_id == account_id,
        col(Message.recipient).in_({f"+{number}" for number in numbers}),
        Message.state == MessageState.UNKNOWN,
        col(Message.wamid).is_(None),
    )
    return session().exec(query.limit(2 * len(numbers))).all()


def _recognise(message: Message) -> bool:
    """Find the `wamid` of a message without an answer, if it can be told without guessing.

    A status names no content, and other systems may send to the same number. So all of this must hold: no other
    message to this number is without an answer; only one `wamid` that nobody claims was reported in the last
    days, for any number, so nobody else sends through this gateway; it was first reported for this number around
    our call; and messages sent with the same key were reported here before. Else a person settles it. With a key
    whose statuses bring our own value back, one that does not is about another message.
    """
    if message.callback_data is not None and _is_brought_back(message):
        return False
    wamids = _waiting(message.account_id).with_only_columns(col(MessageStatus.wamid)).distinct().limit(2)
    unclaimed = set(session().execute(wamids).scalars())
    is_one = bool(message.recipient) and len(unclaimed) == 1  # reports without a number are about anybody
    if not is_one or not _is_alone(message) or not _is_reported_here(message):
        return False
    wamid = unclaimed.pop()
    fits = _waiting(message.account_id).where(MessageStatus.recipient == _digits(message), *_in_time(message))
    if session().exec(fits).first() is None:
        return False
    message.wamid, message.is_recognised = wamid, True
    session().add(message)
    return True


def _is_brought_back(message: Message) -> bool:
    credential = session().get(Credential, message.credential_id) if message.credential_id else None
    return credential is not None and bool(credential.echoes_callback_data)


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
