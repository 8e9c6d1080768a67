"""Logging out and in, and a forgotten password."""

from playwright.sync_api import Page

from e2e.marks import both_ways
from e2e.pages import LogInPage, OverviewPage, ResetPage
from e2e.running.mail import link_mailed_to
from e2e.running.people import Member
from e2e.running.stack import Stack

NEW = "nine copper kettles hum"


@both_ways
def test_log_out_and_in_and_forget_the_password(page: Page, member: Member, stack: Stack) -> None:
    customer = member.customer
    page.goto(member.account_url)
    login = OverviewPage(page, customer.company).log_out(customer.full_name)
    page.go_back()  # which shows nothing
    login = LogInPage(page).log_in_in_vain(customer.email, "something else entirely")
    assert "The email address or password is wrong." in login.alert.inner_text()
    overview = login.log_in(customer.email, customer.password, customer.company)
    overview.log_out(customer.full_name).forgot_password().mail_me_a_link(customer.email)
    page.goto(link_mailed_to(stack, customer.email))
    reset = ResetPage(page).save_in_vain("short")
    assert "Use at least 12 characters." in reset.alert.inner_text()
    reset.save(NEW, customer.company)
