"""Gateway API keys: pasted in, kept encrypted, replaced and removed."""

from datetime import timedelta

import pytest

from portal.models import now
from tests.integration.vault.conftest import Owner, key_on

KEY = "pk_0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("htmx", [False, True])
def test_kept_and_revealed(owner: Owner, htmx: bool) -> None:
    page = owner.browser.follow(owner.add_gateway_key(f"  {KEY}\n", htmx=htmx))
    assert "“Shop gateway” is in the vault." in page.text
    assert "Production" in page.text
    assert KEY not in page.response.get_data(as_text=True)
    row = owner.row("Shop gateway")
    assert KEY not in (row.sealed_key or "")
    assert key_on(owner.reveal(row)) == KEY
    assert "put the gateway key “Shop gateway” into the vault" in owner.history()


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "Paste the key."),
        ("Bearer pk_0123456789abcdef", "begins with pk_"),
        ("pk_0123", "not a whole key"),
        ("pk_0123456789 abcdef012345", "spaces or characters"),
        ("pk_0123456789abcdef\u200b0123", "spaces or characters"),
        ("pk_" + "a" * 600, "not a whole key"),
    ],
)
def test_what_is_no_key(owner: Owner, key: str, words: str) -> None:
    page = owner.add_gateway_key(key)
    assert page.status == 422
    assert words in page.errors["key"]
    assert page.values("Keep it in the vault")["name"] == "Shop gateway"
    assert owner.rows() == []


def test_the_same_key_twice(owner: Owner) -> None:
    owner.add_gateway_key(KEY)
    page = owner.add_gateway_key(KEY, "Another")
    assert page.errors["key"] == "This key is in the vault already, as “Shop gateway”."


def test_a_new_key_in_its_place(owner: Owner) -> None:
    owner.add_gateway_key(KEY)
    row = owner.row("Shop gateway")
    new = "sk_ffffffffffffffffffffffffffffffff"
    answer = owner.browser.post(owner.address(row, page="/replace"), {"key": new})
    page = owner.browser.follow(answer)
    assert "has its new key" in page.text
    assert "Staging" in page.text
    assert (owner.row("Shop gateway").id, owner.row("Shop gateway").last_four) == (row.id, "ffff")
    assert owner.browser.post(owner.address(row, page="/replace"), {"key": "no"}).status == 422


def test_removed(owner: Owner) -> None:
    owner.add_gateway_key(KEY)
    row = owner.row("Shop gateway")
    assert owner.browser.post(owner.address(row, page="/remove"), {"typed": "no"}).status == 422
    page = owner.browser.follow(owner.browser.post(owner.address(row, page="/remove"), {"typed": "Shop gateway"}))
    assert "is removed from the vault" in page.text
    assert owner.rows() == []


def test_it_is_no_token(owner: Owner) -> None:
    owner.add_gateway_key(KEY)
    row = owner.row("Shop gateway")
    for page in ("/rotate", "/revoke"):
        assert owner.browser.get(owner.address(row, page=page)).status == 404
    tried = owner.browser.follow(owner.browser.post(owner.address(row, page="/try")))
    assert "tried out by sending a message" in tried.text


def test_one_that_does_not_open_is_in_nobodys_way(owner: Owner) -> None:
    owner.add_gateway_key(KEY)
    owner.portal.sql("UPDATE credential SET sealed_key = 'v1:damaged'")
    assert owner.add_gateway_key("pk_" + "b" * 32, "Another").status == 303
    row = owner.row("Shop gateway")
    owner.browser.post(owner.address(row, page="/replace"), {"key": KEY})
    assert key_on(owner.reveal(row)) == KEY


def test_a_new_key_in_an_old_place_is_not_unused(owner: Owner) -> None:
    owner.add_gateway_key(KEY)
    long_ago = now() - timedelta(days=200)
    owner.portal.sql("UPDATE credential SET created_at = :at, shown_at = :at", at=long_ago)
    assert "Not used here for 90 days." in owner.index().text
    owner.browser.post(owner.address(owner.row("Shop gateway"), page="/replace"), {"key": "pk_" + "b" * 32})
    assert "Not used here for 90 days." not in owner.index().text
