"""Fixtures for all tests: the sandbox, databases, the application.

The application is made as in production, on a database of its own for every test; the queue is one that
nobody consumes until the test says so.
"""

import base64
import gc
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from flask import Flask, g, has_app_context
from werkzeug.test import Client
from zxcvbn import zxcvbn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from portal import app as application
from portal import create_app
from portal.connexease import Retries
from portal.db import migrate
from portal.db.engine import _writing, prepare_sqlite
from portal.extensions import db, limiter
from portal.identity import passwords
from portal.sandbox.client import SandboxControl, SandboxControlError
from portal.sandbox.server import Sandbox
from portal.settings import Settings
from tests.support.application import routes
from tests.support.application.portal import Portal, TakeReady
from tests.support.application.ready import Database, PostgresDatabase, Ready, SqliteFile
from tests.support.processes.ports import reserved_port
from tests.support.processes.postgres import TEMPLATE, USUAL, Postgres
from tests.support.suite.patience import patient
from tests.support.suite.scheduling import Scheduling
from tests.support.suite.shared import keep_in_memory, made_once, shared_folder

hypothesis.settings.register_profile(
    "here", deadline=None, derandomize=True, database=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("here")
keep_in_memory()
RESELLER_TOKEN = "planted-reseller-token-9b1f"
SECRET_KEY = "planted-secret-key-0123456789abcdefghijklmnopqrstuvwxyz"
VAULT_KEY = base64.b64encode(bytes(range(32))).decode()

MakePortal = Callable[..., Portal]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    return Scheduling(config, log)


def pytest_collection_finish() -> None:
    """What is here before the first test is here until the end: it is not looked through again for garbage."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _quick_hashes() -> Iterator[None]:
    """Argon2 at its cheapest, and each password is weighed once: the hundreds of log-ins here need no protection."""
    weigh = cache(lambda password, known: zxcvbn(password, user_inputs=list(known)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "zxcvbn", lambda password, user_inputs: weigh(password, tuple(user_inputs)))
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="session", autouse=True)
def _quick_routes() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        routes.compile_once(patch)
        yield


@pytest.fixture(autouse=True)
def _no_writer_is_left() -> None:
    """A test client's POST leaves its thread a writer, which only the next request would undo."""
    _writing.set(False)


@pytest.fixture(scope="session")
def _running_sandbox() -> Iterator[Sandbox]:
    with Sandbox(reseller_token=RESELLER_TOKEN, page_size=2) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_running_sandbox: Sandbox, control: SandboxControl) -> Sandbox:
    """A local Connexease in its first state."""
    return _running_sandbox


class Dials(SandboxControl):
    """The sandbox's dials. From the moment that it is told to keep silent nobody waits for it for long.

    Before that, answers are waited for with patience, as the machine may be busy.
    """

    SHORT = patient(0.6)

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox.api_url)
        self.asked_by: list[Flask] = []
        self._client = Client(sandbox._servers[0].app, use_cookies=False)

    def fault(self, kind: str, *arguments: Any, **more: Any) -> dict[str, Any]:
        if kind.startswith("timeout"):
            self._let_wait(self.SHORT)
        return super().fault(kind, *arguments, **more)

    def clear_faults(self) -> None:
        super().clear_faults()
        self._let_wait(None)

    def settle(self, timeout: float = patient(20)) -> bool:
        return super().settle(timeout)

    def _send(self, method: str, path: str, fields: Any, answers_within: float = 0) -> Any:
        """Without the network, on which the sandbox would answer each call by a thread of its own."""
        here = {"REMOTE_ADDR": "127.0.0.1"}
        with self._client.open(self._base + path, method=method, json=fields, environ_base=here) as answer:
            if answer.status_code >= 400:
                raise SandboxControlError(f"{method} {path}: {answer.text}")
            return answer.json

    def _let_wait(self, seconds: float | None) -> None:
        for app in self.asked_by:
            usual: Settings = app.config["SETTINGS"]
            settings = usual.model_copy(update={"connexease_timeout": seconds or usual.connexease_timeout})
            _replace_connexease(app, settings)


