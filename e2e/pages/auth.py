"""Log-in and passwords."""

from __future__ import annotations

from playwright.sync_api import expect

from e2e.pages.account import OverviewPage, SetupPage
from e2e.pages.base import PortalPage
from e2e.pages.staff import DashboardPage


class LogInPage(PortalPage):
    title = "Log in"

    def _log_in(self, email: str, password: str) -> None:
        self.main.get_by_label("E-mail address").fill(email)
        self.main.get_by_label("Password", exact=True).fill(password)
        self.button("Log in").click()

    def log_in(self, email: str, password: str, company: str) -> OverviewPage:
        self._log_in(email, password)
        return OverviewPage(self.page, company)

    def log_in_before_ready(self, email: str, password: str) -> SetupPage:
        self._log_in(email, password)
        return SetupPage(self.page)

    def log_in_as_staff(self, email: str, password: str) -> DashboardPage:
        self._log_in(email, password)
        return DashboardPage(self.page)

    def log_in_in_vain(self, email: str, password: str) -> LogInPage:
        self._log_in(email, password)
        expect(self.alert).to_be_visible()
        return LogInPage(self.page)

    def forgot_password(self) -> ForgotPage:
        self.link("Forgot your password?").click()
        return ForgotPage(self.page)


class ForgotPage(PortalPage):
    title = "Reset your password"

    def mail_me_a_link(self, email: str) -> ResetSentPage:
        self.main.get_by_label("E-mail address").fill(email)
        self.button("Mail me a link").click()
        return ResetSentPage(self.page)


class ResetSentPage(PortalPage):
    title = "Check your mail"


class ResetPage(PortalPage):
    title = "Choose a new password"

    def save(self, password: str, company: str) -> OverviewPage:
        self.main.get_by_label("New password").fill(password)
        self.button("Save and log in").click()
        return OverviewPage(self.page, company)

    def save_in_vain(self, password: str) -> ResetPage:
        self.main.get_by_label("New password").fill(password)
        self.button("Save and log in").click()
        expect(self.alert).to_be_visible()
        return ResetPage(self.page)


class LinkSpentPage(PortalPage):
    title = "This link does not work any more"


class PasswordPage(PortalPage):
    title = "Change your password"

    def change(self, current: str, new: str) -> PasswordPage:
        self.main.get_by_label("Current password").fill(current)
        self.main.get_by_label("New password").fill(new)
        self.button("Change password").click()
        expect(self.status.filter(has_text="Your password is changed.")).to_be_visible()
        return PasswordPage(self.page)
