"""What status events say of messages: in any order, repeated, ahead of the gateway's own answer; only forwards.

A status is kept under its `wamid`. Whoever comes to know which message bears it, the event or the answer to our
call, does the linking; the account's lock makes the two take turns, so that neither misses the other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from portal.db import account_lock, bulk, first_come
from portal.extensions import session
from portal.messages.reports import categories, named, recognition
from portal.messages.reports.named import Named
from portal.messages.reports.parsing import Report
from portal.messages.sending import wamids as sending_wamids
from portal.models import Delivery, Message, MessageState, MessageStatus, now

STATES = {
    "sent": MessageState.SENT,
    "failed": MessageState.FAILED,
    "delivered": MessageState.DELIVERED,
    "read": MessageState.READ,
    "played": MessageState.READ,
}
_ORDER = (MessageState.SENT, MessageState.FAILED, MessageState.DELIVERED, MessageState.READ)
"""What was delivered did not fail, whichever is said last."""

_TABLE = SQLModel.metadata.tables["message_status"]
_REPORTED = [_TABLE.c[name] for name in ("id", "message_id", "wamid", "status", "code", "description", "pricing")]


@dataclass(frozen=True)
class Taken:
    """What an event is about: a message that was sent from here; one whose number and content were erased."""

    is_ours: bool = False
    is_erased: bool = False

    def __or__(self, other: "Taken") -> "Taken":
        return Taken(self.is_ours or other.is_ours, self.is_erased or other.is_erased)


Reported = Message | Named
"""A message that reports are about: most are plain rows, and models those that were not known by a `wamid`."""


class Found(dict[str, Reported]):
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
    account_lock.take(account_id)
    rows = named.find(account_id, {report.wamid for report in reports})
    unnamed = [report for report in reports if report.wamid not in rows]
    models = recognition.matched(account_id, unnamed)
    messages: dict[str, Reported] = {**rows, **models}
    _keep(account_id, told, messages)
    # Of these, all that was reported earlier was applied when it came, or when they were named.
    _move(account_id, [(rows[report.wamid], report) for report in reports if report.wamid in rows])
    named.write(list(rows.values()))
    numbers = {report.recipient for report in reports if report.recipient and report.wamid not in messages}
    recognised = [
        message for message in recognition.unanswered(account_id, numbers) if recognition.recognise(message)
    ]
    _apply(account_id, [*models.values(), *recognised])
    return Found(messages | {message.wamid or "": message for message in recognised})


def catch_up(messages: Sequence[Message]) -> None:
    """Apply what was reported of an account's messages, now that their `wamid` may be known.

    The caller locks and commits.
    """
    for message in messages:
        is_nameless = message.wamid is None and message.state == MessageState.UNKNOWN
        if is_nameless and not recognition.match(message):
            recognition.recognise(message)
    if messages:
        _apply(messages[0].account_id, messages)


def _apply(account_id: UUID, messages: Sequence[Message]) -> None:
    """Move messages by all that was reported of them, and link what was not linked yet."""
    bearers = {message.wamid: message for message in messages if message.wamid is not None}
    if not bearers:
        return
    query = sa.select(*_REPORTED).where(
        col(MessageStatus.account_id) == account_id, bulk.among(col(MessageStatus.wamid), bearers)
    )
    reported = [(bearers[status.wamid], status) for status in session().execute(query)]
    links = [{"id": said.id, "message_id": message.id} for message, said in reported if said.message_id is None]
    bulk.update(_TABLE, "id", links)
    _move(account_id, reported)


def _move(account_id: UUID, reported: Iterable[tuple[Reported, Report | sa.Row[Any]]]) -> None:
    """Move messages by what was reported of each, and keep what it says of their templates."""
    charged = []
    for message, said in reported:
        _advance(message, said)
        charged.append(categories.of_charge(message, said.pricing))
    categories.keep(account_id, dict(filter(None, charged)))


def timeline(message: Message) -> Sequence[MessageStatus]:
    """What was reported of a message, in the order in which it happened."""
    query = select(MessageStatus).where(MessageStatus.message_id == message.id)
    return session().exec(query.order_by(col(MessageStatus.at), col(MessageStatus.received_at))).all()


def events_kept(timeline: Sequence[MessageStatus]) -> set[int]:
    """Which of the events that told of these are still in the event log."""
    told = [status.delivery_id for status in timeline if status.delivery_id is not None]
    return set(session().execute(sa.select(col(Delivery.id)).where(col(Delivery.id).in_(told))).scalars())


def _keep(account_id: UUID, told: Sequence[tuple[Report, int | None]], messages: Mapping[str, Reported]) -> None:
    """Keep the first report of each status of each message, as plain rows: they come by the thousands."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for report, delivery_id in told:
        row = _row(account_id, report, delivery_id, messages.get(report.wamid))
        rows.setdefault((row["wamid"], row["status"]), row)
    first_come.insert_whole(MessageStatus, list(rows.values()))


def _row(account_id: UUID, report: Report, delivery_id: int | None, message: Reported | None) -> dict[str, Any]:
    row = {
        "id": uuid4(),
        "account_id": account_id,
        "message_id": message.id if message is not None else None,
        "wamid": report.wamid,
        "status": report.status,
        "recipient": report.recipient,
        "at": report.at or now(),
        "received_at": now(),
        "code": report.code,
        "description": report.description,
        "pricing": report.pricing,
        "callback_data": report.callback_data,
        "delivery_id": delivery_id,
    }
    if message is not None and message.erased_at is not None:
        row |= {
            "wamid": sending_wamids.erased(report.wamid),
            "recipient": "",
            "description": "",
            "delivery_id": None,
        }
    return row


def _advance(message: Reported, said: Report | sa.Row[Any]) -> None:
    state = STATES.get(said.status)
    if state is None or _place(state) <= _place(message.state):
        return
    is_failure = state == MessageState.FAILED
    is_told = is_failure and message.erased_at is None  # the sentence may name the number
    message.state, message.claimed_until = state, None
    message.code = said.code if is_failure else ""
    message.description = said.description if is_told else ""


def _place(state: MessageState) -> int:
    return _ORDER.index(state) if state in _ORDER else -1
