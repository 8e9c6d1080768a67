"""A link shows a key once, to whoever presses the button, and its owners hear of it."""

from datetime import timedelta

import pytest

from portal.identity import browser_login
from portal.models import HandOver, now
from tests.integration.vault.conftest import Owner, key_on
from tests.integration.vault.test_rotate_revoke import revoke
from tests.support.application.portal import PASSWORD

AGENT = {"User-Agent": "Test Browser/1.0 <script>"}


def hand_over(owner: Owner, **typed: str):
    address = owner.address(owner.row("Order system"), page="/hand-over")
    shown = owner.browser.get(address)
    values = {"note": "Deniz at the agency", "lifetime": "86400", "password": PASSWORD}
    intent = shown.values("Create link")["intent"]
    return owner.browser.post(address, values | {"intent": intent} | typed)


def link(owner: Owner) -> str:
    return key_on(hand_over(owner))


def test_it_is_opened_once(owner: Owner) -> None:
    _row, key = owner.made()
    url = link(owner)
    stranger = owner.portal.browser("203.0.113.9")
    for _ in range(3):  # previews of links look, and more than once
        page = stranger.get(url)
        assert page.status == 200
        assert key not in page.response.get_data(as_text=True)
    opened = stranger.submit(page, "Show key once")
    assert key_on(opened) == key
    assert opened.response.headers["Cache-Control"] == "no-store"
    assert stranger.get(url).status == 410
    again = stranger.submit(page, "Show key once")
    assert again.status == 410
    assert key not in again.response.get_data(as_text=True)


def test_the_owners_hear_when_and_from_where(owner: Owner) -> None:
    owner.made()
    url = link(owner)
    stranger = owner.portal.browser("203.0.113.9")
    data = {"csrf_token": stranger.get(url).values()["csrf_token"]}
    stranger.send("POST", url, data=data, headers=AGENT)
    (mail,) = [m for m in owner.portal.mails("jane@acme.example.com") if "A shared key was opened" in m["subject"]]
    assert "203.0.113.9" in mail["text"]
    assert "Deniz at the agency" in mail["text"]
    page = owner.browser.get(owner.address(owner.row("Order system")))
    assert "from 203.0.113.9 · Test Browser/1.0 <script>" in page.text
    assert "the person who opened the link for Deniz at the agency from 203.0.113.9" in owner.history()


def test_withdrawn(owner: Owner) -> None:
    owner.made()
    url = link(owner)
    stranger = owner.portal.browser("203.0.113.9")
    shown = stranger.get(url)
    page = owner.browser.get(owner.address(owner.row("Order system")))
    owner.browser.submit(page, "Withdraw")
    assert stranger.submit(shown, "Show key once").status == 410
    assert owner.portal.browser().get(url).status == 410
    after = owner.browser.get(owner.address(owner.row("Order system")))
    assert "Withdrawn" in after.text
    assert "withdrew a link" in owner.history()
    (row,) = owner.portal.rows(HandOver)
    again = owner.browser.post(owner.address(owner.row("Order system"), page=f"/hand-over/{row.id}/withdraw"))
    assert "already opened or withdrawn" in owner.browser.follow(again).text


def test_expired(owner: Owner) -> None:
    owner.made()
    url = link(owner)
    page = owner.portal.browser().get(url)
    owner.portal.sql("UPDATE hand_over SET expires_at = :at", at=now() - timedelta(seconds=1))
    assert owner.portal.browser().get(url).status == 410
    assert owner.portal.browser().post(url).status == 410
    assert page.status == 200


def test_a_revoked_token_takes_its_links_along(owner: Owner) -> None:
    owner.made()
    url = link(owner)
    revoke(owner)
    assert owner.portal.browser().get(url).status == 410
    assert owner.portal.one(HandOver).withdrawn_at is not None


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"password": "wrong"}, "password"),
        ({"password": ""}, "password"),
        ({"note": ""}, "note"),
        ({"lifetime": "99999999"}, "lifetime"),
    ],
)
def test_what_is_refused(owner: Owner, typed: dict[str, str], field: str) -> None:
    owner.made()
    page = hand_over(owner, **typed)
    assert page.status == 422
    assert field in page.errors
    assert owner.portal.rows(HandOver) == []


@pytest.mark.parametrize("token", ["nothing", "%00", "x" * 3000])
def test_links_that_never_were(owner: Owner, token: str) -> None:
    assert owner.portal.browser().get(f"/hand-over/{token}").status == 410
    assert owner.portal.browser().post(f"/hand-over/{token}").status == 410


def test_a_key_that_is_not_kept_cannot_be_handed_over(owner: Owner) -> None:
    owner.browser.follow(owner.make(keep=""))
    row = owner.row("Order system")
    assert owner.browser.get(owner.address(row, page="/hand-over")).status == 404


def test_it_opens_over_https(make_portal, control, sandbox) -> None:
    """There a form without a referrer counts as forged."""
    portal = make_portal(public_url="https://portal.example.com")
    browser, account_id = portal.customer()
    uuid = str(portal.account("jane@acme.example.com").connexease_uuid)
    owner = Owner(browser, portal, control, account_id, uuid, sandbox.api_url)
    _row, key = owner.made()
    url = link(owner)
    assert url.startswith("https://portal.example.com/hand-over/")
    stranger = portal.browser("203.0.113.9")
    assert key_on(stranger.submit(stranger.get(url), "Show key once")) == key


def test_the_same_form_twice_leads_to_its_link(owner: Owner) -> None:
    """The answer with the link may be lost to a double click."""
    owner.made()
    assert key_on(hand_over(owner, intent="once"))
    page = owner.browser.follow(hand_over(owner, intent="once"))
    assert "This form already created a link" in page.text
    assert len(owner.portal.rows(HandOver)) == 1
    assert page.form("Withdraw") is not None


def test_a_form_that_a_browser_sends_again_confirms_nobody(owner: Owner, monkeypatch) -> None:
    """The password that was typed into it is still in there."""
    row, _key = owner.made()
    hand_over(owner, intent="once")
    later = browser_login.now() + timedelta(minutes=11)
    monkeypatch.setattr(browser_login, "now", lambda: later)
    hand_over(owner, intent="once")
    assert owner.reveal(row, password="").status == 422


def test_a_gateway_key_that_is_replaced_takes_its_links_with_it(owner: Owner) -> None:
    owner.add_gateway_key("pk_0123456789abcdef0123456789abcdef", "Order system")
    url = link(owner)
    address = owner.address(owner.row("Order system"), page="/replace")
    owner.browser.post(address, {"key": "pk_ffffffffffffffffffffffffffffffff"})
    assert owner.portal.browser().get(url).status == 410
