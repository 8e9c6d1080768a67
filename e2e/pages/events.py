"""The event log's pages."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from e2e.pages.base import PortalPage


class EventsPage(PortalPage):
    title = "Events"

    @property
    def rows(self) -> Locator:
        """The events that are listed."""
        return self.page.locator("#log tbody tr")

    @property
    def newer(self) -> Locator:
        """What tells that there are newer events."""
        return self.main.get_by_role("link", name=re.compile(r"^Show \d+ new event"))

    def look_for_newer(self) -> None:
        """The tab is looked at again, which makes it ask at once."""
        self.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    def show_newer(self) -> EventsPage:
        self.newer.click()
        return EventsPage(self.page)

    def choose(self, field: str, option: str) -> EventsPage:
        box = self.page.get_by_label(field, exact=True)
        box.focus()
        box.select_option(option)
        return self

    def filter(self) -> EventsPage:
        """Send the filter by its button."""
        self.button("Filter").click()
        return EventsPage(self.page)

    def search(self, words: str) -> EventsPage:
        self.page.get_by_label("Search words").fill(words)
        self.page.get_by_label("Search words").press("Enter")
        return self

    def open(self, trigger: str) -> EventPage:
        self.rows.filter(has_text=trigger).first.get_by_role("link").first.click()
        return EventPage(self.page)

    def watch(self) -> WatchPage:
        self.page.get_by_role("link", name="Choose what to watch").first.click()
        return WatchPage(self.page)


class EventPage(PortalPage):
    def __init__(self, page: Page) -> None:
        self.page = page
        expect(page).to_have_title(re.compile(r"^Event \d+ · "))

    @property
    def body(self) -> Locator:
        return self.page.locator("#body")

    @property
    def copy(self) -> Locator:
        return self.page.locator("[data-copy]")


class WatchPage(PortalPage):
    title = "Watched events"

    def box(self, trigger: str, place: str) -> Locator:
        return self.page.get_by_role("checkbox", name=f"Watch {trigger} for {place}", exact=True)

    def everything_of(self, place: str) -> Locator:
        return self.page.get_by_role("checkbox", name=f"All for {place}", exact=True)

    def save(self, expected: str) -> WatchPage:
        self.button("Save choices").click()
        expect(self.page.locator("#messages")).to_contain_text(expected)
        return WatchPage(self.page)

    def save_in_vain(self) -> WatchPage:
        self.button("Save choices").click()
        expect(self.page.locator(".error-summary")).to_be_visible()
        return self

    def events(self) -> EventsPage:
        self.link("All events").click()
        return EventsPage(self.page)
