"""The demo as somebody starts it: the story is told once for all of these tests, which look at what came of it."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from enum import StrEnum
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import pytest

from e2e.running.demo import RunningDemo, running_demo
from portal import models
from portal.demo.logins import ADMIN, CUSTOMERS, PASSWORD, STAFF, ZEYNEP, Login
from portal.models import AttemptState, CredentialStep, DeliveryState, MailState, MessageState, Problem, RunState
from portal.sandbox.client import SandboxControl
from tests.support.suite.patience import patient
from tests.support.suite.shared import shared_folder

PASSES = "it passes by itself within seconds"
SLOWEST = patient(60)
"""Seconds that a page may take; else whoever opens one waits without end."""
NOT_SHOWN: dict[StrEnum, str] = {
    MessageState.QUEUED: PASSES,
    MessageState.SENDING: PASSES,
    DeliveryState.RECEIVED: PASSES,
    MailState.WAITING: "the worker sends it, or tries it to the end",
    CredentialStep.CREATING: PASSES,
    AttemptState.REQUESTED: "it runs out ten minutes after it began",
    AttemptState.OPENED: "it runs out ten minutes after it began",
    AttemptState.REPORTED: PASSES,
    RunState.LISTING: PASSES,
    RunState.READING: PASSES,
    Problem.UNREACHABLE: "nothing answers while it lasts, and the whole demo would stand still",
    Problem.BUSY: "it passes within minutes",
    Problem.NOT_ALLOWED: "no call would be let in while it lasts",
}
"""States that a page can show and the story leaves out, each with the reason."""
STATES: tuple[tuple[str, str, type[StrEnum]], ...] = (
    ("message", "state", MessageState),
    ("message", "type", models.MessageType),
    ("delivery", "state", DeliveryState),
    ("mail", "state", MailState),
    ("credential", "kind", models.CredentialKind),
    ("credential", "step", CredentialStep),
    ("credential", "ending", models.LostEnding),
    ("provisioning", "step", models.Step),
    ("provisioning", "problem", Problem),
    ("onboarding_attempt", "state", AttemptState),
    ("membership", "role", models.Role),
    ("person", "staff_role", models.StaffRole),
    ("mirror_run", "state", RunState),
    ("portal_webhook", "purpose", models.WebhookPurpose),
    ("email_link", "purpose", models.LinkPurpose),
    ("campaign_row", "state", models.RowState),
)
CONDITIONS = {
    "a webhook that is as it was set": "webhook WHERE portal_webhook_id IS NULL AND wanted IS NOT NULL "
    "AND gone_at IS NULL AND NOT is_pending AND NOT headers_differ",
    "a webhook that was changed elsewhere": "webhook WHERE headers_differ "
    "AND json_extract(wanted, '$.callback_url') <> json_extract(seen, '$.callback_url')",
    "a webhook that is gone": "webhook WHERE gone_at IS NOT NULL AND portal_webhook_id IS NULL",
    "a webhook that was made elsewhere": "webhook WHERE coalesce(wanted, 'null') = 'null'",
    "a webhook that is being saved": "webhook WHERE is_pending",
    "a webhook that is hidden": "webhook WHERE hidden_at IS NOT NULL",
    "a trigger that another webhook holds": "portal_webhook WHERE held_elsewhere",
    "a token near its end": "credential WHERE expires_at BETWEEN datetime('now') AND datetime('now', '+60 days')",
    "a token that expired": "credential WHERE expires_at < datetime('now')",
    "a token that is gone": "credential WHERE gone_at IS NOT NULL",
    "a token that was revoked": "credential WHERE revoked_at IS NOT NULL AND step = 'listed'",
    "a token that took another's place": "credential WHERE replaces_id IS NOT NULL",
    "a key for trying out": "credential WHERE is_trial",
    "a link to a key that is open": "hand_over WHERE opened_at IS NULL AND withdrawn_at IS NULL "
    "AND expires_at > datetime('now')",
    "a link to a key that was opened": "hand_over WHERE opened_at IS NOT NULL",
    "a link to a key that was withdrawn": "hand_over WHERE withdrawn_at IS NOT NULL",
    "a link to a key that ran out": "hand_over WHERE opened_at IS NULL AND expires_at < datetime('now')",
    "a channel that is connected": "channel WHERE is_connected AND is_active AND gone_at IS NULL",
    "a channel that is disconnected": "channel WHERE NOT is_connected AND gone_at IS NULL",
    "a channel that is switched off": "channel WHERE NOT is_active",
    "a channel that is gone": "channel WHERE gone_at IS NOT NULL",
    "an invitation that is open": "invitation WHERE accepted_at IS NULL AND withdrawn_at IS NULL "
    "AND expires_at > datetime('now')",
    "an invitation that ran out": "invitation WHERE accepted_at IS NULL AND expires_at < datetime('now')",
    "an invitation that was accepted": "invitation WHERE accepted_at IS NOT NULL",
    "an invitation that was withdrawn": "invitation WHERE withdrawn_at IS NOT NULL",
    "an invitation to take an account over": "account_invitation WHERE accepted_at IS NULL",
    "somebody who left the staff": "person WHERE NOT is_enabled",
    "somebody who has yet to choose a password": "person WHERE password_hash = '!'",
    "somebody who wants another address": "email_change",
    "an account only at Connexease": "mirrored_account WHERE account_id IS NULL AND gone_at IS NULL",
    "an account that is gone": "mirrored_account WHERE gone_at IS NOT NULL",
    "a message that somebody settled": "message WHERE settled_at IS NOT NULL",
    "a message that was sent to try it": "message WHERE is_fake",
    "what was counted for the charts": "tally",
    "a campaign that is over": "campaign WHERE state = 'finished'",
    "a campaign that waits to be confirmed": "campaign WHERE state = 'checked'",
    "contacts that were imported": "contact WHERE source = 'import' AND json_array_length(tags) > 0",
    "a contact that is out of marketing": "contact WHERE out_of = 'marketing'",
    "an event that was forwarded": "forward WHERE state = 'delivered' AND attempts = 1",
    "an attempt to forward that failed": "forward_attempt WHERE status = 503",
    "a webhook that was switched over": "switch_over WHERE settled_at IS NOT NULL",
}
"""What a page tells apart without a word of its own in the database."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    told = shared_folder(tmp_path_factory, "demo") / "told"
    told.touch(exist_ok=False)  # once in a run: it takes long
    folder = tmp_path_factory.mktemp("demo") / "data"
    with running_demo(folder, timeout=patient(120)) as running:
        yield running


