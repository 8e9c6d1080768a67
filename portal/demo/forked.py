"""Processes that are forked from this one, so that they need not load the code again."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

_ENDS = (signal.SIGINT, signal.SIGTERM)


class Forked:
    """A process in a session of its own: Ctrl-C reaches this process alone, which then ends the others in order.

    Args:
        do: what it does; it ends when that returns.
        log: the file that takes what it says.
    """

    def __init__(self, do: Callable[[], object], log: Path) -> None:
        self.returncode: int | None = None
        sys.stdout.flush()
        # Put off: a signal that came right after the fork would run a handler of this process in the other one.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
        self.pid = os.fork()
        if self.pid == 0:
            end_with(lambda: _be(do, log))
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def poll(self) -> int | None:
        """The exit code, once it has ended."""
        if self.returncode is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def tell_to_end(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it, where it has not ended, with every process that it has started."""
        if self.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)


def end_with(do: Callable[[], object]) -> NoReturn:
    """Do it, and end the forked process with the code that the interpreter would end with."""
    code: object = 1
    try:
        do()
        code = 0
    except SystemExit as end:
        code = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


def _be(do: Callable[[], object], log: Path) -> None:
    os.setsid()
    for which in _ENDS:
        signal.signal(which, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDS)
    with log.open("wb") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    do()
