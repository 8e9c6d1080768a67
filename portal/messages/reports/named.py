"""Messages that bear a `wamid`, as reports find and move them: plain rows, because reports come by the thousands.

No model is written, so the events of SQLAlchemy's session don't show these changes. Code that needs to know of
them registers a function with `follows`.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel, col

from portal.db import bulk
from portal.extensions import session
from portal.messages.sending import wamids as sending_wamids
from portal.models import Message, MessageStanding, MessageState, MessageType

_TABLE = SQLModel.metadata.tables["message"]


@dataclass
class Named(MessageStanding):
    """A message. What is reported of it is noted here, and written once, when all is known."""

    id: UUID
    wamid: str
    state: MessageState
    code: str
    description: str
    claimed_until: datetime | None
    type: MessageType
    payload: dict[str, Any] | None
    campaign_id: UUID | None
    http_status: int | None
    message_status: str
    erased_at: datetime | None
    state_before: MessageState = field(init=False)

    def __post_init__(self) -> None:
        self.state_before = self.state


_COLUMNS = [_TABLE.c[each.name] for each in fields(Named) if each.init]
_MOVED = ("state", "code", "description", "claimed_until")
_followers: list[Callable[[Sequence[Named]], None]] = []


def follows(follower: Callable[[Sequence[Named]], None]) -> None:
    """Have this told of messages that are about to change, in the same transaction; for rooms that stand above."""
    _followers.append(follower)


def find(account_id: UUID, wamids: Set[str]) -> dict[str, Named]:
    """The messages that bear these, be it that only a hash is left of it. They are locked."""
    found = _bearing(account_id, {wamid: wamid for wamid in wamids})
    hashed = {sending_wamids.erased(wamid): wamid for wamid in wamids - found.keys()}
    return found | (_bearing(account_id, hashed) if hashed else {})


def _bearing(account_id: UUID, spelled: Mapping[str, str]) -> dict[str, Named]:
    query = sa.select(*_COLUMNS).where(
        col(Message.account_id) == account_id, bulk.among(col(Message.wamid), spelled)
    )
    # In one order, so that two events about the same messages wait for each other, and not in a circle.
    query = query.order_by(col(Message.id)).with_for_update(key_share=True)
    return {spelled[row.wamid]: Named(*row) for row in session().execute(query)}


def write(messages: Sequence[Named]) -> None:
    """Write those that were moved. The caller commits."""
    moved = [each for each in messages if each.state != each.state_before]
    if not moved:
        return
    for follower in _followers:
        follower(moved)
    bulk.update(_TABLE, "id", [{name: getattr(each, name) for name in ("id", *_MOVED)} for each in moved])
