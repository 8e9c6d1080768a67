"""What a visitor sees, signing up, and an account on its way to being ready."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from e2e.pages import (
    CheckMailPage,
    ConfirmPage,
    ForgotPage,
    FrontPage,
    LinkSpentPage,
    LogInPage,
    ResetSentPage,
    SetupPage,
    SignUpPage,
)
from e2e.running.people import Customer
from e2e.states.walk import Walk, state


@state()
def front(walk: Walk) -> None:
    FrontPage(walk.go("/"))


@state(after=front)
def sign_up_form(walk: Walk) -> None:
    FrontPage(walk.page).create_account()


@state(after=sign_up_form)
def sign_up_refused(walk: Walk) -> None:
    SignUpPage(walk.page).create_account_in_vain()


@state(after=sign_up_refused)
def log_in(walk: Walk) -> None:
    LogInPage(walk.go("/login"))


@state(after=log_in)
def log_in_refused(walk: Walk) -> None:
    LogInPage(walk.page).log_in_in_vain("nobody@example.com", "nobody's password")


@state(after=log_in_refused)
def forgotten_password(walk: Walk) -> None:
    LogInPage(walk.page).forgot_password()


@state(after=forgotten_password)
def reset_mailed(walk: Walk) -> None:
    ForgotPage(walk.page).mail_me_a_link("nobody@example.com")


@state(after=reset_mailed)
def not_found(walk: Walk) -> None:
    ResetSentPage(walk.page).link("Try again").click()
    ForgotPage(walk.page)
    walk.go("/no/such/page")
    expect(walk.page.get_by_role("heading", name="Page not found")).to_be_visible()


@state(after=not_found)
def link_spent(walk: Walk) -> None:
    LinkSpentPage(walk.go("/verify/nothing"))


@state(after=link_spent)
def invitation_over(walk: Walk) -> None:
    page = walk.go("/invitations/nothing")
    expect(page.get_by_role("heading", name="This invitation no longer works")).to_be_visible()


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


@state()
def setting_up(walk: Walk) -> None:
    walk.stack.connexease.fault("timeout_before", "^/accounts/$", times=None, seconds=30)
    expect(walk.signed_up().heading("Setting up your account")).to_be_visible()


@state(after=setting_up)
def details_refused(walk: Walk) -> None:
    walk.stack.connexease.clear_faults()
    body = {"name": ["This name is reserved."], "contact_phone_number": ["This number is not reachable."]}
    walk.stack.connexease.fault("status", "^/accounts/$", "POST", status=400, body=body, times=None)
    walk.customer = Customer(phone="+90 532 123 45 67")
    setup = walk.signed_up(walk.customer)
    expect(setup.heading("Connexease didn't accept these details")).to_be_visible()


@state(after=details_refused)
def details_to_correct(walk: Walk) -> None:
    assert walk.customer is not None
    details = SetupPage(walk.page).correct_details()
    details.expect_refusal("Company", re.compile("This name is reserved."))
    details.expect_refusal("Phone (optional)", re.compile("This number is not reachable."))
    for label in ("Work email", "Billing email"):
        expect(details.field(label)).to_have_value(walk.customer.email)


@state(after=details_to_correct)
def connexease_away(walk: Walk) -> None:
    walk.stack.connexease.clear_faults()
    # Not tried again soon: while a try is under way, nobody can stop it.
    headers = {"Retry-After": "900"}
    walk.stack.connexease.fault("status", "^/accounts/", times=None, status=503, headers=headers)
    walk.customer = Customer()
    setup = walk.signed_up(walk.customer)
    expect(setup.status.filter(has_text="couldn't reach")).to_be_visible()


@state(after=connexease_away)
def given_up(walk: Walk) -> None:
    assert walk.customer is not None
    walk.board().open(walk.customer.company).give_up()
    walk.context.clear_cookies()
    setup = LogInPage(walk.go("/login")).log_in_before_ready(walk.customer.email, walk.customer.password)
    expect(setup.heading("We stopped setting up this account")).to_be_visible()
