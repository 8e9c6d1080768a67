"""Noting down that calls begin, before they do: those that come at the same moment share a commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal.db.engine import writing
from portal.db.group_commit import GroupCommit
from portal.models import Message, MessageState, now


@dataclass
class _Call:
    message_id: UUID
    is_begun: bool = False


class Beginning:
    """Writes that calls begin, for many threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._group = GroupCommit(self._write)

    def begin(self, message_id: UUID) -> bool:
        """Note that the call for a message begins; whether it may: nobody else has taken it over meanwhile."""
        call = _Call(message_id)
        try:
            self._group.commit(self._group.enlist(call))
        except sa.exc.SQLAlchemyError:
            return False
        return call.is_begun

    def _write(self, calls: Sequence[_Call]) -> None:
        at = now()
        change = (
            sa.update(Message)
            .where(
                col(Message.id).in_([call.message_id for call in calls]),
                col(Message.state) == MessageState.QUEUED,
                col(Message.claimed_until) > at,
            )
            .values(state=MessageState.SENDING, call_started_at=at, attempts=1)
            .returning(col(Message.id))
        )
        with writing(), self._engine.begin() as connection:
            begun = set(connection.execute(change).scalars())
        for call in calls:
            call.is_begun = call.message_id in begun