def _replace_connexease(app: Flask, settings: Settings) -> None:
    """Give the application an adapter that repeats a call as often as it does elsewhere, but almost at once."""
    app.extensions["connexease"].close()
    app.extensions["connexease"] = application.connexease(settings, Retries(first_pause=0.01))


@pytest.fixture
def control(_running_sandbox: Sandbox) -> Iterator[Dials]:
    """The sandbox's dials. Events are held back until a test lets them go."""
    control, core = Dials(_running_sandbox), _running_sandbox.core
    core.reset()
    control.set(retry_delay=0.02, retry_factor=1, hold_deliveries=True)
    yield control
    core.reset()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL with a migrated database to copy, and a copy for those who need no other."""
    server = Postgres()
    server.start()
    try:
        _migrate(server.create(name=TEMPLATE))
        server.create(template=TEMPLATE, name=USUAL)
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = shared_folder(tmp_path_factory, "template") / "portal.db"
    return made_once(file, lambda begun: _migrate(f"sqlite:///{begun}"))


def _migrate(url: str) -> None:
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    if url.startswith("sqlite"):
        prepare_sqlite(engine)
    migrate.upgrade(engine)
    engine.dispose()


@pytest.fixture
def database_kind() -> str:
    """SQLite; a test marked with `both_databases` also runs on PostgreSQL."""
    return "sqlite"


@pytest.fixture(scope="session")
def _sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("database") / "portal.db"


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated database with nothing in it."""
    if database_kind == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        yield server.url(USUAL)
        server.empty(server.url(USUAL))
    else:
        file: Path = request.getfixturevalue("_sqlite_file")
        for rest in file.parent.iterdir():
            rest.unlink(missing_ok=True)  # a connection that closes late takes its own files away
        shutil.copy(request.getfixturevalue("_sqlite_template"), file)
        yield f"sqlite:///{file}"


@pytest.fixture
def settings_for(sandbox: Sandbox, database_url: str) -> Callable[..., Settings]:
    """Settings for a test, with changes."""

    def make(**changes: Any) -> Settings:
        usual: dict[str, Any] = {
            "portal_env": "testing",
            "secret_key": SECRET_KEY,
            "vault_keys": VAULT_KEY,
            "database_url": database_url,
            "public_url": "http://localhost",
            "mail_url": sandbox.smtp_url,
            "signup_policy": "open",
            "support_email": "help@reseller.example.com",
            "connexease_reseller_token": RESELLER_TOKEN,
            "connexease_api_url": sandbox.api_url,
            "connexease_account_api_url": sandbox.api_url,
            "connexease_gateway_url": sandbox.api_url,
            "connexease_dialog_origins": sandbox.dialog_url,
            "connexease_timeout": patient(5),
            "throttle_factor": 1000,
            "mirror_interval_minutes": 0,
        }
        values = usual | changes
        if any(isinstance(value, list | dict | set) for value in values.values()):
            return Settings(_env_file=None, **values)  # type: ignore[call-arg]
        named = {name: value for name, value in os.environ.items() if name.lower() in Settings.model_fields}
        return _read(frozenset(values.items()), frozenset(named.items())).model_copy()

    return make


@cache
def _read(values: frozenset[tuple[str, Any]], _environment: frozenset[tuple[str, str]]) -> Settings:
    """Settings that were read once, as most tests have the same."""
    return Settings(_env_file=None, **dict(values))  # type: ignore[call-arg]


def _note_answering() -> None:
    g.is_answering = True


def _note_beginning(connection: sa.Connection) -> None:
    connection.info["reader"], connection.info["has_read"] = not _writing.get(), False


def _refuse_late_writer(connection: sa.Connection, _cursor: Any, statement: str, *_more: Any) -> None:
    """On SQLite a transaction that read first cannot write once somebody else wrote in between.

    That fails seldom, and then in front of a person. So here it fails always.
    """
    word = statement.split(None, 1)[0].upper()
    if word in ("SELECT", "WITH"):
        connection.info["has_read"] = True
    elif word in ("INSERT", "UPDATE", "DELETE") and connection.info.get("reader") and connection.info["has_read"]:
        if not (has_app_context() and g.get("is_answering")):
            return  # a test made something by itself
        raise AssertionError(f"it began by reading, so it may be too late to write: {statement[:200]}")


