"""Logging in and out, a forgotten password, what a new password ends, and another address to log in with."""

import secrets
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.marks import both_ways
from e2e.pages import (
    ConfirmEmailPage,
    ForgotPage,
    LinkSpentPage,
    LogInPage,
    OverviewPage,
    ProfilePage,
    ResetPage,
)
from e2e.running.mail import link_mailed_to
from e2e.running.people import Member
from e2e.running.stack import Stack

NEW = "nine copper kettles hum"


@pytest.fixture
def overview(page: Page, member: Member) -> OverviewPage:
    page.goto(member.account_url)
    return OverviewPage(page, member.customer.company)


@pytest.fixture
def visitor(open_context: Callable[..., BrowserContext], stack: Stack) -> LogInPage:
    """The log-in page in another browser."""
    page = open_context().new_page()
    page.goto(f"{stack.url}/login")
    return LogInPage(page)


@both_ways
def test_log_out_and_in(overview: OverviewPage, member: Member) -> None:
    customer = member.customer
    login = overview.log_out(member.customer.full_name)
    login = login.log_in_in_vain(customer.email, "something else entirely")
    expect(login.alert).to_contain_text("The email address or password is wrong.")
    login.log_in(customer.email, customer.password, customer.company)


def test_back_after_log_out_shows_nothing(overview: OverviewPage, member: Member) -> None:
    login = overview.log_out(member.customer.full_name)
    login.page.go_back()
    LogInPage(login.page)


def test_reset_a_forgotten_password(
    overview: OverviewPage, visitor: LogInPage, member: Member, stack: Stack
) -> None:
    customer = member.customer
    visitor.forgot_password().mail_me_a_link(customer.email)
    link = link_mailed_to(stack, customer.email)
    visitor.page.goto(link)
    reset = ResetPage(visitor.page).save_in_vain("short")
    expect(reset.alert).to_contain_text("Use at least 12 characters.")
    reset.save(NEW, customer.company)
    visitor.page.goto(link)
    LinkSpentPage(visitor.page)
    overview.page.reload()
    LogInPage(overview.page).log_in(customer.email, NEW, customer.company)


def test_reset_for_nobody_says_the_same(visitor: LogInPage) -> None:
    sent = visitor.forgot_password().mail_me_a_link("nobody@example.com")
    sent.link("Try again").click()
    ForgotPage(sent.page)


def test_a_new_password_ends_every_other_session(
    overview: OverviewPage, visitor: LogInPage, member: Member
) -> None:
    customer = member.customer
    other = visitor.log_in(customer.email, customer.password, customer.company)
    password = overview.change_password(customer.full_name)
    password.change(customer.password, NEW)
    other.page.reload()
    LogInPage(other.page).log_in(customer.email, NEW, customer.company)
    password.page.goto(member.account_url)
    OverviewPage(password.page, customer.company)


@both_ways
def test_another_address_to_log_in_with(
    overview: OverviewPage, visitor: LogInPage, member: Member, stack: Stack
) -> None:
    customer, new = member.customer, f"ada.new.{secrets.token_hex(5)}@example.com"
    overview.page.goto(f"{stack.url}/profile")
    form = ProfilePage(overview.page).change_email().mail_me_a_link_in_vain(new, "wrong")
    expect(form.alert).to_contain_text("This isn't your password. Try again.")
    profile = form.mail_me_a_link(new, customer.password)
    profile.expect_waiting(new)
    profile.page.goto(link_mailed_to(stack, new))
    profile = ConfirmEmailPage(profile.page).confirm()
    expect(profile.status).to_contain_text(f"Your email address is now {new}.")
    login = visitor.log_in_in_vain(customer.email, customer.password)
    login.log_in(new, customer.password, customer.company)
