"""The main job with the keyboard alone: sign up, connect a number through the popup, see it connected."""

from playwright.sync_api import Page, expect

from e2e.browser.keyboard import press_link, tab_to
from e2e.marks import both_ways
from e2e.pages import ChannelsPage, Dialog, FrontPage, OverviewPage, SignUpPage
from e2e.running.people import Customer
from e2e.running.stack import Stack


@both_ways
def test_a_newcomer_signs_up_and_connects_a_number(page: Page, stack: Stack, customer: Customer) -> None:
    page.goto(stack.url)
    FrontPage(page)
    press_link(page, "Create an account")
    SignUpPage(page)
    tab_to(page, "Company")
    for value in (customer.company, customer.first_name, customer.last_name, customer.email, "", ""):
        page.keyboard.type(value)
        page.keyboard.press("Tab")
    expect(page.get_by_label("Time zone")).to_be_focused()
    tab_to(page, "Password")
    page.keyboard.type(customer.password)
    page.keyboard.press("Enter")
    OverviewPage(page, customer.company)
    page.keyboard.press("Tab")  # to the link that skips what every page begins with
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    press_link(page, "Go to channels")
    page.wait_for_url("**/channels/", wait_until="domcontentloaded")  # its scripts open the popup
    channels = ChannelsPage(page)
    expect(channels.heading("No number connected yet")).to_be_visible()

    dialog = open_window(channels)
    channels.expect_state("opened", "Continue in the connection window")
    tab_to(dialog.page, "Cancel")
    dialog.press_enter()
    dialog.wait_until_closed()
    channels.expect_state("cancelled", "You cancelled in the connection window")

    dialog = open_window(channels)
    channels.expect_state("opened")
    tab_to(dialog.page, "Channel name")
    dialog.page.keyboard.press("Control+A")
    dialog.page.keyboard.type("Keys")
    dialog.press_enter()
    dialog.wait_until_closed()
    channels.expect_state("confirmed", "Keys is connected")
    channels.expect_channel("Keys")
    [account] = [each for each in stack.connexease.accounts() if each["contact_email"] == customer.email]
    assert account["time_zone"] == "Europe/Istanbul"  # as the page guessed it
    assert [channel["name"] for channel in stack.connexease.channels(account["uuid"])] == ["Keys"]


def open_window(channels: ChannelsPage) -> Dialog:
    page = channels.page
    page.bring_to_front()
    if not channels.button("Connect WhatsApp").evaluate("button => button === document.activeElement"):
        tab_to(page, "Connect WhatsApp")
    with page.expect_popup() as opened:
        page.keyboard.press("Enter")
    return Dialog(opened.value)
