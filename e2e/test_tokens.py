"""The token vault in a real browser: making keys, seeing them again, and what ends them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from e2e.browser.forms import ALONE, post
from e2e.browser.keyboard import press_link, tab_to
from e2e.marks import both_ways
from e2e.pages import (
    HandedOverPage,
    LinkOverPage,
    LinkPage,
    LogInPage,
    NewKeyPage,
    RevealedPage,
    TokenPage,
    TokensPage,
)
from e2e.running.mail import mail_to
from e2e.running.people import PASSWORD, Member, sign_up
from e2e.running.stack import STAFF_EMAIL, STAFF_PASSWORD, Stack
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
def test_a_new_key_is_shown_once_and_copied(tokens: TokensPage, member: Member, stack: Stack) -> None:
    form = tokens.new().fill("").make_in_vain()
    form.expect_refusal("Name", "Enter a name.")
    new_key = form.fill(NAME).make()
    key = new_key.secret
    assert new_key.copy() == key
    new_key.page.reload()
    token = TokenPage(new_key.page, NAME)
    expect(token.facts).to_contain_text("In the vault")
    assert key not in token.page.content()
    tokens = token.all()
    expect(tokens.row(NAME)).to_contain_text("Active")
    expect(tokens.history).to_contain_text(f"copied the key of “{NAME}” from 127.0.0.1")
    made = [t for t in stack.connexease.access_tokens() if t["account"] == member.connexease_uuid]
    assert len(made) == 1


def test_a_key_is_revealed_with_the_password(tokens: TokensPage, context: BrowserContext, member: Member) -> None:
    key = make(context, member)
    token = visit(tokens.page, member).open(NAME).reveal_in_vain("not my password at all")
    token.expect_refusal("Your password", "This isn't your password. Try again.")
    revealed = token.reveal(PASSWORD)
    assert revealed.secret == key
    assert revealed.copy() == key
    token = revealed.hide()
    assert key not in token.page.content()

    context.unroute("**/reveal")
    keep_revealed(context, seconds=1)
    address = token.page.url
    with token.page.expect_event("framenavigated", lambda frame: frame.url.endswith("/reveal")):
        token.button("Reveal key").click()
    token.page.wait_for_url(address)
    assert key not in TokenPage(token.page, NAME).page.content()


def test_rotated_and_then_the_old_one_revoked(tokens: TokensPage, context: BrowserContext, member: Member) -> None:
    old_key = make(context, member)
    new_key = visit(tokens.page, member).open(NAME).rotate().make("Order system 2")
    assert new_key.secret != old_key
    tokens = new_key.done("Order system 2").all()
    expect(tokens.row(NAME)).to_contain_text("Active")
    expect(tokens.row("Order system 2")).to_contain_text("Active")

    revocation = tokens.open(NAME).revoke()
    revocation.confirm_in_vain("Order system 2")
    revocation.expect_refusal("Type the name to confirm", f"Type “{NAME}” to confirm.")
    tokens = revocation.confirm(NAME)
    expect(tokens.status).to_contain_text(f"Token “{NAME}” is revoked.")
    expect(tokens.row(NAME)).to_have_count(0)
    expect(tokens.row("Order system 2")).to_contain_text("Active")
    expect(tokens.show_past(1).row(NAME)).to_contain_text("Revoked")


def test_revoked_as_soon_as_connexease_is_back(
    tokens: TokensPage, context: BrowserContext, member: Member, stack: Stack
) -> None:
    make(context, member)
    revocation = visit(tokens.page, member).open(NAME).revoke()
    stack.connexease.fault("status", **REVOKE, status=503, times=None)
    tokens = revocation.confirm(NAME)
    expect(tokens.status).to_contain_text("Connexease hasn't confirmed it yet.")
    expect(tokens.row(NAME)).to_contain_text("Revoking")
    token = tokens.open(NAME)
    expect(token.facts).to_contain_text("Revoking")
    stack.connexease.clear_faults()
    expect(token.facts).to_contain_text("Revoked", timeout=IN_THE_END)


def test_a_lost_answer_is_explained(tokens: TokensPage, member: Member, stack: Stack) -> None:
    form = tokens.new().fill(NAME)
    stack.connexease.fault("reset_after", **CREATE)
    token = form.make_unconfirmed(NAME)
    sentence = "Nobody has the key, so we revoked the token."
    expect(token.facts).to_contain_text(sentence, timeout=IN_THE_END)
    tokens = token.all()
    expect(tokens.row(NAME)).to_contain_text(sentence)
    tokens = tokens.open(NAME).dismiss()
    expect(tokens.row(NAME)).to_have_count(0)
    expect(tokens.heading("No access token yet")).to_be_visible()
    made = [token for token in stack.connexease.access_tokens() if token["account"] == member.connexease_uuid]
    assert [token["is_active"] for token in made] == [False]


def test_a_key_is_handed_over_by_a_link(
    tokens: TokensPage,
    context: BrowserContext,
    open_context: Callable[..., BrowserContext],
    member: Member,
    stack: Stack,
) -> None:
    key = make(context, member)
    link = visit(tokens.page, member).open(NAME).hand_over().make(NOTE, PASSWORD)
    address = link.secret
    assert key not in link.page.content()
    token = link.done(NAME)
    expect(token.handed_over(NOTE)).to_contain_text("expires")
    assert address not in token.page.content()

    page = open_context().new_page()
    for _ in range(2):  # looking uses nothing up
        page.goto(address)
        assert key not in HandedOverPage(page).page.content()
    assert HandedOverPage(page).show().secret == key
    page.goto(address)
    assert key not in LinkOverPage(page).page.content()

    mail = mail_to(stack, member.customer.email, f"A shared key was opened: {NAME}")
    assert "From: 127.0.0.1" in mail["text"]
    assert key not in mail["text"]
    token.page.reload()
    expect(token.handed_over(NOTE)).to_contain_text(re.compile(r"Opened .* from 127\.0\.0\.1"))


def test_a_link_is_withdrawn(
    tokens: TokensPage, context: BrowserContext, open_context: Callable[..., BrowserContext], member: Member
) -> None:
    make(context, member)
    link = visit(tokens.page, member).open(NAME).hand_over().make(NOTE, PASSWORD, "1 week")
    page = open_context().new_page()
    page.goto(link.secret)
    handed_over = HandedOverPage(page)
    token = link.done(NAME).withdraw(NOTE)
    expect(token.handed_over(NOTE)).to_contain_text("Withdrawn")
    handed_over.show_in_vain()


def test_a_gateway_key_is_kept_replaced_and_removed(tokens: TokensPage, member: Member, stack: Stack) -> None:
    first, second = (stack.connexease.issue_gateway_key(member.connexease_uuid) for _ in range(2))
    form = tokens.add_gateway_key()
    form.keep("Bearer something-else-entirely", "Shop gateway")
    form.expect_refusal("API key", "This has spaces or characters that a key can't have.")
    form.field("This is a test key").check()
    form.keep(first)
    tokens = TokensPage(form.page)
    expect(tokens.row("Shop gateway")).to_contain_text(f"…{first[-4:]}")
    expect(tokens.row("Shop gateway")).to_contain_text("Test key")

    form = tokens.open("Shop gateway").replace()
    form.keep(second)
    token = TokenPage(form.page, "Shop gateway")
    token.say_it_is_real()
    expect(token.facts).to_contain_text("Live")
    assert token.reveal(PASSWORD).secret == second
    token = RevealedPage(token.page, "Shop gateway").hide()
    removal = token.remove()
    removal.confirm_in_vain("Another")
    removal.expect_refusal("Type the name to confirm", "Type “Shop gateway” to confirm.")
    tokens = removal.confirm("Shop gateway")
    expect(tokens.heading("No API key yet")).to_be_visible()


def test_neither_staff_nor_strangers_see_a_key(
    tokens: TokensPage,
    context: BrowserContext,
    open_context: Callable[..., BrowserContext],
    member: Member,
    stack: Stack,
) -> None:
    key = make(context, member)
    token = visit(tokens.page, member).open(NAME)

    staff = open_context().new_page()
    staff.goto(f"{stack.url}/login")
    LogInPage(staff).log_in_as_staff(STAFF_EMAIL, STAFF_PASSWORD)
    looked_at = visit(staff, member)
    expect(looked_at.main).to_contain_text("Only owners and developers of the account can create")
    expect(looked_at.link("New access token")).to_have_count(0)
    token_of_theirs = looked_at.open(NAME)
    expect(token_of_theirs.facts).to_contain_text(f"…{key[-4:]}")
    expect(token_of_theirs.main.get_by_role("button")).to_have_count(0)
    assert key not in staff.content()

    elsewhere = open_context()
    sign_up(elsewhere, stack)
    stranger = elsewhere.new_page()
    for address in (tokens.page.url, token.page.url, f"{token.page.url}/key"):
        stranger.goto(address)
        expect(stranger.get_by_role("heading", name="Page not found")).to_be_visible()


def test_made_revealed_and_revoked_with_the_keyboard_alone(tokens: TokensPage) -> None:
    page = tokens.page
    press_link(page, "New access token")
    expect(page).to_have_title(re.compile("^New access token"))
    tab_to(page, "Name")
    page.keyboard.type(NAME)
    page.keyboard.press("Enter")
    key = NewKeyPage(page).secret
    press_link(page, "I've copied it")
    TokenPage(page, NAME)
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
    expect(TokensPage(page).status).to_contain_text(f"Token “{NAME}” is revoked.")


def test_without_javascript(open_context: Callable[..., BrowserContext], stack: Stack) -> None:
    plain = keep_revealed(open_context(java_script_enabled=False))
    member = sign_up(plain, stack)
    tokens = visit(plain.new_page(), member)
    new_key = tokens.new().fill(NAME).make()
    expect(new_key.button("Copy")).to_have_count(0)
    key = new_key.secret
    token = new_key.done(NAME)
    token = token.reveal_in_vain("not my password at all")
    expect(token.alert).to_contain_text("This isn't your password. Try again.")
    assert token.reveal(PASSWORD).secret == key
    revocation = RevealedPage(token.page, NAME).hide().revoke()
    revocation.confirm_in_vain("Another")
    expect(revocation.confirm(NAME).status).to_contain_text(f"Token “{NAME}” is revoked.")


def make_elsewhere(stack: Stack, member: Member) -> None:
    """Somebody else makes a token with the reseller's own."""
    request = Request(f"{stack.sandbox.api_url}/accounts/{member.connexease_uuid}/access-token/", method="POST")
    request.add_header("Authorization", f"Bearer {stack.sandbox.core.reseller_token}")
    urlopen(request, timeout=60).close()