@pytest.fixture(scope="module")
def database(demo: RunningDemo) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(demo.folder / "portal.db", timeout=15)) as connection:
        yield connection


def test_the_log_says_how_long_the_story_took(demo):
    assert re.search(r"Prepared within [\d.]+ seconds", demo.logs()["preparing"])


@pytest.mark.parametrize(("table", "column", "words"), STATES, ids=lambda each: getattr(each, "__name__", each))
def test_every_state_is_there_or_has_a_reason_not_to_be(database, table, column, words):
    found = {row[0] for row in database.execute(f"SELECT DISTINCT {column} FROM {table}")}
    assert {word for word in words if word not in NOT_SHOWN} <= found


def test_the_last_hour_has_a_message_of_each_type(database):
    """Whatever the month before it brought: that is drawn by lot, and another time of day draws another."""
    found = database.execute("SELECT DISTINCT type FROM message WHERE created_at > datetime('now', '-70 minutes')")
    assert {row[0] for row in found} == set(models.MessageType)


def test_daily_messages_begin_when_all_who_send_them_have_joined(database):
    """Who sends and at what hour is drawn by lot: on the day that somebody joins it may be before they did."""
    joined = "person JOIN membership ON membership.person_id = person.id WHERE email = ?"
    sent = f"""SELECT count(*) FROM message
        JOIN (SELECT account_id, date(membership.created_at) AS day FROM {joined}) AS zeynep USING (account_id)
        WHERE date(confirmed_at)"""
    assert database.execute(f"{sent} = day", [ZEYNEP.email]).fetchone() == (0,)
    assert database.execute(f"{sent} > day", [ZEYNEP.email]).fetchone() > (50,)


def test_every_condition_is_there(database):
    missing = [name for name, rows in CONDITIONS.items() if not _count(database, rows)]
    assert missing == []


