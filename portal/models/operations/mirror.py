"""The mirror: a row for every account that there is, here or at Connexease, and the runs that keep it fresh."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.base import instant, json_list, json_object, word_of
from portal.models.clock import now
from portal.models.customers.account import Step

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
BYTEWISE = sa.String(160).with_variant(sa.String(160, collation="C"), "postgresql")
"""Compared byte by byte, so that both databases put the same order."""

IS_THERE = sa.text("connexease_uuid IS NOT NULL AND gone_at IS NULL")
"""As `MirroredAccount.is_there`: what is gone is not in the way of what is to be read."""


class MirroredAccount(SQLModel, table=True):
    """An account as the staff's list knows it: all that search, filters and order need, in one row.

    The facts of an account that is set up here follow its own tables (`portal.mirror.projection`). What
    Connexease lists of an account that has no place here is kept in `listed`.
    """

    __tablename__ = "mirrored_account"
    __table_args__ = (
        sa.Index("ix_mirrored_account_name", "name_key", "id"),
        sa.Index("ix_mirrored_account_created", "created_at", "id"),
        sa.Index("ix_mirrored_account_activity", "last_activity_at", "id"),
        sa.Index("ix_mirrored_account_kind_name", "kind", "name_key", "id"),
        sa.Index("ix_mirrored_account_kind_created", "kind", "created_at", "id"),
        sa.Index("ix_mirrored_account_kind_activity", "kind", "last_activity_at", "id"),
        sa.Index("ix_mirrored_account_expiry", "token_expires_at", "id"),
        sa.Index("ix_mirrored_account_asked", "asked_run", "id", sqlite_where=IS_THERE, postgresql_where=IS_THERE),
    )

    id: int | None = Field(default=None, sa_type=BIG, primary_key=True)
    account_id: UUID | None = Field(default=None, foreign_key="account.id", unique=True)
    """Null for an account that exists only at Connexease."""
    connexease_uuid: UUID | None = Field(default=None, unique=True)
    """Null for an account that does not exist there yet."""
    name: str = Field(default="", max_length=255)
    name_key: str = Field(default="", sa_type=BYTEWISE)
    """The name as it is put in order."""
    contact_email: str = Field(default="", max_length=254)
    phone: str = Field(default="", max_length=32)
    step: Step | None = word_of(Step, default=None, nullable=True)
    """Where the set-up stands; null for an account that exists only at Connexease."""
    is_active: bool | None = None
    """What Connexease's list says of it."""
    channels: int = 0
    channels_disconnected: int = 0
    webhooks: int = 0
    """Those that deliver and are not the portal's own."""
    tokens: int = 0
    """Those that are good."""
    token_expires_at: datetime | None = instant()
    """When the first of the good access tokens expires."""
    listed: dict[str, Any] = json_object()
    """Channels, webhooks and tokens of an account that exists only at Connexease; no header's value."""
    terms: str = Field(default="", sa_type=sa.Text)
    """The words that find it, each after a space."""
    marks: str = Field(default="", max_length=200)
    """The filters that it passes, each a word."""
    kind: int = 0
    """The same as a number, with how long ago something last happened (`portal.mirror.facets`)."""
    created_at: datetime = instant(default_now=True)
    """When it was made here, or first seen at Connexease."""
    last_activity_at: datetime = instant(default_now=True)
    """The last event that came in, or the last thing that somebody did."""
    seen_at: datetime | None = instant()
    """When Connexease's list last had it."""
    seen_run: int = 0
    """The last run whose list had it."""
    read_at: datetime | None = instant()
    """How old what is known of its channels, webhooks and tokens is."""
    asked_run: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """The last run that asked for them, whatever came of it: the smallest number is the next one's turn.

    0 if none did yet, and less for an account that the list no longer has, until it was asked for."""
    problem_text: str = Field(default="", max_length=500)
    gone_at: datetime | None = instant()
    """When Connexease no longer had it. It is kept, and marked."""

    @property
    def is_there(self) -> bool:
        """Whether there is something to ask Connexease for."""
        return self.connexease_uuid is not None and self.gone_at is None


