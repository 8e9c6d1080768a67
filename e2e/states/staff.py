"""The staff's pages, but for those of one account."""

from __future__ import annotations

from playwright.sync_api import expect

from e2e.pages import AuditPage, LogInPage
from e2e.running.people import Customer
from e2e.states.joining import address_known_at_connexease, connexease_away
from e2e.states.walk import Walk, state


@state()
def staff_board_of_every_kind(walk: Walk) -> None:
    channels = walk.opened()
    channels.button("Stop waiting").click()
    channels.expect_state("cancelled")
    address_known_at_connexease(walk)
    connexease_away(walk)
    walk.board()
    expect(walk.page.get_by_role("heading", name="Number not connected")).to_be_visible()


@state()
def staff_set_up(walk: Walk) -> None:
    customer = Customer()
    walk.stack.connexease.create_account(customer.email)
    setup = walk.signed_up(customer)
    expect(setup.heading("An account with this address already exists")).to_be_visible()
    walk.board().open(customer.company).vouch_in_vain()


@state()
def given_up(walk: Walk) -> None:
    # Not tried again soon: while a try is under way, nobody can stop it.
    headers = {"Retry-After": "900"}
    walk.stack.connexease.fault("status", "^/accounts/", times=None, status=503, headers=headers)
    customer = Customer()
    setup = walk.signed_up(customer)
    expect(setup.status.filter(has_text="couldn't reach")).to_be_visible()
    walk.board().open(customer.company).give_up()
    walk.context.clear_cookies()
    setup = LogInPage(walk.go("/login")).log_in_before_ready(customer.email, customer.password)
    expect(setup.heading("We stopped setting up this account")).to_be_visible()


@state()
def staff_audit(walk: Walk) -> None:
    walk.member()
    AuditPage(walk.staff("/staff/audit/"))


@state()
def staff_audit_empty(walk: Walk) -> None:
    walk.staff("/staff/audit/?q=nothing+like+this")
    expect(walk.page.get_by_role("heading", name="No entry matches")).to_be_visible()


@state()
def staff_audit_refused(walk: Walk) -> None:
    walk.staff("/staff/audit/?since=1999-01-01T00:00")
    expect(walk.page.get_by_role("alert")).to_be_visible()


@state()
def staff_system(walk: Walk) -> None:
    walk.staff("/staff/system/")
    expect(walk.page.get_by_text("Connexease accepts the token")).to_be_visible()
    walk.page.get_by_text("Settings", exact=True).click()


@state()
def staff_system_with_trouble(walk: Walk) -> None:
    walk.stack.connexease.fault("status", "^/accounts/$", "GET", times=None, status=401)
    walk.staff("/staff/system/?outside=1")
    expect(walk.page.get_by_text("Connexease doesn't accept the reseller token.")).to_be_visible()


@state()
def staff_events_empty(walk: Walk) -> None:
    walk.staff("/staff/events/?account=nobody+at+all")
    expect(walk.page.get_by_role("heading", name="No event matches")).to_be_visible()
