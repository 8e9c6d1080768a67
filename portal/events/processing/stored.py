"""Deliveries as they are acted on: rows that no session holds, without their bodies, which may be large."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal.db import bulk
from portal.extensions import session
from portal.models import Delivery, DeliveryState


@dataclass(slots=True)
class Stored:
    """A delivery. What becomes of it is noted here, and written once, when all is known."""

    id: int
    account_id: UUID
    received_at: datetime
    repeat_of: int | None
    state: DeliveryState
    problem_text: str
    about: dict[str, Any] | None
    is_emptied: bool
    """Whether its body was not kept."""
    hook: str = ""
    channel_uuid: UUID | None = None
    processed_at: datetime | None = None


_COLUMNS = (
    *(col(Delivery.id), col(Delivery.account_id), col(Delivery.received_at), col(Delivery.repeat_of)),
    *(col(Delivery.state), col(Delivery.problem_text), col(Delivery.about)),
    sa.func.length(col(Delivery.body)) == 0,
)


def found(numbers: Collection[int], *conditions: sa.ColumnElement[bool]) -> list[Stored]:
    """Those of these deliveries for which the conditions hold, in their order."""
    query = sa.select(*_COLUMNS).where(bulk.among(col(Delivery.id), numbers), *conditions)
    return [Stored(*row) for row in session().execute(query.order_by(col(Delivery.id)))]
