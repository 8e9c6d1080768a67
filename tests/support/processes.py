"""The portal under gunicorn, as operators serve it: several processes and the project's own configuration."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from tests.support.patience import patient
from tests.support.ports import reserved_port

ROOT = Path(__file__).resolve().parents[2]
START, STOP = patient(40), patient(15)
"""Seconds."""


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
        try:
            yield f"http://127.0.0.1:{port}", process, said
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def kill(url: str) -> None:
    """End every process of a server at once, as a power cut does."""
    place = urlsplit(url).netloc.encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if b"gunicorn" in (said := (folder / "cmdline").read_bytes()) and place in said:
                os.kill(int(folder.name), signal.SIGKILL)
        except OSError:  # it has just ended
            continue


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
