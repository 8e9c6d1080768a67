"""Facets: which filters an account passes, as words for the search index and as one number, its kind.

Accounts of one kind pass the same filters. Each order has an index that begins with the kind, so the first
accounts that pass a filter are the first of some kinds put together, wherever in the order they lie.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from portal.models import MirroredAccount, Step, now
from portal.vault.snapshot import EXPIRES_SOON

NO_CHANNEL, DISCONNECTED, NO_WEBHOOK = "nochannel", "disconnected", "nowebhook"
HERE, ONLY_THERE, GONE = "here", "onlythere", "gone"
EXPIRING = "expiring"


class Recency(IntEnum):
    """How long ago something last happened."""

    DAY = 0
    WEEK = 1
    MONTH = 2
    QUARTER = 3
    LONGER = 4


LIMITS = (timedelta(days=1), timedelta(days=7), timedelta(days=30), timedelta(days=90))
"""How long each but the last goes back."""
RECENCIES = 8
"""The room that a kind has for them."""


def step_mark(step: Step) -> str:
    """Where a set-up stands as a filter; the steps that need nobody are one."""
    is_working = step in (Step.CREATING_ACCOUNT, Step.REGISTERING_WEBHOOK)
    return "settingup" if is_working else step.value.replace("_", "")


TOLD_APART = (
    *(HERE, ONLY_THERE, GONE, NO_CHANNEL, DISCONNECTED, NO_WEBHOOK, EXPIRING),
    *("ready", "settingup", "waitingforemail", "waitingforapproval"),
    *("needsdetails", "needsproof", "declined", "givenup"),
)
"""The bits of a kind, the lowest first. Rows hold them: a new mark comes at the end."""
_BITS = {mark: RECENCIES << place for place, mark in enumerate(TOLD_APART)}


def mark(row: MirroredAccount) -> None:
    """Say which filters a row passes."""
    at = now()
    found = _marks(row, at)
    row.marks = f" {' '.join(found)} "
    row.kind = sum(_BITS[each] for each in found) + recency(row.last_activity_at, at)


def recency(happened: datetime, at: datetime) -> Recency:
    """How long before this moment something happened."""
    return Recency(sum(at - happened > limit for limit in LIMITS))


def expires_soon(expires_at: datetime | None, at: datetime) -> bool:
    """Whether a token that is good at this moment is so for a few weeks only."""
    return expires_at is not None and at <= expires_at < at + EXPIRES_SOON


def passing(kinds: Collection[int], marks: Sequence[str], recencies: Collection[Recency]) -> list[int]:
    """Those of some kinds that have all of these marks and one of these recencies, if any are named."""
    wanted = sum(_BITS[mark] for mark in marks)
    return [kind for kind in kinds if kind & wanted == wanted and (not recencies or kind % RECENCIES in recencies)]


def _marks(row: MirroredAccount, at: datetime) -> Sequence[str]:
    passed: dict[str, Any] = {
        HERE: row.account_id is not None,
        ONLY_THERE: row.account_id is None,
        GONE: row.gone_at is not None,
        NO_CHANNEL: row.channels == 0,
        DISCONNECTED: row.channels_disconnected > 0,
        NO_WEBHOOK: row.webhooks == 0,
        EXPIRING: expires_soon(row.token_expires_at, at),
    }
    steps = [step_mark(row.step)] if row.step is not None else []
    return [*(mark for mark, passes in passed.items() if passes), *steps]
