"""A process that has the portal's code loaded, and forks for whatever it is asked to do.

    python -m tests.support.processes.prepared

It reads lines of JSON, each with what to do and with what, and answers each with a line of JSON. To load the code
anew takes longer than most of what it is asked for. What it has started and what still runs when its input ends is
killed.
"""

import gc
import json
import os
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy.orm import configure_mappers

from portal import discovery
from tests.support.application import routes
from tests.support.processes import commands, forked, victim

for name in ("views", "tasks", "blueprint"):
    discovery.load(name)
configure_mappers()
routes.compile_once(pytest.MonkeyPatch())
routes.compile_all()
DO: dict[str, Callable[..., Any]] = {
    "command": commands.run,
    "module": commands.run_module,
    "kill": victim.run,
    "start": forked.start,
}
_running: set[int] = set()


def _forget_ended(*_signal: object) -> None:
    """Nobody else waits for what was started; one that has ended and is not waited for counts as running."""
    for child in [*_running]:
        with suppress(ChildProcessError):  # the signal came in the middle of this
            if os.waitpid(child, os.WNOHANG) == (0, 0):
                continue
        _running.discard(child)


def _lines() -> Callable[[], str]:
    """Reads the next line, and meanwhile forgets what has ended.

    A signal that comes just before reading begins does not end the reading: so it is told through a pipe as well.
    """
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _forget_ended)

    def line() -> str:
        while True:
            ready, _, _ = select.select([sys.stdin, woken], [], [])
            if woken in ready:
                os.read(woken, 1024)
            if sys.stdin in ready:
                return sys.stdin.readline()  # whoever asks waits for the answer, so there is never a second line

    return line


def main() -> None:
    gc.collect()
    gc.freeze()
    for line in iter(_lines(), ""):
        do, *arguments = json.loads(line)
        answer = DO[do](*arguments)
        if do == "start":
            _running.add(answer)
            _forget_ended()
        print(json.dumps(answer), flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for child in _running:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)


if __name__ == "__main__":
    main()
