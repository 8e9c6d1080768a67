"""API keys: pasted in, kept encrypted, replaced and removed."""

from datetime import timedelta

import pytest

from portal.models import now
from tests.integration.vault.conftest import Owner, key_on
from tests.support.application.browser import Page

KEY = "pk_0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("htmx", [False, True])
def test_kept_and_revealed(owner: Owner, htmx: bool) -> None:
    page = owner.browser.follow(owner.add_gateway_key(f"  {KEY}\n", htmx=htmx))
    assert "API key “Shop gateway” is in the vault." in page.text
    assert "Live" in page.text
    assert KEY not in page.response.get_data(as_text=True)
    row = owner.row("Shop gateway")
    assert KEY not in (row.sealed_key or "")
    assert key_on(owner.reveal(row)) == KEY
    assert "added the API key “Shop gateway” to the vault" in owner.history()


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "Paste the API key."),
        ("Bearer pk_0123456789abcdef", "spaces or characters"),
        ("pb_0123456789abcdef0123", "can't send messages"),
        ("pk_0123", "isn't a complete key"),
        ("pk_0123456789 abcdef012345", "spaces or characters"),
        ("pk_0123456789abcdef\u200b0123", "spaces or characters"),
        ("pk_" + "a" * 600, "isn't a complete key"),
    ],
)
def test_what_is_no_key(owner: Owner, key: str, words: str) -> None:
    page = owner.add_gateway_key(key)
    assert page.status == 422
    assert words in page.errors["key"]
    assert owner.rows() == []
    assert owner.browser.submit(page, "Save key", key=KEY).status == 303
    assert owner.row("Shop gateway").last_four == KEY[-4:], "the name was kept"


def test_the_same_key_twice(owner: Owner) -> None:
    owner.add_gateway_key(KEY)
    page = owner.add_gateway_key(KEY, "Another")
    assert page.errors["key"] == "This key is already in the vault as “Shop gateway”."


def test_a_new_key_in_its_place(owner: Owner) -> None:
    owner.add_gateway_key(KEY)
    row = owner.row("Shop gateway")
    page = say(owner, is_trial="y")
    assert f"Test key In the vault …{KEY[-4:]}" in owner.index().text
    [link] = page.select("a", text="Replace key")
    form = owner.browser.get(link.attrib["href"])
    assert "name" not in form.values("Save key")
    new = "sk_ffffffffffffffffffffffffffffffff"
    page = owner.browser.follow(owner.browser.submit(form, "Save key", key=new))
    assert "now has the new key" in page.text
    assert "Test key" in page.text, "the key in its place is for the same"
    assert (owner.row("Shop gateway").id, owner.row("Shop gateway").last_four) == (row.id, "ffff")
    assert key_on(owner.reveal(row)) == new
    assert owner.browser.submit(form, "Save key", key="no").status == 422


@pytest.mark.parametrize("prefix", ["sk_", "pk_", "live-", ""])
def test_what_a_key_is_for_is_what_the_person_says(owner: Owner, prefix: str) -> None:
    owner.add_gateway_key(f"{prefix}0123456789abcdef", "Real")
    owner.add_gateway_key(f"{prefix}fedcba9876543210", "Trial", is_trial="y")
    assert (owner.row("Real").is_trial, owner.row("Trial").is_trial) == (False, True)
    say(owner, "Real", is_trial="y")
    assert "State Live key" in say(owner, "Trial", is_trial="").text
    assert (owner.row("Real").is_trial, owner.row("Trial").is_trial) == (True, False)
    assert "marked the API key “Trial” as a live key" in owner.history()


def test_what_was_once_guessed_is_said_by_a_person(owner: Owner) -> None:
    owner.add_gateway_key(KEY, is_trial="y")
    owner.portal.sql("UPDATE credential SET is_trial_guessed = :yes", yes=True)
    assert "Open it and choose whether it's a test key." in owner.index().text
    page = owner.browser.get(owner.address(owner.row("Shop gateway")))
    assert page.values("Save key type")["is_trial"] == "y"
    page = say(owner, is_trial="y")
    assert "first letters" not in page.text
    assert owner.row("Shop gateway").is_trial


def say(owner: Owner, name: str = "Shop gateway", *, is_trial: str) -> Page:
    """Send the form that says what a key is for."""
    page = owner.browser.get(owner.address(owner.row(name)))
    return owner.browser.follow(owner.browser.submit(page, "Save key type", is_trial=is_trial))


def test_removed(owner: Owner) -> None:
    owner.add_gateway_key(KEY)
    form = owner.browser.get(owner.address(owner.row("Shop gateway"), page="/remove"))
    refused = owner.browser.submit(form, "Remove key", typed="no")
    assert refused.errors == {"typed": "Type “Shop gateway” to confirm."}
    page = owner.browser.follow(owner.browser.submit(refused, "Remove key", typed="Shop gateway"))
    assert "is removed from the vault" in page.text
    assert "No API key yet" in page.text
    assert owner.rows() == []


def test_it_is_no_token(owner: Owner) -> None:
    owner.add_gateway_key(KEY)
    row = owner.row("Shop gateway")
    for page in ("/rotate", "/revoke"):
        assert owner.browser.get(owner.address(row, page=page)).status == 404
    tried = owner.browser.follow(owner.browser.post(owner.address(row, page="/try")))
    assert "send a message with it" in tried.text


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
