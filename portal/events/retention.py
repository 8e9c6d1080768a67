"""Forgetting events after their time, in small steps that keep nobody waiting."""

from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import col

from portal.db import event_rows
from portal.db.unit_of_work import unit_of_work
from portal.extensions import session, settings
from portal.models import Delivery, PortalWebhook, WebhookPurpose, now

BATCH = 500
MOST_BATCHES = 20
"""Each sweep. With a sweep a minute that is ten thousand events a minute."""


def overdue() -> range:
    """The batches to prune in this sweep; none when the oldest event may stay."""
    return range(MOST_BATCHES if _oldest(1) or _gateways(1) else 0)


def prune(_batch: int = 0) -> None:
    """Forget the next batch of events whose time is over, whatever became of them, and what finds them."""
    with unit_of_work():
        over = [*_oldest(BATCH), *_gateways(BATCH)]
        event_rows.forget(over)
        session().commit()


def _oldest(count: int) -> list[int]:
    """Those of the oldest events whose time is over. Only so many rows are looked at, however many there are."""
    oldest = (
        sa.select(col(Delivery.id), col(Delivery.received_at)).order_by(col(Delivery.id)).limit(count).subquery()
    )
    limit = now() - timedelta(days=settings().event_retention_days)
    return list(session().execute(sa.select(oldest.c.id).where(oldest.c.received_at < limit)).scalars())


def _gateways(count: int) -> list[int]:
    """What the gateway reported names people: it is kept no longer than what was written to them."""
    days = settings().message_retention_days
    if days >= settings().event_retention_days:
        return []
    query = (
        sa.select(col(Delivery.id))
        .join(PortalWebhook, col(PortalWebhook.id) == col(Delivery.webhook_id))
        .where(
            col(PortalWebhook.purpose) == WebhookPurpose.GATEWAY,
            col(Delivery.received_at) < now() - timedelta(days=days),
        )
    )
    return list(session().execute(query.limit(count)).scalars())
