"""Reading the event log: one filter, pages by position, and what is newer than what somebody reads.

The order is that of `Delivery.id`, newest first. Every filter has an index that yields this order, so a page
costs the same however long the log is; nothing counts the whole or skips over rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from portal.db.keyset import HIGHEST, Keyset, Page, Timeline
from portal.events import search_index
from portal.extensions import session
from portal.models import Account, Delivery, DeliveryKind, DeliveryState, PortalWebhook, WebhookPurpose

PAGE = 50
MOST_TRIGGERS = 100
MOST_REPEATS = 100
DISORDER = timedelta(minutes=1)
"""How far the times of two deliveries may lie in another order than their numbers: a receiver takes the time,
then waits for its turn to write."""

# In the order in which the list's template names them.
_SHOWN: Sequence[Any] = (
    col(Delivery.id),
    col(Delivery.received_at),
    col(Delivery.hook),
    col(Delivery.channel_uuid),
    col(Delivery.state),
    col(Delivery.repeat_of),
    col(Delivery.problem_text),
    col(Delivery.about),
)
_TIMELINE = Timeline(col(Delivery.id), col(Delivery.received_at), DISORDER)
Event = sa.Row[Any]
"""A line of the log: the columns of a delivery without its body."""


@dataclass(frozen=True)
class Filter:
    """What somebody wants to see; an empty one is everything. `since` is included, `until` is not."""

    trigger: str = ""
    channel: UUID | None = None
    state: DeliveryState | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: Sequence[str] = ()
    with_private: bool = False
    """Whether words are looked for in what the gateway reports, too."""


def page(account: Account, wanted: Filter, before: int = 0, after: int = 0, size: int = PAGE) -> Page[Event]:
    """The events that come after, or before, one that somebody has seen; the newest when none is named."""
    return _matching(account, wanted).page(size, before, after)


def count_newer(account: Account, wanted: Filter, than: int) -> int:
    """How many events that match came after `than`, up to a limit."""
    return _matching(account, wanted).count_newer(than)


def newest_id(account: Account) -> int:
    """The number of the account's newest event; 0 when there is none."""
    query = sa.select(sa.func.max(col(Delivery.id))).where(col(Delivery.account_id) == account.id)
    return session().execute(query).scalar_one() or 0


def triggers_seen(account: Account) -> list[str]:
    """The triggers that occurred, by name. It hops from one to the next through the index."""
    return list(session().execute(_triggers_query(), {"account": account.id}).scalars())


@cache
def _triggers_query() -> sa.Select[Any]:
    of_account, kind = col(DeliveryKind.account_id) == sa.bindparam("account"), col(DeliveryKind.kind)
    lowest = sa.func.min(kind)
    hops = sa.select(lowest.label("kind")).where(of_account, kind > "").cte("hops", recursive=True)
    following = sa.select(lowest).where(of_account, kind > hops.c.kind).scalar_subquery()
    hops = hops.union_all(sa.select(following).where(hops.c.kind.is_not(None)))
    return sa.select(hops.c.kind).where(hops.c.kind.is_not(None)).limit(MOST_TRIGGERS)


def find(account: Account, delivery_id: int) -> Delivery | None:
    """One of the account's deliveries, whole."""
    if delivery_id > HIGHEST:
        return None
    query = select(Delivery).where(Delivery.id == delivery_id, Delivery.account_id == account.id)
    return session().exec(query).first()


def is_gateways(delivery: Delivery) -> bool:
    """Whether it came from the gateway, and not as an event of a webhook."""
    hook = session().get_one(PortalWebhook, delivery.webhook_id)
    return hook.purpose == WebhookPurpose.GATEWAY


def first_of(account: Account, delivery: Delivery) -> Event | None:
    """The delivery that this one repeats, if it is still there."""
    if delivery.repeat_of is None:
        return None
    query = sa.select(*_SHOWN).where(
        col(Delivery.id) == delivery.repeat_of, col(Delivery.account_id) == account.id
    )
    return session().execute(query).first()


def repeats_of(delivery: Delivery) -> Sequence[Event]:
    """The later deliveries of the same body to the same webhook, oldest first."""
    first = delivery.repeat_of or delivery.id
    query = (
        sa.select(*_SHOWN)
        .where(col(Delivery.repeat_of) == first, col(Delivery.id) > delivery.id)
        .order_by(col(Delivery.id))
        .limit(MOST_REPEATS)
    )
    return session().execute(query).all()


def _matching(account: Account, wanted: Filter) -> Keyset[Event]:
    of_account = col(Delivery.account_id) == account.id
    query = sa.select(*_SHOWN).where(of_account)
    position: sa.SQLColumnExpression[Any] = col(Delivery.id)
    if wanted.words:
        query, position = search_index.narrow(query, account.id, wanted.words, with_private=wanted.with_private)
    if wanted.trigger:
        number = col(DeliveryKind.delivery_id)
        query = query.join(DeliveryKind, number == position).where(
            col(DeliveryKind.account_id) == account.id, col(DeliveryKind.kind) == wanted.trigger
        )
        position = position if wanted.words else number
    if wanted.channel:
        query = query.where(col(Delivery.channel_uuid) == wanted.channel)
    if wanted.state:
        query = query.where(col(Delivery.state) == wanted.state)
    return Keyset(_TIMELINE.within(query, wanted.since, wanted.until, position, of_account), position)