class Applications:
    """Applications that tests have done with, made as good as new: making one takes longer than most tests."""

    USUAL = {"signup_policy", "throttle_factor", "connexease_api_url"}
    """Settings that many tests change."""

    def __init__(self) -> None:
        self._idle: dict[tuple[Any, ...], list[Flask]] = {}
        self._views: dict[Flask, dict[str, Any]] = {}
        self._extensions: dict[Flask, dict[str, Any]] = {}

    @contextmanager
    def take(self, settings: Settings, changes: dict[str, Any]) -> Iterator[Flask]:
        """An application with these settings that nobody else has meanwhile."""
        key = (settings.database_sqlalchemy_url, *sorted(changes.items()))
        idle = self._idle.setdefault(key, []) if set(changes) <= self.USUAL else []
        app = idle.pop() if idle else self._make(settings)
        app.config["SETTINGS"] = settings
        app.view_functions, app.extensions = dict(self._views[app]), dict(self._extensions[app])
        limiter.reset()
        yield app
        app.extensions = self._extensions[app]
        app.extensions["huey"].flush()
        app.extensions["connexease"].close()
        with app.app_context():
            db.engine.dispose()
        idle.append(app)

    def _make(self, settings: Settings) -> Flask:
        app = create_app(settings)
        _replace_connexease(app, settings)
        with app.app_context():
            if db.engine.dialect.name == "sqlite":
                sa.event.listen(db.engine, "begin", _note_beginning)
                sa.event.listen(db.engine, "before_cursor_execute", _refuse_late_writer)
        app.before_request(_note_answering)
        self._views[app], self._extensions[app] = app.view_functions, app.extensions
        return app


@pytest.fixture(scope="session")
def _applications() -> Applications:
    return Applications()


LOOKS_CLOSER = {"monkeypatch", "caplog", "capsys", "log", "statements", "victim"}
"""Fixtures of tests that may look at how a customer is made, or change it."""


@pytest.fixture(scope="session")
def _copies(_running_sandbox: Sandbox) -> Ready:
    return Ready(_running_sandbox)


@pytest.fixture
def _ready(database_url: str, _copies: Ready, request: pytest.FixtureRequest) -> TakeReady | None:
    """How a customer is made by a test that has done nothing else yet."""
    if LOOKS_CLOSER & set(request.fixturenames):
        return None
    database: Database
    if database_url.startswith("sqlite"):
        database = SqliteFile(Path(database_url.removeprefix("sqlite:///")))
    else:
        server: Postgres = request.getfixturevalue("postgres")
        database = PostgresDatabase(server.kept_connection(database_url))
    return lambda make, typed: _copies.customer(database, typed, make)


@pytest.fixture
def make_portal(
    settings_for: Callable[..., Settings], control: Dials, _applications: Applications, _ready: TakeReady | None
) -> Iterator[MakePortal]:
    """Make the application with settings of the test's own; several of them share one database."""
    with ExitStack() as taken:

        def make(**changes: Any) -> Portal:
            app = taken.enter_context(_applications.take(settings_for(**changes), changes))
            if "connexease_timeout" not in changes:
                control.asked_by.append(app)
            return Portal(app, control, None if changes else _ready)

        yield make


@pytest.fixture
def portal(make_portal: MakePortal) -> Portal:
    """The application under the open sign-up policy."""
    return make_portal()


@pytest.fixture
def reachable_portal(make_portal: MakePortal) -> Iterator[Portal]:
    """The application on a real server, at the address that Connexease is given."""
    with reserved_port() as port:
        portal = make_portal(public_url=f"http://127.0.0.1:{port}")
        with portal.served(port):
            yield portal


@pytest.fixture
def verified(make_portal: MakePortal) -> Portal:
    """The application under the policy that production has by default."""
    return make_portal(signup_policy="verified")
