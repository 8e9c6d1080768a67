"""The demo's processes: a local Connexease, the worker and the portal, started in order and ended together."""

import base64
import os
import secrets
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from portal.demo import logins
from portal.demo.folder import BEGUN, TOLD, has_story
from portal.demo.forked import Forked

START_TIMEOUT = 120
STOP_TIMEOUT = 8
OPTIONS = {"portal": "--port", "sandbox": "--sandbox-port", "dialog": "--dialog-port", "mail": "--mail-port"}
"""Of `portal demo`: which names the port of which part."""


class Demo:
    """Starts everything, waits until it answers, and ends everything when one part or the person ends.

    Args:
        folder: where the data lies; what was set up stays there from one start to the next.
        is_empty: a fresh folder gets a login for the staff and nothing else.
    """

    def __init__(
        self,
        folder: str,
        port: int,
        sandbox_port: int,
        dialog_port: int,
        mail_port: int,
        *,
        is_empty: bool = False,
    ) -> None:
        self.folder = Path(folder)
        self.ports = {"portal": port, "sandbox": sandbox_port, "dialog": dialog_port, "mail": mail_port}
        self.url = f"http://127.0.0.1:{port}"
        self.sandbox_url = f"http://127.0.0.1:{sandbox_port}"
        self.is_empty = is_empty
        self.processes: dict[str, Forked] = {}
        self.stopping = False

    def run(self) -> int:
        """Serve until Ctrl-C; the exit code is 0 then, and 1 when a part ended by itself."""
        self.folder.mkdir(parents=True, exist_ok=True)
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGTERM, self._stop)
        try:
            self._start()
            if not self.stopping:
                self._say_where()
            self._watch_until_stopped()
        except RuntimeError as problem:
            if not self.stopping:
                print(f"The demo can't continue: {problem}", file=sys.stderr)  # noqa: T201
                return 1
        finally:
            self._end_all()
        return 0

    def _watch_until_stopped(self) -> None:
        while not self.stopping:
            self._watch()
            time.sleep(0.2)

    def _start(self) -> None:
        self._find_taken_ports()
        self._forget_half_a_story()
        if not (self.folder / TOLD).exists():
            print("Preparing the demo. The first time, this takes about half a minute.", flush=True)  # noqa: T201
        from portal.demo import parts  # noqa: PLC0415 - they load all of the portal
        from portal.demo.prepare import prepare  # noqa: PLC0415

        parts.load()
        self._spawn("sandbox", lambda: parts.connexease(*self._sandbox_arguments()))
        self._spawn("portal", lambda: parts.web(f"127.0.0.1:{self.ports['portal']}"))
        self._spawn("preparing", lambda: prepare(self.folder, is_empty=self.is_empty))
        self._wait_for_end("preparing")
        # Not before: what is due in the story is done in the story.
        self._spawn("worker", parts.worker)
        self._wait_for(f"{self.url}/readyz")

    def _find_taken_ports(self) -> None:
        """Say so at once: the web server would try again and again, and its port may be another demo's.

        Raises:
            RuntimeError: something else uses one of them.
        """
        for part, port in self.ports.items():
            try:
                socket.create_server(("127.0.0.1", port)).close()
            except OSError:
                raise RuntimeError(
                    f"port {port} is in use. End what uses it, or name another with {OPTIONS[part]}."
                ) from None

    def _forget_half_a_story(self) -> None:
        """A folder whose story was interrupted starts again from the beginning."""
        if (self.folder / BEGUN).exists():
            for file in (*self.folder.glob("portal.db*"), self.folder / "sandbox.json", self.folder / BEGUN):
                file.unlink(missing_ok=True)
        elif (self.folder / "portal.db").exists() and not (self.folder / TOLD).exists():
            raise RuntimeError(
                f"{self.folder} is from an earlier version. Delete it, or name another with --folder."
            )

    def _wait_for_end(self, name: str) -> None:
        part = self.processes[name]
        while part.poll() is None and not self.stopping:
            self._watch()
            time.sleep(0.05)
        if part.poll() == 0:
            del self.processes[name]
        self._watch()

    def _sandbox_arguments(self) -> list[str]:
        return [
            *("--port", str(self.ports["sandbox"])),
            *("--dialog-port", str(self.ports["dialog"])),
            *("--smtp-port", str(self.ports["mail"])),
            *("--state", str(self.folder / "sandbox.json")),
        ]

    def _environment(self) -> dict[str, str]:
        return {
            "PORTAL_ENV": "development",
            "SECRET_KEY": self._kept("secret_key", secrets.token_urlsafe(48)),
            "VAULT_KEYS": self._kept("vault_keys", base64.b64encode(secrets.token_bytes(32)).decode()),
            "CONNEXEASE_RESELLER_TOKEN": self._kept("reseller_token", secrets.token_urlsafe(24)),
            "DATABASE_URL": f"sqlite:///{(self.folder / 'portal.db').resolve()}",
            "REDIS_URL": "",
            "PUBLIC_URL": self.url,
            "MAIL_URL": f"smtp://127.0.0.1:{self.ports['mail']}",
            "SIGNUP_POLICY": os.environ.get("SIGNUP_POLICY", "open"),
            "CONNEXEASE_API_URL": self.sandbox_url,
            "CONNEXEASE_ACCOUNT_API_URL": self.sandbox_url,
            "CONNEXEASE_GATEWAY_URL": self.sandbox_url,
            "CONNEXEASE_DIALOG_ORIGINS": f"http://127.0.0.1:{self.ports['dialog']}",
        }

    def _kept(self, name: str, fresh: str) -> str:
        """A random value that stays the same from one start of the demo to the next."""
        file = self.folder / name
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(fresh)
        return file.read_text()

    def _spawn(self, name: str, do: Callable[[], object]) -> None:
        environment = self._environment()

        def part() -> None:
            os.environ.update(environment)
            do()

        self.processes[name] = Forked(part, self._log_of(name))

    def _log_of(self, name: str) -> Path:
        """Where a part writes what it has to say: the terminal keeps showing the logins."""
        return self.folder / f"{name}.log"

    def _wait_for(self, url: str) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while not self.stopping:
            self._watch()
            try:
                urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 - our own loopback address
                return
            except (urllib.error.URLError, OSError):
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{url} didn't respond within {START_TIMEOUT} seconds") from None
                time.sleep(0.1)

    def _watch(self) -> None:
        for name, process in self.processes.items():
            if process.poll() is not None and not self.stopping:
                raise RuntimeError(f"the {name} stopped with code {process.returncode}. {self._last_words(name)}")

    def _last_words(self, name: str) -> str:
        lines = self._log_of(name).read_text(errors="replace").strip().splitlines()
        return "\n".join([*lines[-1:], f"See its log: {self._log_of(name)}"])

    def _say_where(self) -> None:
        people = (*logins.CUSTOMERS, *logins.STAFF) if has_story(self.folder) else (logins.ADMIN,)
        lines = (
            "",
            f"  The portal          {self.url}",
            f"  Local Connexease    {self.sandbox_url}",
            f"    its mailbox       {self.sandbox_url}/mailbox",
            f"    login codes       {self.sandbox_url}/phone    (no phone needed)",
            "",
            *(f"  {line}" for line in logins.table(people)),
            "",
            f"  Data and logs are in {self.folder}. Delete that folder to start over.",
            "  Press Ctrl-C to stop everything.",
            "",
        )
        print("\n".join(lines), flush=True)  # noqa: T201 - this is what the command is for

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _end_all(self) -> None:
        for process in reversed(self.processes.values()):
            process.tell_to_end()
        deadline = time.monotonic() + STOP_TIMEOUT
        for process in self.processes.values():
            while process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            process.kill()
