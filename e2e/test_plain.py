"""Without JavaScript, and with the keyboard alone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.browser.keyboard import press_link, tab_to
from e2e.marks import both_ways
from e2e.pages import AttemptPage, ChannelsPage, Dialog, FrontPage, OverviewPage, SignUpPage
from e2e.running.people import Customer, Member, sign_up
from e2e.running.stack import Stack


@pytest.fixture
def plain(open_context: Callable[..., BrowserContext]) -> BrowserContext:
    """A browser without JavaScript."""
    return open_context(java_script_enabled=False)


def test_sign_up_without_script(plain: BrowserContext, stack: Stack, customer: Customer) -> None:
    page = plain.new_page()
    page.goto(stack.url)
    form = FrontPage(page).create_account()
    form.fill(customer)
    form = form.create_account_in_vain()
    form.expect_refusal("Time zone", "Choose your time zone. Type a city to search, for example Istanbul.")
    form.fill(customer)
    form.field("Time zone").fill(customer.time_zone)
    form.create_account().wait_until_ready(customer.company)


def test_the_setup_page_moves_on_without_script(plain: BrowserContext, stack: Stack, customer: Customer) -> None:
    stack.connexease.fault("slow", "^/accounts/$", "POST", times=None, seconds=60)
    page = plain.new_page()
    page.goto(f"{stack.url}/signup")
    form = SignUpPage(page)
    form.fill(customer)
    form.field("Time zone").fill(customer.time_zone)
    setup = form.create_account()
    expect(setup.heading("Setting up your account")).to_be_visible()
    stack.connexease.clear_faults()
    setup.wait_until_ready(customer.company)


def test_connect_without_script(plain: BrowserContext, stack: Stack) -> None:
    page = plain.new_page()
    member = sign_up(plain, stack)
    page.goto(member.channels_url)
    attempt = ChannelsPage(page).connect_without_script()
    attempt.expect_state("requested", "Ready to connect")
    attempt.open_by_link().connect("Plain")
    attempt.expect_state("confirmed", "Plain is connected")
    attempt.back().expect_channel("Plain")


def test_stop_and_reconnect_without_script(plain: BrowserContext, stack: Stack) -> None:
    page = plain.new_page()
    member = sign_up(plain, stack)
    stack.connexease.create_channel(member.connexease_uuid, name="Shop", connected=False)
    page.goto(member.channels_url)
    channels = ChannelsPage(page)
    channels.button("Reconnect Shop").click()
    attempt = AttemptPage(page)
    attempt.button("Stop waiting").click()
    channels = ChannelsPage(page)
    channels.expect_channel("Shop", "Disconnected")


def test_connexease_gives_no_window_without_script(plain: BrowserContext, stack: Stack) -> None:
    page = plain.new_page()
    member = sign_up(plain, stack)
    page.goto(member.channels_url)
    stack.connexease.fault("status", "/channels/onboarding/$", "POST", times=None, status=503)
    ChannelsPage(page).button("Connect WhatsApp").click()
    channels = ChannelsPage(page)
    expect(channels.main.get_by_text("Connexease didn't answer")).to_be_visible()


@both_ways
def test_sign_up_and_connect_by_keyboard(page: Page, stack: Stack, customer: Customer) -> None:
    page.goto(stack.url)
    FrontPage(page)
    press_link(page, "Create an account")
    SignUpPage(page)
    values = [customer.company, customer.first_name, customer.last_name, customer.email, "", ""]
    tab_to(page, "Company")
    for value in values:
        page.keyboard.type(value)
        page.keyboard.press("Tab")
    expect(page.get_by_label("Time zone")).to_be_focused()
    tab_to(page, "Password")
    page.keyboard.type(customer.password)
    page.keyboard.press("Enter")
    OverviewPage(page, customer.company)
    press_link(page, "Go to channels")
    page.wait_for_url("**/channels/", wait_until="domcontentloaded")  # its scripts open the popup
    channels = ChannelsPage(page)
    tab_to(page, "Connect WhatsApp")
    with page.expect_popup() as opened:
        page.keyboard.press("Enter")
    dialog = Dialog(opened.value)
    tab_to(dialog.page, "Channel name")
    dialog.page.keyboard.press("Control+A")
    dialog.page.keyboard.type("Keys")
    dialog.press_enter()
    channels.expect_state("confirmed", "Keys is connected")
    channels.expect_channel("Keys")


def test_the_skip_link_leads_to_the_content(page: Page, member: Member) -> None:
    page.goto(member.account_url)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
