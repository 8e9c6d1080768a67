"""Sign-up where an address is proven first, and where the staff decide."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.marks import both_ways
from e2e.pages import CheckMailPage, ConfirmPage, FrontPage, LinkSpentPage, LogInPage, OverviewPage
from e2e.running.mail import link_mailed_to, mail_to
from e2e.running.people import Customer
from e2e.running.stack import STAFF_EMAIL, STAFF_PASSWORD, Stack

verified = pytest.mark.signup_policy("verified")
approval = pytest.mark.signup_policy("approval")


@pytest.fixture
def signed_up(front: FrontPage, customer: Customer) -> CheckMailPage:
    form = front.create_account()
    form.fill(customer)
    return form.create_account_by_mail()


@pytest.fixture
def elsewhere(open_context: Callable[..., BrowserContext]) -> Page:
    """A tab in another browser."""
    return open_context().new_page()


@both_ways
@verified
def test_confirmed_in_the_same_browser(signed_up: CheckMailPage, stack: Stack, customer: Customer) -> None:
    assert customer.email not in {a["contact_email"] for a in stack.connexease.accounts()}
    signed_up.page.goto(link_mailed_to(stack, customer.email))
    confirm = ConfirmPage(signed_up.page)
    expect(confirm.main.get_by_label("Password")).to_have_count(0)
    confirm.confirm().wait_until_ready(customer.company)


@verified
@pytest.mark.usefixtures("signed_up")
def test_confirmed_in_another_browser(elsewhere: Page, stack: Stack, customer: Customer) -> None:
    elsewhere.goto(link_mailed_to(stack, customer.email))
    confirm = ConfirmPage(elsewhere)
    confirm = confirm.confirm_in_vain("not what was chosen")
    expect(confirm.alert).to_contain_text("This isn't the password you signed up with. Try again, or reset it.")
    confirm.confirm(customer.password).wait_until_ready(customer.company)


@verified
def test_a_link_works_once(signed_up: CheckMailPage, elsewhere: Page, stack: Stack, customer: Customer) -> None:
    link = link_mailed_to(stack, customer.email)
    signed_up.page.goto(link)
    ConfirmPage(signed_up.page).confirm().wait_until_ready(customer.company)
    elsewhere.goto(link)
    LinkSpentPage(elsewhere)


@verified
def test_the_waiting_page_moves_on_when_the_link_is_opened_elsewhere(
    signed_up: CheckMailPage, elsewhere: Page, stack: Stack, customer: Customer
) -> None:
    signed_up.page.goto(f"{stack.url}/login")
    setup = LogInPage(signed_up.page).log_in_before_ready(customer.email, customer.password)
    expect(setup.heading("Confirm your email address")).to_be_visible()
    elsewhere.goto(link_mailed_to(stack, customer.email))
    ConfirmPage(elsewhere).confirm(customer.password).wait_until_ready(customer.company)
    setup.wait_until_ready(customer.company)


@verified
def test_an_address_that_is_known_is_not_given_away(
    signed_up: CheckMailPage, elsewhere: Page, stack: Stack, customer: Customer
) -> None:
    signed_up.page.goto(link_mailed_to(stack, customer.email))
    ConfirmPage(signed_up.page).confirm().wait_until_ready(customer.company)
    elsewhere.goto(stack.url)
    form = FrontPage(elsewhere).create_account()
    form.fill(customer)
    form.create_account_by_mail()
    assert "already" in str(mail_to(stack, customer.email, "already")["text"]).casefold()


@approval
def test_the_staff_approve(signed_up: CheckMailPage, elsewhere: Page, stack: Stack, customer: Customer) -> None:
    signed_up.page.goto(link_mailed_to(stack, customer.email))
    setup = ConfirmPage(signed_up.page).confirm()
    expect(setup.heading("Waiting for approval")).to_be_visible()
    elsewhere.goto(f"{stack.url}/login")
    board = LogInPage(elsewhere).log_in_as_staff(STAFF_EMAIL, STAFF_PASSWORD).board()
    expect(board.row(customer.company)).to_contain_text("Waiting for approval")
    board.approve(customer.company)
    setup.wait_until_ready(customer.company)
    signed_up.page.goto(link_mailed_to(stack, customer.email, "Your account is approved"))
    OverviewPage(signed_up.page, customer.company)


@approval
def test_the_staff_decline(signed_up: CheckMailPage, elsewhere: Page, stack: Stack, customer: Customer) -> None:
    signed_up.page.goto(link_mailed_to(stack, customer.email))
    setup = ConfirmPage(signed_up.page).confirm()
    elsewhere.goto(f"{stack.url}/login")
    board = LogInPage(elsewhere).log_in_as_staff(STAFF_EMAIL, STAFF_PASSWORD).board()
    board = board.decline(customer.company)
    expect(board.row(customer.company)).to_have_count(0)
    expect(setup.heading("This sign-up was declined")).to_be_visible()
    assert customer.email not in {a["contact_email"] for a in stack.connexease.accounts()}
