"""The main job without JavaScript: pages move on by themselves, and the window opens by a link."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from e2e.pages import FrontPage
from e2e.running.people import Customer
from e2e.running.stack import Stack


def test_a_newcomer_signs_up_and_connects_a_number(
    open_context: Callable[..., BrowserContext], stack: Stack, customer: Customer
) -> None:
    page = open_context(java_script_enabled=False).new_page()
    page.goto(stack.url)
    form = FrontPage(page).create_account()
    form.fill(customer)
    form = form.create_account_in_vain()
    form.expect_refusal("Time zone", "Choose your time zone. Type a city to search, for example Istanbul.")
    form.fill(customer)
    form.field("Time zone").fill(customer.time_zone)
    stack.connexease.fault("slow", "^/accounts/$", "POST", times=None, seconds=60)
    setup = form.create_account()
    expect(setup.heading("Setting up your account")).to_be_visible()
    stack.connexease.clear_faults()
    overview = setup.wait_until_ready(customer.company)

    attempt = overview.go_to_channels().connect_without_script()
    attempt.expect_state("requested", "Ready to connect")
    attempt.open_by_link().connect("Plain")
    attempt.expect_state("confirmed", "Plain is connected")
    attempt.back().expect_channel("Plain")
