"""A demo of one's own: in a folder of its own and on free ports, as `make demo` starts it."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes.ports import reserved_port
from tests.support.suite.patience import patient

ROOT = Path(__file__).resolve().parents[2]


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
def running_demo(folder: Path, *options: str, timeout: float = 120) -> Iterator[RunningDemo]:
    """Start a demo and wait until it prints the logins; it ends with the block."""
    names = ("--port", "--sandbox-port", "--dialog-port", "--mail-port")
    with ExitStack() as reserved:
        ports = [reserved.enter_context(reserved_port()) for _ in names]
        arguments = [part for name, port in zip(names, ports, strict=True) for part in (name, str(port))]
        command = [sys.executable, "-m", "portal", "demo", "--folder", str(folder), *arguments, *options]
        # Not a pipe: to read from one waits without end for a demo that says nothing.
        output = reserved.enter_context(tempfile.NamedTemporaryFile())
        process = subprocess.Popen(command, cwd=ROOT, stdout=output)
        reserved.callback(_end, process)
        said = _until_ready(process, Path(output.name), time.monotonic() + timeout)
        url, sandbox_url = (f"http://127.0.0.1:{port}" for port in ports[:2])
        yield RunningDemo(folder, url, sandbox_url, said)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(patient(30))
    finally:
        process.kill()


def _until_ready(process: subprocess.Popen[bytes], output: Path, deadline: float) -> str:
    while "Ctrl-C" not in (said := output.read_text()):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the demo did not start: {said}")
        time.sleep(0.05)
    return said
