"""The webhook pages."""

from __future__ import annotations

from collections.abc import Iterable

from playwright.sync_api import Locator, Page, expect

from e2e.pages.base import PortalPage


class WebhooksPage(PortalPage):
    title = "Webhooks"

    def row(self, url: str) -> Locator:
        return self.page.locator("#webhooks").get_by_role("row").filter(has_text=url)

    def coverage(self, trigger: str) -> Locator:
        return self.page.get_by_role("region", name="Where events go").get_by_role("row").filter(has_text=trigger)

    def new(self) -> WebhookForm:
        self.link("Create webhook").click()
        return WebhookForm(self.page, "Create webhook")

    def edit(self, url: str) -> WebhookForm:
        self.row(url).get_by_role("link", name="Edit").click()
        return WebhookForm(self.page, "Edit webhook")

    def test(self, url: str) -> TestPage:
        self.row(url).get_by_role("link", name="Test").click()
        return TestPage(self.page)


class WebhookForm(PortalPage):
    def __init__(self, page: Page, title: str) -> None:
        super().__init__(page, title)

    def trigger(self, name: str) -> Locator:
        return self.page.get_by_role("checkbox", name=name)

    def channel(self, name: str) -> Locator:
        return self.page.get_by_role("group", name="Channels").get_by_role("checkbox", name=name)

    def fill(
        self,
        url: str,
        triggers: Iterable[str] = (),
        channels: Iterable[str] = (),
        headers: Iterable[tuple[str, str]] = (),
    ) -> WebhookForm:
        self.page.get_by_label("Callback URL").fill(url)
        for name in triggers:
            self.trigger(name).check()
        for name in channels:
            self.channel(name).check()
        for number, (name, value) in enumerate(headers, 1):
            self.page.get_by_label(f"Name {number}").fill(name)
            self.page.get_by_label(f"Value {number}").fill(value)
        return self

    def save(self) -> WebhooksPage:
        self.button("Save webhook").click()
        return WebhooksPage(self.page)

    def save_refused(self) -> WebhookForm:
        self.button("Save webhook").click()
        expect(self.page.locator(".error-summary")).to_be_focused()
        return self


class TestPage(PortalPage):
    __test__ = False  # for pytest: this is a page
    title = "Test webhook"

    def send(self, trigger: str) -> TestPage:
        self.page.get_by_label("Sample event").select_option(trigger)
        self.button("Send sample event").click()
        return self

    @property
    def result(self) -> Locator:
        return self.page.get_by_role("region", name="Response")
