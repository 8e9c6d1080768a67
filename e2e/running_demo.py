"""A demo of one's own: in a folder of its own and on free ports, as `make demo` starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.patience import patient
from tests.support.ports import reserved_port

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class RunningDemo:
    """One that has started.

    Attributes:
        said: what it printed until it was ready.
    """

    folder: Path
    url: str
    sandbox_url: str
    said: str

    def logs(self) -> dict[str, str]:
        """What each of its parts wrote so far."""
        return {file.stem: file.read_text(errors="replace") for file in sorted(self.folder.glob("*.log"))}


@contextmanager
def running_demo(
    folder: Path, *options: str, environment: Mapping[str, str] | None = None, timeout: float = 120
) -> Iterator[RunningDemo]:
    """Start a demo and wait until it prints the logins; it ends with the block."""
    names = ("--port", "--sandbox-port", "--dialog-port", "--mail-port")
    with ExitStack() as reserved:
        ports = [reserved.enter_context(reserved_port()) for _ in names]
        arguments = [part for name, port in zip(names, ports, strict=True) for part in (name, str(port))]
        command = [sys.executable, "-m", "portal", "demo", "--folder", str(folder), *arguments, *options]
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE, text=True
        )
        reserved.callback(_end, process)
        said = _until_ready(process, time.monotonic() + timeout)
        url, sandbox_url = (f"http://127.0.0.1:{port}" for port in ports[:2])
        yield RunningDemo(folder, url, sandbox_url, said)


def _end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(patient(30))
    finally:
        process.kill()
        if process.stdout is not None:
            process.stdout.close()


def _until_ready(process: subprocess.Popen[str], deadline: float) -> str:
    lines: list[str] = []
    for line in process.stdout or ():
        lines.append(line)
        if "Ctrl-C" in line:
            return "".join(lines)
        if time.monotonic() > deadline:
            break
    raise RuntimeError(f"the demo did not start: {''.join(lines)}")
