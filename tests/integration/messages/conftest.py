"""Somebody who may send, a gateway key in the vault, and what is done with messages."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlmodel import select

from portal.connexease import schemas
from portal.extensions import session
from portal.messages.sending import outbox
from portal.models import Account, Credential, Message, Person
from portal.sandbox.client import SandboxControl
from portal.vault import gateway_keys
from tests.support.application.browser import Browser, Page
from tests.support.application.portal import Portal

RECIPIENT = "+905321234567"
OWNER = "jane@acme.example.com"


def text(body: str = "Your order is on its way.", to: str = RECIPIENT) -> schemas.TextMessage:
    return schemas.TextMessage(to=to, text=schemas.Text(body=body))


@dataclass
class Sender:
    """A logged-in owner with a gateway key."""

    browser: Browser
    portal: Portal
    control: SandboxControl
    account_id: UUID
    uuid: str
    key: str

    @property
    def root(self) -> str:
        return f"/accounts/{self.account_id}/messages/"

    def prepare(self, message: Any = None, intent: str = "intent-1", **options: Any) -> UUID:
        """As the form does it."""
        message = message or text()
        return self._inside(
            lambda person, account: (
                outbox.prepare(
                    person,
                    account,
                    outbox.Composed(
                        message, session().exec(select(Credential)).one(), preview="Your order", **options
                    ),
                    intent,
                ).id
            )
        )

    def confirm(self, message_id: UUID, **options: Any) -> None:
        """As the review's button does it."""
        self._inside(
            lambda person, account: outbox.confirm(
                person, account, session().get_one(Message, message_id), **options
            )
        )

    def send(self, message: Any = None, intent: str = "intent-1", **options: Any) -> Message:
        message_id = self.prepare(message, intent, **options)
        self.confirm(message_id)
        return self.message(message_id)

    def settle(self, message_id: UUID, arrived: bool) -> None:
        self._inside(
            lambda person, account: outbox.settle(person, account, session().get_one(Message, message_id), arrived)
        )

    def message(self, message_id: UUID) -> Message:
        return next(row for row in self.portal.rows(Message) if row.id == message_id)

    def calls(self) -> list[dict[str, Any]]:
        """What the gateway was asked for."""
        return [call for call in self.control.requests("POST") if call["path"] == "/v1/wa/message"]

    def page(self, message_id: UUID) -> Page:
        return self.browser.get(f"{self.root}{message_id}")

    def _inside(self, do: Any) -> Any:
        with self.portal.app.test_request_context():
            person = session().exec(select(Person).where(Person.email == OWNER)).one()
            return do(person, session().get_one(Account, self.account_id))


@pytest.fixture
def sender(portal: Portal, control: SandboxControl) -> Sender:
    return make_sender(portal, control)


def make_sender(portal: Portal, control: SandboxControl, *, is_trial: bool = False) -> Sender:
    browser, account_id = portal.customer()
    uuid = str(portal.account(OWNER).connexease_uuid)
    key = control.issue_gateway_key(uuid)
    sender = Sender(browser, portal, control, account_id, uuid, key)
    sender._inside(
        lambda person, account: gateway_keys.add(
            person, account, "Shop gateway", SecretStr(key), is_trial=is_trial
        )
    )
    control.clear_requests()
    return sender
