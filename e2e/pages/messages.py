"""The message log, a message's own page, and where status events are set up."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from e2e.pages.base import PortalPage
from e2e.pages.compose import ComposePage


class MessagesPage(PortalPage):
    title = "Messages"

    @property
    def rows(self) -> Locator:
        """The messages that are listed."""
        return self.page.locator("#message-rows tbody tr")

    @property
    def newer(self) -> Locator:
        """What tells that there are newer messages."""
        return self.main.get_by_role("link", name=re.compile(r"^Show \d+ new message"))

    def choose(self, field: str, option: str) -> MessagesPage:
        box = self.page.get_by_label(field, exact=True)
        box.focus()
        box.select_option(option)
        return self

    def open(self, number: str) -> MessagePage:
        self.rows.get_by_role("link", name=number).first.click()
        return MessagePage(self.page)

    def status_events(self) -> StatusEventsPage:
        self.link("Status events").click()
        return StatusEventsPage(self.page)


class MessagePage(PortalPage):
    def __init__(self, page: Page) -> None:
        self.page = page
        expect(page).to_have_title(re.compile(r"^Message"))

    @property
    def outcome(self) -> Locator:
        return self.main.get_by_role("region", name="Status")

    @property
    def timeline(self) -> Locator:
        return self.main.get_by_role("region", name="Timeline")

    def expect_state(self, state: str, words: str = "") -> MessagePage:
        expect(self.outcome.get_by_role("heading", name=state, exact=True)).to_be_visible()
        expect(self.outcome).to_contain_text(words)
        return self

    def settle(self, button: str) -> MessagePage:
        self.button(button).click()
        return self

    def send_again(self) -> ComposePage:
        self.link("Send again").click()
        return ComposePage(self.page)


class StatusEventsPage(PortalPage):
    title = "Status events"

    def make(self) -> StatusEventsPage:
        self.button("Create URL").click()
        return self

    @property
    def address(self) -> Locator:
        return self.page.locator("#address")

    def reveal(self, password: str) -> str:
        """The secret, as its page shows it."""
        self.page.get_by_label("Your password").fill(password)
        self.button("Reveal secret").click()
        return self.page.locator("#secret").inner_text()
