"""The staff's overview in a browser: help on the board, look into the audit log."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, Route, expect

from e2e.pages import AuditPage, LogInPage, SetupPage, SignUpPage
from e2e.running.people import Customer, sign_up
from e2e.running.stack import STAFF_EMAIL, STAFF_PASSWORD, Stack


def staff(page: Page, stack: Stack) -> LogInPage:
    page.goto(f"{stack.url}/login")
    return LogInPage(page)


def begin(page: Page, stack: Stack, customer: Customer) -> SetupPage:
    page.goto(f"{stack.url}/signup")
    form = SignUpPage(page)
    form.fill(customer)
    return form.create_account()


def test_the_board_shows_trouble_by_itself_and_staff_mend_it(
    page: Page, stack: Stack, customer: Customer, open_context: Callable[..., BrowserContext]
) -> None:
    board = staff(open_context().new_page(), stack).log_in_as_staff(STAFF_EMAIL, STAFF_PASSWORD).board()
    stack.connexease.fault("status", "^/accounts/$", "GET", times=None, status=401)
    setup = begin(page, stack, customer)
    expect(board.row(customer.company)).to_contain_text("doesn't accept our reseller token")

    def mend(route: Route) -> None:
        stack.connexease.clear_faults()
        route.continue_()

    board.page.route("**/retry", mend)  # any sooner, and the worker's own next try may take the row away
    board.retry(customer.company)
    expect(board.row(customer.company)).to_have_count(0)
    expect(page).to_have_title(f"{customer.company} · Reseller portal")
    assert setup.page is page


def test_staff_vouch_for_a_customer(
    page: Page, stack: Stack, customer: Customer, open_context: Callable[..., BrowserContext]
) -> None:
    stack.connexease.create_account(customer.email)
    setup = begin(page, stack, customer)
    expect(setup.heading("An account with this address already exists")).to_be_visible()
    board = staff(open_context().new_page(), stack).log_in_as_staff(STAFF_EMAIL, STAFF_PASSWORD).board()
    set_up = board.open(customer.company)
    set_up.vouch("I called them.")
    expect(set_up.main.get_by_text("Ready", exact=True)).to_be_visible()  # it follows by itself
    expect(page).to_have_title(f"{customer.company} · Reseller portal")


def test_the_audit_log_is_filtered_as_one_chooses(page: Page, stack: Stack, context: BrowserContext) -> None:
    member = sign_up(context, stack)
    context.clear_cookies()
    staff(page, stack).log_in_as_staff(STAFF_EMAIL, STAFF_PASSWORD)
    page.goto(f"{stack.url}/staff/audit/?account={member.customer.email}")
    log = AuditPage(page)
    expect(log.entries.filter(has_text="subscribed to events about new channels")).to_have_count(1)
    log.only("Accounts and sign-ups")
    expect(log.entries.filter(has_text="subscribed to events")).to_have_count(0)
    expect(log.entries.filter(has_text=f"signed up as {member.customer.company}")).to_have_count(1)
    with page.expect_download() as download:
        log.link("Export CSV").click()
    assert "signed up as" in download.value.path().read_text()
