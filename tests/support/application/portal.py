"""The portal under test, with everything around it at hand."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from unittest.mock import patch
from uuid import UUID

import pyotp
import sqlalchemy as sa
from flask import Flask
from sqlmodel import SQLModel, select
from werkzeug.serving import WSGIRequestHandler, make_server

from portal.customers.provisioning import state_machine
from portal.customers.signup import registration as signup
from portal.db import task_registry
from portal.db.dialect import is_sqlite
from portal.db.queue import huey
from portal.extensions import db, session
from portal.identity import sessions
from portal.identity.second_factor import authenticator
from portal.mail import outbox
from portal.models import Account, Membership, Person, PortalWebhook, Provisioning, Role, StaffRole, now
from portal.sandbox.client import SandboxControl
from portal.staff.people import staff_members
from portal.webhooks import reconcile
from portal.worker import scheduler
from tests.support.application.browser import Browser, Page
from tests.support.application.ready import Made
from tests.support.suite.patience import wait_until

PASSWORD = "violet-anchor-mirror-4417"
M = TypeVar("M", bound=SQLModel)
TakeReady = Callable[[Callable[[], Made], dict[str, str]], Made]
MADE = ("created_at", "first_seen_at", "received_at", "started_at", "requested_at")
"""What the models call the instant that a row was made at."""

DETAILS = {
    "name": "Acme Corp",
    "contact_name": "Jane",
    "contact_lastname": "Doe",
    "contact_email": "jane@acme.example.com",
    "billing_email": "",
    "contact_phone_number": "",
    "time_zone": "Europe/Istanbul",
}


class Portal:
    """One application with its database, its worker and the sandbox that it speaks to."""

    def __init__(self, app: Flask, control: SandboxControl, ready: TakeReady | None = None) -> None:
        self.app = app
        self.control = control
        self._ready = ready or (lambda make, _typed: make())

    # --- visitors

    def browser(self, address: str = "127.0.0.1") -> Browser:
        return Browser(self.app, address)

    def sign_up(self, browser: Browser | None = None, *, htmx: bool = False, **typed: str) -> Page:
        """Fill in the sign-up form and send it; the account is not set up before the worker runs."""
        browser = browser or self.browser()
        fields = {**DETAILS, "password": PASSWORD, **typed}
        return browser.submit(browser.get("/signup"), "Create account", htmx=htmx, **fields)

    def log_in(self, email: str, password: str = PASSWORD, browser: Browser | None = None) -> Browser:
        """Log in as a person does; whoever has an app for codes types one."""
        browser = browser or self.browser()
        page = browser.submit(browser.get("/login"), "Log in", email=email, password=password)
        assert page.status == 303, page.text
        if page.goes_to.startswith("/login/code"):
            page = browser.submit(browser.get(page.goes_to), "Log in", code=self.code(email))
            assert page.status == 303, page.text
        return browser

    def code(self, email: str) -> str:
        """What the person's app shows, as if the last code that they typed were long ago."""
        with self.app.app_context():
            person = session().exec(select(Person).where(Person.email == email)).one()
            row = authenticator.of(person)
            assert row is not None, f"{email} has no app for codes"
            row.last_step = None
            session().add(row)
            session().commit()
            return pyotp.TOTP(authenticator.secret_of(row).get_secret_value()).now()

    def enrol(self, email: str) -> list[str]:
        """Give somebody an app for codes; their recovery codes."""
        with self.app.app_context(), self.app.test_request_context():
            person = session().exec(select(Person).where(Person.email == email)).one()
            row = authenticator.begin(person)
            return authenticator.confirm(
                person, row.id, pyotp.TOTP(authenticator.secret_of(row).get_secret_value()).now()
            )

    def customer(self, **typed: str) -> tuple[Browser, UUID]:
        """Somebody whose account is ready and who is logged in."""

        def make() -> Made:
            made = self._sign_up(**typed)
            self.settle()
            return made

        account_id, token = self._ready(make, typed)
        return self._with(token), account_id

    def newcomer(self, **typed: str) -> tuple[Browser, UUID]:
        """Somebody who has just signed up and is logged in, without the pages that other tests walk."""
        account_id, token = self._sign_up(**typed)
        return self._with(token), account_id

    def _sign_up(self, **typed: str) -> Made:
        fields = {**DETAILS, **typed}
        fields["billing_email"] = fields["billing_email"] or fields["contact_email"]
        with self.app.test_request_context():
            made = signup.sign_up(signup.AccountDetails(**fields), PASSWORD)
            assert made.person is not None
            assert made.account is not None
            return made.account.id, sessions.start(made.person, "127.0.0.1", "")

    def _with(self, token: str) -> Browser:
        """A browser that is logged in."""
        browser = self.browser()
        with browser.client.session_transaction(base_url=browser.base) as cookie:
            cookie.update(_user_id=token, _fresh=True)
        return browser

    def staff(self, role: StaffRole, email: str = "") -> Browser:
        """Somebody of the staff who has an app for codes and is logged in."""
        email = email or f"{role}@reseller.example.com"
        with self.app.app_context(), self.app.test_request_context():
            staff_members.create(email, PASSWORD, role)
        self.enrol(email)
        with self.app.test_request_context():
            person = session().exec(select(Person).where(Person.email == email)).one()
            token = sessions.start(person, "127.0.0.1", "")
        return self._with(token)

    def member(self, account_id: UUID, email: str = "", role: Role = Role.MEMBER) -> Browser:
        """Somebody who belongs to the account without owning it."""
        email = email or f"{role}@acme.example.com"
        with self.app.app_context(), self.app.test_request_context():
            person = staff_members.create(email, PASSWORD, StaffRole.SUPPORT)
            person.staff_role = None
            session().add_all([person, Membership(person_id=person.id, account_id=account_id, role=role)])
            session().commit()
            token = sessions.start(person, "127.0.0.1", "")
        return self._with(token)

    # --- the worker

    def work(self) -> None:
        """Do what the queue asks for now; what it asks for later stays there."""
        queue = huey(self.app)
        while (task := queue.dequeue()) is not None:
            queue.execute(task)
        for drained in task_registry.all_drained():
            wait_until(lambda drained=drained: not self.run(drained.drain), 120, pause=0)

    def sweep(self, *only: Callable[..., Any]) -> None:
        """What the worker does every minute.

        Args:
            only: what is done of it: for whoever waits for nothing else, as all of it takes long.
        """
        if not only:
            scheduler.sweep(self.app)
            return
        kinds = [kind for kind in task_registry.all_swept() if kind[0] in only]
        assert len(kinds) == len(only)
        with patch.object(task_registry, "all_swept", lambda: kinds):
            scheduler.sweep(self.app)

    def let_time_pass(self) -> None:
        """Make everything due that waits for its time, as if the wait and every claim were over."""
        for table in ("provisioning", "mail"):
            self.sql(f"UPDATE {table} SET next_attempt_at = :past WHERE next_attempt_at IS NOT NULL", past=_PAST)
            self.sql(f"UPDATE {table} SET claimed_until = NULL")

    def settle(self, rounds: int = 6) -> None:
        """Let the worker and time run until nothing is left to do."""
        for _ in range(rounds):
            self.work()
            if not self._waits():
                return
            self.let_time_pass()
            self.sweep(state_machine.advance, outbox.send)

    def settle_webhooks(self) -> None:
        """Let the worker finish what is pending of webhooks, as if the waiting times were over."""
        for _ in range(4):
            self.sql("UPDATE webhook SET next_attempt_at = created_at, claimed_until = NULL WHERE is_pending")
            self.sweep(reconcile.push)
            self.work()
            if not self._counts("SELECT count(*) FROM webhook WHERE is_pending"):
                return

    def _waits(self) -> bool:
        return self._counts(
            "SELECT (SELECT count(*) FROM mail WHERE state = 'waiting') + (SELECT count(*) FROM provisioning"
            " WHERE step IN ('creating_account', 'registering_webhook'))"
        )

    def _counts(self, query: str) -> bool:
        """Whether there are any."""
        with self.app.app_context(), db.engine.connect() as connection:
            return bool(connection.scalar(sa.text(query)))

    # --- mail

    def mails(self, to: str) -> list[dict[str, Any]]:
        """The mails that arrived, newest first."""
        self.work()
        return self.control.mails(to)

    def link(self, to: str, which: str) -> str:
        """The newest mailed link whose path holds `which`."""
        links = [link for mail in self.mails(to) for link in mail["links"] if f"/{which}/" in link]
        assert links, f"no {which} link was mailed to {to}"
        return str(links[0])

    # --- the database

    def rows(self, model: type[M]) -> list[M]:
        """All of them, as they were made: PostgreSQL by itself moves a row when it is written to."""
        columns = model.__table__.columns  # type: ignore[attr-defined]
        order = [columns[name] for name in MADE if name in columns]
        order += [column for column in columns if column.primary_key and column.type.python_type is int]
        with self.app.app_context():
            return list(session().exec(select(model).order_by(*order)))

    def one(self, model: type[M]) -> M:
        rows = self.rows(model)
        assert len(rows) == 1, rows
        return rows[0]

    def account(self, email: str) -> Account:
        return next(account for account in self.rows(Account) if account.contact_email == email)

    def person(self, email: str) -> Person:
        return next(person for person in self.rows(Person) if person.email == email)

    def set_up(self, email: str | None = None) -> Provisioning:
        """Where the set-up of an account stands; of the only one, when no address is given."""
        if email is None:
            return self.one(Provisioning)
        wanted = self.account(email).id
        return next(row for row in self.rows(Provisioning) if row.account_id == wanted)

    def sql(self, statement: str, **values: Any) -> None:
        with self.app.app_context(), db.engine.begin() as connection:
            types = [
                sa.bindparam(name, type_=_UTC) if hasattr(value, "tzinfo") else sa.bindparam(name)
                for name, value in values.items()
            ]
            connection.execute(sa.text(statement).bindparams(*types), values)

    def wait_for_orphans(self) -> None:
        """What processes that were killed had asked PostgreSQL to commit is committed, or never will be."""
        others = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        with self.app.app_context(), db.engine.connect() as asking:
            if not is_sqlite(asking):
                busy = sa.text(f"{others} AND state <> 'idle'")
                asking.execution_options(isolation_level="AUTOCOMMIT")
                wait_until(lambda: not asking.scalar(busy))

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call something of the portal inside the application."""
        with self.app.app_context():
            return function(*arguments)

    def accounts_at_connexease(self) -> list[dict[str, Any]]:
        return self.control.accounts()

    def is_set_up_once(self, email: str = DETAILS["contact_email"]) -> None:
        """The end that every set-up has: one account, one webhook of ours, and the customer gets in."""
        row, account = self.set_up(email), self.account(email)
        assert (row.step, row.problem, row.claimed_until) == ("ready", None, None)
        [made] = [each for each in self.control.accounts() if each["contact_email"] == email]
        assert str(account.connexease_uuid) == made["uuid"]
        [hook] = [hook for hook in self.rows(PortalWebhook) if hook.account_id == account.id]
        [webhook] = self.control.webhooks(made["uuid"])
        assert webhook["uuid"] == str(hook.connexease_uuid)
        assert webhook["callback_url"] == f"http://localhost/hooks/connexease/{hook.key}"
        assert (webhook["triggers"], webhook["channels"]) == (["channel.created"], [])
        assert webhook["is_active"]
        assert set(webhook["headers"]) == {"X-Portal-Secret"}
        secret = webhook["headers"]["X-Portal-Secret"]
        assert len(secret) >= 43
        assert hook.secret_hash == hashlib.sha256(secret.encode()).hexdigest()

    @contextmanager
    def served(self, port: int = 0) -> Iterator[str]:
        """A real server in front of the application; its URL."""
        server = make_server("127.0.0.1", port, self.app, threaded=True, request_handler=_Quiet)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class _Quiet(WSGIRequestHandler):
    def log(self, *_arguments: Any) -> None:
        pass


_UTC = Account.__table__.c.created_at.type  # type: ignore[attr-defined]
_PAST = now().replace(year=2020)
