"""Conditions on the body of an event: all of a destination's must hold, or the event is not sent to it.

A path leads through objects by their names. Through a list it leads to each of its entries, and the condition
holds where it holds for one of them; "is not" holds where none is so.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from portal.events.processing.contents import Contents
from portal.i18n import _
from portal.models import Destination

MOST = 5
"""Conditions of one destination."""
LONGEST_PATH, LONGEST_VALUE, DEEPEST = 200, 200, 12
_NAME = re.compile(r"[^.\s\[\]{}\"'=*$]+")


class Check(StrEnum):
    """What is asked of the value at a path."""

    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"
    EXISTS = "exists"


@dataclass(frozen=True)
class Condition:
    """One of them, as it was typed."""

    path: str
    check: Check
    value: str = ""

    def as_row(self) -> dict[str, str]:
        return {**asdict(self), "check": self.check.value}


Test = Callable[[Any], bool]


def problem_with_path(path: str) -> str | None:
    """Why this cannot be a path, in a sentence; none when it can."""
    names = path.split(".")
    if len(path) > LONGEST_PATH or len(names) > DEEPEST:
        return _("This path is too long. Enter one with no more than %(count)d names.", count=DEEPEST)
    if not all(_NAME.fullmatch(name) for name in names):
        return _("Enter names with dots between them and nothing else, for example payload.type.")
    return None


def of(destination: Destination) -> tuple[Condition, ...]:
    """Those of a destination."""
    return tuple(Condition(row["path"], Check(row["check"]), row["value"]) for row in destination.conditions)


def root(told: Contents) -> Any:
    """What paths begin at: the body, whoever sent it."""
    return told.report.event if told.report is not None else told.event


@lru_cache(maxsize=2_000)
def compiled(conditions: tuple[Condition, ...]) -> Test:
    """One test of all of them: what there is to prepare is prepared once, and not for every event."""
    tests = [_compiled(condition) for condition in conditions]
    return lambda body: all(test(body) for test in tests)


def _compiled(condition: Condition) -> Test:
    names, value = tuple(condition.path.split(".")), condition.value
    folded = value.casefold()
    return {
        Check.IS: lambda body: any(_text(found) == value for found in _at(body, names)),
        Check.IS_NOT: lambda body: all(_text(found) != value for found in _at(body, names)),
        Check.CONTAINS: lambda body: any(folded in (_text(found) or "").casefold() for found in _at(body, names)),
        Check.EXISTS: lambda body: any(found is not None for found in _at(body, names)),
    }[condition.check]


def _at(node: Any, names: Sequence[str]) -> Iterator[Any]:
    """The values at a path."""
    for number, name in enumerate(names):
        if isinstance(node, list):
            for entry in node:
                yield from _at(entry, names[number:])
            return
        if not isinstance(node, dict) or name not in node:
            return
        node = node[name]
    yield from node if isinstance(node, list) else [node]


def _text(value: Any) -> str | None:
    """A value as somebody types it; none for what has no such form."""
    if isinstance(value, str):
        return value
    return None if isinstance(value, dict | list) else json.dumps(value)
