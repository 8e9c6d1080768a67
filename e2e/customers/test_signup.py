"""Signing up: what is refused and where it says so, the time zone, and a Connexease that has a bad day."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.marks import both_ways
from e2e.pages import FrontPage, SetupPage, SignUpPage
from e2e.running.people import Customer, begin_to_sign_up
from e2e.running.stack import Stack


@both_ways
def test_a_refused_form_keeps_what_was_typed_and_can_be_put_right(
    front: FrontPage, stack: Stack, customer: Customer
) -> None:
    email, customer.email = customer.email, "ada at example"
    password, customer.password = customer.password, "password1234"
    customer.phone = "12"
    form = front.create_account()
    expect(form.field("Time zone")).to_have_value("Europe/Istanbul")
    form.field("Time zone").fill("Asia/Tokyo")
    form.fill(customer)
    form = form.create_account_in_vain()
    form.expect_refusal("Work email", re.compile("Enter an email address, for example name@company.com."))
    form.expect_refusal("Phone (optional)", re.compile("Enter a phone number with its country code"))
    form.expect_refusal("Password", re.compile("This password is easy to guess."))
    expect(form.field("Company")).to_have_value(customer.company)
    expect(form.field("Work email")).to_have_value("ada at example")
    expect(form.field("Phone (optional)")).to_have_value("12")
    expect(form.field("Password")).to_have_value("")
    expect(form.field("Time zone")).to_have_value("Asia/Tokyo")  # and not what the page would guess
    customer.email, customer.password, customer.phone = email, password, ""
    form.fill(customer)
    form.create_account().wait_until_ready(customer.company)
    [account] = [each for each in stack.connexease.accounts() if each["contact_email"] == email]
    assert account["time_zone"] == "Asia/Tokyo"


@pytest.mark.parametrize("zone", ["America/Argentina/Ushuaia", "Asia/Calcutta"])
def test_the_time_zone_is_guessed(open_context: Callable[..., BrowserContext], stack: Stack, zone: str) -> None:
    page = open_context(timezone_id=zone).new_page()
    page.goto(f"{stack.url}/signup")
    field = SignUpPage(page).field("Time zone")
    expect(field).to_have_value(zone)
    field.fill("Asia/Tokyo")
    expect(page.locator("#time-zones option[value='Asia/Tokyo']")).to_be_attached()
    # And by a browser without Temporal.
    page.add_init_script("delete globalThis.Temporal")
    page.reload()
    assert page.evaluate("typeof Temporal") == "undefined"
    expect(field).to_have_value(zone)


def test_connexease_is_away_for_a_while(
    page: Page, context: BrowserContext, stack: Stack, customer: Customer
) -> None:
    stack.connexease.fault("status", "^/accounts/", times=None, status=503)
    page.goto(f"{stack.url}{begin_to_sign_up(context, stack, customer)}setup")
    setup = SetupPage(page)
    expect(setup.status.filter(has_text="We couldn't reach Connexease.")).to_be_visible()
    page.reload()
    expect(setup.status.filter(has_text="We couldn't reach Connexease.")).to_be_visible()
    stack.connexease.clear_faults()
    setup.wait_until_ready(customer.company)
    assert [each["contact_email"] for each in stack.connexease.accounts()].count(customer.email) == 1
