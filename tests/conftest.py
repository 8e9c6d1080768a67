"""Fixtures for all tests: the sandbox, databases, the application.

The application is made as in production, on a database of its own for every test; the queue is one that
nobody consumes until the test says so.
"""

import base64
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from flask import Flask
from jinja2 import FileSystemBytecodeCache

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from portal import create_app, migrate
from portal.auth import passwords
from portal.database import prepare_sqlite
from portal.extensions import db
from portal.sandbox.client import SandboxControl
from portal.sandbox.server import Sandbox
from portal.settings import Settings
from tests.support.portal import Portal
from tests.support.postgres import TEMPLATE, Postgres

RESELLER_TOKEN = "planted-reseller-token-9b1f"
SECRET_KEY = "planted-secret-key-0123456789abcdefghijklmnopqrstuvwxyz"
VAULT_KEY = base64.b64encode(bytes(range(32))).decode()

MakePortal = Callable[..., Portal]


@pytest.fixture(scope="session", autouse=True)
def _quick_hashes() -> Iterator[None]:
    """Argon2 at its cheapest: the hundreds of log-ins here need no protection."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="session")
def _running_sandbox() -> Iterator[Sandbox]:
    with Sandbox(reseller_token=RESELLER_TOKEN, page_size=2) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_running_sandbox: Sandbox, control: SandboxControl) -> Sandbox:
    """A local Connexease in its first state."""
    return _running_sandbox


@pytest.fixture
def control(_running_sandbox: Sandbox) -> Iterator[SandboxControl]:
    """The sandbox's dials. Events are held back until a test lets them go."""
    control = SandboxControl(_running_sandbox.api_url)
    control.reset()
    control.set(retry_delay=0.02, retry_factor=1, hold_deliveries=True)
    yield control
    control.reset()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL with a migrated database to copy."""
    server = Postgres()
    server.start()
    try:
        _migrate(server.create(name=TEMPLATE))
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "portal.db"
    _migrate(f"sqlite:///{file}")
    return file


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


@pytest.fixture
def database_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh, migrated database."""
    if database_kind == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.create(template=TEMPLATE)
        yield url
        server.drop(url)
    else:
        file = tmp_path / "portal.db"
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
            "connexease_timeout": 3,
            "throttle_factor": 1000,
        }
        return Settings(_env_file=None, **(usual | changes))  # type: ignore[call-arg]

    return make


@pytest.fixture(scope="session")
def _compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Every application is new, its templates need not be."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def make_portal(
    settings_for: Callable[..., Settings], control: SandboxControl, _compiled_templates: FileSystemBytecodeCache
) -> Iterator[MakePortal]:
    """Make the application with settings of the test's own; several of them share one database."""
    made: list[Flask] = []

    def make(**changes: Any) -> Portal:
        made.append(create_app(settings_for(**changes)))
        made[-1].jinja_env.bytecode_cache = _compiled_templates
        return Portal(made[-1], control)

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()
        app.extensions["connexease"].close()


@pytest.fixture
def portal(make_portal: MakePortal) -> Portal:
    """The application under the open sign-up policy."""
    return make_portal()


@pytest.fixture
def verified(make_portal: MakePortal) -> Portal:
    """The application under the policy that production has by default."""
    return make_portal(signup_policy="verified")
