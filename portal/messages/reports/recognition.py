"""Which message a report is about where no answer to our call came: by our own value, or told without a guess."""

from collections.abc import Sequence, Set
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from portal.extensions import session
from portal.messages.reports.parsing import Report
from portal.messages.sending import wamids as sending_wamids
from portal.models import Credential, Message, MessageState, MessageStatus, now

WAIT_FOR = timedelta(days=7)
"""How long a status waits for a message that bears its `wamid`."""
EARLIER, LATER = timedelta(minutes=1), timedelta(minutes=5)
"""How far from the start of its call the first status of a message may lie, clocks that differ included."""


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


def matched(account_id: UUID, reports: Sequence[Report]) -> dict[str, Message]:
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


def match(message: Message) -> bool:
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


def unanswered(account_id: UUID, numbers: Set[str]) -> Sequence[Message]:
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


def recognise(message: Message) -> bool:
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
