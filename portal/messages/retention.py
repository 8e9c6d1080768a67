"""Forgetting what is personal after its time, in small steps that keep nobody waiting.

A message stays in the log with its state; its number, content and the events about it go. What was written and
never sent goes after a day, and what was reported of messages that nobody here knows after a week. What people
wrote goes as a whole.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal.db import event_rows
from portal.db.unit_of_work import unit_of_work
from portal.extensions import session, settings
from portal.messages.reports.recognition import WAIT_FOR
from portal.messages.sending import wamids
from portal.messages.threads import incoming
from portal.models import Delivery, Message, MessageState, MessageStatus, now

BATCH = 200
MOST_BATCHES = 20
"""Each sweep."""
UNSENT_FOR = timedelta(days=1)


_also: list[Callable[[Sequence[UUID]], None]] = []


def also(forget: Callable[[Sequence[UUID]], None]) -> None:
    """Have this done with messages that are erased, in the same transaction."""
    _also.append(forget)


def overdue() -> range:
    """The batches to work through in this sweep; none when nothing is over."""
    return range(MOST_BATCHES if _unsent(1) or _old(1) or _unclaimed(1) or incoming.old(1) else 0)


def prune(_batch: int = 0) -> None:
    """Forget the next batch."""
    with unit_of_work():
        # Somebody may confirm one meanwhile: what it depends on is part of the statement that deletes.
        unsent = sa.delete(Message).where(col(Message.id).in_(_unsent(BATCH)), *_is_unsent())
        session().execute(unsent.execution_options(**_PLAIN))
        session().execute(sa.delete(MessageStatus).where(col(MessageStatus.id).in_(_unclaimed(BATCH))))
        erase(_old(BATCH))
        incoming.forget(incoming.old(BATCH))
        session().commit()


def erase(ids: Sequence[UUID]) -> None:
    """Erase the content and numbers of messages, and the events about them. The caller commits."""
    is_about = col(MessageStatus.message_id).in_(ids)
    for forget in _also:
        forget(ids)
    _erase_events(is_about)
    _erase_names(ids, is_about)
    session().execute(
        sa.update(MessageStatus)
        .where(is_about)
        .values(recipient="", description="", delivery_id=None)
        .execution_options(**_PLAIN)
    )
    session().execute(
        sa.update(Message)
        .where(col(Message.id).in_(ids))
        .values(recipient="", preview="", content_hash="", description="", erased_at=now(), **_NOTHING)
        .execution_options(**_PLAIN)
    )


def _erase_events(is_about: sa.ColumnElement[bool]) -> None:
    """The events that told of them, and those that were the same again."""
    events = sa.select(col(MessageStatus.delivery_id)).where(is_about, col(MessageStatus.delivery_id).is_not(None))
    first = sa.func.coalesce(col(Delivery.repeat_of), col(Delivery.id))
    firsts = set(session().execute(sa.select(first).where(col(Delivery.id).in_(events))).scalars())
    again = sa.select(col(Delivery.id)).where(col(Delivery.repeat_of).in_(firsts))
    event_rows.forget([*firsts, *session().execute(again).scalars()])


def _erase_names(ids: Sequence[UUID], is_about: sa.ColumnElement[bool]) -> None:
    """Their names contain the numbers."""
    is_one, is_named = col(Message.id).in_(ids), col(Message.wamid).is_not(None)
    for model, condition in ((Message, sa.and_(is_one, is_named)), (MessageStatus, is_about)):
        found = session().execute(sa.select(col(model.id), col(model.wamid)).where(condition))
        rows = [{"id": row.id, "wamid": wamids.erased(row.wamid)} for row in found]
        if rows:
            session().execute(sa.update(model), rows)


_PLAIN = {"synchronize_session": False}
_NOTHING = {"payload": sa.null(), "template_seen": sa.null()}


def _old(count: int) -> list[UUID]:
    limit = now() - timedelta(days=settings().message_retention_days)
    query = sa.select(col(Message.id)).where(
        col(Message.erased_at).is_(None),
        col(Message.created_at) < limit,
        col(Message.state).not_in((MessageState.QUEUED, MessageState.SENDING)),
    )
    return list(session().execute(query.order_by(col(Message.created_at)).limit(count)).scalars())


def _unsent(count: int) -> list[UUID]:
    return list(session().execute(sa.select(col(Message.id)).where(*_is_unsent()).limit(count)).scalars())


def _is_unsent() -> tuple[sa.ColumnElement[bool], ...]:
    return col(Message.state) == MessageState.PREPARED, col(Message.created_at) < now() - UNSENT_FOR


def _unclaimed(count: int) -> list[UUID]:
    query = sa.select(col(MessageStatus.id)).where(
        col(MessageStatus.message_id).is_(None), col(MessageStatus.received_at) < now() - WAIT_FOR
    )
    return list(session().execute(query.order_by(col(MessageStatus.received_at)).limit(count)).scalars())
