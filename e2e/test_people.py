"""The reseller's and the customers' people: apps for codes, and what a role lets somebody see."""

from __future__ import annotations

import secrets
import time

import pyotp
import pytest
from playwright.sync_api import Page, expect

from e2e.marks import both_ways
from e2e.pages import DashboardPage, EnrolPage, LogInPage
from e2e.stack import STAFF_EMAIL, STAFF_PASSWORD, Stack


@pytest.fixture
def newcomer(stack: Stack) -> str:
    """Somebody of the staff who has never logged in."""
    return stack.make_staff(f"new.{secrets.token_hex(4)}@example.com")


@pytest.fixture
def login(page: Page, stack: Stack) -> LogInPage:
    page.goto(f"{stack.url}/login")
    return LogInPage(page)


@both_ways
def test_staff_set_up_an_app_at_first_and_type_its_codes_from_then_on(
    login: LogInPage, newcomer: str, stack: Stack
) -> None:
    enrol = login.log_in_for_the_first_time(newcomer, STAFF_PASSWORD)
    expect(enrol.main.get_by_role("img", name="QR code for your authenticator app")).to_be_visible()
    enrol.page.goto(f"{stack.url}/staff/")
    enrol = LogInPage(enrol.page).log_in_for_the_first_time(newcomer, STAFF_PASSWORD)
    secret = enrol.secret
    enrol.finish_in_vain("000000")
    codes = EnrolPage(enrol.page).finish(pyotp.TOTP(secret).at(int(time.time()) - 30))
    kept = codes.codes
    assert len(kept) == 10
    with codes.page.expect_download() as download:
        codes.link("Download").click()
    assert download.value.path().read_text().split() == kept
    board = DashboardPage(codes.go_on())

    login = board.log_out(newcomer)
    code = login.log_in_with_code(newcomer, STAFF_PASSWORD).type_in_vain("000000")
    code.type_code(secret)
    login = DashboardPage(code.page).log_out(newcomer)
    board = login.log_in_with_code(newcomer, STAFF_PASSWORD).type_recovery_code(kept[3])
    expect(board.main).to_contain_text("9 are left")


def test_staff_log_in_with_a_code(login: LogInPage) -> None:
    login.log_in_as_staff(STAFF_EMAIL, STAFF_PASSWORD)
