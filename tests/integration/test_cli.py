"""The `portal` command, as an operator runs it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from portal.translations import languages
from portal.web.rendering import compiled_templates
from tests.support.application.portal import PASSWORD
from tests.support.suite.marks import both_databases
from tests.support.suite.patience import patient

ROOT = Path(__file__).resolve().parents[2]


def test_a_login_for_the_staff(command, portal):
    made = command("staff", "create", "Boss@Reseller.example.com", PORTAL_STAFF_PASSWORD=PASSWORD)
    assert (made.returncode, made.stderr) == (0, "")
    assert (
        "Created a login for boss@reseller.example.com as admin. They set up an authenticator app" in made.stdout
    )
    browser = portal.browser()
    typed = {"email": "boss@reseller.example.com", "password": PASSWORD}
    assert browser.submit(browser.get("/login"), "Log in", **typed).goes_to.startswith("/login/app")
    again = command("staff", "create", "boss@reseller.example.com", PORTAL_STAFF_PASSWORD=PASSWORD)
    assert again.returncode == 1
    assert again.stderr == "Error: Someone already logs in with this email address. Enter another one.\n"


@pytest.mark.parametrize(
    ("arguments", "password", "words"),
    [
        (["no address"], PASSWORD, "Enter an email address"),
        (["boss@reseller.example.com"], "short", "at least 12 characters"),
        (["boss@reseller.example.com", "--time-zone", "Mars"], PASSWORD, "Enter the name of a time zone"),
        (["boss@reseller.example.com", "--role", "king"], PASSWORD, "Invalid value for '--role'"),
    ],
)
def test_a_login_that_is_refused_is_a_sentence(command, arguments, password, words):
    done = command("staff", "create", *arguments, PORTAL_STAFF_PASSWORD=password)
    assert done.returncode != 0
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert password not in done.stdout + done.stderr


def test_a_database_is_brought_up_to_date(command, tmp_path):
    url = f"sqlite:///{tmp_path / 'folder' / 'new.db'}"
    for _ in range(2):
        done = command("db", "upgrade", DATABASE_URL=url)
        assert (done.returncode, done.stdout) == (0, "The database is up to date.\n")


def test_pages_are_compiled_ahead_without_any_setting(command):
    unset = dict.fromkeys(("SECRET_KEY", "VAULT_KEYS", "CONNEXEASE_RESELLER_TOKEN", "DATABASE_URL"), "")
    done = command("compile", **unset)
    assert (done.returncode, done.stderr) == (0, "")
    [count] = re.findall(r"^Compiled (\d+) templates\.$", done.stdout)
    assert len(list(compiled_templates.FOLDER.glob("*.cache"))) >= int(count) * len(languages())


@both_databases
def test_a_database_without_tables_is_a_sentence(command, database_kind, tmp_path, request):
    url = f"sqlite:///{tmp_path / 'new.db'}"
    if database_kind == "postgresql":
        url = request.getfixturevalue("postgres").create()
    done = command("staff", "reset-totp", "boss@reseller.example.com", DATABASE_URL=url)
    assert done.returncode == 1
    assert done.stderr == "Error: The database lacks tables that this version needs. Run `portal db upgrade`.\n"


def test_the_database_lies_below_the_folder_where_the_portal_is_started(command, tmp_path):
    done = command("db", "upgrade", DATABASE_URL=None, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "The database is up to date.\n")
    assert (tmp_path / "var" / "portal.db").stat().st_size > 0


def test_a_missing_setting_is_a_sentence(command):
    done = command("db", "upgrade", SECRET_KEY=None, VAULT_KEYS=None)
    assert done.returncode == 2
    assert done.stdout == ""
    assert [line.split(" ")[0] for line in done.stderr.splitlines()] == ["SECRET_KEY", "VAULT_KEYS"]


def test_a_database_of_a_newer_version_is_left_alone(command, portal):
    portal.sql("UPDATE alembic_version SET version_num = '9999'")
    done = command("db", "upgrade")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Error: The database is at revision 9999, which this version doesn't know. " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_may_not_start_says_why_and_nothing_else():
    code = "import sys; sys.path.insert(0, '.'); import wsgi"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=patient(60),
    )
    assert (done.returncode, done.stdout) == (3, "")  # with it gunicorn ends instead of starting one after another
    assert done.stderr.startswith("SECRET_KEY must be set")
    assert "Traceback" not in done.stderr
