"""The staff find accounts, and have everything at Connexease read."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.pages import AccountsPage, InvitedPage, LogInPage, OverviewPage, WelcomePage
from e2e.running.mail import link_mailed_to
from e2e.running.people import PASSWORD, Customer
from e2e.running.stack import STAFF_EMAIL, STAFF_PASSWORD, Stack


@pytest.fixture
def accounts(page: Page, stack: Stack) -> AccountsPage:
    """The list, for somebody of the staff."""
    page.goto(f"{stack.url}/login")
    LogInPage(page).log_in_as_staff(STAFF_EMAIL, STAFF_PASSWORD)
    page.goto(f"{stack.url}/staff/accounts/")
    return AccountsPage(page)


def test_what_is_only_at_connexease_is_read_found_and_looked_at(accounts: AccountsPage, stack: Stack) -> None:
    name = f"Harbour {secrets.token_hex(4)}"
    made = stack.connexease.create_account(f"{secrets.token_hex(4)}@harbour.example.com", name=name)
    stack.connexease.create_channel(made["uuid"], name=f"Line {made['uuid'][:8]}")
    accounts.refresh()
    expect(accounts.mirror).to_contain_text("at Connexease, ")
    expect(accounts.row(name)).to_be_visible()  # the list followed by itself
    expect(accounts.button("Refresh accounts")).to_be_focused()  # it came back, and with it the keyboard
    accounts.find(f"line {made['uuid'][:8]}")
    accounts.expect_only(name)
    expect(accounts.page).to_have_url(f"{stack.url}/staff/accounts/?q=line+{made['uuid'][:8]}")
    account = accounts.open(name)
    expect(account.section("Channels")).to_contain_text(f"Line {made['uuid'][:8]}")
    expect(account.section("Details")).to_contain_text(made["uuid"])


def test_an_account_is_opened_for_a_customer_who_chooses_a_password(
    accounts: AccountsPage, stack: Stack, customer: Customer, open_context: Callable[..., BrowserContext]
) -> None:
    account = accounts.new_account().fill(customer).open_account(customer.company)
    expect(account.section("People")).to_contain_text("The owner hasn't chosen a password yet")
    theirs = open_context().new_page()
    theirs.goto(link_mailed_to(stack, customer.email))
    WelcomePage(theirs).choose(PASSWORD)
    OverviewPage(theirs, customer.company)


def test_an_account_of_connexease_is_handed_to_its_owner(
    accounts: AccountsPage, stack: Stack, customer: Customer, open_context: Callable[..., BrowserContext]
) -> None:
    made = stack.connexease.create_account(f"{secrets.token_hex(4)}@quay.example.com", name=customer.company)
    stack.connexease.create_channel(made["uuid"], name="Main line")
    accounts.refresh()
    expect(accounts.row(customer.company)).to_be_visible()
    accounts.open(customer.company).invite(customer.email)
    theirs = open_context().new_page()
    theirs.goto(link_mailed_to(stack, customer.email))
    page = InvitedPage(theirs, f"Manage “{customer.company}”")
    page.accept(customer.first_name, customer.last_name, PASSWORD)
    expect(OverviewPage(theirs, customer.company).main).to_contain_text("Main line")
