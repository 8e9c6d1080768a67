"""A process that has the portal's code loaded and forks a worker whenever it is asked to.

    python -m tests.support.workers

It reads a line of JSON with the environment of each, and answers with the process's number. To load the code anew
for every worker takes longer than most workers live here. When its input ends, it kills what still runs.
"""

import json
import os
import signal
import sys
from contextlib import suppress

import portal.app  # noqa: F401 - loaded here, so that no worker has to
from portal.cli import main as portal_command


def work(environment: dict[str, str]) -> None:
    """Be a worker until the end."""
    os.environ.clear()
    os.environ.update(environment)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with suppress(BaseException):
        portal_command(["worker"], prog_name="portal")
    os._exit(0)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    started = []
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            work(json.loads(line))
        started.append(child)
        print(child, flush=True)
    for child in started:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main()
