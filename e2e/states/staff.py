"""The staff's pages, but for those that a journey of its own walks through."""

from __future__ import annotations

import secrets

from playwright.sync_api import expect

from e2e.pages import AccountsPage
from e2e.pages.people import PeoplePage
from e2e.running.people import Customer
from e2e.states.walk import Walk, state


@state()
def staff_board_of_every_kind(walk: Walk) -> None:
    channels = walk.opened()
    channels.button("Stop waiting").click()
    channels.expect_state("cancelled")
    customer = Customer()
    walk.stack.connexease.create_account(customer.email)
    setup = walk.signed_up(customer)
    expect(setup.heading("An account with this address already exists")).to_be_visible()
    walk.stack.connexease.fault("status", "^/accounts/", times=None, status=503)
    setup = walk.signed_up()
    expect(setup.status.filter(has_text="couldn't reach")).to_be_visible()
    walk.board()
    expect(walk.page.get_by_role("heading", name="Number not connected")).to_be_visible()


@state(after=staff_board_of_every_kind)
def staff_system(walk: Walk) -> None:
    walk.stack.connexease.clear_faults()
    walk.go("/staff/system/")
    expect(walk.page.get_by_text("Connexease accepts the token")).to_be_visible()
    walk.page.get_by_text("Settings", exact=True).click()


@state(after=staff_system)
def staff_system_with_trouble(walk: Walk) -> None:
    walk.stack.connexease.fault("status", "^/accounts/$", "GET", times=None, status=401)
    walk.go("/staff/system/?outside=1")
    expect(walk.page.get_by_text("Connexease doesn't accept the reseller token.")).to_be_visible()


@state(after=staff_system_with_trouble)
def staff_events_empty(walk: Walk) -> None:
    walk.go("/staff/events/?account=nobody+at+all")
    expect(walk.page.get_by_role("heading", name="No event matches")).to_be_visible()


@state(after=staff_events_empty)
def profile_of_staff(walk: Walk) -> None:
    expect(walk.go("/profile").get_by_text("10 codes left")).to_be_visible()


@state(after=profile_of_staff)
def staff_prices(walk: Walk) -> None:
    page = walk.page
    for region, amount in (("TR", "0.0125"), ("", "0.07")):
        walk.go("/staff/prices/new")
        page.get_by_label("Country (optional)").fill(region)
        page.get_by_label("Price per message").fill(amount)
        page.get_by_label("Currency").fill("USD")
        page.get_by_role("button", name="Add price").click()
        page.get_by_text("Price saved.").or_(page.get_by_role("alert")).first.wait_for()
    walk.go("/staff/prices/")
    expect(page.get_by_role("link", name="Türkiye TR")).to_be_visible()


@state(after=staff_prices)
def staff_price_refused(walk: Walk) -> None:
    page = walk.go("/staff/prices/new")
    page.get_by_label("Country (optional)").fill("XX")
    page.get_by_label("Price per message").fill("1")
    page.get_by_role("button", name="Add price").click()
    expect(page.get_by_role("alert")).to_contain_text("two letters of a country")


@state(after=staff_price_refused)
def people_of_staff(walk: Walk) -> None:
    PeoplePage(walk.go("/staff/people/")).invite(f"robin.{secrets.token_hex(3)}@example.com", "Support")


@state(after=people_of_staff)
def colleague(walk: Walk) -> None:
    email = walk.stack.make_staff(f"new.{secrets.token_hex(4)}@example.com", "support")
    walk.stack.give_app(email)
    person = PeoplePage(walk.go("/staff/people/")).open(email)
    person.unfold("Switch off login")
    person.unfold("Remove from staff")


@state(after=colleague)
def colleagues_app_to_reset(walk: Walk) -> None:
    page = walk.page.get_by_role("main")
    page.get_by_role("link", name="Reset authenticator app").click()
    expect(page.get_by_role("heading", name="Reset authenticator app")).to_be_visible()


@state()
def staff_account(walk: Walk) -> None:
    member = walk.member()
    walk.stack.give_app(member.customer.email)
    walk.stack.connexease.create_channel(member.connexease_uuid, name="Shop")
    accounts = AccountsPage(walk.staff("/staff/accounts/")).find(member.customer.email)
    accounts.expect_only(member.customer.company)
    accounts.open(member.customer.company)


@state(after=staff_account)
def customers_app_to_reset(walk: Walk) -> None:
    page = walk.page.get_by_role("main")
    page.get_by_role("link", name="Reset authenticator app Ada Lovelace", exact=True).click()
    expect(page.get_by_role("heading", name="Reset authenticator app")).to_be_visible()
