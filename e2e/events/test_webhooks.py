"""Managing webhooks in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from playwright.sync_api import Page, expect

from e2e.browser.keyboard import tab_to
from e2e.marks import both_ways
from e2e.pages.webhooks import WebhooksPage
from e2e.running.people import Member
from e2e.running.stack import Stack
from e2e.states.look import look
from tests.support.processes.serving import Quiet, serving

SECRET = "Bearer planted-browser-secret"


@pytest.fixture
def webhooks(page: Page, stack: Stack, member: Member) -> WebhooksPage:
    """The webhook page of a customer with two channels."""
    for name in ("Main line", "Support"):
        stack.connexease.create_channel(member.connexease_uuid, name=name)
    page.goto(member.channels_url)
    page.goto(f"{member.account_url}webhooks/")
    return WebhooksPage(page)


@pytest.fixture
def receiver() -> Iterator[str]:
    """A customer's server, which always breaks and says what it was sent."""

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.whole_body()
            self.send_response(500)
            self.end_headers()
            self.wfile.write(f"got {self.headers['Authorization']}".encode())

    with serving(Handler) as url:
        yield f"{url}/500"


@both_ways
def test_a_webhook_for_a_channel_and_the_conflict_of_the_second(webhooks: WebhooksPage) -> None:
    form = webhooks.new().fill("https://one.example.com/hook", ["message.created"], ["Main line"])
    webhooks = form.save()
    expect(webhooks.row("one.example.com")).to_contain_text("Active")
    expect(webhooks.coverage("message.created")).to_contain_text("one.example.com")

    form = webhooks.new().fill("https://two.example.com/hook", ["message.created"], ["Main line"])
    form = form.save_refused()
    expect(form.main.locator(".error-summary")).to_contain_text(
        "Another webhook already uses message.created for Main line"
    )
    expect(form.page.get_by_label("Callback URL")).to_have_value("https://two.example.com/hook")
    form.channel("Main line").uncheck()
    form.channel("Support").check()
    webhooks = form.save()
    expect(webhooks.row("two.example.com")).to_contain_text("Support")


def test_with_the_keyboard_alone(webhooks: WebhooksPage) -> None:
    page = webhooks.page
    webhooks.link("Create webhook").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/webhooks/new")  # with its scripts: they look at what is typed
    page.get_by_label("Callback URL").focus()
    page.keyboard.type("https://10.0.0.8/")
    page.keyboard.press("Tab")
    expect(page.get_by_text("is in a private network")).to_be_visible()
    expect(page.get_by_role("checkbox", name="channel.updated")).to_be_focused()
    page.get_by_label("Callback URL").fill("https://keys.example.com/")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.get_by_role("group", name="Channels").get_by_role("checkbox", name="Main line").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name="Main line")).to_be_focused()
    page.get_by_label("Name 1").focus()
    page.keyboard.type("Authorization")
    expect(page.get_by_label("Secret 1")).to_be_checked()
    tab_to(page, "Add headers")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name 2")).to_be_focused()
    page.get_by_label("Value 1").fill(SECRET)
    page.keyboard.press("Enter")
    expect(WebhooksPage(page).row("keys.example.com")).to_contain_text("message.created")


def test_from_an_empty_page_to_a_tested_webhook(
    webhooks: WebhooksPage, receiver: str, stack: Stack, folder: str | None
) -> None:
    page = webhooks.page
    look(page, "webhooks-empty", folder)
    form = webhooks.new()
    look(page, "webhook-new", folder)
    form.save_refused()
    look(page, "webhook-refused", folder)
    address, missing = page.get_by_label("Callback URL"), form.main.get_by_text("Choose at least one trigger.")
    expect(missing).to_have_count(2)  # in the summary too
    form.trigger("channel.created").check()
    expect(form.main).to_contain_text("The portal uses")
    expect(missing).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="“Triggers” is fine now.")).to_be_attached()
    expect(address).to_have_attribute("aria-invalid", "true")
    address.fill(receiver)
    address.blur()
    expect(address).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator(".error-summary")).to_have_count(0)
    look(page, "webhook-explained", folder)
    form.trigger("channel.created").uncheck()
    form.fill(receiver, ["message.created"], ["Main line"], [("Authorization", SECRET)])
    webhooks = form.save()
    look(page, "webhooks-full", folder)
    tested = webhooks.test(receiver).send("message.created")
    expect(tested.result).to_contain_text("Not accepted Status 500")
    expect(tested.result).to_be_focused()
    assert "planted-browser-secret" not in page.content()
    look(page, "webhook-tested", folder)

    tested.link("Back to webhooks").click()
    form = WebhooksPage(page).new()
    form.trigger("message.created").check()
    form.channel("Main line").check()
    expect(form.main).to_contain_text(f"Open the other webhook: {receiver}")
    form.trigger("message.created").uncheck()
    form.trigger("agent.status_changed").check()
    expect(form.channel("Main line")).to_be_disabled()
    expect(form.channel("Main line")).not_to_be_checked()
    expect(form.main).to_contain_text("agent.status_changed is about the whole account")
    page.get_by_label("Callback URL").fill("https://account.example.com/")
    webhooks = form.save()
    expect(webhooks.row("account.example.com")).to_contain_text("Whole account")

    webhooks.edit(receiver)
    look(page, "webhook-edit", folder)
    stack.connexease.fault("status", path="/webhooks/", status=503, times=None)
    page.goto(page.url.rpartition("/")[0] + "/")
    expect(WebhooksPage(page).main).to_contain_text("We couldn't reach Connexease")
    look(page, "webhooks-unreachable", folder)
