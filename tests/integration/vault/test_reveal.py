"""Seeing a key again: the password first, noted, never kept by a browser, never for others."""

from datetime import timedelta

import pytest

from portal.identity import browser_login
from portal.models import StaffRole
from tests.integration.vault.conftest import Owner, key_on
from tests.support.application.portal import PASSWORD


def reveal(owner: Owner, password: str = ""):
    return owner.reveal(owner.row("Order system"), password)


def test_the_password_opens_it(owner: Owner) -> None:
    _row, key = owner.made()
    page = reveal(owner, password=PASSWORD)
    assert key_on(page) == key
    assert page.response.headers["Cache-Control"] == "no-store"
    assert page.response.headers["Refresh"].startswith("60; url=/accounts/")
    assert "revealed the key of “Order system” from 127.0.0.1" in owner.history()


@pytest.mark.parametrize(
    ("typed", "words"), [("", "Enter your password."), ("wrong", "This isn't your password. Try again.")]
)
def test_without_it_nothing_is_seen(owner: Owner, typed: str, words: str) -> None:
    _row, key = owner.made()
    page = reveal(owner, password=typed)
    assert page.status == 422
    assert page.errors["password"] == words
    assert key not in page.response.get_data(as_text=True)
    assert "revealed" not in owner.history()


def test_back_and_reload_do_not_show_it_again(owner: Owner) -> None:
    row, key = owner.made()
    answer = owner.browser.post(owner.address(row, page="/reveal"), {"password": PASSWORD})
    assert answer.status == 303  # so no browser keeps the password to send it again
    assert key_on(owner.browser.get(answer.goes_to)) == key
    assert owner.browser.get(answer.goes_to).goes_to == owner.address(row)
    assert owner.history().count("revealed the key") == 1


def test_it_waits_a_minute_to_be_looked_at(owner: Owner, monkeypatch) -> None:
    row, _key = owner.made()
    answer = owner.browser.post(owner.address(row, page="/reveal"), {"password": PASSWORD})
    later = browser_login.now() + timedelta(minutes=1, seconds=1)
    monkeypatch.setattr(browser_login, "now", lambda: later)
    assert owner.browser.get(answer.goes_to).goes_to == owner.address(row)
    assert "revealed" not in owner.history()


def test_what_opens_one_key_opens_no_other(owner: Owner) -> None:
    row, _key = owner.made()
    other, _key = owner.made("Another")
    owner.browser.post(owner.address(row, page="/reveal"), {"password": PASSWORD})
    address = owner.address(other, page="/reveal")
    assert owner.browser.get(address).goes_to == owner.address(other)


def test_it_is_good_for_ten_minutes(owner: Owner, monkeypatch) -> None:
    _row, key = owner.made()
    reveal(owner, password=PASSWORD)
    assert key_on(reveal(owner)) == key
    later = browser_login.now() + timedelta(minutes=10, seconds=1)
    monkeypatch.setattr(browser_login, "now", lambda: later)
    assert reveal(owner).status == 422


def test_a_log_in_alone_does_not_do(owner: Owner) -> None:
    owner.made()
    owner.browser.post("/logout")
    owner.portal.log_in("jane@acme.example.com", browser=owner.browser)
    assert reveal(owner).status == 422


def test_logging_out_ends_it(owner: Owner) -> None:
    owner.made()
    reveal(owner, password=PASSWORD)
    owner.browser.post("/logout")
    owner.portal.log_in("jane@acme.example.com", browser=owner.browser)
    assert reveal(owner).status == 422


def test_guessing_is_slowed_down(make_portal, control, sandbox) -> None:
    portal = make_portal(throttle_factor=1)
    browser, account_id = portal.customer()
    account = portal.account("jane@acme.example.com")
    owner = Owner(browser, portal, control, account_id, str(account.connexease_uuid), sandbox.api_url)
    owner.made()
    answers = [reveal(owner, password=f"guess {number}").text for number in range(11)]
    assert "This isn't your password. Try again." in answers[0]
    assert "Too many attempts" in answers[-1]
    assert "Too many attempts" in reveal(owner, password=PASSWORD).text


def test_a_copy_is_noted(owner: Owner) -> None:
    row, _key = owner.made()
    assert owner.browser.post(owner.address(row, page="/copied")).status == 204
    assert "copied the key of “Order system”" in owner.history()


def test_another_tenant_reaches_nothing(owner: Owner) -> None:
    row, _key = owner.made()
    tenant, tenant_account = owner.portal.customer(contact_email="other@tenant.example.com", name="Other Ltd")
    for root in (owner.root, f"/accounts/{tenant_account}/tokens/"):
        for page in ("", "/key", "/rotate", "/revoke", "/hand-over", "/replace", "/remove"):
            assert tenant.get(f"{root}{row.id}{page}").status == 404, (root, page)
        for page in ("/reveal", "/copied", "/try", "/rename", "/rotate", "/revoke", "/dismiss", "/hand-over"):
            assert tenant.post(f"{root}{row.id}{page}", {"password": PASSWORD}).status == 404, (root, page)


def test_staff_see_that_there_is_a_key_and_no_more(owner: Owner) -> None:
    row, key = owner.made()
    staff = owner.portal.staff(StaffRole.ADMIN)
    for address in (owner.root, owner.address(row)):
        page = staff.get(address)
        assert f"In the vault …{key[-4:]}" in page.text
        assert not page.select("main button")
        for word in ("Reveal", "Rotate", "Share by link", "New access token"):
            assert word not in page.text
        assert key not in page.response.get_data(as_text=True)
    assert staff.post(owner.address(row, page="/reveal"), {"password": PASSWORD}).status == 404
