"""Fan-out: what came in is noted down for each destination that takes it, in the transaction that processes it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal.connexease import triggers as catalogue
from portal.db import first_come
from portal.events.processing.acting import Batch
from portal.events.processing.stored import Stored
from portal.extensions import session
from portal.models import DeliveryState, Destination, DestinationState, Forward, ForwardState, now
from portal.relay import conditions
from portal.relay.coverage import Wanted
from portal.relay.lanes import lane

_NEW = {
    "state": ForwardState.WAITING,
    "claimed_until": None,
    "attempts": 0,
    "tries": 0,
    "problem": "",
    "finished_at": None,
}


def fan_out(batch: Batch) -> None:
    """Make a forward of each event for each destination that takes it. The caller commits.

    A repeat makes none: its first did. Neither does an event whose contents were erased.
    """
    events = [each for each in batch.deliveries if _is_new(each) and each.id not in batch.emptied]
    destinations = _destinations({event.account_id for event in events})
    if not destinations:
        return
    at = now()
    rows = [row for event in events for row in _forwards(batch, event, destinations, at)]
    first_come.insert_whole(Forward, rows)


def takes(destination: Wanted, kinds: Sequence[str], channel: UUID | None) -> bool:
    """Whether a destination takes an event of these kinds, from this channel."""
    chosen = set(destination.kinds).intersection(kinds)
    if not chosen:
        return False
    if not destination.channels or channel is None:
        return True
    return str(channel) in destination.channels or any(catalogue.is_account_scoped(kind) for kind in chosen)


def _is_new(event: Stored) -> bool:
    return event.repeat_of is None and event.state != DeliveryState.RECEIVED


def _destinations(accounts: set[UUID]) -> list[Destination]:
    if not accounts:
        return []
    query = sa.select(Destination).where(
        col(Destination.account_id).in_(accounts), col(Destination.state) != DestinationState.OFF
    )
    return list(session().execute(query).scalars())


def _forwards(
    batch: Batch, event: Stored, destinations: Sequence[Destination], at: datetime
) -> Iterator[dict[str, Any]]:
    told = batch.of(event)
    taking = [
        destination
        for destination in destinations
        if destination.account_id == event.account_id
        and takes(destination, told.kinds, told.channel_uuid)
        and (not destination.conditions or conditions.compiled(conditions.of(destination))(conditions.root(told)))
    ]
    whole: dict[str, Any] = {**_NEW, "delivery_id": event.id, "account_id": event.account_id}
    whole |= {"lane": lane(told) if taking else None, "next_attempt_at": at, "created_at": at}
    for destination in taking:
        yield {**whole, "destination_id": destination.id}
