"""Unsafe settings stop the start, with a sentence that names the variable and shows no value."""

import base64
from pathlib import Path
from typing import Any

import pytest

from portal import cli
from portal.settings import Settings, SettingsError, is_loopback, load_settings

KEY = base64.b64encode(b"k" * 32).decode()
GOOD = {
    "PORTAL_ENV": "production",
    "SECRET_KEY": "Zk3v9Qp2Lx8Wm5Rt7Yb1Nc4Hd6Gf0JsAeUiOo",
    "VAULT_KEYS": KEY,
    "DATABASE_URL": "postgresql://portal:db-passw0rd@db.example.com/portal",
    "PUBLIC_URL": "https://portal.example.com",
    "MAIL_URL": "smtps://user:mail-passw0rd@mail.example.com",
    "CONNEXEASE_RESELLER_TOKEN": "token-passw0rd",
}
SECRETS = ("Zk3v9Qp2", "passw0rd", KEY, "unsafe-value")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Set the good production values with changes; None takes one away."""

    def set_(**changes: str | None) -> None:
        monkeypatch.chdir(tmp_path)
        for name in (*Settings.model_fields, "portal_env"):
            monkeypatch.delenv(name.upper(), raising=False)
        for name, value in {**GOOD, **changes}.items():
            if value is not None:
                monkeypatch.setenv(name, value)

    return set_


def refusal() -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    return str(caught.value)


def test_good_production_settings_start(environment):
    environment()
    settings = load_settings()
    assert settings.is_production
    assert settings.signup_policy == "verified"
    assert settings.database_sqlalchemy_url.startswith("postgresql+psycopg://")
    assert settings.vault_key_bytes == [b"k" * 32]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", None),
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "unsafe-value"),
        ("SECRET_KEY", "x" * 64),
        ("VAULT_KEYS", None),
        ("VAULT_KEYS", "unsafe-value"),
        ("VAULT_KEYS", base64.b64encode(b"k" * 16).decode()),
        ("VAULT_KEYS", f"{KEY},unsafe-value"),
        ("CONNEXEASE_RESELLER_TOKEN", None),
        ("PUBLIC_URL", None),
        ("PUBLIC_URL", "http://unsafe-value.example.com"),
        ("PUBLIC_URL", "http://127.0.0.1:8000"),
        ("PUBLIC_URL", "unsafe-value"),
        ("PUBLIC_URL", "https://"),
        ("PUBLIC_URL", "https://[unsafe-value"),
        ("PUBLIC_URL", "https://portal.example.com/?unsafe-value"),
        ("PUBLIC_URL", "https://user:unsafe-value@portal.example.com"),
        ("CONNEXEASE_API_URL", "http://api.unsafe-value.com"),
        ("CONNEXEASE_API_URL", "ftp://api.unsafe-value.com"),
        ("CONNEXEASE_API_URL", "https://user:unsafe-value@api.example.com"),
        ("CONNEXEASE_ACCOUNT_API_URL", "http://127.0.0.1:1"),
        ("CONNEXEASE_GATEWAY_URL", "http://localhost"),
        ("CONNEXEASE_DIALOG_ORIGINS", "http://unsafe-value.com"),
        ("CONNEXEASE_DIALOG_ORIGINS", "https://app.connexease.com/unsafe-value"),
        ("CONNEXEASE_DIALOG_ORIGINS", "https://user@app.connexease.com"),
        ("CONNEXEASE_DIALOG_ORIGINS", "https://app.connexease.com,http://unsafe-value.com"),
        ("CONNEXEASE_TIMEOUT", "0"),
        ("CONNEXEASE_TIMEOUT", "unsafe-value"),
        ("SIGNUP_POLICY", "unsafe-value"),
        ("PORTAL_ENV", "unsafe-value"),
        ("MAIL_URL", None),
        ("MAIL_URL", "unsafe-value"),
        ("MAIL_URL", "http://unsafe-value.com"),
        ("DATABASE_URL", "unsafe-value"),
        ("DATABASE_URL", "mysql://user:unsafe-value@db/portal"),
        ("DATABASE_URL", "postgresql+psycopg2://user:unsafe-value@db/portal"),
        ("DATABASE_URL", "sqlite+unsafe-value:///file.db"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("REDIS_URL", "unsafe-value"),
        ("TRUSTED_PROXIES", "unsafe-value"),
        ("THROTTLE_FACTOR", "0"),
    ],
)
def test_an_unsafe_production_value_is_named_and_not_shown(environment, name, value):
    environment(**{name: value})
    text = refusal()
    assert name in text
    assert not [secret for secret in SECRETS if secret in text]
    assert all(line.endswith(".") or line.startswith(name) for line in text.splitlines())


def test_mail_is_not_needed_where_the_policy_sends_none(environment):
    environment(MAIL_URL=None, SIGNUP_POLICY="closed")
    assert load_settings().mail_url is None


def test_every_problem_is_told_at_once(environment):
    environment(SECRET_KEY=None, VAULT_KEYS=None, PUBLIC_URL="http://portal.example.com")
    text = refusal()
    assert all(name in text for name in ("SECRET_KEY", "VAULT_KEYS", "PUBLIC_URL"))


def test_http_is_for_the_loopback_in_development(environment):
    environment(PORTAL_ENV="development", PUBLIC_URL="http://127.0.0.1:8000", CONNEXEASE_API_URL="http://[::1]:1")
    assert load_settings().public_host_is_loopback
    environment(PORTAL_ENV="development", PUBLIC_URL="http://portal.example.com")
    assert "PUBLIC_URL" in refusal()
    environment(PORTAL_ENV="development", CONNEXEASE_API_URL="http://10.0.0.1")
    assert "CONNEXEASE_API_URL" in refusal()


def test_production_is_what_one_gets_without_asking(environment):
    environment(PORTAL_ENV=None)
    assert load_settings().is_production


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("0.0.0.0", False),
        ("example.com", False),
        ("", False),
        (None, False),
    ],
)
def test_loopback(host, expected):
    assert is_loopback(host) is expected


def test_no_representation_shows_a_secret(environment):
    environment(REDIS_URL="redis://:redis-passw0rd@redis.example.com/0")
    settings = load_settings()
    for text in (repr(settings), str(settings), f"{settings.model_dump()}"):
        shown = [secret for secret in SECRETS if secret in text and secret != "passw0rd"]
        assert not shown
    assert "passw0rd" not in repr(settings)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY"),
        ({"PUBLIC_URL": "http://unsafe-value.com"}, "PUBLIC_URL"),
        ({"DATABASE_URL": "unsafe-value"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://user:passw0rd@127.0.0.1:1/portal"}, "DATABASE_URL"),
    ],
)
@pytest.mark.parametrize("command", [["db", "upgrade"], ["worker"]])
def test_a_command_ends_with_sentences_and_no_trace(environment, capfd, monkeypatch, changes, named, command):
    environment(**changes)
    monkeypatch.setattr("sys.argv", ["portal", *command])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code not in (0, None)
    shown = "".join(capfd.readouterr())
    assert named in shown
    assert "Traceback" not in shown
    assert not [secret for secret in SECRETS if secret in shown]
