"""What people change about themselves, and a colleague who has an account of their own."""

from __future__ import annotations

import secrets

from playwright.sync_api import expect

from e2e.pages import (
    ConfirmEmailPage,
    EmailPage,
    LogInPage,
    OverviewPage,
    PasswordPage,
    ProfilePage,
    ResetPage,
)
from e2e.pages.people import SettingsPage
from e2e.running.mail import link_mailed_to
from e2e.states.walk import Walk, state


@state()
def app_begun(walk: Walk) -> None:
    walk.customer = walk.member().customer
    walk.go("/profile/app").get_by_role("button", name="Continue").click()
    expect(walk.page.get_by_role("alert")).to_be_visible()


@state(after=app_begun)
def password(walk: Walk) -> None:
    assert walk.customer is not None
    banner = walk.page.get_by_role("banner")
    banner.get_by_role("button", name=walk.customer.full_name).click()
    banner.get_by_role("link", name="Change your password").click()
    PasswordPage(walk.page)


@state(after=password)
def profile(walk: Walk) -> None:
    assert walk.customer is not None
    old, walk.customer.password = walk.customer.password, "nine copper kettles hum"
    PasswordPage(walk.page).change(old, walk.customer.password).link("Your profile").click()
    expect(walk.page.get_by_role("heading", name="Where you are logged in")).to_be_visible()


@state(after=profile)
def another_address_refused(walk: Walk) -> None:
    ProfilePage(walk.page).change_email().mail_me_a_link_in_vain("no address")


@state(after=another_address_refused)
def another_address(walk: Walk) -> None:
    assert walk.customer is not None
    walk.email = f"ada.new.{secrets.token_hex(5)}@example.com"
    EmailPage(walk.page).mail_me_a_link(walk.email, walk.customer.password).expect_waiting(walk.email)


@state(after=another_address)
def another_address_confirmed(walk: Walk) -> None:
    ConfirmEmailPage(walk.open_mailed_link())


@state(after=another_address_confirmed)
def another_address_confirmed_elsewhere(walk: Walk) -> None:
    walk.context.clear_cookies()
    walk.page.reload()
    ConfirmEmailPage(walk.page).confirm_in_vain("wrong")


@state(after=another_address_confirmed_elsewhere)
def reset_refused(walk: Walk) -> None:
    assert walk.customer is not None
    LogInPage(walk.go("/login")).forgot_password().mail_me_a_link(walk.customer.email)
    walk.page.goto(link_mailed_to(walk.stack, walk.customer.email, "Reset your password"))
    ResetPage(walk.page).save_in_vain("short")


@state()
def staff_with_an_account(walk: Walk) -> None:
    """The header leads to the customers' accounts and to their own."""
    email = walk.stack.make_staff(f"new.{secrets.token_hex(4)}@example.com", "support")
    member = walk.member()
    walk.page.goto(f"{member.account_url}settings/")
    SettingsPage(walk.page).invite(email, "Member")
    walk.stack.give_app(email)
    walk.stack.log_in(walk.context, email)
    walk.page.goto(link_mailed_to(walk.stack, email, "You're invited"))
    walk.page.get_by_role("button", name=f"Accept as {email}").click()
    OverviewPage(walk.page, member.customer.company)
    expect(walk.page.get_by_role("link", name="Your accounts")).to_be_visible()
