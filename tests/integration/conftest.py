"""The `portal` command, as an operator runs it."""

import subprocess
import sys

import pytest


@pytest.fixture
def command(settings_for, sandbox, database_url):
    """Run `portal …` in a process of its own, with the environment that the settings come from."""
    settings = settings_for()
    environment = {
        "PORTAL_ENV": "development",
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "VAULT_KEYS": settings.vault_keys[0].get_secret_value(),
        "DATABASE_URL": database_url,
        "CONNEXEASE_RESELLER_TOKEN": settings.connexease_reseller_token.get_secret_value(),
    }

    def run(*arguments, **changes):
        values = {name: value for name, value in {**environment, **changes}.items() if value is not None}
        return subprocess.run(
            [sys.executable, "-m", "portal", *arguments], env=values, capture_output=True, text=True, check=False
        )

    return run