class RunState(StrEnum):
    """Where a run of the mirror stands."""

    LISTING = "listing"
    """Reading the pages of the list of accounts."""
    READING = "reading"
    """Reading each account's channels, webhooks and tokens."""
    DONE = "done"
    FAILED = "failed"


JUST_READ = timedelta(minutes=1)
"""So long ago, and nobody needs the list to be read anew."""


class MirrorRun(SQLModel, table=True):
    """One pass over Connexease's list, and then over its accounts, those that were read longest ago first."""

    __tablename__ = "mirror_run"

    id: int | None = Field(default=None, sa_type=BIG, primary_key=True)
    active: str | None = Field(default="active", unique=True, max_length=8)
    """Null when it has ended: there is one at a time."""
    state: RunState = word_of(RunState, default=RunState.LISTING)
    asked_by: str = Field(default="", max_length=254)
    """Who pressed the button; empty when it was its time."""
    started_at: datetime = instant(default_now=True)
    finished_at: datetime | None = instant()
    page: int = 1
    """The next page of the list to read."""
    pages: int = 0
    """How many pages the list has, as far as is known."""
    page_size: int = 0
    previous_first: str = Field(default="", max_length=40)
    """The first account of the page before: a list that repeats it has no end."""
    broken_pages: list[int] = json_list()
    """Those that could not be read; they are tried once more at the end."""
    is_second_try: bool = False
    is_complete: bool = False
    """Every page was read: what the list does not have may be gone."""
    reads_until: datetime | None = instant()
    """When it leaves what it has not read to the next; null while it reads the list, and when it reads all."""
    followed_by: str = Field(default="", max_length=254)
    """Who wants the list to be read anew; it ends early for that, and the next begins at once."""
    total: int = 0
    """How many accounts there are to read, be it in this run or the next ones."""
    listed: int = 0
    new: int = 0
    gone: int = 0
    read: int = 0
    """Accounts whose channels, webhooks and tokens were read."""
    unread: int = 0
    """Accounts that could not be read."""
    waiting: int = 0
    """Accounts that it did not come to in its time."""
    attempts: int = 0
    problem_text: str = Field(default="", max_length=500)
    claimed_until: datetime | None = instant()
    next_attempt_at: datetime | None = instant(default_now=True)

    @property
    def gives_way(self) -> bool:
        """Whether a person may have the list read anew: it was read a while ago, and the accounts take long."""
        is_long = self.started_at <= now() - JUST_READ
        return self.state == RunState.READING and is_long and not self.followed_by

    @property
    def has_used_its_time(self) -> bool:
        """Whether it leaves the rest to the next one.

        Pauses are part of its time. But it comes past what it stopped at, or the next would stop there again.
        """
        return self.reads_until is not None and self.reads_until <= now() and self.attempts == 0

    @property
    def percent(self) -> int:
        """How far it has come: the list is a tenth of the way, and it ends when its accounts or its time do."""
        if self.state == RunState.LISTING:
            return 10 * (self.page - 1) // self.pages if self.pages else 0
        if self.state == RunState.READING:
            return max(self._percent_of_its_accounts, self._percent_of_its_time)
        return 100

    @property
    def is_short(self) -> bool:
        """Whether its time is over sooner than its accounts, as far as can be told."""
        return self.state == RunState.READING and self._percent_of_its_time > self._percent_of_its_accounts

    @property
    def _percent_of_its_accounts(self) -> int:
        done = self.read + self.gone + self.unread
        return min(100, 10 + (90 * done // self.total if self.total else 90))

    @property
    def _percent_of_its_time(self) -> int:
        if self.reads_until is None:
            return 0
        used = now() - self.started_at
        return int(100 * used / max(used, self.reads_until - self.started_at))


class ReadPosition(SQLModel, table=True):
    """How far something that is only ever added to was read, by its name."""

    __tablename__ = "read_position"

    name: str = Field(primary_key=True, max_length=40)
    position: int = Field(default=0, sa_type=BIG)
