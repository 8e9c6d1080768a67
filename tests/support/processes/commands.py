"""What a process of its own would do, forked from one that has the code loaded: see `tests.support.processes.prepared`."""

import os
import runpy
import signal
import sys
import tempfile
from collections.abc import Callable

from portal.cli import main as portal_command
from portal.demo.forked import end_with


def run(arguments: list[str], environment: dict[str, str], cwd: str | None) -> dict[str, object]:
    """What comes of `portal …`, as an operator runs it."""

    def command() -> None:
        if cwd is not None:
            os.chdir(cwd)
        sys.argv = ["portal", *arguments]
        portal_command(arguments, prog_name="portal")

    return _in_a_child(command, environment)


def run_module(name: str, environment: dict[str, str]) -> dict[str, object]:
    """What comes of `python -m …`."""
    return _in_a_child(lambda: runpy.run_module(name, run_name="__main__"), environment)


def _in_a_child(do: Callable[[], object], environment: dict[str, str]) -> dict[str, object]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.environ.clear()
            os.environ.update(environment)
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            end_with(do)
        _, status = os.waitpid(child, 0)
        texts = [_text(file) for file in (out, err)]
    return {"returncode": os.waitstatus_to_exitcode(status), "stdout": texts[0], "stderr": texts[1]}


def _text(file: object) -> str:
    file.seek(0)
    return file.read().decode()
