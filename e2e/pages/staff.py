"""The staff's side."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from e2e.pages.base import PortalPage


class DashboardPage(PortalPage):
    title = "Dashboard"

    def board(self) -> BoardPage:
        """Go to the sign-ups."""
        self.link("Sign-ups").click()
        return BoardPage(self.page)


class BoardPage(PortalPage):
    title = "Sign-ups under way"

    def row(self, company: str) -> Locator:
        return self.main.get_by_role("row").filter(has_text=company)

    def approve(self, company: str) -> BoardPage:
        self.button(f"Approve {company}").click()
        expect(self.status.filter(has_text=f"{company} is approved")).to_be_visible()
        return BoardPage(self.page)

    def decline(self, company: str) -> BoardPage:
        self.button(f"Decline {company}").click()
        expect(self.status.filter(has_text=f"{company} is declined")).to_be_visible()
        return BoardPage(self.page)
