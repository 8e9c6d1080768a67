"""The staff find accounts, have everything at Connexease read, and hand accounts to their owners."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.pages import AccountsPage, InvitedPage, NewAccountForm, OverviewPage, WelcomePage
from e2e.running.mail import link_mailed_to
from e2e.running.people import PASSWORD, Customer
from e2e.running.stack import STAFF_EMAIL, Stack
from e2e.states.look import look


@pytest.fixture
def accounts(page: Page, context: BrowserContext, stack: Stack) -> AccountsPage:
    """The list, for somebody of the staff."""
    stack.log_in(context, STAFF_EMAIL)
    page.goto(f"{stack.url}/staff/accounts/")
    return AccountsPage(page)


def test_what_is_only_at_connexease_is_read_found_and_handed_to_its_owner(
    accounts: AccountsPage,
    stack: Stack,
    customer: Customer,
    open_context: Callable[..., BrowserContext],
    folder: str | None,
) -> None:
    page, connexease, name = accounts.page, stack.connexease, customer.company
    uuid = connexease.create_account(f"{secrets.token_hex(4)}@harbour.example.com", name=name)["uuid"]
    line = f"Line {uuid[:8]}"
    connexease.create_channel(uuid, name=line)
    connexease.create_channel(uuid, name="Old line", connected=False)
    connexease.create_webhook(uuid, "https://orders.example.com/hook", headers={"X-Key": "not shown"})
    connexease.create_access_token(uuid, expires_in=864_000)
    accounts.refresh()
    expect(accounts.mirror).to_contain_text("at Connexease, ")
    expect(accounts.row(name)).to_be_visible()  # the list followed by itself
    expect(accounts.button("Refresh accounts")).to_be_focused()  # it came back, and with it the keyboard
    look(page, "staff-accounts-read", folder)
    accounts.find("nobody at all")
    expect(accounts.heading("No account matches")).to_be_visible()
    look(page, "staff-accounts-none-match", folder)
    accounts.find(line.lower())
    accounts.expect_only(name)
    expect(page).to_have_url(f"{stack.url}/staff/accounts/?q=line+{uuid[:8]}")
    account = accounts.open(name)
    expect(account.section("Channels")).to_contain_text(line)
    expect(account.section("Details")).to_contain_text(uuid)
    look(page, "staff-account-elsewhere", folder)

    account.main.get_by_label("New owner's email").fill("no address")
    account.button("Send invitation").click()
    expect(account.alert).to_be_focused()
    look(page, "staff-invites-in-vain", folder)
    account.invite(customer.email)
    look(page, "staff-account-invited", folder)
    theirs = open_context().new_page()
    theirs.goto(link_mailed_to(stack, customer.email))
    invited = InvitedPage(theirs, f"Manage “{name}”")
    look(theirs, "invited-to-take-over", folder)
    invited.accept(customer.first_name, customer.last_name, PASSWORD)
    expect(OverviewPage(theirs, name).main).to_contain_text(line)

    connexease.fault("timeout_before", "^/accounts/$", times=None, seconds=30)
    page.goto(f"{stack.url}/staff/accounts/")
    expect(accounts.refresh().mirror.get_by_role("progressbar")).to_be_visible()
    look(page, "staff-accounts-being-read", folder)


def test_an_account_is_opened_for_a_customer_who_chooses_a_password(
    accounts: AccountsPage,
    stack: Stack,
    customer: Customer,
    open_context: Callable[..., BrowserContext],
    folder: str | None,
) -> None:
    page = accounts.page
    form = accounts.new_account()
    look(page, "new-account-form", folder)
    form.fill(Customer(email="no address")).open_in_vain()
    look(page, "new-account-refused", folder)
    account = NewAccountForm(page).fill(customer).open_account(customer.company)
    expect(account.section("People")).to_contain_text("The owner hasn't chosen a password yet")
    theirs = open_context().new_page()
    theirs.goto(link_mailed_to(stack, customer.email))
    WelcomePage(theirs).choose(PASSWORD)
    OverviewPage(theirs, customer.company)
