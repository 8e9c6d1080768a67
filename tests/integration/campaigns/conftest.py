"""Somebody who sends campaigns, and what they do on the pages of one."""

import io
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from portal.models import Campaign, CampaignRow, Credential
from portal.sandbox.client import SandboxControl
from tests.integration.messages.conftest import Sender, make_sender
from tests.support.application.browser import Browser, Page
from tests.support.application.portal import Portal


@dataclass
class Campaigner:
    """A logged-in owner with a gateway key, who makes campaigns."""

    sender: Sender

    @property
    def browser(self) -> Browser:
        return self.sender.browser

    @property
    def portal(self) -> Portal:
        return self.sender.portal

    @property
    def root(self) -> str:
        return f"/accounts/{self.sender.account_id}/campaigns/"

    def upload(self, text: str | bytes, address: str = "new", **typed: Any) -> Page:
        """Send the form with a file."""
        body = text if isinstance(text, bytes) else text.encode()
        fields = {
            "name": "Spring",
            "audience": "file",
            "intent": "intent-1",
            "file": (io.BytesIO(body), "people.csv"),
        }
        return self.browser.post(self.root + address, fields | typed)

    def fill(self, campaign: Campaign, **typed: Any) -> Page:
        """Send the message: a template by hand with the column of names as its only value."""
        key = next(row for row in self.portal.rows(Credential) if row.name == "Shop gateway")
        fields = {
            "credential": str(key.id),
            "mode_of": str(key.id),
            "number_column": "0",
            "name": "spring_sale",
            "language": "en",
            "values-0": "",
            "names-0": "",
            "sources-0": "1",
        }
        return self.browser.post(f"{self.root}{campaign.id}/message", fields | typed)

    def checked(self, text: str | bytes, **typed: Any) -> Campaign:
        """A campaign from a file, once its rows were looked at."""
        page = self.upload(text, intent=typed.pop("intent", "intent-1"))
        assert page.status == 303, page.text
        campaign = self.campaign(page.goes_to)
        page = self.fill(campaign, **typed)
        assert page.status == 303, page.text
        self.portal.work()
        return self.campaign(str(campaign.id))

    def campaign(self, address: str) -> Campaign:
        """The one whose id an address holds."""
        return next(row for row in self.portal.rows(Campaign) if str(row.id) in address)

    def rows(self, campaign: Campaign) -> list[tuple[int, str, str, str]]:
        """Number, recipient, state and problem of each row."""
        rows = [row for row in self.portal.rows(CampaignRow) if row.campaign_id == campaign.id]
        found = [(row.number, row.recipient, row.state.value, row.problem) for row in rows]
        return sorted(found)

    def check_page(self, campaign: Campaign) -> Page:
        return self.browser.get(f"{self.root}{campaign.id}/check")

    def confirm(self, campaign: Campaign, **typed: Any) -> Page:
        """Press the button of the confirmation."""
        page = self.browser.get(f"{self.root}{campaign.id}/confirm")
        assert page.status == 200, page.goes_to
        return self.browser.submit(page, "What is sent", **typed)


def campaigner(portal: Portal, control: SandboxControl) -> Campaigner:
    return Campaigner(make_sender(portal, control))


@pytest.fixture
def maker(portal: Portal, control: SandboxControl) -> Campaigner:
    return campaigner(portal, control)


def one(portal: Portal, campaign_id: UUID) -> Campaign:
    return next(row for row in portal.rows(Campaign) if row.id == campaign_id)
