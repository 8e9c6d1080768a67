"""Sign-up where an address is proven first, and where the staff decide."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.pages import BoardPage, ConfirmPage, DashboardPage, FrontPage, LogInPage, OverviewPage, SetupPage
from e2e.running.mail import link_mailed_to
from e2e.running.people import Customer, begin_to_sign_up
from e2e.running.stack import STAFF_EMAIL, Stack
from e2e.states.look import look


@pytest.fixture
def elsewhere(open_context: Callable[..., BrowserContext]) -> Page:
    """A tab in another browser."""
    return open_context().new_page()


@pytest.mark.signup_policy("verified")
@pytest.mark.parametrize("cdn", ["unreachable"], indirect=True)
def test_confirmed_in_the_same_browser_without_htmx(front: FrontPage, stack: Stack, customer: Customer) -> None:
    """With htmx, somebody does so in Turkish: see `test_turkish.py`."""
    form = front.create_account()
    form.fill(customer)
    page = form.create_account_by_mail().page
    assert customer.email not in {a["contact_email"] for a in stack.connexease.accounts()}
    page.goto(link_mailed_to(stack, customer.email))
    confirm = ConfirmPage(page)
    expect(confirm.main.get_by_label("Password")).to_have_count(0)
    confirm.confirm().wait_until_ready(customer.company)


@pytest.mark.signup_policy("verified")
def test_the_waiting_page_moves_on_when_the_link_is_opened_elsewhere(
    page: Page, context: BrowserContext, elsewhere: Page, stack: Stack, customer: Customer, folder: str | None
) -> None:
    begin_to_sign_up(context, stack, customer)
    page.goto(f"{stack.url}/login")
    setup = LogInPage(page).log_in_before_ready(customer.email, customer.password)
    expect(setup.heading("Confirm your email address")).to_be_visible()
    look(page, "waiting-for-proof", folder)
    waiting = page.url
    page.goto(f"{stack.url}/profile/email")
    expect(page.get_by_role("link", name="Correct address")).to_be_visible()
    look(page, "another-address-during-set-up", folder)
    page.goto(waiting)
    elsewhere.goto(link_mailed_to(stack, customer.email))
    confirm = ConfirmPage(elsewhere).confirm_in_vain("not what was chosen")
    expect(confirm.alert).to_contain_text("This isn't the password you signed up with. Try again, or reset it.")
    look(elsewhere, "confirm-address-refused", folder)
    confirm.confirm(customer.password).wait_until_ready(customer.company)
    setup.wait_until_ready(customer.company)


@pytest.mark.signup_policy("approval")
def test_the_staff_approve_and_decline(
    page: Page, context: BrowserContext, elsewhere: Page, stack: Stack, folder: str | None
) -> None:
    customer = Customer()
    setup = wait_for_approval(page, context, stack, customer)
    look(page, "waiting-for-approval", folder)
    stack.log_in(elsewhere.context, STAFF_EMAIL)
    elsewhere.goto(f"{stack.url}/staff/")
    board = DashboardPage(elsewhere).board()
    expect(board.row(customer.company)).to_contain_text("Waiting for approval")
    look(elsewhere, "staff-board", folder)
    board.approve(customer.company)
    setup.wait_until_ready(customer.company)
    page.goto(link_mailed_to(stack, customer.email, "Your account is approved"))
    OverviewPage(page, customer.company)

    customer = Customer()
    setup = wait_for_approval(page, context, stack, customer)
    elsewhere.reload()
    board.link(f"Decline sign-up {customer.company}").click()
    expect(elsewhere.get_by_label("Note to the customer")).to_be_visible()
    look(elsewhere, "staff-declines", folder)
    elsewhere.go_back()
    board = BoardPage(elsewhere).decline(customer.company)
    expect(board.row(customer.company)).to_have_count(0)
    expect(setup.heading("This sign-up was declined")).to_be_visible()
    assert customer.email not in {a["contact_email"] for a in stack.connexease.accounts()}


def wait_for_approval(page: Page, context: BrowserContext, stack: Stack, customer: Customer) -> SetupPage:
    begin_to_sign_up(context, stack, customer)
    page.goto(link_mailed_to(stack, customer.email))
    setup = ConfirmPage(page).confirm()
    expect(setup.heading("Waiting for approval")).to_be_visible()
    return setup
