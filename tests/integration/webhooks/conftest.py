"""A customer with two channels, and a receiver of their own on this machine."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from uuid import UUID

import pytest

from portal.models import Webhook
from portal.sandbox.client import SandboxControl
from tests.support.application.browser import Browser, Page
from tests.support.application.portal import Portal
from tests.support.processes.serving import Quiet, serving


@dataclass
class Customer:
    """A logged-in owner, and what is known of the account."""

    browser: Browser
    portal: Portal
    control: SandboxControl
    account_id: UUID
    uuid: str
    channels: list[str]

    @property
    def root(self) -> str:
        return f"/accounts/{self.account_id}/webhooks/"

    def save(self, *, webhook: UUID | None = None, htmx: bool = False, **typed: Any) -> Page:
        """Send the form; headers as a list of (name, value) or of dictionaries."""
        path = f"{self.root}{webhook or 'new'}"
        shown = self.browser.get(path)
        data: dict[str, Any] = {
            "csrf_token": self.browser.token(),
            "intent": shown.values("Save webhook")["intent"],
            "callback_url": "https://receiver.example.com/hook",
            "triggers": ["message.created"],
            "channels": self.channels[:1],
            "is_active": "y",
        }
        for number, header in enumerate(typed.pop("headers", [])):
            fields = header if isinstance(header, dict) else dict(zip(("name", "value"), header, strict=True))
            data |= {f"headers-{number}-{name}": value for name, value in fields.items()}
        return self.browser.post(path, data | typed, htmx=htmx)

    def index(self) -> Page:
        return self.browser.get(self.root)

    def at_connexease(self) -> list[dict[str, Any]]:
        """The customer's own webhooks there, without the portal's."""
        mine = self.control.webhooks(self.uuid)
        return [webhook for webhook in mine if "/hooks/connexease/" not in webhook["callback_url"]]

    def only_row(self) -> Webhook:
        rows = [row for row in self.portal.rows(Webhook) if row.portal_webhook_id is None and row.wanted]
        rows = rows or [row for row in self.portal.rows(Webhook) if row.portal_webhook_id is None]
        assert len(rows) == 1, rows
        return rows[0]

    def press(self, page: Page, button: str) -> Page:
        """Press a button of the list; the page that it leads to."""
        return self.browser.follow(self.browser.submit(page, button))

    def act(self, verb: str, **fields: str) -> Page:
        return self.browser.post(f"{self.root}{self.only_row().id}/{verb}", fields)


@pytest.fixture
def customer(portal: Portal, control: SandboxControl) -> Customer:
    browser, account_id = portal.customer()
    uuid = control.accounts()[0]["uuid"]
    channels = [control.create_channel(uuid, name=name)["uuid"] for name in ("Main line", "Support")]
    assert browser.get(f"/accounts/{account_id}/channels/").status == 200
    return Customer(browser, portal, control, account_id, uuid, channels)


@dataclass
class Receiver:
    """A customer's server on this machine, which answers as it is told."""

    url: str = ""
    status: int = 200
    body: bytes = b"thank you"
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0
    got: list[tuple[dict[str, str], Any]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    told = Receiver()
    ended = threading.Event()

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.whole_body()
            told.got.append((dict(self.headers), json.loads(body)))
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if told.drip:
                started = time.monotonic()
                while time.monotonic() - started < told.drip and not ended.wait(0.1):
                    self.wfile.write(b".")
            self.wfile.write(told.body)

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except OSError:
                self.close_connection = True

    with serving(Handler) as url:
        told.url = f"{url}/hook"
        yield told
        ended.set()
