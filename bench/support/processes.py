"""Processes that are measured: servers and workers, what they are told and what they take."""

import base64
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SERVER = ("--workers", "2", "--threads", "8", "--worker-class", "gthread", "--reuse-port", "--log-level", "error")


def make_environment(database_url: str) -> dict[str, str]:
    """What the portal's processes are told; and this one, too."""
    settings = {
        "PORTAL_ENV": "development",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "VAULT_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
        "CONNEXEASE_RESELLER_TOKEN": "none",
        "DATABASE_URL": database_url,
        "MIRROR_INTERVAL_MINUTES": "0",
        "GUNICORN_CMD_ARGS": "--log-level error",
    }
    os.environ.pop("REDIS_URL", None)
    os.environ.update(settings)
    return dict(os.environ)


class Served(NamedTuple):
    """A running server."""

    url: str
    pid: int
    name: str = "portal"


@contextmanager
def serving(environment: Mapping[str, str], application: str, *options: str) -> Iterator[Served]:
    """Gunicorn with an application, once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = ("-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *options, application)
    with running_process(environment, *arguments) as process:
        url = f"http://127.0.0.1:{port}"
        for _ in range(1800):
            try:
                urllib.request.urlopen(f"{url}/healthz", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield Served(url, process)


@contextmanager
def running_process(environment: Mapping[str, str], *arguments: str) -> Iterator[int]:
    """A process of Python's, until it is wanted no more."""
    process = subprocess.Popen([sys.executable, *arguments], env=dict(environment), cwd=ROOT)
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def memory(process: int) -> float:
    """Megabytes that a process holds."""
    [line] = [line for line in _told(process, "status") if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def cpu(process: int) -> float:
    """Seconds of processor time that a process and its children have taken."""
    fields = _told(process, "stat")[0].rsplit(")", 1)[1].split()
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK") + sum(cpu(int(child)) for child in children)


def _told(process: int, file: str) -> list[str]:
    return Path(f"/proc/{process}/{file}").read_text().splitlines()
