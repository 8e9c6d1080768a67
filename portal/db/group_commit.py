"""One commit for all that wait for one: a disk that is asked once is as safe as one that is asked for each."""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Waiting(Generic[T]):
    """One of those that wait, and what became of it."""

    def __init__(self, item: T) -> None:
        self.item = item
        self.is_done = False
        self.problem: Exception | None = None


class GroupCommit(Generic[T]):
    """Writes what several threads want written, together.

    While one thread writes, the others line up; whoever comes next writes all that has gathered meanwhile. So
    there is no thread to start or to end, and nobody waits for others to come.

    Args:
        write_all: writes items in one transaction, in their order, and commits it.
    """

    def __init__(self, write_all: Callable[[Sequence[T]], None]) -> None:
        self._write_all = write_all
        self._waiting: list[Waiting[T]] = []
        self._line, self._turn = Lock(), Lock()

    def enlist(self, item: T) -> Waiting[T]:
        """Have an item written by whoever commits next."""
        mine = Waiting(item)
        with self._line:
            self._waiting.append(mine)
        return mine

    def commit(self, mine: Waiting[T]) -> None:
        """Write all that wait, unless that is done; when this returns, this one is committed.

        Raises:
            Exception: what `write_all` raised for it.
        """
        with self._turn:
            if not mine.is_done:
                with self._line:
                    group, self._waiting = self._waiting, []
                if group:
                    self._write(group)
        if mine.problem is not None:
            raise mine.problem
        if not mine.is_done:  # whoever was writing it was ended in the middle
            raise RuntimeError("nobody knows whether it was written")

    def _write(self, group: Sequence[Waiting[T]]) -> None:
        try:
            self._write_all([waiting.item for waiting in group])
        except Exception as error:
            if len(group) == 1:
                group[0].problem = error
            else:
                for waiting in group:  # one that cannot be written is in nobody's way
                    self._write([waiting])
        for waiting in group:
            waiting.is_done = True