def test_look_at_tokens(
    tokens: TokensPage, context: BrowserContext, member: Member, request: pytest.FixtureRequest
) -> None:
    page, folder = tokens.page, request.config.getoption("--shots")
    look(page, "tokens-empty", folder)
    form = tokens.new()
    look(page, "token-new", folder)
    form.fill("").make_in_vain()
    look(page, "token-refused", folder)
    new_key = form.fill(NAME).make()
    look(page, "token-first", folder)
    token = new_key.done(NAME)
    look(page, "token", folder)
    token = token.reveal_in_vain("not my password at all")
    look(page, "token-reveal-refused", folder)
    token.reveal(PASSWORD)
    look(page, "token-revealed", folder)
    rotation = RevealedPage(page, NAME).hide().rotate()
    look(page, "token-rotate", folder)
    token = rotation.make("Order system, new", "revoke after a day").done("Order system, new").all().open(NAME)
    look(page, "token-replaced", folder)
    token.revoke().confirm_in_vain("Another")
    look(page, "token-revoke-refused", folder)


def test_look_at_links(
    tokens: TokensPage,
    context: BrowserContext,
    open_context: Callable[..., BrowserContext],
    member: Member,
    request: pytest.FixtureRequest,
) -> None:
    folder, page = request.config.getoption("--shots"), tokens.page
    make(context, member)
    form = visit(page, member).open(NAME).hand_over()
    look(page, "hand-over", folder)
    form.button("Create link").click()
    form.expect_refusal("Recipient", "Enter who the link is for.")
    look(page, "hand-over-refused", folder)
    link = form.make("Somebody else", PASSWORD)
    look(page, "hand-over-link", folder)
    form = link.done(NAME).withdraw("Somebody else").hand_over()
    address = form.make(NOTE, None).secret
    other = open_context().new_page()
    other.goto(address)
    look(other, "handed-over", folder)
    HandedOverPage(other).show()
    look(other, "handed-over-shown", folder)
    other.goto(address)
    LinkOverPage(other)
    look(other, "handed-over-over", folder)
    token = LinkPage(page, NOTE).done(NAME)
    token.hand_over().make("Kerem, for the new shop", None).done(NAME)
    look(page, "token-links", folder)


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
    TokenPage(page, "Test gateway").remove()
    look(page, "gateway-remove", folder)


def test_look_at_a_full_vault_and_at_trouble(
    tokens: TokensPage,
    context: BrowserContext,
    member: Member,
    stack: Stack,
    request: pytest.FixtureRequest,
) -> None:
    page, folder = tokens.page, request.config.getoption("--shots")
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
    revocation.confirm("CRM synchronisation")
    look(page, "tokens-revoking", folder)
    stack.connexease.fault("status", **LIST, status=503, times=None)
    tokens = visit(page, member)
    expect(tokens.main).to_contain_text("We couldn't reach Connexease")
    look(page, "tokens-away", folder)
    stack.connexease.clear_faults()
    wanted = visit(page, member).new().fill("Warehouse")
    stack.connexease.fault("reset_after", **CREATE)
    token = wanted.make_unconfirmed("Warehouse")
    expect(token.facts).to_contain_text("Nobody has the key", timeout=IN_THE_END)
    look(page, "token-lost", folder)
    token.all()
    look(page, "tokens-lost", folder)
