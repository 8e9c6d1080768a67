"""The reseller's and the customers' people: apps for codes, and what a role lets somebody see."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pyotp
from playwright.sync_api import BrowserContext, Page, expect

from e2e.marks import both_ways
from e2e.pages import DashboardPage, LogInPage
from e2e.pages.people import InvitationPage, SettingsPage
from e2e.running.mail import link_mailed_to
from e2e.running.people import PASSWORD, Member
from e2e.running.stack import STAFF_PASSWORD, Stack
from e2e.states.look import look


@both_ways
def test_staff_set_up_an_app_at_first_and_type_its_codes_from_then_on(
    page: Page, stack: Stack, folder: str | None
) -> None:
    newcomer = stack.make_staff(f"new.{secrets.token_hex(4)}@example.com")
    page.goto(f"{stack.url}/login")
    enrol = LogInPage(page).log_in_for_the_first_time(newcomer, STAFF_PASSWORD)
    expect(enrol.main.get_by_role("img", name="QR code for your authenticator app")).to_be_visible()
    page.goto(f"{stack.url}/staff/")
    enrol = LogInPage(page).log_in_for_the_first_time(newcomer, STAFF_PASSWORD)
    enrol = enrol.finish_in_vain("000000")
    secret = enrol.secret
    look(page, "first-log-in-of-staff", folder)
    codes = enrol.finish(pyotp.TOTP(secret).now())
    kept = codes.codes
    assert len(kept) == 10
    with page.expect_download() as download:
        codes.link("Download").click()
    assert download.value.path().read_text().split() == kept
    look(page, "recovery-codes", folder)
    board = DashboardPage(codes.go_on())

    login = board.log_out(newcomer)
    code = login.log_in_with_code(newcomer, STAFF_PASSWORD).type_in_vain("000000")
    look(page, "code-refused", folder)
    code.type_code(secret)
    login = DashboardPage(page).log_out(newcomer)
    board = login.log_in_with_code(newcomer, STAFF_PASSWORD).type_recovery_code(kept[3])
    expect(board.main).to_contain_text("9 codes left")


def test_a_colleague_is_invited_and_sees_only_what_the_role_lets_them_see(
    page: Page, open_context: Callable[..., BrowserContext], member: Member, stack: Stack, folder: str | None
) -> None:
    colleague = f"deniz.{secrets.token_hex(4)}@example.com"
    page.goto(f"{member.account_url}settings/")
    settings = SettingsPage(page)
    settings.invite(colleague, "Operator")
    expect(settings.row(colleague)).to_contain_text("Invited")
    settings.invite_in_vain("no address")
    look(page, "settings", folder)
    theirs = open_context().new_page()
    theirs.goto(link_mailed_to(stack, colleague))
    invitation = InvitationPage(theirs).join_in_vain()
    look(theirs, "invitation", folder)
    overview = invitation.join_account("Deniz", "Kaya", PASSWORD, member.customer.company)
    nav = theirs.get_by_role("navigation", name="Account")
    expect(nav.get_by_role("link", name="Channels")).to_be_visible()
    expect(nav.get_by_role("link", name="Messages")).to_be_visible()
    for hidden in ("Webhooks", "Events", "Tokens and keys"):
        expect(nav.get_by_role("link", name=hidden)).to_have_count(0)

    page.goto(f"{member.account_url}settings/")
    SettingsPage(page).open(member.customer.full_name).unfold("Leave account")
    look(page, "member-of-account", folder)
    page.goto(f"{member.account_url}settings/")
    person = SettingsPage(page).open("Deniz Kaya")
    person.main.get_by_role("combobox", name="Role").select_option(
        label="Developer: manages webhooks, events and keys"
    )
    person.press("Save role")
    expect(person.status).to_contain_text("Role saved")
    person.unfold("Remove from account")
    person.press("Remove Deniz Kaya")
    expect(SettingsPage(page).row(colleague)).to_have_count(0)
    overview.page.reload()
    expect(theirs.get_by_role("heading", name="Page not found")).to_be_visible()
