"""Relay: destinations that events are forwarded to, each forward of one event, and every attempt at it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.base import UtcDateTime, id_field, instant, json_list, word_of


class DestinationState(StrEnum):
    """Whether events go to a destination."""

    ON = "on"
    PAUSED = "paused"
    """Events are kept for it, and go out once it is resumed."""
    OFF = "off"
    """No events are kept for it."""


class Destination(SQLModel, table=True):
    """An address that an account's events are forwarded to."""

    __tablename__ = "destination"

    id: UUID = id_field()
    account_id: UUID = Field(foreign_key="account.id", index=True)
    intent: str | None = Field(default=None, unique=True, max_length=64)
    """What the form that made it was marked with: a form that is sent twice makes one destination."""
    name: str = Field(max_length=80)
    url: str = Field(max_length=2000)
    kinds: list[str] = json_list()
    """The triggers, and kinds of the gateway's events, that it takes."""
    channels: list[str] = json_list()
    """UUIDs of the channels whose events it takes; empty for all. What names no channel goes out all the same."""
    rate: int | None = None
    """Events a second at most; null for as fast as they are accepted."""
    state: DestinationState = word_of(DestinationState, default=DestinationState.ON)
    sealed_secret: str = Field(repr=False)
    """Its secret, its private key and the values of its headers, see `portal.relay.signing`."""
    headers: list[dict[str, Any]] = json_list()
    """What is sent along, `{"name", "is_secret"}`; the values are sealed."""
    conditions: list[dict[str, str]] = json_list()
    """What must hold of an event's body, see `portal.relay.conditions`; empty where every event passes."""
    public_key: str | None = Field(default=None, max_length=60)
    """What its events can be checked with besides, where somebody chose that."""
    previous_until: datetime | None = instant()
    """Until then what is sent is signed with the secret before as well."""
    ready_at: datetime | None = instant()
    """Nothing is sent before, to keep its rate or because it asked for a pause."""
    failures: int = 0
    """Attempts that failed since the last success."""
    failing_since: datetime | None = instant()
    succeeded_at: datetime | None = instant()
    warned: int = 0
    """Of the limit of failures, the per cent that its owners were last told of."""
    held_at: datetime | None = instant()
    """Since when it is held back, because it failed too often: it is then tried with one event an hour."""
    problem_text: str = Field(default="", max_length=500)
    """Why the portal switched it off."""
    created_at: datetime = instant(default_now=True)


class SwitchOver(SQLModel, table=True):
    """A webhook of a customer's that delivers to the portal now, and the destination that gets its events."""

    __tablename__ = "switch_over"
    __table_args__ = (
        sa.Index(
            "ix_switch_over_open",
            "webhook_id",
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        ),
    )

    webhook_id: UUID = Field(foreign_key="webhook.id", primary_key=True)
    destination_id: UUID = Field(foreign_key="destination.id", index=True)
    begun_at: datetime = instant(default_now=True)
    settled_at: datetime | None = instant()
    """When it was known that Connexease delivers to the portal."""


class ForwardState(StrEnum):
    """What became of an event on its way to a destination."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    """For good: it is sent again only by replay."""


_WAITING = sa.text("state = 'waiting'")
_WAITS: dict[str, Any] = {"sqlite_where": _WAITING, "postgresql_where": _WAITING}
BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Forward(SQLModel, table=True):
    """One event for one destination. It comes and goes with its event, see `portal.db.event_rows`."""

    __tablename__ = "forward"
    __table_args__ = (
        sa.UniqueConstraint("delivery_id", "destination_id", name="uq_forward_delivery_id"),
        sa.Index("ix_forward_due", "destination_id", "next_attempt_at", "id", **_WAITS),
        sa.Index("ix_forward_lane", "destination_id", "lane", "id", **_WAITS),
        sa.Index("ix_forward_log", "destination_id", "id"),
    )

    id: int | None = Field(default=None, sa_type=BIG, primary_key=True)
    delivery_id: int = Field(sa_type=BIG, foreign_key="delivery.id")
    destination_id: UUID = Field(foreign_key="destination.id")
    account_id: UUID
    lane: str | None = Field(default=None, max_length=40)
    """Events of one conversation share a lane and go out one after the other; null where there is no order."""
    state: ForwardState = word_of(ForwardState, default=ForwardState.WAITING)
    next_attempt_at: datetime | None = instant(default_now=True)
    claimed_until: datetime | None = instant()
    attempts: int = 0
    tries: int = 0
    """Attempts that count for the schedule: a replay begins it again."""
    problem: str = Field(default="", max_length=40)
    """A word for why it failed for good."""
    created_at: datetime = instant(default_now=True)
    finished_at: datetime | None = instant()


class ForwardAttempt(SQLModel, table=True):
    """One request to a destination, and what came back."""

    __tablename__ = "forward_attempt"

    forward_id: int = Field(
        sa_type=BIG, foreign_key="forward.id", primary_key=True, sa_column_kwargs={"autoincrement": False}
    )
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = instant(default_now=True)
    milliseconds: int
    status: int | None = None
    """Null where no answer came; then `problem` says why."""
    problem: str = Field(default="", max_length=40)
    answer: bytes = Field(default=b"", sa_type=sa.LargeBinary, repr=False)
    """The start of the answer's body."""


class ForwardTally(SQLModel, table=True):
    """What became of a destination's attempts in one hour."""

    __tablename__ = "forward_tally"

    destination_id: UUID = Field(foreign_key="destination.id", primary_key=True)
    hour: datetime = Field(sa_type=UtcDateTime, primary_key=True)
    successes: int = 0
    failures: int = 0
    milliseconds: int = 0
    """Of all attempts together."""
    slowest: int = 0


class Replay(SQLModel, table=True):
    """Events that somebody wants to have sent to a destination again, and how far that is."""

    __tablename__ = "replay"

    id: UUID = id_field()
    destination_id: UUID = Field(foreign_key="destination.id", index=True)
    intent: str = Field(unique=True, max_length=64)
    """What the form that asked for it was marked with: a form that is sent twice begins one."""
    kind: str = Field(default="", max_length=100)
    """The only kind of event that is sent again; empty for all."""
    since: datetime | None = instant()
    until: datetime = instant(default_now=True)
    only_failed: bool = True
    rate: int = 10
    """Events a second that become due."""
    total: int = 0
    """How many there were when it began."""
    done: int = 0
    position: int = Field(default=0, sa_type=BIG)
    """The last forward that was looked at."""
    next_at: datetime | None = instant(index=True)
    """When the next ones become due; null once it is over."""
    created_at: datetime = instant(default_now=True)
    stopped_at: datetime | None = instant()
