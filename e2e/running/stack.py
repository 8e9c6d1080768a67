"""The whole product as processes of its own: a sandbox, the portal under gunicorn, and its worker."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import signal
import sqlite3
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from portal.sandbox.client import SandboxControl
from portal.sandbox.delivery.events import release
from portal.sandbox.server import Sandbox
from tests.support.processes.ports import reserved_port
from tests.support.processes.running import Forked, Prepared
from tests.support.suite.patience import patient
from tests.support.suite.shared import made_once

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

START_TIMEOUT = 300
STAFF_EMAIL = "staff@example.com"
STAFF_PASSWORD = "seven quiet lamps in a harbour"
STAFF_SECRET = "KRUGKIDROVUWG2ZAMJZG653OEBTG66BA"
"""What the authenticator app of the staff person makes its codes from."""
NOW = "strftime('%Y-%m-%d %H:%M:%f000', 'now')"
"""In SQL, as the portal writes it."""


class Stack:
    """Starts everything on free ports, waits until it answers, and ends all of it.

    Args:
        folder: where the database and the logs lie.
        database: a file that the stack's own starts as a copy of; see `make_database`.
        prepared: forks the processes.
    """

    def __init__(self, folder: Path, database: Path, prepared: Prepared) -> None:
        self.folder = folder
        self._database = database
        self._prepared = prepared
        # A large page, so that looking for one account does not take longer with every test.
        self.sandbox = Sandbox(reseller_token=secrets.token_urlsafe(24), page_size=500)
        self._policy = "open"
        self._processes: dict[str, Forked] = {}
        self._reserved = ExitStack()
        self._port = 0

    @property
    def url(self) -> str:
        """Where the portal answers."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def connexease(self) -> SandboxControl:
        """The sandbox's dials."""
        return SandboxControl(self.sandbox.api_url)

    def __enter__(self) -> Self:
        self.sandbox.start()
        self._usual = replace(self.sandbox.core.settings)
        self._port = self._reserved.enter_context(reserved_port())
        try:
            shutil.copy(self._database, self.folder / "portal.db")
            self._start("worker")
            self._start("portal", self._port)
            self._wait_until_ready()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sandbox.core.faults.clear()
        self.go_on()
        for process in self._processes.values():
            process.stop()
        self._processes.clear()
        self._reserved.close()
        self.sandbox.stop()

    def pause(self) -> None:
        """Let its processes rest while no test looks at them: what they ask for all the time costs the others."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End a pause."""
        self._signal(signal.SIGCONT)

    def _signal(self, which: signal.Signals) -> None:
        for process in self._processes.values():
            if process.is_running():
                process.signal(which)

    def restore(self) -> None:
        """Undo what a test did to the sandbox's dials, and end what it left the worker to try again and again.

        Accounts stay. Codes that were typed may be typed again.
        """
        self._execute("UPDATE authenticator SET last_step = NULL")
        self._execute(
            "UPDATE provisioning SET step = 'given_up', next_attempt_at = NULL "
            "WHERE step IN ('creating_account', 'registering_webhook')"
        )
        self._execute(
            f"UPDATE mirror_run SET state = 'failed', active = NULL, finished_at = {NOW}, next_attempt_at = NULL "
            "WHERE active IS NOT NULL"
        )
        core = self.sandbox.core  # in this process: its control calls would take longer than all the rest
        core.faults.clear()
        core.log.clear()
        with core.changing() as state:
            core.presets.clear()
            core.settings = replace(self._usual)
            state.clock_offset = 0
            for delivery in state.deliveries:
                if delivery.status == "held":
                    release(core, delivery)

    def follow(self, policy: str) -> None:
        """Decide about sign-ups by this SIGNUP_POLICY from now on; only pages ask for it, and never the worker."""
        if policy != self._policy:
            self.ask("policy", name=policy)
            self._policy = policy

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

    def make_forwards_due(self, connexease_uuid: str) -> None:
        """Let the worker try again at once what an account's destinations have not taken yet."""
        self._execute(
            f"UPDATE forward SET next_attempt_at = {NOW} WHERE state = 'waiting' "
            "AND account_id = (SELECT id FROM account WHERE connexease_uuid = ?)",
            connexease_uuid.replace("-", ""),
        )

    def make_staff(self, email: str, role: str = "admin") -> str:
        """Somebody else of the staff, with `STAFF_PASSWORD` and no app for codes yet; the address."""
        self.ask("staff", email=email, password=STAFF_PASSWORD, role=role)
        return email

    def give_app(self, email: str) -> None:
        """An authenticator app for somebody, whose codes `STAFF_SECRET` makes."""
        self.ask("authenticator", email=email, secret=STAFF_SECRET)

    def log_in(self, context: BrowserContext, email: str) -> None:
        """Let somebody in without the pages that other tests walk."""
        self._let_in(context, self.ask("log_in", email=email))

    def make_newcomer(self, context: BrowserContext, password: str, **details: str) -> str:
        """Somebody who has just signed up here; the path of their account, where it is theirs already."""
        made = self.ask("newcomer", password=password, details=details)
        self._let_in(context, made)
        return f"/accounts/{made['account']}/" if "account" in made else ""

    def make_member(self, context: BrowserContext, password: str, **details: str) -> dict[str, str]:
        """Somebody whose account is ready; they are logged in. Its identifiers, here and at Connexease."""
        made = self.ask("member", password=password, details=details)
        self._let_in(context, made)
        return made

    def ask(self, action: str, **arguments: Any) -> dict[str, str]:
        """Ask the side door (`e2e.running.served`) for something."""
        data, headers = json.dumps(arguments).encode(), {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/_side_door/{action}", data, headers)
        with urllib.request.urlopen(request, timeout=START_TIMEOUT) as response:
            answer: dict[str, str] = json.load(response)
        return answer

    def _let_in(self, context: BrowserContext, cookie: dict[str, str]) -> None:
        context.clear_cookies()
        context.add_cookies(
            [
                {
                    "name": cookie["name"],
                    "value": cookie["value"],
                    "url": self.url,
                    "httpOnly": True,
                    "sameSite": "Lax",
                }
            ]
        )

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
            "CONNEXEASE_TIMEOUT": str(patient(2)),
            "DATABASE_URL": f"sqlite:///{self.folder / 'portal.db'}",
            "REDIS_URL": "",
            "PUBLIC_URL": self.url,
            "MAIL_URL": self.sandbox.smtp_url,
            "SIGNUP_POLICY": self._policy,
            "THROTTLE_FACTOR": "1000",
            "MIRROR_INTERVAL_MINUTES": "0",
            "WORKER_THREADS": "1",
            "CONNEXEASE_API_URL": self.sandbox.api_url,
            "CONNEXEASE_ACCOUNT_API_URL": self.sandbox.api_url,
            "CONNEXEASE_GATEWAY_URL": self.sandbox.api_url,
            "CONNEXEASE_DIALOG_ORIGINS": self.sandbox.dialog_url,
            # Without a time-out: gunicorn would take a process for hung that was paused.
            "GUNICORN_CMD_ARGS": "--workers 1 --threads 8 --timeout 0",
        }

    # The same in every process of a run: the database that stacks start from was sealed with them.
    _secret = "planted-secret-key-0123456789abcdefghijklmnopqrstuvwxyz"
    _vault_key = base64.b64encode(bytes(range(32))).decode()

    def _start(self, name: str, port: int | None = None) -> None:
        log = self.folder / f"{name}.log"
        log.touch()
        self._processes[name] = Forked(
            self._prepared, self.environment(), port, str(log), app="e2e.running.served:app"
        )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            ended = [name for name, process in self._processes.items() if not process.is_running()]
            assert not ended, f"{', '.join(ended)} ended:\n{self.logs()}"
            try:
                urllib.request.urlopen(f"{self.url}/readyz", timeout=30).close()
                return
            except (urllib.error.URLError, OSError):
                assert time.monotonic() < deadline, f"the portal did not answer:\n{self.logs()}"
                time.sleep(0.05)


def make_database(folder: Path, prepared: Prepared) -> Path:
    """The tables, and somebody of the staff, for stacks to start from; one worker makes it for all."""
    return made_once(folder / "portal.db", partial(_prepare, prepared))


def _prepare(prepared: Prepared, begun: Path) -> None:
    url = f"sqlite:///{begun}"
    environment = Stack(begun.parent, begun, prepared).environment() | {"DATABASE_URL": url}
    done = prepared("module", "e2e.running.prepare", environment)
    assert done["returncode"] == 0, f"{done['stdout']}{done['stderr']}"
    with closing(sqlite3.connect(begun)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # so that the file alone can be copied
