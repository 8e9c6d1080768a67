"""A query of the list of accounts: filter, order, and the position to read on from."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from portal.mirror.facets import Recency


class Sort(StrEnum):
    """What the list goes by."""

    CREATED = "created"
    NAME = "name"
    ACTIVITY = "activity"


COLUMNS = {Sort.CREATED: "created_at", Sort.NAME: "name_key", Sort.ACTIVITY: "last_activity_at"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Order:
    """The list's order; accounts that are alike are told apart by their number."""

    sort: Sort = Sort.CREATED
    descending: bool = True

    @property
    def column(self) -> str:
        return COLUMNS[self.sort]

    @property
    def turned(self) -> "Order":
        return Order(self.sort, descending=not self.descending)


@dataclass(frozen=True)
class Filter:
    """Which accounts; an empty one is all of them."""

    words: Sequence[str] = ()
    """Beginnings of words that must all occur."""
    marks: Sequence[str] = ()
    """Filters that `portal.mirror.facets` marks accounts with."""
    recencies: Sequence[Recency] = ()
    """How long ago something last happened, if it matters."""

    @property
    def is_empty(self) -> bool:
        return self == Filter()


@dataclass(frozen=True)
class Position:
    """A place in an order: it stays where it is, whatever becomes of the account that was there."""

    key: str | datetime
    number: int

    def just_after(self, order: Order) -> "Position":
        """The place behind the account that is here: what comes before it ends with this account."""
        return Position(self.key, self.number + (-1 if order.descending else 1))

    def __str__(self) -> str:
        key = self.key.isoformat() if isinstance(self.key, datetime) else self.key
        return base64.urlsafe_b64encode(json.dumps([key, self.number]).encode()).decode().rstrip("=")


def position(text: str, order: Order) -> Position | None:
    """A place from an address; none when it is no place in this order."""
    try:
        key, number = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(key, str) or not isinstance(number, int) or not 0 <= number < 2**63:
            return None
        return Position(key if order.sort == Sort.NAME else _instant(key), number)
    except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError):
        return None


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text).astimezone(UTC)
    if found <= _EPOCH:
        raise ValueError("before there were accounts")
    return found
