"""The sandbox's own pages in Chromium: buttons work, narrow windows fit, axe finds nothing."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect


@pytest.fixture
def filled(control, account, onboard, sandbox):
    """A sandbox with something of everything; the dialog's address."""
    channel = control.create_channel(account)["uuid"]
    control.create_channel(account, name="Support", connected=False, is_active=False)
    control.create_webhook(account, "https://portal.example.com/" + "long" * 40, headers={"X-Secret": "s"})
    control.issue_gateway_key(account)
    control.create_account("else@example.com", foreign=True)
    control.emit("channel.created", account, channel, hold=True)
    control.fault("status", "^/nowhere$", times=None)
    control.add_phone_key("KRUGKIDROVUWG2ZAMJZG653OEBTG66BA", "jane@example.com")
    return f"{sandbox.dialog_url}/reseller/channels/whatsapp/connect?token={onboard()}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_and_fit_a_phone(page, sandbox, filled, scheme):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 800})
    pages = (f"{sandbox.api_url}/", f"{sandbox.api_url}/mailbox", f"{sandbox.api_url}/phone", filled, f"{filled}x")
    for url in pages:
        page.goto(url)
        found = Axe().run(page).response["violations"]
        assert [row["id"] for row in found] == [], url
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, url


def test_a_button_of_the_control_page_works_in_a_browser(page, sandbox, filled, control):
    page.goto(f"{sandbox.api_url}/")
    page.get_by_role("button", name="Disconnect", exact=True).click()

    expect(page.get_by_text("disconnected", exact=True)).to_have_count(2)
    assert [channel["connected"] for channel in control.channels()] == [False, False]
