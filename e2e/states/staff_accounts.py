"""The staff's pages of accounts in every state."""

from __future__ import annotations

import secrets

from playwright.sync_api import expect

from e2e.pages import AccountPage, AccountsPage, InvitedPage, NewAccountForm
from e2e.pages.people import PeoplePage
from e2e.running.people import Customer
from e2e.states.walk import Walk, state

LIST = "/staff/accounts/"


def accounts(walk: Walk, query: str = "") -> AccountsPage:
    """The list, for somebody of the staff."""
    return AccountsPage(walk.staff(f"{LIST}{query}"))


def elsewhere(walk: Walk) -> tuple[str, str]:
    """An account that exists only at Connexease, with all that it may hold: its name and UUID."""
    connexease, name = walk.stack.connexease, f"Harbour {secrets.token_hex(3)}"
    uuid = connexease.create_account(f"{secrets.token_hex(4)}@harbour.example.com", name=name)["uuid"]
    connexease.create_channel(uuid, name="Main line")
    connexease.create_channel(uuid, name="Old line", connected=False)
    connexease.create_webhook(uuid, "https://orders.example.com/hook", headers={"X-Key": "not shown"})
    connexease.create_access_token(uuid, expires_in=864_000)
    return name, uuid


@state()
def staff_accounts_read(walk: Walk) -> None:
    walk.member()
    name, _uuid = elsewhere(walk)
    page = accounts(walk).refresh()
    expect(page.row(name)).to_be_visible()


@state()
def staff_accounts_being_read(walk: Walk) -> None:
    walk.stack.connexease.fault("timeout_before", "^/accounts/$", times=None, seconds=30)
    page = accounts(walk).refresh()
    expect(page.mirror.get_by_role("progressbar")).to_be_visible()


@state()
def staff_accounts_none_match(walk: Walk) -> None:
    page = accounts(walk).find("nobody at all")
    expect(page.heading("No account matches")).to_be_visible()


@state()
def staff_account(walk: Walk) -> None:
    member = walk.member()
    walk.stack.connexease.create_channel(member.connexease_uuid, name="Shop")
    page = accounts(walk).find(member.customer.email)
    page.expect_only(member.customer.company)
    AccountsPage(walk.page).open(member.customer.company)


@state()
def customers_app_to_reset(walk: Walk) -> None:
    member = walk.member()
    walk.stack.give_app(member.customer.email)
    accounts(walk).find(member.customer.email).expect_only(member.customer.company)
    page = AccountsPage(walk.page).open(member.customer.company)
    page.link(f"Reset authenticator app {member.customer.full_name}").click()
    expect(page.heading("Reset authenticator app")).to_be_visible()


@state()
def colleagues_app_to_reset(walk: Walk) -> None:
    email = walk.stack.make_staff(f"new.{secrets.token_hex(4)}@example.com", "support")
    walk.stack.give_app(email)
    page = PeoplePage(walk.staff("/staff/people/")).open(email)
    page.link("Reset authenticator app").click()
    expect(page.heading("Reset authenticator app")).to_be_visible()


@state()
def staff_account_elsewhere(walk: Walk) -> None:
    name, uuid = elsewhere(walk)
    page = accounts(walk).refresh()
    expect(page.row(name)).to_be_visible()
    AccountPage(walk.go(f"{LIST}{uuid}"), name)


@state()
def staff_account_invited(walk: Walk) -> None:
    name, uuid = elsewhere(walk)
    walk.email = f"{secrets.token_hex(4)}@owner.example.com"
    page = accounts(walk).refresh()
    expect(page.row(name)).to_be_visible()
    AccountPage(walk.go(f"{LIST}{uuid}"), name).invite(walk.email)


@state(after=staff_account_invited)
def invited_to_take_over(walk: Walk) -> None:
    name = walk.page.get_by_role("heading", level=1).inner_text()
    walk.context.clear_cookies()
    InvitedPage(walk.open_mailed_link(), f"Manage “{name}”")


@state()
def staff_invites_in_vain(walk: Walk) -> None:
    name, uuid = elsewhere(walk)
    page = accounts(walk).refresh()
    expect(page.row(name)).to_be_visible()
    page = AccountPage(walk.go(f"{LIST}{uuid}"), name)
    page.main.get_by_label("New owner's email").fill("no address")
    page.button("Send invitation").click()
    expect(page.alert).to_be_focused()


@state()
def new_account_form(walk: Walk) -> None:
    accounts(walk).new_account()


@state(after=new_account_form)
def new_account_refused(walk: Walk) -> None:
    NewAccountForm(walk.page).fill(Customer(email="no address")).open_in_vain()


@state()
def staff_prices(walk: Walk) -> None:
    page = walk.staff("/staff/prices/new")
    for region, amount in (("TR", "0.0125"), ("", "0.07")):
        walk.go("/staff/prices/new")
        page.get_by_label("Country (optional)").fill(region)
        page.get_by_label("Price per message").fill(amount)
        page.get_by_label("Currency").fill("USD")
        page.get_by_role("button", name="Add price").click()
        page.get_by_text("Price saved.").or_(page.get_by_role("alert")).first.wait_for()
    walk.go("/staff/prices/")
    expect(page.get_by_role("link", name="Türkiye TR")).to_be_visible()


@state()
def staff_price_refused(walk: Walk) -> None:
    page = walk.staff("/staff/prices/new")
    page.get_by_label("Country (optional)").fill("XX")
    page.get_by_label("Price per message").fill("1")
    page.get_by_role("button", name="Add price").click()
    expect(page.get_by_role("alert")).to_contain_text("two letters of a country")
