"""Starting and the first view: how long until the portal answers, what its processes hold, what a browser loads.

    python -m bench.first_view

The memory of a process is its own and its share of what it has in common with others (PSS).
"""

import argparse
import base64
import gzip
import os
import re
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.support.table import Row, note
from portal.web.rendering.compiled_templates import FOLDER

ROOT = Path(__file__).resolve().parent.parent
PAGES = {"front page": "/", "sign-up": "/signup", "log-in": "/login"}
MOST = 60 * 1024
"""Bytes, compressed, beside htmx."""
_LOADED = re.compile(r'(?:href|src)="(/static/[^"]+)"')


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args(
        arguments
    )
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        environment = _environment(Path(name))
        subprocess.run([sys.executable, "-m", "portal", "db", "upgrade"], env=environment, cwd=ROOT, check=True)
        shutil.rmtree(FOLDER, ignore_errors=True)
        began = time.perf_counter()
        with _served(environment):
            compiling = time.perf_counter() - began
        began = time.perf_counter()
        with _served(environment) as (url, process):
            started = time.perf_counter() - began
            work = "starting, until it answers, and with pages to compile"
            note(Row(work, f"{started:.1f} s", f"{compiling:.1f} s"))
            print(f"{'until it answers':<34} {started:8.1f} s, with pages to compile {compiling:.1f} s")
            first, *others = (_took(f"{url}/login") for _ in range(21))
            second = statistics.median(others)
            print(f"{'the first visitor waits':<34} {first * 1000:8.1f} ms, the others {second * 1000:.1f} ms")
            work, ours = "log-in: what the first visitor waits, and the others", f"{first * 1000:.1f} ms"
            note(Row(work, ours, f"{second * 1000:.1f} ms", first / second))
            held = sorted(_memory(each) for each in (process.pid, *_children(process.pid)))
            memory = f"{', '.join(f'{each / 1024:.0f}' for each in held)} MiB"
            note(Row("memory of each process", memory))
            print(f"{'memory of each process':<34} {memory}")
            for page, path in PAGES.items():
                size = _first_view(url, path)
                note(
                    Row(
                        f"first view: {page}",
                        f"{size / 1024:.1f} KB",
                        f"{MOST / 1024:.0f} KB",
                        size / MOST,
                        at_most=1,
                    )
                )
                print(f"{'first view: ' + page:<34} {size / 1024:8.1f} KB, {size / MOST:.2f} of what it may be")


def _first_view(url: str, path: str) -> int:
    """Bytes of a page and of what it loads from us, as they are sent, for a browser that has nothing yet."""
    head, page = _get(url + path, "gzip")
    text = (gzip.decompress(page) if head.get("Content-Encoding") == "gzip" else page).decode()
    return len(page) + sum(len(_get(url + file, "br, gzip")[1]) for file in sorted(set(_LOADED.findall(text))))


def _get(url: str, encodings: str) -> tuple[Mapping[str, str], bytes]:
    request = urllib.request.Request(url, headers={"Accept-Encoding": encodings})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.headers, answer.read()


def _took(url: str) -> float:
    began = time.perf_counter()
    _get(url, "gzip")
    return time.perf_counter() - began


def _memory(process: int) -> int:
    """Kilobytes."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _children(process: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _environment(folder: Path) -> dict[str, str]:
    """As in production, where files are compressed ahead."""
    return {
        **{name: value for name, value in os.environ.items() if name != "REDIS_URL"},
        "PORTAL_ENV": "production",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "VAULT_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
        "PUBLIC_URL": "https://portal.example.com",
        "MAIL_URL": "smtps://mail.example.com",
        "CONNEXEASE_RESELLER_TOKEN": secrets.token_urlsafe(32),
        "DATABASE_URL": f"sqlite:///{folder / 'portal.db'}",
        "GUNICORN_CMD_ARGS": "--log-level error",
    }


@contextmanager
def _served(environment: Mapping[str, str]) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "wsgi:app"]
    process = subprocess.Popen(command, env=dict(environment), cwd=ROOT)
    try:
        for _ in range(3600):
            try:
                _get(f"http://127.0.0.1:{port}/healthz", "")
                break
            except OSError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


if __name__ == "__main__":
    main()
