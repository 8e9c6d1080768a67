"""The staff find accounts, and have everything at Connexease read."""

from __future__ import annotations

import secrets

import pytest
from playwright.sync_api import Page, expect

from e2e.pages import AccountsPage, LogInPage
from e2e.stack import STAFF_EMAIL, STAFF_PASSWORD, Stack


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
    expect(accounts.mirror).to_contain_text("accounts at Connexease")
    expect(accounts.row(name)).to_be_visible()  # the list followed by itself
    accounts.find(f"line {made['uuid'][:8]}")
    accounts.expect_only(name)
    expect(accounts.page).to_have_url(f"{stack.url}/staff/accounts/?q=line+{made['uuid'][:8]}")
    account = accounts.open(name)
    expect(account.section("Channels")).to_contain_text(f"Line {made['uuid'][:8]}")
    expect(account.section("Facts")).to_contain_text(made["uuid"])
