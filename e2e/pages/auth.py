"""Log-in and passwords."""

from __future__ import annotations

import time

import pyotp
from playwright.sync_api import Page, expect

from e2e.pages.account import OverviewPage, SetupPage
from e2e.pages.base import PortalPage
from e2e.pages.staff import DashboardPage


class LogInPage(PortalPage):
    title = "Log in"

    def _log_in(self, email: str, password: str) -> None:
        self.main.get_by_label("Email address").fill(email)
        self.main.get_by_label("Password", exact=True).fill(password)
        self.button("Log in").click()

    def log_in(self, email: str, password: str, company: str) -> OverviewPage:
        self._log_in(email, password)
        return OverviewPage(self.page, company)

    def log_in_before_ready(self, email: str, password: str) -> SetupPage:
        self._log_in(email, password)
        return SetupPage(self.page)

    def log_in_with_code(self, email: str, password: str) -> CodePage:
        self._log_in(email, password)
        return CodePage(self.page)

    def log_in_for_the_first_time(self, email: str, password: str) -> EnrolPage:
        """Log in as somebody of the staff who has no app yet."""
        self._log_in(email, password)
        return EnrolPage(self.page)

    def log_in_in_vain(self, email: str, password: str) -> LogInPage:
        self._log_in(email, password)
        expect(self.alert).to_be_visible()
        return LogInPage(self.page)

    def forgot_password(self) -> ForgotPage:
        self.link("Forgot your password?").click()
        return ForgotPage(self.page)


class CodePage(PortalPage):
    title = "Enter your code"

    def type_code(self, secret: str) -> None:
        """Type what the app shows; where that was typed before, what it shows next."""
        for ahead in (0, 30):
            with self.page.expect_response(lambda answer: answer.request.method == "POST") as answered:
                self._send(pyotp.TOTP(secret).at(int(time.time()) + ahead))
            if answered.value.status != 422:
                return
            expect(self.main.locator("#code-error")).to_contain_text("already used")
        raise AssertionError("no code was taken")

    def type_in_vain(self, code: str) -> CodePage:
        self._send(code)
        expect(self.alert).to_be_visible()
        return CodePage(self.page)

    def type_recovery_code(self, code: str) -> DashboardPage:
        self._send(code)
        return DashboardPage(self.page)

    def _send(self, code: str) -> None:
        self.main.get_by_label("Code").fill(code)
        self.button("Log in").click()


class EnrolPage(PortalPage):
    title = "Set up your authenticator app"

    @property
    def secret(self) -> str:
        """The key that is typed into an app that cannot scan."""
        if not self.main.locator("#app-key").is_visible():  # in a demo it is shown at once
            self.main.get_by_text("Can't scan the code?").click()
        return self.main.locator("#app-key").inner_text().replace(" ", "")

    def finish(self, code: str) -> RecoveryCodesPage:
        self.main.get_by_label("Code", exact=True).fill(code)
        self.button("Turn on authenticator app").click()
        return RecoveryCodesPage(self.page)

    def finish_in_vain(self, code: str) -> EnrolPage:
        self.main.get_by_label("Code", exact=True).fill(code)
        self.button("Turn on authenticator app").click()
        expect(self.alert).to_be_visible()
        return EnrolPage(self.page)


class RecoveryCodesPage(PortalPage):
    title = "Your recovery codes"

    @property
    def codes(self) -> list[str]:
        return self.main.locator("#codes").inner_text().split()

    def go_on(self) -> Page:
        self.link("I've saved them, continue").click()
        return self.page


class ForgotPage(PortalPage):
    title = "Reset your password"

    def mail_me_a_link(self, email: str) -> ResetSentPage:
        self.main.get_by_label("Email address").fill(email)
        self.button("Email me a link").click()
        return ResetSentPage(self.page)


class ResetSentPage(PortalPage):
    title = "Check your email"


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
    title = "This link no longer works"


class PasswordPage(PortalPage):
    title = "Change your password"

    def change(self, old: str, new: str) -> PasswordPage:
        self.main.get_by_label("Current password").fill(old)
        self.main.get_by_label("New password").fill(new)
        self.button("Change password").click()
        expect(self.status.filter(has_text="Your password is changed.")).to_be_visible()
        return PasswordPage(self.page)


class ProfilePage(PortalPage):
    title = "Your profile"

    def change_email(self) -> EmailPage:
        self.link("Change your email address").click()
        return EmailPage(self.page)

    def expect_waiting(self, email: str) -> None:
        expect(self.main).to_contain_text(f"To switch to {email}, open the link")


class EmailPage(PortalPage):
    title = "Change your email address"

    def _mail_me_a_link(self, email: str, password: str) -> None:
        self.main.get_by_label("New email address").fill(email)
        self.main.get_by_label("Your password").fill(password)
        self.button("Email me a link").click()

    def mail_me_a_link(self, email: str, password: str) -> ProfilePage:
        self._mail_me_a_link(email, password)
        return ProfilePage(self.page)

    def mail_me_a_link_in_vain(self, email: str, password: str = "") -> EmailPage:
        self._mail_me_a_link(email, password)
        expect(self.alert).to_be_visible()
        return EmailPage(self.page)


class ConfirmEmailPage(PortalPage):
    title = "Confirm your new email address"

    def confirm_in_vain(self, password: str) -> ConfirmEmailPage:
        self.main.get_by_label("Your password").fill(password)
        self.button("Confirm email address").click()
        expect(self.alert).to_be_visible()
        return ConfirmEmailPage(self.page)
