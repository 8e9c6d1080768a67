"""Processes beside the tests: the portal under gunicorn, as operators serve it, and helpers that answer lines."""

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.error import URLError
from urllib.request import urlopen

from tests.support.patience import patient
from tests.support.ports import reserved_port

ROOT = Path(__file__).resolve().parents[2]
START, STOP = patient(40), patient(15)
"""Seconds."""

_groups: dict[str, int] = {}
"""The group of processes of each server that was started, by its address."""


@contextmanager
def by_gunicorn(environment: Mapping[str, str], *arguments: str) -> Iterator[str]:
    """Serve for as long as it is needed, from the moment that it answers; the address."""
    with started(environment, *arguments) as (url, process, said):
        _wait(url, process, said)
        yield url


@contextmanager
def started(
    environment: Mapping[str, str], *arguments: str
) -> Iterator[tuple[str, "subprocess.Popen[bytes]", IO[bytes]]]:
    """The address that it will answer at, the process, and what it says. In the end it is stopped."""
    usual = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with reserved_port() as port, tempfile.TemporaryFile() as said:
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *arguments, "wsgi:app"]
        process = subprocess.Popen(
            command, cwd=ROOT, env={**usual, **environment}, stdout=said, stderr=said, start_new_session=True
        )
        url = f"http://127.0.0.1:{port}"
        _groups[url] = process.pid
        try:
            yield url, process, said
        finally:
            del _groups[url]
            stop(process)


def kill(url: str) -> None:
    """End every process of a server at once, as a power cut does; none is missed, not even one that is just forked."""
    os.killpg(_groups[url], signal.SIGKILL)


def stop(process: "subprocess.Popen[Any]") -> None:
    """Tell a process to end, and end it with all of its group where it does not."""
    process.terminate()
    _wait_for_end(process)


@contextmanager
def helper(module: str, *arguments: str) -> Iterator[Callable[[str], str]]:
    """A process that answers each line with a line, for as long as it is needed."""
    command, pipe = [sys.executable, "-m", module, *arguments], subprocess.PIPE
    with subprocess.Popen(
        command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, start_new_session=True
    ) as process:
        assert process.stdin is not None

        def ask(line: str) -> str:
            print(line, file=process.stdin, flush=True)
            return line_of(process)

        yield ask
        process.stdin.close()
        _wait_for_end(process)


def line_of(process: "subprocess.Popen[str]", seconds: float = 120) -> str:
    """The next line that it says. One that says nothing for so long is ended, with all of its group.

    No more than this line may have been said: what is in the buffer of the pipe's reader is not looked for.
    """
    assert process.stdout is not None
    said = select.poll()
    said.register(process.stdout, select.POLLIN)
    if not said.poll(patient(seconds) * 1000):
        os.killpg(process.pid, signal.SIGKILL)
        raise AssertionError(f"it says nothing: {process.args!r}")
    line = process.stdout.readline()
    assert line, f"it has ended: {process.args!r}"
    return line.rstrip("\n")


def _wait_for_end(process: "subprocess.Popen[Any]") -> None:
    try:
        process.wait(STOP)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(STOP)


def _wait(url: str, process: "subprocess.Popen[bytes]", said: IO[bytes]) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline:
        try:
            with urlopen(f"{url}/healthz", timeout=2):
                return
        except (URLError, OSError):
            if process.poll() is not None:
                break
            time.sleep(0.05)
    said.seek(0)
    raise RuntimeError(f"gunicorn does not answer: {said.read().decode()}")
