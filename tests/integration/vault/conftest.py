"""An owner whose account is set up, and what is done with keys."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen
from uuid import UUID

import pytest

from portal.models import Credential
from portal.sandbox.client import SandboxControl
from portal.vault import revoking
from tests.conftest import RESELLER_TOKEN
from tests.support.application.browser import Browser, Page
from tests.support.application.pages import texts
from tests.support.application.portal import PASSWORD, Portal

CREATE = {"path": "/access-token/$", "method": "POST"}
LIST = {"path": "/access-token/$", "method": "GET"}
REVOKE = {"path": r"/access-token/[0-9a-f-]+/$", "method": "PATCH"}


@dataclass
class Owner:
    """A logged-in owner, and what is known of the account."""

    browser: Browser
    portal: Portal
    control: SandboxControl
    account_id: UUID
    uuid: str
    sandbox_url: str

    @property
    def root(self) -> str:
        return f"/accounts/{self.account_id}/tokens/"

    def address(self, row: Credential, *, page: str = "") -> str:
        return f"{self.root}{row.id}{page}"

    def index(self, query: str = "") -> Page:
        return self.browser.get(f"{self.root}{query}")

    def make(self, name: str = "Order system", *, htmx: bool = False, **typed: Any) -> Page:
        """Send the form for a new token."""
        shown = self.browser.get(f"{self.root}new")
        intent = shown.values("Create token")["intent"]
        return self.browser.post(
            f"{self.root}new", {"name": name, "keep": "y", "intent": intent} | typed, htmx=htmx
        )

    def made(self, name: str = "Order system", **typed: Any) -> tuple[Credential, str]:
        """A new token, and the key that was shown."""
        key = key_on(self.browser.follow(self.make(name, **typed)))
        return self.row(name), key

    def reveal(self, row: Credential, password: str = PASSWORD) -> Page:
        """Send the form that reveals a key, and go where it leads."""
        typed = {"password": password} if password else {}
        return self.browser.follow(self.browser.post(self.address(row, page="/reveal"), typed))

    def add_gateway_key(self, key: str, name: str = "Shop gateway", *, htmx: bool = False, **typed: Any) -> Page:
        return self.browser.post(f"{self.root}gateway/new", {"name": name, "key": key} | typed, htmx=htmx)

    def rows(self) -> list[Credential]:
        return [row for row in self.portal.rows(Credential) if row.account_id == self.account_id]

    def row(self, name: str) -> Credential:
        found = [row for row in self.rows() if row.name == name]
        assert len(found) == 1, found
        return found[0]

    def at_connexease(self) -> list[dict[str, Any]]:
        return [token for token in self.control.access_tokens() if token["account"] == self.uuid]

    def active_at_connexease(self) -> list[str]:
        return [token["uuid"] for token in self.at_connexease() if token["is_active"]]

    def make_elsewhere(self) -> dict[str, Any]:
        """A token that somebody else with the reseller's token made."""
        request = Request(f"{self.sandbox_url}/accounts/{self.uuid}/access-token/", method="POST")
        request.add_header("Authorization", f"Bearer {RESELLER_TOKEN}")
        with urlopen(request, timeout=20) as response:
            made: dict[str, Any] = json.load(response)
        return made

    def work_on(self) -> None:
        """Let what is pending become due, and the worker do it."""
        self.portal.sql(
            "UPDATE credential SET next_attempt_at = created_at, claimed_until = NULL"
            " WHERE step IN ('creating', 'revoking')"
        )
        self.portal.sweep(revoking.finish)
        self.portal.work()

    def history(self) -> str:
        page = self.index().select_one(".history")
        return " ".join(texts(page).split()) if page is not None else ""


def key_on(page: Page) -> str:
    """The key that a page shows in clear."""
    shown = page.select_one("#secret")
    assert shown is not None, page.text
    return shown.text_content()


@pytest.fixture
def owner(portal, control, sandbox) -> Owner:
    browser, account_id = portal.customer()
    account = portal.account("jane@acme.example.com")
    return Owner(browser, portal, control, account_id, str(account.connexease_uuid), sandbox.api_url)
