"""The whole product as processes of its own: a sandbox, the portal under gunicorn, and its worker."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

from portal.sandbox.client import SandboxControl
from portal.sandbox.server import Sandbox

START_TIMEOUT = 600
STOP_TIMEOUT = 10
STAFF_EMAIL = "staff@example.com"
STAFF_PASSWORD = "seven quiet lamps in a harbour"
STAFF_SECRET = "KRUGKIDROVUWG2ZAMJZG653OEBTG66BA"
"""What the authenticator app of the staff person makes its codes from."""
ROOT = Path(__file__).resolve().parent.parent


class Stack:
    """Starts everything on free ports, waits until it answers, and ends all of it.

    Args:
        folder: where the database and the logs lie.
        database: a file that the stack's own starts as a copy of; see `make_database`.
        settings: environment variables that differ from the usual ones.
    """

    def __init__(self, folder: Path, database: Path, **settings: str) -> None:
        self.folder = folder
        self._database = database
        # A large page, so that looking for one account does not take longer with every test.
        self.sandbox = Sandbox(reseller_token=secrets.token_urlsafe(24), page_size=500)
        self._settings = settings
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._listener: socket.socket | None = None

    @property
    def url(self) -> str:
        """Where the portal answers."""
        port = self._listener.getsockname()[1] if self._listener else 0
        return f"http://127.0.0.1:{port}"

    @property
    def connexease(self) -> SandboxControl:
        """The sandbox's dials."""
        return SandboxControl(self.sandbox.api_url)

    def __enter__(self) -> Self:
        self.sandbox.start()
        self._usual = self.connexease.settings()
        # Bound here and handed down, so that nobody else can take the port in between.
        self._listener = socket.create_server(("127.0.0.1", 0))
        try:
            shutil.copy(self._database, self.folder / "portal.db")
            self._spawn("worker", "-m", "portal", "worker")
            bind = f"fd://{self._listener.fileno()}"
            self._spawn("portal", "-m", "gunicorn", "--bind", bind, "--threads", "8", "wsgi:app")
            self._wait_until_ready()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sandbox.core.faults.clear()
        for process in self._processes.values():
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT
        for process in self._processes.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._processes.clear()
        if self._listener is not None:
            self._listener.close()
        self.sandbox.stop()

    def restore(self) -> None:
        """Undo what a test did to the sandbox's dials; accounts stay. Codes that were typed may be typed again."""
        self._execute("UPDATE authenticator SET last_step = NULL")
        control = self.connexease
        control.clear_faults()
        control.clear_presets()
        control.clear_requests()
        control.set(**self._usual)
        control.release_deliveries()
        control.advance(time.time() - control.now())

    def let_pass(self, seconds: float, attempt: str) -> None:
        """Let time pass for one attempt to connect: everything about it happened that much earlier."""
        instants = ("requested_at", "opened_at", "closed_at", "expires_at", "checked_at")
        earlier = ", ".join(f"{name} = strftime('%Y-%m-%d %H:%M:%f000', {name}, ?)" for name in instants)
        changed = self._execute(
            f"UPDATE onboarding_attempt SET {earlier} WHERE id = ?",
            *[f"-{seconds} seconds"] * len(instants),
            attempt.replace("-", ""),
        )
        assert changed == 1, f"there is no attempt {attempt}"

    def make_staff(self, email: str, role: str = "admin") -> str:
        """Somebody else of the staff, with `STAFF_PASSWORD` and no app for codes yet; the address."""
        _run(self.environment(), "portal", "staff", "create", email, "--role", role)
        return email

    def give_app(self, email: str) -> None:
        """An authenticator app for somebody, whose codes `STAFF_SECRET` makes."""
        _run(self.environment(), "e2e.enrol", email, STAFF_SECRET)

    def _execute(self, statement: str, *values: str) -> int:
        """Change the database behind the portal's back; how many rows."""
        with closing(sqlite3.connect(self.folder / "portal.db", timeout=15)) as database, database:
            return database.execute(statement, values).rowcount

    def logs(self) -> dict[str, str]:
        """What each process wrote so far."""
        return {file.stem: file.read_text(errors="replace") for file in sorted(self.folder.glob("*.log"))}

    def environment(self) -> dict[str, str]:
        """What the processes are told."""
        return {
            **os.environ,
            "PORTAL_ENV": "development",
            "SECRET_KEY": self._secret,
            "VAULT_KEYS": self._vault_key,
            "CONNEXEASE_RESELLER_TOKEN": self.sandbox.core.reseller_token,
            "CONNEXEASE_TIMEOUT": "4",
            "DATABASE_URL": f"sqlite:///{self.folder / 'portal.db'}",
            "REDIS_URL": "",
            "PUBLIC_URL": self.url,
            "MAIL_URL": self.sandbox.smtp_url,
            "SIGNUP_POLICY": "open",
            "THROTTLE_FACTOR": "1000",
            "MIRROR_INTERVAL_MINUTES": "0",
            "WORKER_THREADS": "1",
            "CONNEXEASE_API_URL": self.sandbox.api_url,
            "CONNEXEASE_ACCOUNT_API_URL": self.sandbox.api_url,
            "CONNEXEASE_GATEWAY_URL": self.sandbox.api_url,
            "CONNEXEASE_DIALOG_ORIGINS": self.sandbox.dialog_url,
            "PORTAL_STAFF_PASSWORD": STAFF_PASSWORD,
            **self._settings,
        }

    _secret = secrets.token_urlsafe(48)
    _vault_key = base64.b64encode(secrets.token_bytes(32)).decode()

    def _spawn(self, name: str, *arguments: str) -> None:
        assert self._listener is not None
        with (self.folder / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, *arguments],
                env=self.environment(),
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[self._listener.fileno()],
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            ended = [name for name, process in self._processes.items() if process.poll() is not None]
            assert not ended, f"{', '.join(ended)} ended:\n{self.logs()}"
            try:
                urllib.request.urlopen(f"{self.url}/readyz", timeout=30).close()
                return
            except (urllib.error.URLError, OSError):
                assert time.monotonic() < deadline, f"the portal did not answer:\n{self.logs()}"
                time.sleep(0.05)


def make_database(folder: Path) -> Path:
    """The tables, and somebody of the staff, for stacks to start from."""
    file = folder / "portal.db"
    environment = Stack(folder, file).environment()
    _run(environment, "portal", "db", "upgrade")
    _run(environment, "portal", "staff", "create", STAFF_EMAIL, "--first-name", "Sam", "--last-name", "Staff")
    _run(environment, "e2e.enrol", STAFF_EMAIL, STAFF_SECRET)
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # so that the file alone can be copied
    return file


def _run(environment: dict[str, str], module: str, *arguments: str) -> None:
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{module} {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
