"""What other rooms show on the page of an event."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.models import Account, Delivery


@dataclass(frozen=True)
class Section:
    """A section of the page: a template, and what it shows."""

    template: str
    facts: dict[str, Any] = field(default_factory=dict)


Shower = Callable[[Account, Delivery], Section | None]
_showers: list[Shower] = []


def also(shower: Shower) -> Shower:
    """Have this asked whenever an event is shown."""
    _showers.append(shower)
    return shower


def sections(account: Account, event: Delivery) -> Sequence[Section]:
    """What there is for an event."""
    found = (shower(account, event) for shower in _showers)
    return [section for section in found if section is not None]
