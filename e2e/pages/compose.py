"""Writing a message, and looking at it before it goes out."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from e2e.pages.base import PortalPage


class ComposePage(PortalPage):
    title = "Write a message"

    def field(self, label: str) -> Locator:
        return self.main.get_by_label(label, exact=True)

    def type(self, kind: str) -> ComposePage:
        self.main.get_by_role("radio", name=kind, exact=True).check()
        return self

    @property
    def preview(self) -> Locator:
        return self.main.get_by_role("region", name="Preview")

    @property
    def templates(self) -> Locator:
        return self.main.get_by_role("group", name="Template", exact=True)

    def choose(self, template: str) -> ComposePage:
        """Choose a template of the list and wait for its fields."""
        self.templates.get_by_role("radio", name=template).check()
        return self

    def review(self) -> ReviewPage:
        self.button("Review message").click()
        return ReviewPage(self.page)

    def review_in_vain(self) -> ComposePage:
        self.button("Review message").click()
        expect(self.alert.filter(has_text="Check what you entered")).to_be_focused()
        return self


class CheckPage(PortalPage):
    title = "Check the connection"

    def field(self, label: str) -> Locator:
        return self.main.get_by_label(label, exact=True)

    def line(self, title: str) -> Locator:
        return self.main.get_by_role("listitem").filter(has_text=title)


class ReviewPage(PortalPage):
    title = "Review message"

    @property
    def facts(self) -> Locator:
        return self.main.get_by_role("region", name="Message details")

    @property
    def preview(self) -> Locator:
        return self.main.get_by_role("region", name="Preview")

    def back(self) -> ComposePage:
        self.link("Edit message").click()
        return ComposePage(self.page)

    def send(self, button: str = "Send message") -> None:
        """Send it; the message's own page comes next."""
        self.button(button).click()
        expect(self.page).to_have_url(re.compile(r"/messages/[0-9a-f-]{36}$"))
