"""Logging in, and what people change about themselves."""

from __future__ import annotations

import secrets

import pyotp
from playwright.sync_api import expect

from e2e.pages import (
    ConfirmEmailPage,
    EnrolPage,
    ForgotPage,
    LinkSpentPage,
    LogInPage,
    PasswordPage,
    ProfilePage,
    ResetPage,
)
from e2e.running.mail import link_mailed_to
from e2e.running.stack import STAFF_EMAIL, STAFF_PASSWORD
from e2e.states.walk import Walk, state


@state()
def log_in(walk: Walk) -> None:
    LogInPage(walk.go("/login"))


@state(after=log_in)
def log_in_refused(walk: Walk) -> None:
    LogInPage(walk.page).log_in_in_vain("nobody@example.com", "nobody's password")


@state()
def forgotten_password(walk: Walk) -> None:
    LogInPage(walk.go("/login")).forgot_password()


@state(after=forgotten_password)
def reset_mailed(walk: Walk) -> None:
    ForgotPage(walk.page).mail_me_a_link("nobody@example.com")


@state()
def reset_refused(walk: Walk) -> None:
    customer = walk.member().customer
    walk.context.clear_cookies()
    LogInPage(walk.go("/login")).forgot_password().mail_me_a_link(customer.email)
    walk.page.goto(link_mailed_to(walk.stack, customer.email))
    ResetPage(walk.page).save_in_vain("short")


@state()
def link_spent(walk: Walk) -> None:
    LinkSpentPage(walk.go("/verify/nothing"))


@state()
def first_log_in_of_staff(walk: Walk) -> None:
    email = walk.stack.make_staff(f"new.{secrets.token_hex(4)}@example.com")
    LogInPage(walk.go("/login")).log_in_for_the_first_time(email, STAFF_PASSWORD).finish_in_vain("000000")
    assert EnrolPage(walk.page).secret


@state(after=first_log_in_of_staff)
def recovery_codes(walk: Walk) -> None:
    secret = walk.page.locator("#app-key").inner_text().replace(" ", "")
    EnrolPage(walk.page).finish(pyotp.TOTP(secret).now())


@state()
def code_refused(walk: Walk) -> None:
    LogInPage(walk.go("/login")).log_in_with_code(STAFF_EMAIL, STAFF_PASSWORD).type_in_vain("123 456")


@state()
def password(walk: Walk) -> None:
    walk.member()
    PasswordPage(walk.go("/profile/password"))


@state()
def profile(walk: Walk) -> None:
    walk.member()
    expect(walk.go("/profile").get_by_role("heading", name="Where you are logged in")).to_be_visible()


@state()
def another_address(walk: Walk) -> None:
    member, walk.email = walk.member(), f"ada.new.{secrets.token_hex(5)}@example.com"
    profile = ProfilePage(walk.go("/profile")).change_email().mail_me_a_link(walk.email, member.customer.password)
    profile.expect_waiting(walk.email)


@state(after=another_address)
def another_address_confirmed(walk: Walk) -> None:
    ConfirmEmailPage(walk.open_mailed_link())


@state(after=another_address_confirmed)
def another_address_confirmed_elsewhere(walk: Walk) -> None:
    walk.context.clear_cookies()
    walk.page.reload()
    ConfirmEmailPage(walk.page).confirm_in_vain("wrong")


@state()
def another_address_refused(walk: Walk) -> None:
    walk.member()
    ProfilePage(walk.go("/profile")).change_email().mail_me_a_link_in_vain("no address")


@state()
def profile_of_staff(walk: Walk) -> None:
    expect(walk.staff("/profile").get_by_text("10 codes left")).to_be_visible()


@state()
def app_begun(walk: Walk) -> None:
    walk.member()
    walk.go("/profile/app").get_by_role("button", name="Continue").click()
    expect(walk.page.get_by_role("alert")).to_be_visible()
