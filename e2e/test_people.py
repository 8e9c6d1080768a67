"""The reseller's and the customers' people: apps for codes, and what a role lets somebody see."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pyotp
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.marks import both_ways
from e2e.pages import DashboardPage, EnrolPage, LogInPage
from e2e.pages.people import InvitationPage, PeoplePage, SettingsPage
from e2e.running.mail import link_mailed_to
from e2e.running.people import PASSWORD, Member
from e2e.running.stack import STAFF_EMAIL, STAFF_PASSWORD, Stack


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
    codes = EnrolPage(enrol.page).finish(pyotp.TOTP(secret).now())
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
    expect(board.main).to_contain_text("9 codes left")


def test_staff_log_in_with_a_code(login: LogInPage) -> None:
    login.log_in_as_staff(STAFF_EMAIL, STAFF_PASSWORD)


@both_ways
def test_a_colleague_is_invited_and_sees_only_what_the_role_lets_them_see(
    page: Page, open_context: Callable[..., BrowserContext], member: Member, stack: Stack
) -> None:
    colleague = f"deniz.{secrets.token_hex(4)}@example.com"
    page.goto(f"{member.account_url}settings/")
    settings = SettingsPage(page)
    settings.invite(colleague, "Operator")
    expect(settings.row(colleague)).to_contain_text("Invited")
    theirs = open_context().new_page()
    theirs.goto(link_mailed_to(stack, colleague))
    invitation = InvitationPage(theirs).join_in_vain()
    overview = invitation.join_account("Deniz", "Kaya", PASSWORD, member.customer.company)
    nav = theirs.get_by_role("navigation", name="Account")
    expect(nav.get_by_role("link", name="Channels")).to_be_visible()
    expect(nav.get_by_role("link", name="Messages")).to_be_visible()
    for hidden in ("Webhooks", "Events", "Tokens and keys"):
        expect(nav.get_by_role("link", name=hidden)).to_have_count(0)
    theirs.goto(f"{member.account_url}webhooks/")
    expect(theirs.get_by_role("heading", name="You can't do this")).to_be_visible()

    page.reload()
    person = SettingsPage(page).open("Deniz Kaya")
    person.main.get_by_role("combobox", name="Role").select_option(
        label="Developer: manages webhooks, events and keys"
    )
    person.press("Save role")
    expect(person.status).to_contain_text("Role saved")
    theirs.reload()
    expect(theirs.get_by_role("heading", name="Webhooks", exact=True)).to_be_visible()
    person.unfold("Remove from account")
    person.press("Remove Deniz Kaya")
    expect(SettingsPage(page).row(colleague)).to_have_count(0)
    overview.page.goto(member.account_url)
    expect(theirs.get_by_role("heading", name="Page not found")).to_be_visible()


def test_an_admin_invites_a_colleague_and_switches_them_off(
    login: LogInPage, open_context: Callable[..., BrowserContext], stack: Stack
) -> None:
    colleague = f"robin.{secrets.token_hex(4)}@example.com"
    login.log_in_as_staff(STAFF_EMAIL, STAFF_PASSWORD)
    login.page.goto(f"{stack.url}/staff/people/")
    people = PeoplePage(login.page)
    people.invite(colleague, "Support")
    theirs = open_context().new_page()
    theirs.goto(link_mailed_to(stack, colleague))
    InvitationPage(theirs).join("Robin", "Lee", PASSWORD)
    enrol = EnrolPage(theirs)
    enrol.finish(pyotp.TOTP(enrol.secret).now()).go_on()
    DashboardPage(theirs)
    theirs.goto(f"{stack.url}/staff/people/")
    expect(PeoplePage(theirs).heading("Invite a team member")).to_have_count(0)

    people.page.reload()
    person = PeoplePage(people.page).open("Robin Lee")
    person.unfold("Switch off login")
    person.press("Switch off Robin Lee")
    expect(person.status).to_contain_text("Robin Lee was switched off")
    theirs.reload()
    LogInPage(theirs).log_in_in_vain(colleague, PASSWORD)
