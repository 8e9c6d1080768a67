"""The portal under gunicorn, as operators serve it: several processes and the project's own configuration."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from tests.support.patience import patient

ROOT = Path(__file__).resolve().parents[2]
START, STOP = patient(40), patient(15)
"""Seconds."""


@contextmanager
def by_gunicorn(environment: Mapping[str, str], *arguments: str) -> Iterator[str]:
    """Serve for as long as it is needed, from the moment that it answers; the address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *arguments, "wsgi:app"]
    usual = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**usual, **environment}, stdout=said, stderr=said, start_new_session=True
        )
        try:
            _wait(f"http://127.0.0.1:{port}", process, said)
            yield f"http://127.0.0.1:{port}"
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


def _wait(url: str, process: "subprocess.Popen[bytes]", said: object) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline:
        try:
            with urlopen(f"{url}/healthz", timeout=2):
                return
        except (URLError, OSError):
            if process.poll() is not None:
                break
            time.sleep(0.05)
    said.seek(0)  # type: ignore[attr-defined]
    raise RuntimeError(f"gunicorn does not answer: {said.read().decode()}")  # type: ignore[attr-defined]
