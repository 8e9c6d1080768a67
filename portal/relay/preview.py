"""Which of an account's last events a destination would take, before it is saved."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from portal.events.processing import contents
from portal.extensions import session
from portal.models import Account, Delivery, DeliveryState, PortalWebhook, WebhookPurpose
from portal.relay import conditions, fanout
from portal.relay.destinations import Wish

LAST = 100
AT_ONCE = 10
"""Bodies that are held at the same time: each may be large."""


@dataclass(frozen=True)
class Preview:
    """How many events were looked at, and those that would be sent."""

    looked_at: int
    passing: Sequence[Any]


def preview(account: Account, wish: Wish) -> Preview:
    """Look at the account's last events."""
    query = (
        sa.select(col(Delivery.id), col(Delivery.received_at), col(Delivery.hook), col(PortalWebhook.purpose))
        .join(PortalWebhook, col(PortalWebhook.id) == col(Delivery.webhook_id))
        .where(
            col(Delivery.account_id) == account.id,
            col(Delivery.repeat_of).is_(None),
            col(Delivery.state) != DeliveryState.RECEIVED,
        )
        .order_by(col(Delivery.id).desc())
        .limit(LAST)
    )
    rows = session().execute(query).all()
    passes = conditions.compiled(tuple(wish.conditions))
    return Preview(len(rows), [row for row, body in _with_bodies(rows) if _is_sent(wish, passes, row, body)])


def _is_sent(wish: Wish, passes: conditions.Test, row: Any, body: bytes) -> bool:
    if not body:  # its contents were erased
        return False
    told = contents.read(body, of_gateway=row.purpose == WebhookPurpose.GATEWAY)
    return fanout.takes(wish, told.kinds, told.channel_uuid) and passes(conditions.root(told))


def _with_bodies(rows: Sequence[Any]) -> Iterator[tuple[Any, bytes]]:
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        query = sa.select(col(Delivery.id), col(Delivery.body)).where(col(Delivery.id).in_([r.id for r in part]))
        bodies = {row.id: row.body for row in session().execute(query)}
        yield from ((row, bodies.get(row.id, b"")) for row in part)
