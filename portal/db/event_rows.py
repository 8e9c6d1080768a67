"""What belongs to a stored event beside its own row: its kinds, its words and its forwards. They go together."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal.db import first_come
from portal.db.search_index import SearchIndex
from portal.extensions import session
from portal.models import Delivery, DeliveryKind, Forward, ForwardAttempt

WORDS = SearchIndex("delivery_search", key="delivery_id", marks="account", prefix="account=")


def file_under(events: Iterable[tuple[UUID, int, Iterable[str]]]) -> None:
    """Let events be found by their kinds. The caller commits.

    Args:
        events: the account of each, its number, and its kinds.
    """
    rows = [
        {"account_id": account_id, "kind": kind, "delivery_id": number}
        for account_id, number, kinds in events
        for kind in kinds
    ]
    first_come.insert_whole(DeliveryKind, rows)


def forget(delivery_ids: Sequence[int]) -> None:
    """Delete events with all that finds them. The caller commits."""
    if not delivery_ids:
        return
    columns = (col(Delivery.id), col(Delivery.account_id), col(Delivery.hook))
    rows = session().execute(sa.select(*columns).where(columns[0].in_(delivery_ids)))
    filed = [
        {"of_account": row.account_id, "of_kind": kind, "of_delivery": row.id}
        for row in rows
        for kind in {row.hook, *row.hook.split(" ")}  # a trigger that came from outside may hold a space itself
    ]
    one = sa.delete(DeliveryKind).where(
        col(DeliveryKind.account_id) == sa.bindparam("of_account"),
        col(DeliveryKind.kind) == sa.bindparam("of_kind"),
        col(DeliveryKind.delivery_id) == sa.bindparam("of_delivery"),
    )
    if filed:
        session().connection().execute(one, filed)
    WORDS.forget(session(), delivery_ids)
    _forget_forwards(delivery_ids)
    gone = sa.delete(Delivery).where(col(Delivery.id).in_(delivery_ids))
    session().execute(gone.execution_options(synchronize_session=False))


def _forget_forwards(delivery_ids: Sequence[int]) -> None:
    forwards = sa.select(col(Forward.id)).where(col(Forward.delivery_id).in_(delivery_ids)).scalar_subquery()
    for gone in (
        sa.delete(ForwardAttempt).where(col(ForwardAttempt.forward_id).in_(forwards)),
        sa.delete(Forward).where(col(Forward.delivery_id).in_(delivery_ids)),
    ):
        session().execute(gone.execution_options(synchronize_session=False))
