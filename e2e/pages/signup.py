"""The front page, sign-up, and the proof of an address."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from e2e.pages.account import SetupPage
from e2e.pages.base import PortalPage
from e2e.running.people import Customer


class FrontPage(PortalPage):
    title = "WhatsApp for your business"

    def create_account(self) -> SignUpPage:
        self.link("Create an account").click()
        return SignUpPage(self.page)


class DetailsForm(PortalPage):
    """The fields of an account; sign-up and correction share them."""

    def field(self, label: str) -> Locator:
        return self.main.get_by_label(label, exact=True)

    def fill(self, customer: Customer) -> None:
        """Fill in the customer's details; the time zone stays what the page guessed."""
        self.field("Company").fill(customer.company)
        self.field("First name").fill(customer.first_name)
        self.field("Last name").fill(customer.last_name)
        self.field("Work email").fill(customer.email)
        self.field("Billing email").fill(customer.billing_email)
        self.field("Phone (optional)").fill(customer.phone)

    def expect_refusal(self, label: str, sentence: str | re.Pattern[str]) -> None:
        """The field is marked, described by the sentence, and named in the summary, which has the focus."""
        expect(self.field(label)).to_have_attribute("aria-invalid", "true")
        expect(self.field(label)).to_have_accessible_description(sentence)
        summary = self.alert.filter(has_text="Check what you entered")
        expect(summary.get_by_role("link", name=re.compile(rf"^{re.escape(label)}:"))).to_be_visible()
        expect(summary).to_be_focused()


class SignUpPage(DetailsForm):
    title = "Create an account"

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        page.wait_for_load_state("domcontentloaded")  # by then its script has guessed the time zone

    def fill(self, customer: Customer) -> None:
        super().fill(customer)
        self.field("Password").fill(customer.password)

    def create_account(self) -> SetupPage:
        self.button("Create account").click()
        return SetupPage(self.page)

    def create_account_by_mail(self) -> CheckMailPage:
        self.button("Create account").click()
        return CheckMailPage(self.page)

    def create_account_in_vain(self) -> SignUpPage:
        self.button("Create account").click()
        expect(self.alert).to_be_visible()
        return SignUpPage(self.page)


class DetailsPage(DetailsForm):
    title = "Correct your details"


class CheckMailPage(PortalPage):
    title = "Check your email"


class ConfirmPage(PortalPage):
    title = "Confirm your email address"

    def confirm(self, password: str | None = None) -> SetupPage:
        """Confirm; another browser than the one that signed up is asked for the password."""
        if password is not None:
            self.main.get_by_label("Password").fill(password)
        self.button("Confirm email address").click()
        return SetupPage(self.page)

    def confirm_in_vain(self, password: str) -> ConfirmPage:
        self.main.get_by_label("Password").fill(password)
        self.button("Confirm email address").click()
        expect(self.alert).to_be_visible()
        return ConfirmPage(self.page)
