"""Signing up: what is refused and where it says so, the time zone, and a Connexease that has a bad day."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from e2e.marks import both_ways
from e2e.pages import ConfirmPage, FrontPage, SetupPage, SignUpPage
from e2e.running.mail import link_mailed_to
from e2e.running.people import Customer, Member
from e2e.running.stack import Stack

CREATE = "^/accounts/$"


@pytest.fixture
def form(front: FrontPage) -> SignUpPage:
    return front.create_account()


@both_ways
def test_a_refused_form_keeps_what_was_typed(form: SignUpPage, customer: Customer) -> None:
    customer.email, customer.password, customer.phone = "ada at example", "password1234", "12"
    form.fill(customer)
    form = form.create_account_in_vain()
    form.expect_refusal("Work email", re.compile("Enter an email address, for example name@company.com."))
    form.expect_refusal("Phone (optional)", re.compile("Enter a phone number with its country code"))
    form.expect_refusal("Password", re.compile("This password is easy to guess."))
    expect(form.field("Company")).to_have_value(customer.company)
    expect(form.field("Work email")).to_have_value("ada at example")
    expect(form.field("Phone (optional)")).to_have_value("12")
    expect(form.field("Password")).to_have_value("")


@both_ways
def test_a_refused_form_can_be_put_right(form: SignUpPage, customer: Customer) -> None:
    form.create_account_in_vain().fill(customer)
    form.create_account().wait_until_ready(customer.company)


def test_an_address_that_logs_in_here_already(form: SignUpPage, customer: Customer, member: Member) -> None:
    form.page.context.clear_cookies()
    form.page.reload()
    customer.email = member.customer.email
    form.fill(customer)
    form.create_account_in_vain().expect_refusal("Work email", re.compile("This address already has a login"))


@pytest.mark.parametrize("zone", ["America/Argentina/Ushuaia", "Asia/Calcutta"])
def test_the_time_zone_is_guessed(
    open_context: Callable[..., BrowserContext], stack: Stack, customer: Customer, zone: str
) -> None:
    page = open_context(timezone_id=zone).new_page()
    page.goto(f"{stack.url}/signup")
    form = SignUpPage(page)
    expect(form.field("Time zone")).to_have_value(zone)
    form.fill(customer)
    form.create_account().wait_until_ready(customer.company)
    assert account(stack, customer)["time_zone"] == zone


def test_the_time_zone_is_guessed_by_a_browser_without_temporal(
    open_context: Callable[..., BrowserContext], stack: Stack
) -> None:
    page = open_context(timezone_id="Asia/Tokyo").new_page()
    page.add_init_script("delete globalThis.Temporal")
    page.goto(f"{stack.url}/signup")
    assert page.evaluate("typeof Temporal") == "undefined"
    expect(SignUpPage(page).field("Time zone")).to_have_value("Asia/Tokyo")


def test_another_time_zone_is_kept(form: SignUpPage, stack: Stack, customer: Customer) -> None:
    expect(form.field("Time zone")).to_have_value("Europe/Istanbul")
    form.field("Time zone").fill("Asia/Tokyo")
    expect(form.page.locator("#time-zones option[value='Asia/Tokyo']")).to_be_attached()
    form = form.create_account_in_vain()
    expect(form.field("Time zone")).to_have_value("Asia/Tokyo")
    form.fill(customer)
    form.create_account().wait_until_ready(customer.company)
    assert account(stack, customer)["time_zone"] == "Asia/Tokyo"


def test_connexease_refuses_and_the_details_are_corrected(
    form: SignUpPage, stack: Stack, customer: Customer
) -> None:
    refusals = {"name": ["This name is reserved."], "contact_phone_number": ["This number is not reachable."]}
    stack.connexease.fault("status", CREATE, "POST", status=400, body=refusals)
    customer.phone = "+90 532 123 45 67"
    form.fill(customer)
    setup = form.create_account()
    expect(setup.heading("Connexease didn't accept these details")).to_be_visible()
    details = setup.correct_details()
    details.expect_refusal("Company", re.compile("This name is reserved."))
    details.expect_refusal("Phone (optional)", re.compile("This number is not reachable."))
    expect(details.field("Work email")).to_have_value(customer.email)
    expect(details.field("Billing email")).to_have_value(customer.email)
    details.field("Company").fill("Lovelace & Daughters")
    details.field("Phone (optional)").fill("")
    details.save().wait_until_ready("Lovelace & Daughters")
    assert account(stack, customer)["name"] == "Lovelace & Daughters"


@pytest.mark.parametrize(
    ("kind", "cdn"),
    [("timeout_after", "reachable"), ("timeout_after", "unreachable"), ("truncated", "reachable")],
    indirect=["cdn"],
)
def test_connexease_makes_the_account_but_does_not_say_so(
    form: SignUpPage, stack: Stack, customer: Customer, kind: str
) -> None:
    stack.connexease.fault(kind, CREATE, "POST", seconds=30)
    form.fill(customer)
    form.create_account().wait_until_ready(customer.company)
    uuid = account(stack, customer)["uuid"]
    assert len(stack.connexease.webhooks(uuid)) == 1


def test_connexease_registers_the_webhook_but_does_not_say_so(
    form: SignUpPage, stack: Stack, customer: Customer
) -> None:
    stack.connexease.fault("reset_after", "/webhooks/$", "POST")
    form.fill(customer)
    form.create_account().wait_until_ready(customer.company)
    assert len(stack.connexease.webhooks(account(stack, customer)["uuid"])) == 1


def test_connexease_is_away_for_a_while(form: SignUpPage, stack: Stack, customer: Customer) -> None:
    stack.connexease.fault("status", "^/accounts/", times=None, status=503)
    form.fill(customer)
    setup = form.create_account()
    expect(setup.status.filter(has_text="We couldn't reach Connexease.")).to_be_visible()
    stack.connexease.clear_faults()
    setup.wait_until_ready(customer.company)


def test_an_account_made_elsewhere_is_connected_after_proof(
    form: SignUpPage, stack: Stack, customer: Customer
) -> None:
    made = stack.connexease.create_account(customer.email)
    form.fill(customer)
    setup = form.create_account()
    expect(setup.heading("An account with this address already exists")).to_be_visible()
    form.page.goto(link_mailed_to(stack, customer.email))
    ConfirmPage(form.page).confirm().wait_until_ready(customer.company)
    assert account(stack, customer)["uuid"] == made["uuid"]


def test_a_reload_while_the_account_is_made(form: SignUpPage, stack: Stack, customer: Customer) -> None:
    stack.connexease.fault("status", "^/accounts/", times=None, status=503)
    form.fill(customer)
    setup = form.create_account()
    expect(setup.status.filter(has_text="We couldn't reach Connexease.")).to_be_visible()
    setup.page.reload()
    setup = SetupPage(setup.page)
    stack.connexease.clear_faults()
    setup.wait_until_ready(customer.company)
    account(stack, customer)


def account(stack: Stack, customer: Customer) -> dict[str, str]:
    """The one account that Connexease has for the customer."""
    found = [a for a in stack.connexease.accounts() if a["contact_email"] == customer.email]
    assert len(found) == 1
    return found[0]
