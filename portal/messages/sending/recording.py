"""What came of a call, written to its message: also when the answer comes late, or after somebody settled it."""

from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import col

from portal.extensions import session
from portal.messages.reports import named
from portal.messages.reports.named import Named
from portal.messages.sending.results import Result
from portal.models import Message, MessageState, MessageStatus, now


def record(row: Message, result: Result, bearers: Mapping[str, Named] | None = None) -> bool:
    """Write it down; whether it is still news. The caller has locked the account, and commits.

    Args:
        bearers: messages by the names that answers gave, where they were asked for already.
    """
    is_late = _is_late(row, result)
    if not is_late and row.state not in (MessageState.SENDING, MessageState.UNKNOWN):
        return False
    _forget_guess(row)
    result.write_to(row, wamid=_own_wamid(row, result, bearers))
    row.claimed_until, row.answered_at = None, now()
    row.retry_at = now() + timedelta(seconds=result.wait) if result.wait else None
    session().add(row)
    return True


def _is_late(row: Message, result: Result) -> bool:
    """A late answer, after a person or a status event settled the message, is still the truth."""
    if row.is_recognised:
        return result.state != MessageState.UNKNOWN
    return row.settled_at is not None and result.wamid is not None


def _forget_guess(row: Message) -> None:
    """What was recognised as the report of a message without an answer waits again, now that there is one."""
    if not row.is_recognised:
        return
    guessed = sa.update(MessageStatus).where(col(MessageStatus.message_id) == row.id).values(message_id=None)
    session().execute(guessed)
    row.wamid, row.is_recognised = None, False


def _own_wamid(row: Message, result: Result, bearers: Mapping[str, Named] | None) -> str | None:
    """The name that the gateway gave it; none where it is the name of another message, which nothing may share."""
    if not result.wamid:
        return None
    bearers = named.find(row.account_id, {result.wamid}) if bearers is None else bearers
    other = bearers.get(result.wamid)
    return result.wamid if other is None or other.id == row.id else None
