"""The token vault in a real browser: making keys, seeing them again, and what ends them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from e2e.browser.answers import answer_of
from e2e.browser.forms import ALONE, post
from e2e.browser.keyboard import press_link, tab_to
from e2e.marks import both_ways
from e2e.pages import (
    HandedOverPage,
    LinkOverPage,
    NewKeyPage,
    RevealedPage,
    TokenForm,
    TokenPage,
    TokensPage,
)
from e2e.running.mail import mail_to
from e2e.running.people import PASSWORD, Member
from e2e.running.stack import Stack
from e2e.states.look import look

CREATE: dict[str, Any] = {"path": "/access-token/$", "method": "POST"}
LIST: dict[str, Any] = {"path": "/access-token/$", "method": "GET"}
REVOKE: dict[str, Any] = {"path": r"/access-token/[0-9a-f-]+/$", "method": "PATCH"}
IN_THE_END = 180_000
"""Milliseconds; the worker waits longer after every try."""
NAME = "Order system"
NOTE = "Deniz at the agency"


@pytest.fixture
def context(open_context: Callable[..., BrowserContext]) -> BrowserContext:
    """The owner's browser, which may read the clipboard; a revealed key stays until it is hidden by hand."""
    return keep_revealed(open_context(permissions=["clipboard-read", "clipboard-write"]))


@pytest.fixture
def tokens(page: Page, member: Member) -> TokensPage:
    """The vault of a new customer."""
    return visit(page, member)


def visit(page: Page, member: Member) -> TokensPage:
    page.goto(f"{member.account_url}tokens/")
    return TokensPage(page)


def make(context: BrowserContext, member: Member, name: str = NAME) -> str:
    """A token, made by plain requests; its key."""
    shown = post(context, f"{member.account_url}tokens/new", name=name, keep="y")
    found = re.search(r'<code[^>]* id="secret"[^>]*>([^<]+)</code>', shown)
    assert found, shown
    return found[1]


def keep_revealed(context: BrowserContext, seconds: int | None = None) -> BrowserContext:
    """Let a revealed key stay on the screen, or only for so long, in place of a minute."""

    def answer(route: Route) -> None:
        response = route.fetch(headers={**route.request.headers, **ALONE})
        headers = dict(response.headers)
        if (refresh := headers.pop("refresh", "")) and seconds is not None:
            headers["refresh"] = refresh.replace("60;", f"{seconds};", 1)
        route.fulfill(response=response, headers=headers)

    context.route("**/reveal", answer)
    return context


