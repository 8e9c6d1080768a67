"""Where a row's state changes, and with it the tallies of its campaign: nothing else writes any of them.

When a campaign's message changes its state, its row changes just before it in the same transaction. It doesn't
matter what caused it: an answer, a status event or a person. Changing messages needs the account's lock, so
tallies change one after the other.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event
from sqlmodel import Session, SQLModel, col, select

from portal.db import bulk, dialect
from portal.extensions import session
from portal.messages.log import outcome
from portal.messages.reports import named
from portal.messages.reports.named import Named
from portal.models import CampaignReason, CampaignRow, CampaignTally, Message, MessageState, RowState

WITH_REASON = (RowState.FAILED, RowState.REFUSED, RowState.SKIPPED)
"""States of which it is counted why."""
HTTP = "http:"
"""What a reason begins with that is only the status of an answer."""
_WATCHED = ("state", "message_status", "code")


@dataclass(frozen=True)
class Move:
    """A row that goes from one state to another. `values` are its other columns that change."""

    row_id: int
    campaign_id: UUID
    before: RowState
    after: RowState
    problem_before: str = ""
    problem: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


def move(connection: sa.Connection, moves: Sequence[Move]) -> None:
    """Move rows, and count them. All change the same columns. The caller has locked the account, and commits."""
    if not moves:
        return
    bulk.update(
        SQLModel.metadata.tables["campaign_row"],
        "id",
        [{"id": each.row_id, "state": each.after, "problem": each.problem, **each.values} for each in moves],
    )
    states: Counter[tuple[UUID, RowState]] = Counter()
    reasons: Counter[tuple[UUID, RowState, str]] = Counter()
    for each in moves:
        _count(states, reasons, each)
    count(connection, states)
    _count_reasons(connection, reasons)


def of(campaign_id: UUID) -> dict[RowState, int]:
    """How many rows of a campaign are in each state; one that no row is in may be missing."""
    query = select(CampaignTally).where(CampaignTally.campaign_id == campaign_id)
    rows = session().exec(query.execution_options(populate_existing=True))
    return {row.state: row.rows for row in rows if row.rows}


def add(campaign_id: UUID, counts: Mapping[RowState, int]) -> None:
    """Count rows that were made, or whose state was changed by the caller, who commits."""
    count(session().connection(), {(campaign_id, state): rows for state, rows in counts.items()})


def forget(campaign_id: UUID) -> None:
    """Count none of a campaign's rows any more. The caller commits."""
    own = sa.delete(CampaignTally).where(col(CampaignTally.campaign_id) == campaign_id)
    session().execute(own.execution_options(synchronize_session=False))


def count(connection: sa.Connection, changes: Mapping[tuple[UUID, RowState], int]) -> None:
    """Add to the tallies of campaigns."""
    keys = ("campaign_id", "state")
    _add(connection, CampaignTally, keys, changes)


def count_reason(connection: sa.Connection, campaign_id: UUID, state: RowState, problem: str, rows: int) -> None:
    """Add to how many rows are in a state for a reason."""
    _count_reasons(connection, {(campaign_id, state, problem): rows})


def states_of(connection: sa.Connection, row_ids: Sequence[int]) -> dict[int, RowState]:
    """How rows stand."""
    query = sa.select(col(CampaignRow.id), col(CampaignRow.state)).where(col(CampaignRow.id).in_(row_ids))
    return {row.id: row.state for row in connection.execute(query)}


def state_of(message: Message | Named) -> RowState:
    """What the state of a message is to its row."""
    if message.state == MessageState.ACCEPTED and message.is_held:
        return RowState.HELD
    if message.state in (MessageState.PREPARED, MessageState.QUEUED):
        return RowState.SENDING
    return RowState(message.state.value)


def problem_of(message: Message | Named) -> str:
    """Why a message failed or was refused, in a word; empty for any other."""
    if message.state not in (MessageState.FAILED, MessageState.REFUSED):
        return ""
    status = f"{HTTP}{message.http_status}" if message.http_status else ""
    return (outcome.meta_code_in(message.code, message.description) or message.code or status)[:64]


def _count(
    states: Counter[tuple[UUID, RowState]], reasons: Counter[tuple[UUID, RowState, str]], each: Move
) -> None:
    states[each.campaign_id, each.before] -= 1
    states[each.campaign_id, each.after] += 1
    if each.before in WITH_REASON:
        reasons[each.campaign_id, each.before, each.problem_before] -= 1
    if each.after in WITH_REASON:
        reasons[each.campaign_id, each.after, each.problem] += 1


def _count_reasons(connection: sa.Connection, changes: Mapping[tuple[UUID, RowState, str], int]) -> None:
    _add(connection, CampaignReason, ("campaign_id", "state", "problem"), changes)


def _add(
    connection: sa.Connection, model: type[SQLModel], keys: Sequence[str], changes: Mapping[Any, int]
) -> None:
    made = [dict(zip(keys, key, strict=True), rows=number) for key, number in sorted(changes.items()) if number]
    if not made:
        return
    table = SQLModel.metadata.tables[str(model.__tablename__)]
    adding = dialect.insert(connection, table)
    together = table.c.rows + adding.excluded.rows
    connection.execute(adding.on_conflict_do_update(index_elements=list(keys), set_={"rows": together}), made)


def _follow(flushing: Any, _context: Any = None, _instances: Any = None) -> None:
    """Move the rows of messages that are about to be written."""
    changed = {
        each.id: each
        for each in flushing.dirty
        if isinstance(each, Message) and each.campaign_id is not None and _is_moved(each)
    }
    if changed:
        connection = flushing.connection()
        move(connection, [*_moves(connection, changed)])


def _follow_reported(messages: Sequence[Named]) -> None:
    """Move the rows of messages of which something was reported, which no flush tells of."""
    changed = {each.id: each for each in messages if each.campaign_id is not None}
    if changed:
        connection = session().connection()
        move(connection, [*_moves(connection, changed)])


def _is_moved(message: Message) -> bool:
    attributes = sa.inspect(message).attrs
    return any(attributes[name].history.has_changes() for name in _WATCHED)


def _moves(connection: sa.Connection, messages: Mapping[UUID, Message | Named]) -> Iterable[Move]:
    columns = (CampaignRow.id, CampaignRow.campaign_id, CampaignRow.state, CampaignRow.problem)
    query = sa.select(*map(col, columns), col(CampaignRow.message_id))
    # In one order, so that two who move the same wait for each other, and not in a circle.
    query = query.where(bulk.among(col(CampaignRow.message_id), messages)).order_by(col(CampaignRow.id))
    for row in connection.execute(query):
        message = messages[row.message_id]
        after, problem = state_of(message), problem_of(message)
        if (row.state, row.problem) != (after, problem):
            yield Move(row.id, row.campaign_id, row.state, after, row.problem, problem)


event.listen(Session, "before_flush", _follow)
named.follows(_follow_reported)
