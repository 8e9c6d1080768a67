"""A customer with two channels, and events that come in through the receiver."""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import select

from portal.events.processing import batches
from portal.extensions import db, session
from portal.models import Account, Delivery, PortalWebhook, WebhookPurpose
from portal.sandbox.client import SandboxControl
from portal.webhooks import portal_webhooks
from tests.support.application.browser import Browser, Page
from tests.support.application.portal import Portal


@dataclass
class Customer:
    """A logged-in owner, the account, and its log."""

    portal: Portal
    browser: Browser
    account_id: UUID
    uuid: str
    channels: dict[str, str]
    numbers: Any = field(default_factory=itertools.count)

    @property
    def root(self) -> str:
        return f"/accounts/{self.account_id}/events/"

    def log(self, *, htmx: bool = False, **arguments: Any) -> Page:
        return self.browser.get(f"{self.root}?{urlencode(arguments)}" if arguments else self.root, htmx=htmx)

    def event(self, number: int) -> Page:
        return self.browser.get(f"{self.root}{number}")

    def receive(self, hook: str | bytes = "message.created", channel: str = "Shop", **payload: Any) -> int:
        """Let an event come in; its number. Bytes are sent as they are."""
        body = hook if isinstance(hook, bytes) else self.body(hook, channel, **payload)
        with self.portal.app.app_context():
            mine = select(PortalWebhook).where(PortalWebhook.account_id == self.account_id)
            webhook = session().exec(mine.where(PortalWebhook.purpose == WebhookPurpose.ONBOARDING)).one()
            headers = portal_webhooks.headers(webhook)
        answer = self.portal.app.test_client().post(f"/hooks/connexease/{webhook.key}", data=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return max(delivery.id or 0 for delivery in self.portal.rows(Delivery))

    def body(self, hook: str, channel: str = "Shop", **payload: Any) -> bytes:
        payload.setdefault("number", next(self.numbers))
        event = {"hook": hook, "account": {"uuid": self.uuid, "name": "Acme Corp"}, "payload": payload}
        if channel:
            event["channel"] = {"uuid": self.channels[channel], "name": channel, "backend": "whatsapp_cloud"}
        return json.dumps(event).encode()

    def process(self, *numbers: int) -> None:
        for number in numbers:
            self.portal.run(batches.process, number)

    def had(self, *arguments: Any, **payload: Any) -> int:
        """An event that came in and was processed."""
        number = self.receive(*arguments, **payload)
        self.process(number)
        return number

    def delivery(self, number: int) -> Delivery:
        return next(delivery for delivery in self.portal.rows(Delivery) if delivery.id == number)

    def account(self) -> Account:
        return next(account for account in self.portal.rows(Account) if account.id == self.account_id)


def numbers_on(page: Page) -> list[int]:
    """The events that a page of the log lists, in its order."""
    return [int(link.attrib["href"].rpartition("/")[2]) for link in page.select("table.events th a")]


@pytest.fixture
def make_customer(portal: Portal, control: SandboxControl):
    """Make a customer with the channels Shop and Support."""

    def make(**typed: str) -> Customer:
        browser, account_id = portal.customer(**typed)
        account = next(account for account in portal.rows(Account) if account.id == account_id)
        uuid = str(account.connexease_uuid)
        channels = {name: control.create_channel(uuid, name=name)["uuid"] for name in ("Shop", "Support")}
        assert browser.get(f"/accounts/{account_id}/channels/").status == 200
        return Customer(portal, browser, account_id, uuid, channels)

    return make


@pytest.fixture
def customer(make_customer) -> Customer:
    return make_customer()


@pytest.fixture
def statements(portal: Portal):
    """Every statement that reached the database, with its parameters."""
    seen: list[tuple[str, Any]] = []

    def note(_connection, _cursor, statement, parameters, _context, _many) -> None:
        seen.append((statement, parameters))

    with portal.app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(engine, "before_cursor_execute", note)
