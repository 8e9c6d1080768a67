"""The staff's overview in a browser: help on the board, look into the audit log."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, Route, expect

from e2e.pages import AuditPage, BoardPage, SetupPage
from e2e.running.people import Customer, begin_to_sign_up, sign_up
from e2e.running.stack import STAFF_EMAIL, Stack
from e2e.states.look import look


def staff(context: BrowserContext, stack: Stack, path: str) -> Page:
    stack.log_in(context, STAFF_EMAIL)
    page = context.new_page()
    page.goto(f"{stack.url}/staff/{path}")
    return page


def test_the_board_shows_trouble_by_itself_and_staff_mend_it(
    page: Page,
    context: BrowserContext,
    stack: Stack,
    open_context: Callable[..., BrowserContext],
    folder: str | None,
) -> None:
    board = BoardPage(staff(open_context(), stack, "provisioning/"))
    stack.connexease.fault("status", "^/accounts/$", "GET", times=None, status=401)
    customer = Customer()
    page.goto(f"{stack.url}{begin_to_sign_up(context, stack, customer)}setup")
    expect(board.row(customer.company)).to_contain_text("doesn't accept our reseller token")

    def mend(route: Route) -> None:
        stack.connexease.clear_faults()
        route.continue_()

    board.page.route("**/retry", mend)  # any sooner, and the worker's own next try may take the row away
    board.retry(customer.company)
    expect(board.row(customer.company)).to_have_count(0)
    SetupPage(page).wait_until_ready(customer.company)

    # Staff vouch for a customer.
    customer = Customer()
    stack.connexease.create_account(customer.email)
    page.goto(f"{stack.url}{begin_to_sign_up(context, stack, customer)}setup")
    setup = SetupPage(page)
    expect(setup.heading("An account with this address already exists")).to_be_visible()
    look(page, "address-known-at-connexease", folder)
    board.page.reload()
    set_up = board.open(customer.company)
    set_up.vouch_in_vain()
    look(set_up.page, "staff-set-up", folder)
    set_up.vouch("I called them.")
    expect(set_up.main.get_by_text("Ready", exact=True)).to_be_visible()  # it follows by itself
    setup.wait_until_ready(customer.company)


def test_the_audit_log_is_filtered_as_one_chooses(
    stack: Stack, context: BrowserContext, folder: str | None
) -> None:
    member = sign_up(context, stack)
    page = staff(context, stack, "audit/")
    look(page, "staff-audit", folder)
    page.goto(f"{stack.url}/staff/audit/?account={member.customer.email}")
    log = AuditPage(page)
    expect(log.entries.filter(has_text="subscribed to events about new channels")).to_have_count(1)
    log.only("Accounts and sign-ups")
    expect(log.entries.filter(has_text="subscribed to events")).to_have_count(0)
    expect(log.entries.filter(has_text=f"signed up as {member.customer.company}")).to_have_count(1)
    with page.expect_download() as download:
        log.link("Export CSV").click()
    assert "signed up as" in download.value.path().read_text()
    page.goto(f"{stack.url}/staff/audit/?q=nothing+like+this")
    expect(page.get_by_role("heading", name="No entry matches")).to_be_visible()
    look(page, "staff-audit-empty", folder)
    page.goto(f"{stack.url}/staff/audit/?since=1999-01-01T00:00")
    expect(page.get_by_role("alert")).to_be_visible()
    look(page, "staff-audit-refused", folder)