@both_ways
def test_made_copied_revealed_and_revoked_with_the_keyboard_alone(
    tokens: TokensPage, member: Member, stack: Stack
) -> None:
    page = tokens.page
    press_link(page, "New access token")
    expect(page).to_have_title(re.compile("^New access token"))
    tab_to(page, "Name")
    page.keyboard.press("Enter")
    TokenForm(page).expect_refusal("Name", "Enter a name.")
    tab_to(page, "Name")
    page.keyboard.type(NAME)
    page.keyboard.press("Enter")
    key, shown_once = NewKeyPage(page).secret, page.url
    tab_to(page, "Copy")
    with page.expect_response("**/copied") as told:
        page.keyboard.press("Enter")
    assert told.value.ok
    assert answer_of(page, "() => navigator.clipboard.readText()") == key
    press_link(page, "I've copied it")
    TokenPage(page, NAME)
    page.goto(shown_once)
    token = TokenPage(page, NAME)
    expect(token.facts).to_contain_text("In the vault")
    assert key not in page.content()
    tab_to(page, "Your password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    assert RevealedPage(page, NAME).secret == key
    press_link(page, "Hide key")
    TokenPage(page, NAME)
    press_link(page, "Revoke token")
    expect(page).to_have_title(re.compile("^Revoke token"))
    tab_to(page, "Type the name to confirm")
    page.keyboard.type("order system")
    page.keyboard.press("Enter")
    tokens = TokensPage(page)
    expect(tokens.status).to_contain_text(f"Token “{NAME}” is revoked.")
    expect(tokens.history).to_contain_text(f"copied the key of “{NAME}” from 127.0.0.1")
    made = [t for t in stack.connexease.access_tokens() if t["account"] == member.connexease_uuid]
    assert [t["is_active"] for t in made] == [False]


def test_a_token_from_its_making_to_its_end(
    tokens: TokensPage, context: BrowserContext, folder: str | None
) -> None:
    page = tokens.page
    look(page, "tokens-empty", folder)
    form = tokens.new()
    look(page, "token-new", folder)
    form = form.fill("").make_in_vain()
    form.expect_refusal("Name", "Enter a name.")
    look(page, "token-refused", folder)
    new_key = form.fill(NAME).make()
    key = new_key.secret
    look(page, "token-first", folder)
    token = new_key.done(NAME)
    look(page, "token", folder)

    token = token.reveal_in_vain("not my password at all")
    token.expect_refusal("Your password", "This isn't your password. Try again.")
    look(page, "token-reveal-refused", folder)
    revealed = token.reveal(PASSWORD)
    assert revealed.secret == key
    assert revealed.copy() == key
    look(page, "token-revealed", folder)
    token = revealed.hide()
    assert key not in page.content()
    context.unroute("**/reveal")
    keep_revealed(context, seconds=1)
    address = page.url
    with page.expect_event("framenavigated", lambda frame: frame.url.endswith("/reveal")):
        token.button("Reveal key").click()
    page.wait_for_url(address)  # by itself
    assert key not in TokenPage(page, NAME).page.content()

    rotation = token.rotate()
    look(page, "token-rotate", folder)
    new_key = rotation.make("Order system, new", "revoke after a day")
    assert new_key.secret != key
    tokens = new_key.done("Order system, new").all()
    expect(tokens.row(NAME)).to_contain_text("Active")
    expect(tokens.row("Order system, new")).to_contain_text("Active")
    token = tokens.open(NAME)
    look(page, "token-replaced", folder)
    revocation = token.revoke()
    revocation.confirm_in_vain("Order system, new")
    revocation.expect_refusal("Type the name to confirm", f"Type “{NAME}” to confirm.")
    look(page, "token-revoke-refused", folder)
    tokens = revocation.confirm(NAME)
    expect(tokens.status).to_contain_text(f"Token “{NAME}” is revoked.")
    expect(tokens.row(NAME)).to_have_count(0)
    expect(tokens.row("Order system, new")).to_contain_text("Active")
    expect(tokens.show_past(1).row(NAME)).to_contain_text("Revoked")


def test_a_key_is_handed_over_by_a_link(
    tokens: TokensPage,
    context: BrowserContext,
    open_context: Callable[..., BrowserContext],
    member: Member,
    stack: Stack,
    folder: str | None,
) -> None:
    page, other = tokens.page, open_context().new_page()
    key = make(context, member)
    form = visit(page, member).open(NAME).hand_over()
    look(page, "hand-over", folder)
    form.button("Create link").click()
    form.expect_refusal("Recipient", "Enter who the link is for.")
    look(page, "hand-over-refused", folder)
    link = form.make("Somebody else", PASSWORD, "1 week")
    assert key not in page.content()
    look(page, "hand-over-link", folder)
    other.goto(link.secret)
    handed_over = HandedOverPage(other)
    token = link.done(NAME).withdraw("Somebody else")
    expect(token.handed_over("Somebody else")).to_contain_text("Withdrawn")
    handed_over.show_in_vain()

    link = token.hand_over().make(NOTE, None)
    address = link.secret
    token = link.done(NAME)
    expect(token.handed_over(NOTE)).to_contain_text("expires")
    assert address not in page.content()
    for _ in range(2):  # looking uses nothing up
        other.goto(address)
        assert key not in HandedOverPage(other).page.content()
    look(other, "handed-over", folder)
    assert HandedOverPage(other).show().secret == key
    look(other, "handed-over-shown", folder)
    other.goto(address)
    assert key not in LinkOverPage(other).page.content()
    look(other, "handed-over-over", folder)

    mail = mail_to(stack, member.customer.email, f"A shared key was opened: {NAME}")
    assert "From: 127.0.0.1" in mail["text"]
    assert key not in mail["text"]
    token = token.hand_over().make("Kerem, for the new shop", None).done(NAME)
    expect(token.handed_over(NOTE)).to_contain_text(re.compile(r"Opened .* from 127\.0\.0\.1"))
    look(page, "token-links", folder)


def make_elsewhere(stack: Stack, member: Member) -> None:
    """Somebody else makes a token with the reseller's own."""
    request = Request(f"{stack.sandbox.api_url}/accounts/{member.connexease_uuid}/access-token/", method="POST")
    request.add_header("Authorization", f"Bearer {stack.sandbox.core.reseller_token}")
    urlopen(request, timeout=60).close()


def look_at_gateway_keys(tokens: TokensPage, member: Member, stack: Stack, folder: str | None) -> None:
    page = tokens.page
    form = tokens.add_gateway_key()
    look(page, "gateway-new", folder)
    form.keep("Bearer something-else-entirely", "Shop gateway")
    form.expect_refusal("API key", "This has spaces or characters that a key can't have.")
    look(page, "gateway-refused", folder)
    for name, is_trial in (("Shop gateway", False), ("Test gateway", True)):
        form = visit(page, member).add_gateway_key()
        form.field("This is a test key").set_checked(is_trial)
        form.keep(stack.connexease.issue_gateway_key(member.connexease_uuid), name)
        TokensPage(page)
    TokensPage(page).open("Test gateway")
    look(page, "gateway-key", folder)


def test_a_full_vault_and_trouble(
    tokens: TokensPage, context: BrowserContext, member: Member, stack: Stack, folder: str | None
) -> None:
    page = tokens.page
    look_at_gateway_keys(tokens, member, stack, folder)
    make_elsewhere(stack, member)
    make(context, member, "Order system")
    make(context, member, "CRM synchronisation")
    rotation = visit(page, member).open("Order system").rotate()
    new_key = rotation.make("Order system (new)", "revoke after a day")
    tokens = new_key.done("Order system (new)").all()
    look(page, "tokens-full", folder)

    revocation = tokens.open("CRM synchronisation").revoke()
    stack.connexease.fault("status", **REVOKE, status=503, times=None)
    tokens = revocation.confirm("CRM synchronisation")
    expect(tokens.status).to_contain_text("Connexease hasn't confirmed it yet.")
    expect(tokens.row("CRM synchronisation")).to_contain_text("Revoking")
    look(page, "tokens-revoking", folder)
    stack.connexease.fault("status", **LIST, status=503, times=None)
    tokens = visit(page, member)
    expect(tokens.main).to_contain_text("We couldn't reach Connexease")
    look(page, "tokens-away", folder)
    token = tokens.open("CRM synchronisation")
    expect(token.facts).to_contain_text("Revoking")
    stack.connexease.clear_faults()
    expect(token.facts).to_contain_text("Revoked", timeout=IN_THE_END)  # by itself

    wanted = visit(page, member).new().fill("Warehouse")
    stack.connexease.fault("reset_after", **CREATE)
    token = wanted.make_unconfirmed("Warehouse")
    sentence = "Nobody has the key, so we revoked the token."
    expect(token.facts).to_contain_text(sentence, timeout=IN_THE_END)  # by itself
    look(page, "token-lost", folder)
    tokens = token.all()
    expect(tokens.row("Warehouse")).to_contain_text(sentence)
    look(page, "tokens-lost", folder)
    tokens = tokens.open("Warehouse").dismiss()
    expect(tokens.row("Warehouse")).to_have_count(0)
    made = [token for token in stack.connexease.access_tokens() if token["account"] == member.connexease_uuid]
    assert sorted(token["is_active"] for token in made) == [False, False, True, True, True]

    removal = tokens.open("Test gateway").remove()
    look(page, "gateway-remove", folder)
    removal.confirm_in_vain("Shop gateway")
    removal.expect_refusal("Type the name to confirm", "Type “Test gateway” to confirm.")
    tokens = removal.confirm("Test gateway")
    expect(tokens.row("Shop gateway")).to_contain_text("Live key")
    expect(tokens.row("Test gateway")).to_have_count(0)
