"""Writing a message in a real browser: each type, what arrives, and that it goes out once."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.browser.forms import post
from e2e.browser.held import held_until_done
from e2e.browser.keyboard import tab_to
from e2e.browser.watch import Watch
from e2e.marks import both_ways
from e2e.pages.compose import CheckPage, ComposePage, ReviewPage
from e2e.running.people import Member
from e2e.running.stack import Stack
from e2e.states.look import look

NUMBER = "0532 123 45 67"


@pytest.fixture
def composer(page: Page, context: BrowserContext, member: Member, stack: Stack) -> ComposePage:
    """The form of somebody with a gateway key, an access token and a connected number."""
    stack.connexease.create_channel(member.connexease_uuid, name="Shop")
    key = stack.connexease.issue_gateway_key(member.connexease_uuid)
    post(context, f"{member.account_url}tokens/gateway/new", name="Shop gateway", key=key)
    post(context, f"{member.account_url}tokens/new", name="Templates", keep="y")
    return visit(page, member)


def visit(page: Page, member: Member, query: str = "") -> ComposePage:
    page.goto(f"{member.account_url}messages/new{query}")
    return ComposePage(page)


def sent(stack: Stack, member: Member) -> list[dict[str, Any]]:
    return [row["body"] for row in stack.connexease.gateway_messages() if row["account"] == member.connexease_uuid]


@both_ways
def test_a_text(composer: ComposePage, stack: Stack, member: Member) -> None:
    composer.field("To").fill(NUMBER)
    composer.field("Message").fill("Your order is *ready*.\nSee you!")
    review = composer.review()
    expect(review.facts).to_contain_text("+90 532 123 45 67")
    expect(review.facts).to_contain_text("Real message")
    expect(review.preview.locator("b")).to_have_text("ready")
    review.send()
    [body] = sent(stack, member)
    assert (body["to"], body["text"]["body"]) == ("+905321234567", "Your order is *ready*.\nSee you!")


def test_it_goes_out_once(composer: ComposePage, stack: Stack, member: Member, watch: Watch) -> None:
    watch.expect("Failed to fetch|ERR_FAILED")
    composer.field("To").fill(NUMBER)
    composer.field("Message").fill("Once")
    review = composer.review()
    other = review.page.context.new_page()
    other.goto(review.page.url)
    with_no_line = re.compile("/send$")
    review.page.route(with_no_line, lambda route: route.abort())
    review.button("Send message").click()
    expect(review.alert.filter(has_text="sent only once")).to_be_focused()
    review.page.unroute(with_no_line)
    with held_until_done(review.page, "**/send"):
        review.button("Send message").dblclick()
    expect(review.page).to_have_url(re.compile(r"/messages/[0-9a-f-]{36}$"))
    ReviewPage(other).send()  # what a second tab shows
    address = other.url
    review.page.go_back()
    expect(review.page).to_have_url(address)
    assert len(sent(stack, member)) == 1


def test_what_is_typed_outlives_the_log_in(composer: ComposePage) -> None:
    context = composer.page.context
    composer.field("To").fill(NUMBER)
    composer.field("Message").fill("Precious")
    expect(composer.preview).to_contain_text("Precious")  # else it asks once more while cookies come and go
    logged_in = context.cookies()
    for cookies, words in (
        ([], "open for too long"),
        (None, "no longer logged in"),
        (logged_in, "open for too long"),
    ):
        if cookies is not None:
            context.clear_cookies()
            context.add_cookies(cookies)
        composer.button("Review message").click()
        expect(composer.alert).to_contain_text(words)
    expect(composer.review().preview).to_contain_text("Precious")


def test_with_the_keyboard_alone(composer: ComposePage, stack: Stack, member: Member) -> None:
    page = composer.page
    stack.connexease.create_channel(member.connexease_uuid, name="Service")  # so that there is a search
    tab_to(page, "To")
    page.keyboard.type(NUMBER)
    tab_to(page, "Text")
    page.keyboard.press("ArrowUp")  # round to the last one
    expect(composer.templates).to_be_visible()
    tab_to(page, "Search")
    page.keyboard.type("your order")
    page.keyboard.press("Enter")
    expect(composer.templates.get_by_role("radio")).to_have_count(2)
    expect(composer.field("Search")).to_be_focused()
    tab_to(page, "Another template, entered by hand")
    page.keyboard.press("ArrowDown")  # round to the first one
    expect(composer.field("Order number")).to_be_visible()
    expect(composer.templates.get_by_role("radio", name="order_update")).to_be_focused()
    for label, value in (("Name", "Deniz"), ("Order number", "4711"), ("Day", "Friday")):
        tab_to(page, label)
        page.keyboard.type(value)
    page.keyboard.press("Enter")
    ReviewPage(page)
    tab_to(page, "Send message")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/messages/[0-9a-f-]{36}$"))
    assert [body["type"] for body in sent(stack, member)] == ["template"]


@pytest.mark.parametrize("cdn", ["unreachable"], indirect=True)
def test_a_template_without_the_cdn(composer: ComposePage, member: Member) -> None:
    composer = visit(composer.page, member, "?type=template")
    composer.choose("appointment_reminder").button("Show fields").click()
    composer.field("Name").fill("Deniz")
    composer.button("Show preview").click()
    expect(composer.preview).to_contain_text("Hi Deniz, we look forward to seeing you on Day at Time.")


def test_every_kind_of_message(
    page: Page, member: Member, context: BrowserContext, stack: Stack, folder: str | None
) -> None:
    visit(page, member)
    look(page, "compose-no-key", folder)
    key = stack.connexease.issue_gateway_key(member.connexease_uuid)
    post(context, f"{member.account_url}tokens/gateway/new", name="Shop gateway", key=key, is_trial="y")
    composer = visit(page, member)
    composer.review_in_vain()
    look(page, "compose-refused", folder)
    composer.field("To").press_sequentially(NUMBER)
    expect(composer.main.get_by_text("+90 532 123 45 67")).to_be_visible()
    expect(composer.status.filter(has_text="“To” is fine now.")).to_be_attached()
    expect(composer.field("To")).not_to_have_attribute("aria-invalid", "true")
    expect(
        composer.main.get_by_text("Enter the recipient's phone number, for example +90 501 234 56 78.")
    ).to_have_count(0)
    expect(composer.alert).to_contain_text("Enter a message.")
    composer.field("Message").fill(
        "*Hello* _Deniz_, ~not~ `code`\n> a quote\n- one\n- two\nhttps://example.com/a_b\n\u05e9\u05dc\u05d5\u05dd"
    )
    expect(composer.preview.locator("blockquote")).to_be_visible()
    expect(composer.preview.locator("i")).to_have_text("Deniz")
    expect(composer.alert).to_have_count(0)
    composer.field("Message").press_sequentially(" <b>")  # the preview follows what is typed
    expect(composer.preview.get_by_text("<b>")).to_be_visible()
    expect(composer.main.get_by_text("4,012 characters left")).to_be_visible()
    expect(composer.field("Message")).to_be_focused()
    look(page, "compose-text", folder)
    composer.review()
    look(page, "compose-review-text", folder)
    composer = visit(page, member).type("Image")
    composer.field("To").fill("+90 532 123 45 67")
    composer.field("Image URL").fill("https://files.invalid/cat.png")
    composer.field("Caption (optional)").fill("A *cat*")
    expect(composer.preview).to_contain_text("files.invalid")
    look(page, "compose-image", folder)
    review = composer.review()
    expect(review.status.filter(has_text="We found no server called files.invalid")).to_be_visible()
    look(page, "compose-review-image", folder)
    review.send("Send test message")
    assert [body["image"] for body in sent(stack, member)] == [
        {"link": "https://files.invalid/cat.png", "caption": "A *cat*"}
    ]
    composer = visit(page, member).type("Audio")
    composer.field("To").fill(NUMBER)
    composer.field("Audio URL").fill("https://files.invalid/purr.ogg")
    expect(composer.review().preview).to_contain_text("purr.ogg · files.invalid")
    look_at_templates(page, member, context, stack, folder)
    look_at_a_check(page, member, folder)


def look_at_a_check(page: Page, member: Member, folder: str | None) -> None:
    page.goto(f"{member.account_url}messages/check")
    check = CheckPage(page)
    look(page, "check-empty", folder)
    check.field("Your own WhatsApp number").fill(NUMBER)
    check.field("Also send a real message").check()
    check.button("Check the connection").click()
    expect(check.line("Sending works")).to_contain_text("Works")
    expect(check.line("Status events arrive")).to_contain_text("To do")
    look(page, "check-done", folder)
    page.goto(member.account_url)
    look(page, "overview-check-next", folder)


def look_at_templates(
    page: Page, member: Member, context: BrowserContext, stack: Stack, folder: str | None
) -> None:
    composer = visit(page, member, "?type=template")
    composer.main.get_by_text("Header and buttons").click()
    composer.button("Add buttons").click()
    expect(composer.main.get_by_role("group", name="Button, row")).to_have_count(4)
    expect(composer.button("Add buttons")).to_be_focused()
    composer.field("Template name").fill("order_update")
    composer.field("Value 1").fill("Ay\nse")
    composer.button("Make one line Value 1").click()
    expect(composer.field("Value 1")).to_have_value("Ay se")
    composer.field("Value 1").fill("Ay\tse")
    composer.field("Name 1 (optional)").fill("first_name")
    composer.field("Value 2").fill("4711")
    composer.main.get_by_text("Header and buttons").click()
    button = composer.main.get_by_role("group", name="Button, row 1")
    button.get_by_label("Content").select_option("End of its URL")
    button.get_by_label("Value").fill("ça va")
    expect(composer.preview).to_contain_text("https://…%C3%A7a%20va")
    composer.review_in_vain()
    look(page, "compose-template-by-hand", folder)
    stack.connexease.create_channel(member.connexease_uuid, name="Shop")
    stack.connexease.create_channel(member.connexease_uuid, name="Service")
    post(context, f"{member.account_url}tokens/new", name="Templates", keep="y")
    composer = visit(page, member, "?type=template").choose("order_update")
    composer.field("Name").fill("Deniz")
    expect(composer.preview.locator("mark")).to_have_count(2)
    look(page, "compose-template", folder)
    stack.connexease.fault("status", "/templates/", times=None, status=503)
    composer.button("Refresh list").click()
    expect(composer.status.filter(has_text="You see the last list we loaded.")).to_be_visible()
    look(page, "compose-templates-away", folder)
    look_at_a_template_that_is_sent_again(page, member, stack, folder)


def look_at_a_template_that_is_sent_again(page: Page, member: Member, stack: Stack, folder: str | None) -> None:
    composer = ComposePage(page)
    for label, value in (("To", NUMBER), ("Order number", "4711"), ("Day", "Friday")):
        composer.field(label).fill(value)
    composer.main.get_by_role("checkbox", name="Marketing Messages Lite").check()
    review = composer.review()
    expect(review.preview).to_contain_text("Hi Deniz, your order 4711 is on its way.")
    look(page, "compose-review-template", folder)
    composer = review.back()
    expect(composer.field("Order number")).to_have_value("4711")
    composer.review().send("Send test message")
    assert json.dumps(sent(stack, member)).count("order_update") == 1
    page.get_by_role("link", name="Send again").click()
    composer = ComposePage(page)
    look(page, "compose-again", folder)
    review = composer.review()
    expect(review.alert.filter(has_text="You sent the same message to this number")).to_be_visible()
    look(page, "compose-look-alike", folder)
    page.goto(f"{member.account_url}messages/")
    expect(composer.button("Discard message")).to_have_count(3)
    look(page, "compose-drafts", folder)
    composer.button("Discard message").first.click()
    expect(composer.button("Discard message")).to_have_count(2)
