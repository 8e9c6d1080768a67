"""Signing up, and an account on its way to being ready."""

from __future__ import annotations

from playwright.sync_api import expect

from e2e.pages import CheckMailPage, ConfirmPage, FrontPage, LogInPage, SetupPage, SignUpPage
from e2e.running.people import Customer
from e2e.states.walk import Walk, state


@state()
def front(walk: Walk) -> None:
    FrontPage(walk.go("/"))


@state()
def sign_up_form(walk: Walk) -> None:
    SignUpPage(walk.go("/signup"))


@state(after=sign_up_form)
def sign_up_refused(walk: Walk) -> None:
    SignUpPage(walk.page).create_account_in_vain()


@state()
def not_found(walk: Walk) -> None:
    walk.go("/no/such/page")
    expect(walk.page.get_by_role("heading", name="Page not found")).to_be_visible()


@state("closed")
def sign_up_closed(walk: Walk) -> None:
    expect(walk.go("/signup").get_by_role("heading", name="Sign-up is closed")).to_be_visible()


@state("verified")
def mail_sent(walk: Walk) -> None:
    walk.waiting_for_mail()
    CheckMailPage(walk.go("/signup/sent"))


@state(after=mail_sent)
def confirm_address(walk: Walk) -> None:
    ConfirmPage(walk.open_mailed_link())


@state(after=confirm_address)
def confirm_address_refused(walk: Walk) -> None:
    walk.context.clear_cookies()
    ConfirmPage(walk.open_mailed_link()).confirm_in_vain("wrong")


@state("verified")
def waiting_for_proof(walk: Walk) -> None:
    customer = walk.waiting_for_mail()
    LogInPage(walk.go("/login")).log_in_before_ready(customer.email, customer.password)


@state(after=waiting_for_proof)
def another_address_during_set_up(walk: Walk) -> None:
    expect(walk.go("/profile/email").get_by_role("link", name="Correct address")).to_be_visible()


@state("approval")
def waiting_for_approval(walk: Walk) -> None:
    walk.waiting_for_mail()
    setup = ConfirmPage(walk.open_mailed_link()).confirm()
    expect(setup.heading("Waiting for approval")).to_be_visible()


@state(after=waiting_for_approval)
def staff_board(walk: Walk) -> None:
    walk.board()


@state(after=staff_board)
def staff_declines(walk: Walk) -> None:
    walk.page.get_by_role("link", name="Decline sign-up").first.click()
    expect(walk.page.get_by_label("Note to the customer")).to_be_visible()


@state()
def setting_up(walk: Walk) -> None:
    walk.stack.connexease.fault("timeout_before", "^/accounts/$", times=None, seconds=30)
    expect(walk.signed_up().heading("Setting up your account")).to_be_visible()


@state()
def connexease_away(walk: Walk) -> None:
    walk.stack.connexease.fault("status", "^/accounts/", times=None, status=503)
    setup = walk.signed_up()
    expect(setup.status.filter(has_text="couldn't reach")).to_be_visible()


@state()
def details_refused(walk: Walk) -> None:
    body = {"name": ["This name is reserved."]}
    walk.stack.connexease.fault("status", "^/accounts/$", "POST", status=400, body=body, times=None)
    setup = walk.signed_up()
    expect(setup.heading("Connexease didn't accept these details")).to_be_visible()


@state(after=details_refused)
def details_to_correct(walk: Walk) -> None:
    SetupPage(walk.page).correct_details()


@state()
def address_known_at_connexease(walk: Walk) -> None:
    customer = Customer()
    walk.stack.connexease.create_account(customer.email)
    setup = walk.signed_up(customer)
    expect(setup.heading("An account with this address already exists")).to_be_visible()
