"""Making tokens: the key is stored first, shown once, and nothing is made twice."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from portal.models import Credential, StaffRole, now
from portal.vault import keys
from tests.integration.vault.conftest import CREATE, Owner, key_on
from tests.support.suite.concurrent import at_once
from tests.support.suite.marks import both_databases


@pytest.mark.parametrize("htmx", [False, True])
def test_a_key_is_shown_once_and_kept(owner: Owner, htmx: bool) -> None:
    answer = owner.make(htmx=htmx)
    page = owner.browser.follow(answer)
    key = key_on(page)
    assert "hidden" in page.select_one("[data-copy=secret]").attrib  # for a script
    row = owner.row("Order system")
    assert key not in (row.sealed_key or "")
    assert row.last_four == key[-4:]
    assert "no-store" in page.response.headers["Cache-Control"]
    again = owner.browser.open(answer.goes_to)
    assert key not in again.response.get_data(as_text=True)
    assert "In the vault" in again.text
    assert len(owner.at_connexease()) == 1
    assert "created the access token “Order system”" in owner.history()
    assert "from 127.0.0.1" in owner.history()


def test_whoever_only_asks_for_the_headers_uses_nothing_up(owner: Owner) -> None:
    address = owner.make().goes_to
    assert owner.browser.send("HEAD", address).status == 200
    assert key_on(owner.browser.get(address))


def test_a_key_that_is_not_to_be_kept_is_gone_once_it_was_shown(owner: Owner) -> None:
    answer = owner.make(keep="")
    assert "Show key once" in owner.index().text
    assert key_on(owner.browser.follow(answer))
    assert owner.row("Order system").sealed_key is None
    page = owner.browser.open(answer.goes_to)
    assert "Shown once, not in the vault" in page.text
    assert "Reveal key" not in page.text


def test_a_form_that_is_sent_twice_makes_one(owner: Owner) -> None:
    intent = "the-same-intent"
    first, second = owner.make(intent=intent), owner.make(intent=intent)
    assert first.goes_to == second.goes_to
    assert len(owner.at_connexease()) == 1


@both_databases
def test_a_form_that_is_sent_many_times_at_once_makes_one(owner: Owner) -> None:
    token = owner.browser.token()
    statuses: list[int] = []

    def send() -> None:
        data = {"name": "Once", "keep": "y", "intent": "one", "csrf_token": token}
        client = owner.portal.app.test_client()
        for cookie in owner.browser.client._cookies.values():
            client.set_cookie(cookie.key, cookie.value, domain=cookie.domain)
        statuses.append(client.post(f"{owner.root}new", data=data).status_code)

    at_once(*[send] * 5)
    assert set(statuses) <= {303, 422}
    assert 303 in statuses
    assert len(owner.at_connexease()) == 1
    assert len(owner.rows()) == 1


@pytest.mark.parametrize("htmx", [False, True])
def test_a_name_is_needed_and_nothing_is_lost(owner: Owner, htmx: bool) -> None:
    page = owner.make("", htmx=htmx)
    assert page.status == 422
    assert page.errors["name"] == "Enter a name."
    assert "80 characters" in owner.make("x" * 81).errors["name"]
    assert owner.at_connexease() == []


def test_the_limit_of_active_tokens_is_explained(owner: Owner) -> None:
    owner.control.set(access_token_limit=1)
    owner.make("First")
    page = owner.make("Second")
    assert page.status == 422
    assert "Maximum active token limit (1) reached." in page.text
    assert "revoke one that you don't need" in page.text
    assert page.values("Create token")["name"] == "Second"
    assert [row.name for row in owner.rows()] == ["First"]


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, None, "Nothing was changed"),
        (403, None, "Nothing was changed"),
        (404, None, "no longer knows this account"),
        (429, None, "Connexease is busy"),
        (400, {"detail": "Tokens are frozen today."}, "Tokens are frozen today."),
        (400, {"non_field_errors": ["Not on your plan."]}, "Not on your plan."),
    ],
)
def test_a_refusal_leaves_no_trace(owner: Owner, status: int, body: object, words: str) -> None:
    owner.control.fault("status", **CREATE, status=status, **({"body": body} if body else {}))
    page = owner.make()
    assert page.status == 422
    assert words in page.text
    assert owner.rows() == []
    assert owner.make().status == 303


def test_only_owners_and_developers_make_and_only_the_maker_sees(owner: Owner) -> None:
    member = owner.portal.member(owner.account_id)
    assert member.get(f"{owner.root}new").status == 403
    page = member.get(owner.root)
    assert "Only owners and developers" in page.text
    assert "New access token" not in page.text
    address = owner.make().goes_to
    row = owner.row("Order system")
    assert member.get(address).status == 403
    for path in ("", "/reveal", "/key", "/rotate", "/revoke", "/hand-over", "/try", "/copied", "/rename"):
        for role in (StaffRole.ADMIN, StaffRole.SUPPORT):
            staff = owner.portal.log_in(f"{role}@reseller.example.com") if path else owner.portal.staff(role)
            answer = staff.post(owner.address(row, page=path)) if path else staff.get(owner.address(row))
            assert answer.status in ((404, 405) if path else (200,))
    assert owner.portal.rows(Credential)[0].shown_at is None


def test_it_is_shown_although_somebody_else_writes(owner: Owner, database_url: str, monkeypatch) -> None:
    address = owner.make().goes_to
    show = keys.show_new

    def meanwhile(*arguments):
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"), timeout=0)) as database, database:
            database.execute("UPDATE person SET first_name = 'Janet'")
        return show(*arguments)

    monkeypatch.setattr(keys, "show_new", meanwhile)
    assert key_on(owner.browser.get(address))


def test_a_key_that_is_not_to_be_kept_is_shown_in_no_other_way(owner: Owner) -> None:
    answer = owner.make(keep="")
    row = owner.row("Order system")
    assert "This key isn't in the vault." in owner.reveal(row).text
    tried = owner.browser.follow(owner.browser.post(owner.address(row, page="/try")))
    assert "This key isn't in the vault." in tried.text
    assert key_on(owner.browser.follow(answer))


def test_a_key_that_nobody_came_to_see_is_erased(owner: Owner) -> None:
    answer = owner.make(keep="")
    owner.portal.sweep()
    assert owner.row("Order system").sealed_key
    owner.portal.sql("UPDATE credential SET created_at = :at", at=now() - timedelta(minutes=61))
    owner.portal.sweep()
    assert owner.row("Order system").sealed_key is None
    page = owner.browser.open(answer.goes_to)
    assert "Nobody opened its key within an hour" in page.text


def test_before_the_account_is_ready_there_is_nothing_to_make(portal) -> None:
    browser, account_id = portal.newcomer()
    for answer in (
        browser.get(f"/accounts/{account_id}/tokens/new"),
        browser.post(f"/accounts/{account_id}/tokens/new"),
    ):
        assert answer.goes_to == f"/accounts/{account_id}/setup"
