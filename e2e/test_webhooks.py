"""Managing webhooks in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect

from e2e.browser.keyboard import tab_to
from e2e.marks import both_ways
from e2e.pages.webhooks import WebhooksPage
from e2e.running.people import Member
from e2e.running.stack import Stack
from e2e.states.look import look

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
    """A customer's server: /200, /500 answer so; /slow waits until the end of the test."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/slow":
                ended.wait(20)
            self.send_response(500 if self.path == "/500" else 200)
            self.end_headers()
            self.wfile.write(f"{self.path} got {self.headers['Authorization']}".encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    ended.set()
    server.shutdown()
    server.server_close()
    thread.join()


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


def test_the_form_explains_as_it_changes(webhooks: WebhooksPage) -> None:
    webhooks = webhooks.new().fill("https://one.example.com/", ["message.created"], ["Main line"]).save()
    form = webhooks.new()
    form.trigger("message.created").check()
    form.channel("Main line").check()
    expect(form.main).to_contain_text("Open the other webhook: https://one.example.com/")
    form.trigger("message.created").uncheck()
    form.trigger("agent.status_changed").check()
    expect(form.channel("Main line")).to_be_disabled()
    expect(form.channel("Main line")).not_to_be_checked()
    expect(form.main).to_contain_text("agent.status_changed is about the whole account")
    form.trigger("channel.created").check()
    expect(form.main).to_contain_text("The portal uses")
    form.trigger("channel.created").uncheck()
    form.page.get_by_label("Callback URL").fill("https://account.example.com/")
    webhooks = form.save()
    expect(webhooks.row("account.example.com")).to_contain_text("Whole account")


def test_headers_are_edited_without_losing_the_secret_one(
    webhooks: WebhooksPage, stack: Stack, member: Member
) -> None:
    headers = [("Authorization", SECRET), ("X-Team", "blue")]
    webhooks = webhooks.new().fill("https://one.example.com/", ["message.created"], ["Main line"], headers).save()
    expect(webhooks.row("one.example.com")).to_contain_text("Authorization, X-Team")
    form = webhooks.edit("one.example.com")
    expect(form.page.get_by_label("Value 1")).to_have_value("")
    assert SECRET not in form.page.content()
    expect(form.page.get_by_label("Secret 1")).to_be_checked()
    form.page.get_by_label("Value 2").fill("green")
    form.save()
    made = next(w for w in stack.connexease.webhooks(member.connexease_uuid) if "one.example" in w["callback_url"])
    assert made["headers"] == {"Authorization": SECRET, "X-Team": "green"}


def test_switched_off_hidden_and_on_again(webhooks: WebhooksPage) -> None:
    webhooks = webhooks.new().fill("https://one.example.com/", ["message.created"], ["Main line"]).save()
    webhooks = webhooks.press("one.example.com", "Switch off")
    expect(webhooks.row("one.example.com")).to_contain_text("Switched off")
    webhooks = webhooks.press("one.example.com", "Hide")
    expect(webhooks.row("one.example.com")).to_have_count(0)
    webhooks.link("Show 1 hidden webhook").click()
    webhooks = WebhooksPage(webhooks.page).press("one.example.com", "Switch on")
    expect(webhooks.row("one.example.com")).to_contain_text("Active")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/200", "Accepted Status 200"),
        ("/500", "Not accepted Status 500"),
        ("/slow", "didn't answer within 5 seconds"),
    ],
)
def test_a_callback_is_tested(webhooks: WebhooksPage, receiver: str, path: str, words: str) -> None:
    url = receiver + path
    form = webhooks.new().fill(url, ["message.created"], ["Main line"], [("Authorization", SECRET)])
    tested = form.save().test(url).send("message.created")
    expect(tested.result).to_contain_text(words)
    expect(tested.result).to_be_focused()
    assert "planted-browser-secret" not in tested.page.content()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:9/nobody", "refused or dropped"),
        ("https://10.0.0.8/private", "leads to a private address"),
    ],
)
def test_a_callback_that_cannot_be_reached(webhooks: WebhooksPage, url: str, words: str) -> None:
    tested = webhooks.new().fill(url, ["message.created"], ["Main line"]).save().test(url).send("message.created")
    expect(tested.result).to_contain_text(words)


def test_connexease_is_away(webhooks: WebhooksPage, stack: Stack) -> None:
    webhooks = webhooks.new().fill("https://one.example.com/", ["message.created"], ["Main line"]).save()
    stack.connexease.fault("status", path="/webhooks/", status=503, times=None)
    webhooks.page.reload()
    webhooks = WebhooksPage(webhooks.page)
    expect(webhooks.main).to_contain_text("We couldn't reach Connexease. You can't change anything now")
    expect(webhooks.row("one.example.com")).to_be_visible()
    expect(webhooks.link("Create webhook")).to_have_count(0)


def test_without_javascript(open_context, stack: Stack, member: Member, webhooks: WebhooksPage) -> None:  # type: ignore[no-untyped-def]
    plain = open_context(java_script_enabled=False, storage_state=webhooks.page.context.storage_state())
    page = plain.new_page()
    page.goto(f"{member.account_url}webhooks/")
    form = WebhooksPage(page).new()
    form.button("Add headers").click()
    expect(page.get_by_label("Name 4")).to_be_visible()
    saved = form.fill("https://plain.example.com/", ["message.created"], ["Main line"], [("X-A", "1")]).save()
    expect(saved.row("plain.example.com")).to_contain_text("X-A")


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


def test_look(webhooks: WebhooksPage, receiver: str, stack: Stack, request: pytest.FixtureRequest) -> None:
    page, folder = webhooks.page, request.config.getoption("--shots")
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
    address.fill(f"{receiver}/500")
    address.blur()
    expect(address).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator(".error-summary")).to_have_count(0)
    look(page, "webhook-explained", folder)
    form.trigger("channel.created").uncheck()
    form.fill(f"{receiver}/500", ["message.created"], ["Main line"], [("Authorization", SECRET)])
    webhooks = form.save()
    look(page, "webhooks-full", folder)
    tested = webhooks.test(receiver).send("message.created")
    expect(tested.result).to_contain_text("Not accepted")
    look(page, "webhook-tested", folder)
    tested.link("Back to webhooks").click()
    WebhooksPage(page).edit(receiver)
    look(page, "webhook-edit", folder)
    stack.connexease.fault("status", path="/webhooks/", status=503, times=None)
    page.goto(page.url.rpartition("/")[0] + "/")
    expect(WebhooksPage(page).main).to_contain_text("We couldn't reach Connexease")
    look(page, "webhooks-unreachable", folder)
