"""The channel page, its attempt to connect, and the popup."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from e2e.pages.base import PortalPage
from e2e.pages.dialog import Dialog


class AttemptPanel(PortalPage):
    """Where an attempt to connect stands; the channel page and the attempt's own page show it."""

    @property
    def panel(self) -> Locator:
        return self.page.locator("#attempt")

    @property
    def attempt(self) -> str:
        """The attempt's identifier."""
        expect(self.panel).to_have_attribute("data-attempt", re.compile("."))
        return self.panel.get_attribute("data-attempt") or ""

    def expect_state(self, state: str, heading: str = "") -> None:
        """The attempt's state, and the words that a person reads."""
        expect(self.panel).to_have_attribute("data-state", state)
        if heading:
            expect(self.panel.get_by_role("heading")).to_have_text(heading)

    def open_by_link(self) -> Dialog:
        """Follow the link that stands in for a popup."""
        with self.page.context.expect_page() as opened:
            self.link("Open connection window").click()
        return Dialog(opened.value)


class ChannelsPage(AttemptPanel):
    title = "Channels"

    def row(self, name: str) -> Locator:
        return self.main.get_by_role("row").filter(has=self.page.get_by_role("rowheader", name=name, exact=True))

    def expect_channel(self, name: str, state: str = "Connected") -> None:
        """The list shows this channel once, in this state."""
        expect(self.row(name)).to_have_count(1)
        expect(self.row(name).get_by_role("cell").first).to_contain_text(state)

    def open_popup(self, button: str = "Connect WhatsApp") -> Page:
        """Press the button and take the popup, whatever is in it yet."""
        with self.page.expect_popup() as opened:
            self.button(button).click()
        return opened.value

    def connect(self) -> Dialog:
        return Dialog(self.open_popup())

    def reconnect(self, name: str) -> Dialog:
        return Dialog(self.open_popup(f"Reconnect {name}"))

    def connect_blocked(self) -> ChannelsPage:
        """Press the button in a browser that lets no window open."""
        self.button("Connect WhatsApp").click()
        return ChannelsPage(self.page)

    def connect_without_script(self) -> AttemptPage:
        self.button("Connect WhatsApp").click()
        return AttemptPage(self.page)

    def stop_waiting(self) -> ChannelsPage:
        self.button("Stop waiting").click()
        return ChannelsPage(self.page)

    def refresh(self) -> ChannelsPage:
        self.button("Refresh list").click()
        return ChannelsPage(self.page)

    def reload(self) -> ChannelsPage:
        self.page.reload()
        return ChannelsPage(self.page)


class AttemptPage(AttemptPanel):
    title = "Connecting WhatsApp"

    def back(self) -> ChannelsPage:
        self.link("Back to channels").click()
        return ChannelsPage(self.page)
