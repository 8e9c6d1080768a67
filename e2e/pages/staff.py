"""The staff's side."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from e2e.pages.base import PortalPage


class DashboardPage(PortalPage):
    title = "Dashboard"

    def board(self) -> BoardPage:
        self.main.get_by_role("navigation", name="Staff").get_by_role("link", name="Sign-ups").click()
        return BoardPage(self.page)


class BoardPage(PortalPage):
    title = "Sign-ups in progress"

    def row(self, company: str) -> Locator:
        """A sign-up that is under way: those that have ended are listed below."""
        return self.main.get_by_role("table", name=self.title).get_by_role("row").filter(has_text=company)

    def open(self, company: str) -> SetUpPage:
        self.link(company).click()
        return SetUpPage(self.page, company)

    def retry(self, company: str) -> BoardPage:
        self.button(f"Try again now {company}").click()
        expect(self.status.filter(has_text=f"set up {company} again")).to_be_visible()
        return BoardPage(self.page)

    def approve(self, company: str) -> BoardPage:
        self.button(f"Approve {company}").click()
        expect(self.status.filter(has_text=f"{company} was approved")).to_be_visible()
        return BoardPage(self.page)

    def decline(self, company: str) -> BoardPage:
        self.link(f"Decline sign-up {company}").click()
        SetUpPage(self.page, company).button(f"Decline sign-up {company}").click()
        expect(self.status.filter(has_text=f"{company} was declined")).to_be_visible()
        return BoardPage(self.page)


class SetUpPage(PortalPage):
    """One sign-up; its title is the company's name."""

    def vouch(self, reason: str) -> None:
        self.main.get_by_label("How do you know that it's theirs?").fill(reason)
        self.button("Vouch and connect account").click()
        expect(self.status.filter(has_text="is being connected")).to_be_visible()

    def vouch_in_vain(self) -> None:
        self.button("Vouch and connect account").click()
        expect(self.alert).to_be_visible()

    def give_up(self) -> BoardPage:
        self.main.get_by_text("Stop setup", exact=True).first.click()
        self.main.get_by_role("button", name="Stop setup").click()
        expect(self.status.filter(has_text="was stopped")).to_be_visible()
        return BoardPage(self.page)


class AuditPage(PortalPage):
    title = "Audit log"

    def only(self, kind: str) -> AuditPage:
        """Choose a kind of action; the list follows by itself."""
        self.main.get_by_label("Type").select_option(kind)
        return self

    @property
    def entries(self) -> Locator:
        return self.main.get_by_role("listitem")
