"""Which waiting deliveries make the next batch: the oldest that nobody has tried yet.

On PostgreSQL several batches are under way at once, and what events bring about is done under the lock of their
account. So a batch takes few accounts, and those that no other batch is at: else one would wait for the other.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal.db import bulk
from portal.db.dialect import is_sqlite
from portal.extensions import session
from portal.models import Delivery, DeliveryState

BATCH_ON_SQLITE, BATCH_ON_POSTGRESQL, BATCH_BYTES = 200, 500, 8 * 1024 * 1024
"""So many events, or so many bytes of them, are worked on at once: enough to be fast, and few enough that others
who want to write do not wait long. On SQLite all others wait, on PostgreSQL those of the same account."""
LOOKED_AT = 4 * BATCH_ON_POSTGRESQL
"""Among so many of the oldest there are accounts to choose from."""
LOCK = 0x6576656E7473
"""With the account: PostgreSQL's advisory lock of whoever is at its events."""

_IS_NEW = sa.and_(col(Delivery.state) == DeliveryState.RECEIVED, col(Delivery.attempts) == 0)
_LOOKED_FOR = (col(Delivery.id), sa.func.length(col(Delivery.body)).label("size"))


def claim() -> list[int]:
    """The numbers of the next ones; on PostgreSQL they are locked until the transaction ends."""
    oldest = sa.select(*_LOOKED_FOR).where(_IS_NEW).order_by(col(Delivery.id))
    if is_sqlite(session()):
        return _at_once(oldest.limit(BATCH_ON_SQLITE))
    accounts = _accounts()
    if not accounts:
        return []
    counts = {row.account_id: row.events for row in accounts}
    # Where others are at all accounts, what they have not claimed can be read meanwhile.
    chosen = _free(counts) or counts.keys()
    # Between these there is little else: what was processed before them lies in the index until it is swept.
    looked_at = col(Delivery.id).between(accounts[0].first, max(row.last for row in accounts))
    theirs = oldest.where(bulk.among(col(Delivery.account_id), chosen), looked_at)
    return _at_once(theirs.limit(BATCH_ON_POSTGRESQL).with_for_update(skip_locked=True))


def _accounts() -> Sequence[sa.Row[Any]]:
    """Whose the oldest are, how many each account has of them, its first and last: who waits longest is first."""
    state, number = col(Delivery.state), col(Delivery.id)
    # Asked like this PostgreSQL reads the index by state in any case. Where it takes most events for waiting,
    # because they were counted in a flood, it would else read the table from its beginning.
    is_new = sa.and_(state.between(DeliveryState.RECEIVED, DeliveryState.RECEIVED), col(Delivery.attempts) == 0)
    oldest = sa.select(number, col(Delivery.account_id)).where(is_new).order_by(state, number)
    some = oldest.limit(LOOKED_AT).subquery()
    first, last = sa.func.min(some.c.id).label("first"), sa.func.max(some.c.id).label("last")
    query = sa.select(some.c.account_id, sa.func.count().label("events"), first, last)
    return session().execute(query.group_by(some.c.account_id).order_by(first)).all()


def _at_once(query: sa.Select[Any]) -> list[int]:
    numbers: list[int] = []
    size = 0
    for row in session().execute(query):
        size += row.size
        if numbers and size > BATCH_BYTES:
            break
        numbers.append(row.id)
    return numbers


def _free(counts: Mapping[UUID, int]) -> set[UUID]:
    """The first accounts that no other batch is at, as many as fill a batch. From now on this one is at them."""
    free, count, accounts = set[UUID](), 0, iter(counts)
    while count < BATCH_ON_POSTGRESQL and (some := list(_enough(accounts, counts, BATCH_ON_POSTGRESQL - count))):
        taken = _take(some)
        count += sum(counts[account] for account in taken)
        free |= taken
    return free


def _enough(accounts: Iterator[UUID], counts: Mapping[UUID, int], wanted: int) -> Iterator[UUID]:
    while wanted > 0 and (account := next(accounts, None)):
        wanted -= counts[account]
        yield account


def _take(accounts: Sequence[UUID]) -> set[UUID]:
    given = bulk.given_rows({"account_id": sa.Uuid()}, [{"account_id": account} for account in accounts])
    key = sa.func.hashtextextended(sa.cast(given.c.account_id, sa.Text), LOCK)
    is_taken = sa.func.pg_try_advisory_xact_lock(key)
    return set(session().execute(sa.select(given.c.account_id).where(is_taken)).scalars())
