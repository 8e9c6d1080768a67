"""What the worker does, said by each room in its module `tasks`, which is found by its name.

`woken` is for one row, as soon as somebody asks for it; `drained` is for what comes in by the thousands and is
asked for all the time; `swept` is for every row that is due, each minute. A row is claimed before it is worked on
(`portal.db.leases`), so it does not matter how often it is asked for.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

Task = Callable[[str], None]
Run = Callable[..., None]
Due = Callable[[], Iterable[Any]]
Drain = Callable[[], int]
Finish = Callable[[], None]


class Drained(NamedTuple):
    """What is done again and again."""

    drain: Drain
    finish: Finish | None
    may_wait: bool


_woken: dict[str, Task] = {}
_swept: list[tuple[Run, Due]] = []
_drained: list[Drained] = []


def woken(name: str, task: Task) -> None:
    """Have the worker do this when `portal.db.queue.wake` is called with the name."""
    _woken[name] = task


def drained(drain: Drain, finish: Finish | None = None, *, may_wait: bool = False) -> None:
    """Have the worker do this again and again: it does a batch of what there is, and says how many.

    Args:
        finish: done once when the worker ends, for what a batch has begun and left to run.
        may_wait: whether it is done more slowly while very many events come in.
    """
    _drained.append(Drained(drain, finish, may_wait))


def swept(run: Run, due: Due) -> None:
    """Have the worker do this with each row that is due, in every sweep."""
    _swept.append((run, due))


def all_woken() -> dict[str, Task]:
    """Every task by its name."""
    return dict(_woken)


def all_drained() -> list[Drained]:
    """What is done again and again."""
    return list(_drained)


def all_swept() -> list[tuple[Run, Due]]:
    """What a sweep does with each row, and where it finds them."""
    return list(_swept)
