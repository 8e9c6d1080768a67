"""What other rooms add to the list of webhooks: each says what is to be shown of an account."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from portal.models import Account


@dataclass(frozen=True)
class Part:
    """Rows of the list: a template, and what it shows."""

    template: str
    facts: dict[str, Any] = field(default_factory=dict)
    count: int = 0
    """How many rows there are."""
    new: str = ""
    """Where one more is made, for those who may."""
    new_label: str = ""
    warning: str = ""
    """What is to be said above the list."""
    takers: Callable[[str, UUID | None], Sequence[tuple[str, str]]] = lambda _trigger, _channel: ()
    """Who gets a trigger, of a channel or of the whole account, from the portal: names and their pages."""


Lister = Callable[[Account], Part]
_listers: list[Lister] = []


def also(lister: Lister) -> Lister:
    """Have this asked whenever the list is shown."""
    _listers.append(lister)
    return lister


def parts(account: Account) -> Sequence[Part]:
    """What there is for an account."""
    return [lister(account) for lister in _listers]
