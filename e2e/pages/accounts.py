"""The staff's accounts."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from e2e.pages.base import PortalPage
from e2e.running.people import Customer


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
        self.button("Refresh accounts").click()
        return self

    @property
    def mirror(self) -> Locator:
        """The panel that says how far the copy of Connexease is."""
        return self.main.get_by_role("region", name="Local copy of Connexease")

    def new_account(self) -> NewAccountForm:
        self.link("New account").click()
        return NewAccountForm(self.page)

    def open(self, company: str) -> AccountPage:
        self.main.get_by_role("link", name=company, exact=True).click()
        return AccountPage(self.page, company)


class AccountPage(PortalPage):
    """Everything about one account."""

    def section(self, name: str) -> Locator:
        return self.main.get_by_role("region", name=name, exact=True)

    def invite(self, email: str) -> AccountPage:
        self.main.get_by_label("New owner's email").fill(email)
        self.button("Send invitation").click()
        expect(self.status.filter(has_text=f"invited {email}")).to_be_visible()
        return self


class NewAccountForm(PortalPage):
    """What the staff fill in for a customer."""

    title = "New account"

    def fill(self, customer: Customer) -> NewAccountForm:
        values = {
            "Company": customer.company,
            "First name": customer.first_name,
            "Last name": customer.last_name,
            "Work email": customer.email,
            "Time zone": customer.time_zone,
        }
        for label, text in values.items():
            self.main.get_by_label(label).fill(text)
        return self

    def open_account(self, company: str) -> AccountPage:
        self.button("Create account").click()
        return AccountPage(self.page, company)

    def open_in_vain(self) -> None:
        self.button("Create account").click()
        expect(self.alert).to_be_focused()


class WelcomePage(PortalPage):
    """Where a customer whose account the staff opened chooses a password."""

    title = "Choose a password"

    def choose(self, password: str) -> None:
        self.main.get_by_label("Password").fill(password)
        self.button("Save and log in").click()


class InvitedPage(PortalPage):
    """What somebody sees who is asked to take an account over."""

    def accept(self, first_name: str, last_name: str, password: str) -> None:
        for label, text in (("First name", first_name), ("Last name", last_name), ("Password", password)):
            self.main.get_by_label(label).fill(text)
        self.main.get_by_label("Time zone").fill("Europe/Istanbul")
        self.button("Accept and log in").click()
