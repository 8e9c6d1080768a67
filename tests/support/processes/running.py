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
from threading import Lock
from typing import IO, Any
from urllib.error import URLError
from urllib.request import urlopen

from tests.support.processes.ports import reserved_port
from tests.support.suite.patience import patient, wait_until

ROOT = Path(__file__).resolve().parents[3]
START, STOP = patient(40), patient(15)
"""Seconds."""

WSGI = "wsgi:app"
"""What is served to the reseller's customers."""

_servers: dict[str, "Forked"] = {}
"""Each web server that was forked, by its address."""

Prepared = Callable[..., Any]
"""Asks a prepared process to do something: see `tests.support.processes.prepared`."""


class Forked:
    """A worker or a web server of the portal, with all of its processes.

    Args:
        said: the file that takes what it says.
        app: what a web server serves.
    """

    def __init__(
        self,
        prepared: Prepared,
        environment: Mapping[str, str],
        port: int | None = None,
        said: str = os.devnull,
        app: str = WSGI,
    ) -> None:
        self._leader: int = prepared("start", dict(environment), port, said, app)
        self._has_ended = False

    def is_running(self) -> bool:
        """Whether a process of it is left."""
        try:
            os.killpg(self._leader, 0)
        except ProcessLookupError:
            return False
        return True

    def signal(self, which: signal.Signals) -> None:
        """Send it a signal, and every process of it, such as one that lets it rest."""
        os.killpg(self._leader, which)

    def kill(self) -> None:
        """End every process of it at once, as a power cut does; none is missed, not even one that is just forked."""
        if not self._has_ended:
            os.killpg(self._leader, signal.SIGKILL)
            wait_until(lambda: not self.is_running())
            self._has_ended = True

    def stop(self) -> None:
        """Tell it to end, and kill it where it does not."""
        if not self._has_ended:
            assert self.is_running(), "it has ended by itself"
            os.kill(self._leader, signal.SIGTERM)
            deadline = time.monotonic() + STOP
            while time.monotonic() < deadline and self.is_running():
                time.sleep(0.02)
            self._has_ended = not self.is_running()
        self.kill()


@contextmanager
def by_gunicorn(prepared: Prepared, environment: Mapping[str, str]) -> Iterator[str]:
    """Serve for as long as it is needed, from the moment that it answers; the address."""
    with reserved_port() as port, tempfile.NamedTemporaryFile() as said:
        url, server = f"http://127.0.0.1:{port}", Forked(prepared, environment, port, said.name)
        _servers[url] = server
        try:
            _wait(url, server, said)
            yield url
        finally:
            server.stop()
            del _servers[url]


def kill(url: str) -> None:
    """End every process of a web server at once."""
    _servers[url].kill()


@contextmanager
def started(
    environment: Mapping[str, str], *arguments: str
) -> Iterator[tuple[str, "subprocess.Popen[bytes]", IO[bytes]]]:
    """The address that it will answer at, the process, and what it says. In the end it is stopped."""
    usual = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with reserved_port() as port, tempfile.TemporaryFile() as said:
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *arguments, WSGI]
        process = subprocess.Popen(
            command, cwd=ROOT, env={**usual, **environment}, stdout=said, stderr=said, start_new_session=True
        )
        try:
            yield f"http://127.0.0.1:{port}", process, said
        finally:
            stop(process)


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

        turn = Lock()

        def ask(line: str) -> str:
            with turn:
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


def _wait(url: str, server: Forked, said: IO[bytes]) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline:
        try:
            with urlopen(f"{url}/healthz", timeout=2):
                return
        except (URLError, OSError):
            if not server.is_running():
                break
            time.sleep(0.05)
    said.seek(0)
    raise RuntimeError(f"gunicorn does not answer: {said.read().decode()}")
