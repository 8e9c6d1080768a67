"""When something last happened in each account, gathered from what is only ever added to.

What comes in is not slowed down for it: the worker reads on from where it stopped the last time.
"""

from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from portal.db import first_come
from portal.db.unit_of_work import unit_of_work
from portal.extensions import session
from portal.mirror import facets
from portal.models import AuditEntry, Delivery, MirroredAccount, ReadPosition, now
from portal.models.base import UtcDateTime

BATCH, MOST_BATCHES = 2_000, 20

SOURCES: dict[str, tuple[Any, Any, Any]] = {
    "delivery": (col(Delivery.id), col(Delivery.account_id), col(Delivery.received_at)),
    "audit_entry": (col(AuditEntry.id), col(AuditEntry.account_id), col(AuditEntry.at)),
}
"""By the name of the position: the number, the account and the time of each thing that happened."""


def fold(source: str) -> None:
    """Take in what was added since the last time."""
    with unit_of_work():
        for _ in range(MOST_BATCHES):
            if not _fold_batch(source):
                return


def _fold_batch(source: str) -> bool:
    number, account_id, at = SOURCES[source]
    position = _lock(source)
    rows = session().execute(
        sa.select(number, account_id, at).where(number > position.position).order_by(number).limit(BATCH)
    )
    newest: dict[Any, Any] = {}
    count, last = 0, position.position
    for row_number, row_account, row_at in rows:
        count, last = count + 1, row_number
        newest[row_account] = max(row_at, newest.get(row_account, row_at))
    newest.pop(None, None)
    _note(newest)
    position.position = last
    session().add(position)
    session().commit()
    return count == BATCH


def _lock(source: str) -> ReadPosition:
    """How far it was read; nobody else reads on before this transaction ends."""
    first_come.insert(ReadPosition, [{"name": source}])
    return session().get_one(ReadPosition, source, with_for_update=True, populate_existing=True)


def _note(newest: dict[Any, Any]) -> None:
    """Each in a transaction of its own, so that nobody waits for a row here who holds another that is wanted here.

    The position is committed after all of them; what is stopped halfway is noted once more.
    """
    session().commit()
    later = (
        sa.update(MirroredAccount.__table__)  # type: ignore[attr-defined]
        .where(
            col(MirroredAccount.account_id) == sa.bindparam("which", type_=sa.Uuid()),
            col(MirroredAccount.last_activity_at) < sa.bindparam("at", type_=UtcDateTime()),
        )
        .values(
            last_activity_at=sa.bindparam("at", type_=UtcDateTime()),
            kind=col(MirroredAccount.kind)
            - col(MirroredAccount.kind) % facets.RECENCIES
            + sa.bindparam("recency"),
        )
    )
    for account_id in sorted(newest):
        at = newest[account_id]
        recency = int(facets.recency(at, now()))
        session().execute(later, {"which": account_id, "at": at, "recency": recency})
        session().commit()
