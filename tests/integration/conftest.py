"""Processes beside the tests: the `portal` command, as an operator runs it, and one that is killed at its work."""

import subprocess
from contextlib import ExitStack

import pytest
import requests

from portal.extensions import session
from tests.support.processes.running import by_gunicorn


@pytest.fixture
def command(settings_for, sandbox, database_url, prepared):
    """Run `portal …` in a process of its own, with the environment that the settings come from."""
    settings = settings_for()
    environment = {
        "PORTAL_ENV": "development",
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "VAULT_KEYS": settings.vault_keys[0].get_secret_value(),
        "DATABASE_URL": database_url,
        "CONNEXEASE_RESELLER_TOKEN": settings.connexease_reseller_token.get_secret_value(),
    }

    def run(*arguments, cwd=None, **changes):
        values = {name: value for name, value in {**environment, **changes}.items() if value is not None}
        ended = prepared("command", arguments, values, str(cwd) if cwd else None)
        return subprocess.CompletedProcess(arguments, **ended)

    return run


@pytest.fixture
def environment(settings_for, sandbox, database_url):
    """What a process of the portal is told by."""
    usual = settings_for()
    return {
        "PORTAL_ENV": "development",
        "SECRET_KEY": usual.secret_key.get_secret_value(),
        "VAULT_KEYS": usual.vault_keys[0].get_secret_value(),
        "DATABASE_URL": database_url,
        "CONNEXEASE_RESELLER_TOKEN": usual.connexease_reseller_token.get_secret_value(),
        "CONNEXEASE_API_URL": sandbox.api_url,
        "SIGNUP_POLICY": "open",
    }


@pytest.fixture
def gunicorn(prepared, environment):
    """Serve the portal as in production, by two processes; says at which address."""
    with ExitStack() as served:
        yield lambda: served.enter_context(by_gunicorn(prepared, environment))


@pytest.fixture
def make_victim(prepared, settings_for):
    """Make a `victim`, with changes of its settings."""

    def make(**changes):
        usual = settings_for(**changes)
        settings = usual.model_dump(mode="json") | {
            "secret_key": usual.secret_key.get_secret_value(),
            "vault_keys": ",".join(key.get_secret_value() for key in usual.vault_keys),
            "mail_url": usual.mail_url.get_secret_value(),
            "connexease_reseller_token": usual.connexease_reseller_token.get_secret_value(),
            "connexease_dialog_origins": ",".join(usual.connexease_dialog_origins),
        }

        def run(database_url: str, row_id: object, boundary: int, work: str = "set-up") -> str:
            return prepared("kill", settings | {"database_url": database_url}, work, str(row_id), boundary)

        return run

    return make


@pytest.fixture
def victim(make_victim):
    """Take work on in another process, which dies at a boundary; says how it ended."""
    return make_victim()


@pytest.fixture
def no_transaction_during_a_call():
    """No transaction is open while Connexease is asked: it may take its time."""
    send = requests.Session.send
    held = []

    def watching(self, request, **options):
        if session().in_transaction():
            held.append((request.method, request.path_url))
        return send(self, request, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests.Session, "send", watching)
        yield
    assert not held