def test_a_month_has_happened_in_its_order(database):
    [[first, last, days]] = database.execute(
        "SELECT min(at), max(at), julianday(max(at)) - julianday(min(at)) FROM audit_entry"
    )
    assert days > 29, (first, last)
    before = "SELECT count(*) FROM {0} AS a JOIN {0} AS b ON b.id = a.id + 1 WHERE b.{1} < a.{1}"
    assert _count(database, "audit_entry WHERE at > datetime('now', '+1 minute')") == 0
    for table, column in (("audit_entry", "at"), ("delivery", "received_at")):
        assert database.execute(before.format(table, column)).fetchone() == (0,), table
    assert _count(database, "delivery WHERE processed_at < received_at") == 0
    early = "message_status JOIN message ON message.id = message_id WHERE message_status.at < datetime(confirmed_at, '-2 seconds')"
    assert _count(database, early) == 0
    assert _count(database, "message WHERE erased_at IS NOT NULL") == 0


def test_its_logs_tell_of_no_failure(demo):
    for name, text in demo.logs().items():
        assert not re.search(r"Traceback| ERROR | CRITICAL ", text), f"{name}:\n{text}"


def test_the_logins_are_printed_and_let_in_and_every_page_answers(demo, database):
    codes = SandboxControl(demo.sandbox_url)
    for who in (*CUSTOMERS, *STAFF):
        assert re.search(
            rf"  {re.escape(who.email)} +{PASSWORD}{' . code' if who.has_code else ''}$", demo.said, re.M
        )
        browser = build_opener(HTTPCookieProcessor(CookieJar()))
        home = _log_in(browser, demo.url, who, codes)
        assert home.startswith(f"{demo.url}/staff/" if who in STAFF else f"{demo.url}/accounts/"), home
        _open_pages(browser, home)
    assert max(map(len, demo.said.replace(str(demo.folder), "var/demo").splitlines())) <= 80
    test_its_logs_tell_of_no_failure(demo)


def test_an_empty_one_has_a_login_for_the_staff_and_nothing_else(tmp_path):
    folder = tmp_path / "data"
    with running_demo(folder, "--empty", timeout=patient(120)) as demo:
        browser = build_opener(HTTPCookieProcessor(CookieJar()))
        assert _log_in(browser, demo.url, ADMIN, SandboxControl(demo.sandbox_url)) == f"{demo.url}/staff/"
    with running_demo(folder, timeout=patient(120)) as again:  # a folder that was begun stays what it is
        for said in (demo.said, again.said):
            assert ADMIN.email in said
            assert not any(who.email in said for who in CUSTOMERS)
    with closing(sqlite3.connect(folder / "portal.db")) as database:
        assert (_count(database, "person"), _count(database, "account")) == (1, 0)


def _count(database: sqlite3.Connection, rows: str) -> int:
    return int(database.execute(f"SELECT count(*) FROM {rows}").fetchone()[0])


def _log_in(browser: OpenerDirector, url: str, who: Login, codes: SandboxControl) -> str:
    """Fill in the forms as they are; the address of the first page behind them."""
    address = _submit(browser, f"{url}/login", email=who.email, password=PASSWORD)
    if who.has_code:
        assert "/login/code" in address
        address = _submit(browser, address, code=codes.phone_codes()[who.email])
    return address


def _submit(browser: OpenerDirector, address: str, **typed: str) -> str:
    with browser.open(address, timeout=SLOWEST) as page:
        [token] = set(re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page.read().decode()))
    form = urlencode({"csrf_token": token, **typed}).encode()
    with browser.open(address, form, timeout=SLOWEST) as answer:
        return str(answer.url)


def _open_pages(browser: OpenerDirector, home: str) -> None:
    """Open the pages that the menu of the first page leads to, and one row of each; each page once, as each takes long."""
    base = re.match(r"https?://[^/]+", home)
    assert base is not None
    first = home.removeprefix(base[0])
    opened = {first: _links(browser, home)}
    menu = _below(first, opened[first])
    for path in menu:
        if path not in opened:
            opened[path] = _links(browser, base[0] + path)
    for row in {row for path in menu for row in _below(path, opened[path])[:2]} - opened.keys():
        _links(browser, base[0] + row)


def _links(browser: OpenerDirector, address: str) -> list[str]:
    """Open a page, which has to answer; the paths that it leads to, none when it is no page but a file."""
    with browser.open(address, timeout=SLOWEST) as page:
        assert page.status == 200, address
        if page.headers.get_content_type() != "text/html":
            return []
        text = page.read().decode()
    return [*dict.fromkeys(re.findall(r'href="(/[^"?#]*)"', text))]


def _below(path: str, links: list[str]) -> list[str]:
    return [each for each in links if each.startswith(path) and each != path and "export" not in each]
