"""Destinations in a real browser: made, tested, failing and well again, replayed, and a webhook switched over."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.browser.reloading import reload_until
from e2e.running.people import PASSWORD, Member
from e2e.running.stack import Stack
from e2e.states.look import look


@dataclass
class Receiver:
    """A customer's server, which answers as it is told."""

    url: str = ""
    status: int = 200
    got: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.got.append({"id": self.headers["webhook-id"], **json.loads(body)})
            self.send_response(told.status)
            if told.status != 200:  # no attempt follows by itself while the page is looked at
                self.send_header("Retry-After", "900")
            self.end_headers()
            self.wfile.write(b"noted")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def channel(page: Page, stack: Stack, member: Member) -> str:
    made = stack.connexease.create_channel(member.connexease_uuid, name="Main line")
    page.goto(member.channels_url)
    return str(made["uuid"])


def fill(page: Page, member: Member, url: str, *kinds: str) -> None:
    page.goto(f"{member.account_url}webhooks/")
    page.get_by_role("link", name="Add destination").click()
    page.get_by_label("Name", exact=True).fill("Orders")
    page.get_by_label("URL", exact=True).fill(url)
    for kind in kinds:
        page.get_by_role("checkbox", name=kind).check()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save destination").last.click()


def test_from_the_form_to_a_replay(
    page: Page, member: Member, stack: Stack, channel: str, receiver: Receiver, folder: str | None
) -> None:
    def emit(kind: str) -> None:
        payload = {"type": kind, "content": "Hello"}
        stack.connexease.emit("message.created", member.connexease_uuid, channel, payload=payload)

    fill(page, member, receiver.url, "message.created")
    page.get_by_label("Field 1").fill("payload type")
    save(page)
    expect(page.get_by_role("alert")).to_contain_text("Enter names with dots between them")
    look(page, "destination-refused", folder)
    page.get_by_label("Field 1").fill("payload.type")
    page.get_by_label("Value 1").first.fill("image")
    page.get_by_role("button", name="Preview with recent events").click()
    expect(page.get_by_role("heading", name="No events yet")).to_be_visible()
    page.get_by_role("checkbox", name="Also sign events").check()
    save(page)
    expect(page.get_by_text("Signing secret")).to_be_visible()
    look(page, "destination-secret", folder)
    page.get_by_role("link", name="Hide secret").click()
    expect(page.get_by_role("heading", name="Public key")).to_be_visible()
    address = page.url

    page.get_by_role("link", name="Test destination").click()
    page.get_by_role("button", name="Send last real event").click()
    expect(page.get_by_role("alert")).to_contain_text("There is no such event")
    page.get_by_role("button", name="Send sample").click()
    expect(page.get_by_role("region", name="Response")).to_contain_text("Accepted")
    look(page, "destination-tested", folder)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Show code with secret").click()
    expect(page.locator("#code-python")).to_contain_text("whsec_")
    look(page, "destination-code", folder)

    receiver.status = 500
    for kind in ("text", "image"):
        emit(kind)
    page.goto(address)
    reload_until(page, lambda: page.get_by_text("The last attempt failed.").count() > 0)
    expect(page.get_by_text("Status 500")).to_have_count(1)
    look(page, "destination-failing", folder)
    receiver.status = 200
    stack.make_forwards_due(member.connexease_uuid)
    reload_until(page, lambda: page.get_by_text("Delivered", exact=True).count() > 0)
    expect(page.get_by_text("Active", exact=True)).to_be_visible()
    assert {got["payload"]["type"] for got in receiver.got[1:]} == {"image"}

    page.get_by_role("link", name="Send events again").click()
    page.get_by_label("Which events").select_option("All of them")
    page.get_by_role("button", name="Count events").click()
    expect(page.get_by_role("status").filter(has_text="1 event will be sent again")).to_be_visible()
    look(page, "destination-replay", folder)
    page.get_by_role("button", name="Send events again").click()
    expect(page.locator("#progress")).to_contain_text("1 of 1 events were sent again")
    reload_until(page, lambda: page.get_by_text("Status 200").count() == 2)
    look(page, "destination", folder)
    assert receiver.got[-1]["id"] == receiver.got[-2]["id"]


def test_a_webhook_of_theirs_is_switched_over(
    page: Page, member: Member, stack: Stack, channel: str, receiver: Receiver, folder: str | None
) -> None:
    connexease, triggers = stack.connexease, ["message.created", "message.state_changed"]
    connexease.create_webhook(
        member.connexease_uuid,
        receiver.url,
        triggers=triggers,
        channels=[channel],
        headers={"X-Api-Key": "planted-key"},
    )
    fill(page, member, f"{receiver.url}/new", "message.created")
    save(page)
    conflict = page.get_by_role("alert")
    expect(conflict).to_contain_text("Your webhook at 127.0.0.1 receives: message.created (Main line)")
    look(page, "destination-conflict", folder)
    page.get_by_role("button", name="Switch over and save").click()
    expect(page.get_by_text("The events now come to the portal")).to_be_visible()
    held = [each for each in connexease.webhooks(member.connexease_uuid) if "message.created" in each["triggers"]]
    assert ["/hooks/connexease/" in each["callback_url"] for each in held] == [True]
    connexease.emit("message.created", member.connexease_uuid, channel, payload={"type": "text"})
    page.goto(f"{member.account_url}webhooks/")
    expect(page.get_by_role("region", name="Where events go").get_by_text("→").first).to_be_visible()
    look(page, "webhooks-switched", folder)
    page.locator("#webhooks").get_by_role("link", name="127.0.0.1", exact=True).click()
    reload_until(page, lambda: page.get_by_text("Delivered", exact=True).count() > 0)
    reload_until(page, lambda: len(receiver.got) == 2)  # to the new address and to the one that it always went to
    assert len({got["id"] for got in receiver.got}) == 1
    look(page, "destination-switched", folder)
    page.get_by_role("button", name="Deliver directly again").click()
    expect(page.get_by_text("delivers these events directly again")).to_be_visible()
    connexease.emit("message.created", member.connexease_uuid, channel, payload={"type": "text"})
    reload_until(page, lambda: len(receiver.got) == 3)
    assert receiver.got[-1]["id"] is None
