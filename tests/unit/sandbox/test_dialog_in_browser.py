"""The dialog in Chromium: what it posts to its opener, and what its window does."""

import pytest
from playwright.sync_api import Error, Page, expect

OPENER = "http://127.0.0.1:1/opener"
SCRIPT = """<!DOCTYPE html><title>Opener</title><script>
  const heard = [];
  addEventListener("message", event => heard.push({origin: event.origin, data: event.data}));
</script>"""


@pytest.fixture
def opener(context) -> Page:
    context.route(OPENER, lambda route: route.fulfill(body=SCRIPT, content_type="text/html"))
    page = context.new_page()
    page.goto(OPENER)
    return page


@pytest.fixture
def popup(opener, sandbox, onboard):
    """Open the dialog the way a portal does and return its window."""

    def open_dialog(token=None):
        url = f"{sandbox.dialog_url}/reseller/channels/whatsapp/connect?token={token or onboard()}"
        with opener.expect_popup() as caught:
            opener.evaluate("url => { window.open(url, 'dialog', 'width=570,height=700'); }", url)
        return caught.value

    return open_dialog


def heard(opener, count=1):
    opener.wait_for_function("count => heard.length >= count", arg=count)
    return opener.evaluate("heard")


def press(page, name):
    """Press a button; the window may close while it is still being pressed."""
    try:
        page.get_by_role("button", name=name, exact=True).click()
    except Error:
        if not page.is_closed():
            raise


def test_connect_tells_the_opener_which_channel(opener, popup, control, sandbox):
    page = popup()
    page.get_by_label("Channel name").fill("Support")
    press(page, "Connect WhatsApp")

    (message,) = heard(opener)
    (channel,) = control.channels()
    assert message == {
        "origin": sandbox.dialog_url,
        "data": {"status": "ok", "channel_uuid": channel["uuid"]},
    }
    assert channel["name"] == "Support"
    expect(page.get_by_role("heading", name="Connected")).to_be_visible()


@pytest.mark.parametrize(("button", "status"), [("Cancel", "cancelled"), ("Fail", "error")])
def test_other_ends_are_told_too(opener, popup, button, status):
    press(popup(), button)

    assert heard(opener)[0]["data"]["status"] == status


def test_close_without_a_word(opener, popup, dialog, onboard):
    token = onboard()
    page = popup(token)
    with page.expect_event("close"):
        press(page, "Close without a word")

    assert opener.evaluate("heard") == []
    assert dialog.get(f"/reseller/channels/whatsapp/connect?token={token}").status == 200


def test_connect_but_say_nothing_until_asked(opener, popup, control):
    page = popup()
    press(page, "Connect, but say nothing")
    expect(page.get_by_role("heading", name="Connected")).to_be_visible()
    assert len(control.channels()) == 1
    assert opener.evaluate("heard") == []

    press(page, "Post the message now")
    assert heard(opener)[0]["data"]["status"] == "ok"


def test_noise_is_posted_and_an_outcome_still_follows(opener, popup):
    page = popup()
    press(page, "Post noise")
    expect(page.get_by_role("status").first).to_contain_text("odd messages were posted")
    noise = [message["data"] for message in heard(opener, 16)]
    assert "hello" in noise
    assert None in noise
    assert not [row for row in noise if isinstance(row, dict) and row.get("status") == "ok"]

    press(page, "Cancel")
    assert heard(opener, 17)[16]["data"] == {"status": "cancelled"}


def test_a_spent_link_is_told_as_an_error(opener, popup, onboard, control):
    token = onboard()
    control.spend_onboarding_token(token)
    page = popup(token)

    assert heard(opener)[0]["data"]["status"] == "error"
    expect(page.get_by_text("This link has already been used.")).to_be_visible()


@pytest.mark.parametrize(
    ("outcome", "statuses"),
    [
        ("connect", ["ok"]),
        ("cancel", ["cancelled"]),
        ("connect_without_event", ["ok"]),
        ("connect_message_first", ["ok"]),
        ("expired", ["error"]),
    ],
)
def test_a_preset_presses_its_button_by_itself(opener, popup, control, outcome, statuses):
    control.preset_dialog(outcome)
    popup()

    assert [message["data"]["status"] for message in heard(opener)] == statuses


def test_a_preset_can_make_noise(opener, popup, control):
    control.preset_dialog("noise")
    popup()

    heard(opener, 16)


def test_a_preset_can_close_the_window(popup, control):
    control.preset_dialog("close")
    page = popup()
    if not page.is_closed():
        page.wait_for_event("close")


def test_a_lost_opener_is_told_to_close_the_window(opener, popup, control):
    control.set(dialog_opener_policy="same-origin")
    page = popup()
    press(page, "Connect WhatsApp")

    expect(page.get_by_role("status")).to_contain_text("You can close this window.")
    assert len(control.channels()) == 1
    assert opener.evaluate("heard") == []


def test_it_fits_the_vendors_popup(context, sandbox, onboard):
    page = context.new_page()
    page.set_viewport_size({"width": 570, "height": 720})
    page.goto(f"{sandbox.dialog_url}/reseller/channels/whatsapp/connect?token={onboard()}")

    expect(page.get_by_role("button", name="Connect WhatsApp")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 570
