"""Who belongs to an account or to the staff, and who is invited."""

from __future__ import annotations

import secrets

import pyotp
from playwright.sync_api import expect

from e2e.pages import DashboardPage, LogInPage, OverviewPage
from e2e.pages.people import InvitationPage, PeoplePage, SettingsPage
from e2e.running.mail import link_mailed_to
from e2e.running.stack import STAFF_PASSWORD
from e2e.states.walk import Walk, state


@state()
def settings(walk: Walk) -> None:
    member = walk.member()
    walk.page.goto(f"{member.account_url}settings/")
    SettingsPage(walk.page).invite(f"deniz.{secrets.token_hex(3)}@example.com", "Operator")
    SettingsPage(walk.page).invite_in_vain("no address")


@state()
def member_of_account(walk: Walk) -> None:
    member = walk.member()
    walk.page.goto(f"{member.account_url}settings/")
    SettingsPage(walk.page).open(member.customer.full_name).unfold("Leave account")


@state()
def invitation(walk: Walk) -> None:
    member, email = walk.member(), f"deniz.{secrets.token_hex(3)}@example.com"
    walk.page.goto(f"{member.account_url}settings/")
    SettingsPage(walk.page).invite(email, "Developer")
    walk.context.clear_cookies()
    walk.page.goto(link_mailed_to(walk.stack, email))
    InvitationPage(walk.page).join_in_vain()


@state()
def invitation_over(walk: Walk) -> None:
    page = walk.go("/invitations/nothing")
    expect(page.get_by_role("heading", name="This invitation no longer works")).to_be_visible()


@state()
def people_of_staff(walk: Walk) -> None:
    PeoplePage(walk.staff("/staff/people/")).invite(f"robin.{secrets.token_hex(3)}@example.com", "Support")


@state()
def colleague(walk: Walk) -> None:
    email = walk.stack.make_staff(f"new.{secrets.token_hex(4)}@example.com", "support")
    people_of_staff(walk)
    person = PeoplePage(walk.page).open(email)
    person.unfold("Switch off login")
    person.unfold("Remove from staff")


@state()
def staff_with_an_account(walk: Walk) -> None:
    """The header leads to the customers' accounts and to their own."""
    email = walk.stack.make_staff(f"new.{secrets.token_hex(4)}@example.com", "support")
    member = walk.member()
    walk.page.goto(f"{member.account_url}settings/")
    SettingsPage(walk.page).invite(email, "Member")
    walk.context.clear_cookies()
    enrol = LogInPage(walk.go("/login")).log_in_for_the_first_time(email, STAFF_PASSWORD)
    enrol.finish(pyotp.TOTP(enrol.secret).now()).go_on()
    DashboardPage(walk.page)
    walk.page.goto(link_mailed_to(walk.stack, email, "You're invited"))
    walk.page.get_by_role("button", name=f"Accept as {email}").click()
    OverviewPage(walk.page, member.customer.company)
    expect(walk.page.get_by_role("link", name="Your accounts")).to_be_visible()
