"""The staff's accounts."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from e2e.pages.base import PortalPage


class AccountsPage(PortalPage):
    title = "Accounts"

    def row(self, company: str) -> Locator:
        return self.main.get_by_role("row").filter(has_text=company)

    def find(self, words: str) -> AccountsPage:
        """Type, and let the list follow."""
        self.main.get_by_role("searchbox", name="Find an account").fill(words)
        return self

    def expect_only(self, company: str) -> None:
        expect(self.row(company)).to_have_count(1)
        expect(self.main.get_by_role("row")).to_have_count(2)

    def refresh(self) -> AccountsPage:
        self.button("Refresh now").click()
        return self

    @property
    def mirror(self) -> Locator:
        """The panel that says how far the copy of Connexease is."""
        return self.main.get_by_role("region", name="Local copy of Connexease")

    def open(self, company: str) -> AccountPage:
        self.main.get_by_role("link", name=company, exact=True).click()
        return AccountPage(self.page, company)


class AccountPage(PortalPage):
    """Everything about one account."""

    def section(self, name: str) -> Locator:
        return self.main.get_by_role("region", name=name, exact=True)
