"""The popup itself: blocked, forged, lost, doubled, reloaded."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.browser.answers import answer_of
from e2e.browser.held import held_until_done
from e2e.browser.hints import Hints
from e2e.marks import both_ways
from e2e.pages import ChannelsPage, Dialog, LogInPage
from e2e.running.people import Member
from e2e.running.stack import Stack

BLOCK = "window.open = () => null;"
BLOCK_ONCE = "{ const open = window.open; window.open = () => { window.open = open; return null; }; }"
ONBOARDING = "/channels/onboarding/$"


@both_ways
def test_blocked_and_opened_by_the_link(page: Page, member: Member) -> None:
    page.add_init_script(BLOCK)
    page.goto(member.channels_url)
    channels = ChannelsPage(page).connect_blocked()
    channels.expect_state("requested", "Your browser blocked the connection window")
    dialog = channels.open_by_link()
    dialog.connect("By link")
    channels.expect_state("confirmed", "By link is connected")
    channels.expect_channel("By link")


def test_blocked_once_and_the_link_opens_a_window_that_is_heard(page: Page, member: Member) -> None:
    page.add_init_script(BLOCK_ONCE)
    page.goto(member.channels_url)
    channels = ChannelsPage(page).connect_blocked()
    channels.expect_state("requested", "Your browser blocked the connection window")
    dialog = channels.open_by_link()
    channels.expect_state("opened")
    dialog.press("Cancel")
    channels.expect_state("cancelled", "You cancelled in the connection window")


def test_blocked_then_reloaded_and_the_link_is_still_heard(page: Page, member: Member) -> None:
    page.add_init_script(f"if (!sessionStorage.reloaded) {BLOCK}")
    page.goto(member.channels_url)
    channels = ChannelsPage(page).connect_blocked()
    channels.expect_state("requested")
    page.evaluate("sessionStorage.reloaded = 1")
    channels = channels.reload()
    dialog = channels.open_by_link()
    channels.expect_state("opened")
    dialog.press("Cancel")
    channels.expect_state("cancelled", "You cancelled in the connection window")


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"kind": "status", "status": 503}, "Connexease didn't answer"),
        ({"kind": "status", "status": 404}, "Connexease doesn't know this account or channel."),
        ({"kind": "status", "status": 429}, "Connexease is busy."),
        ({"kind": "html"}, "Connexease didn't answer"),
        ({"kind": "timeout_before", "seconds": 8}, "Connexease didn't answer"),
    ],
    ids=["503", "404", "429", "html", "time-out"],
)
def test_connexease_gives_no_window(
    channels: ChannelsPage, stack: Stack, fault: dict[str, object], sentence: str
) -> None:
    stack.connexease.fault(path=ONBOARDING, method="POST", times=None, **fault)
    popup = channels.open_popup()
    expect(channels.alert).to_contain_text(sentence)
    expect_closed(popup)
    stack.connexease.clear_faults()
    channels.connect()
    channels.expect_state("opened")
    expect(channels.alert).to_have_count(0)


def test_a_window_at_an_address_that_is_not_trusted(channels: ChannelsPage, stack: Stack) -> None:
    body = {"onboarding_url": "https://app.connexease.com.evil.example/connect?token=1", "expires_at": 2**31}
    stack.connexease.fault("status", ONBOARDING, "POST", status=201, body=body)
    popup = channels.open_popup()
    expect(channels.alert).to_contain_text("don't trust the address of the connection window")
    expect_closed(popup)


def test_the_portal_cannot_be_reached(channels: ChannelsPage, watch) -> None:
    watch.expect("Failed to load resource: net::ERR_CONNECTION_REFUSED")
    channels.page.route("**/channels/connect", lambda route: route.abort("connectionrefused"))
    popup = channels.open_popup()
    expect(channels.alert).to_contain_text("You seem to be offline.")
    expect_closed(popup)
    expect(channels.button("Connect WhatsApp")).to_be_enabled()


def test_the_token_has_run_out_before_the_window_is_sent_there(channels: ChannelsPage, stack: Stack) -> None:
    used_up = {"onboarding_url": f"{stack.sandbox.dialog_url}/reseller?token=old", "expires_at": 1}
    stack.connexease.fault("status", ONBOARDING, "POST", status=201, body=used_up)
    channels.connect().connect("Fresh")
    channels.expect_state("confirmed", "Fresh is connected")


def test_every_token_has_run_out(channels: ChannelsPage, stack: Stack) -> None:
    used_up = {"onboarding_url": f"{stack.sandbox.dialog_url}/reseller?token=old", "expires_at": 1}
    stack.connexease.fault("status", ONBOARDING, "POST", times=None, status=201, body=used_up)
    popup = channels.open_popup()
    expect_closed(popup)
    channels.expect_state("expired", "This attempt has expired")


def test_the_blank_window_is_closed_while_we_still_ask(channels: ChannelsPage) -> None:
    with held_until_done(channels.page, "**/channels/connect"):
        popup = channels.open_popup()
        expect(popup.get_by_text("opening the connection window")).to_be_visible()
        popup.close()
    channels.expect_state("requested")
    dialog = channels.open_by_link()
    dialog.connect("After all")
    channels.expect_state("confirmed", "After all is connected")


@both_ways
def test_a_forged_message_from_another_origin(channels: ChannelsPage, stack: Stack) -> None:
    hints = Hints(channels.page)
    dialog = channels.connect()
    channels.expect_state("opened")
    forge(channels, f"{stack.sandbox.api_url}/mailbox")
    expect_only_the_true_word(channels, dialog, hints)


@both_ways
def test_a_forged_message_from_another_window_of_the_right_origin(channels: ChannelsPage, stack: Stack) -> None:
    hints = Hints(channels.page)
    dialog = channels.connect()
    channels.expect_state("opened")
    forge(channels, f"{stack.sandbox.dialog_url}/reseller/channels/whatsapp/connect?token=none")
    expect_only_the_true_word(channels, dialog, hints)


def test_a_forged_message_from_the_page_itself(channels: ChannelsPage) -> None:
    hints = Hints(channels.page)
    dialog = channels.connect()
    channels.expect_state("opened")
    channels.page.evaluate("window.postMessage({status: 'cancelled'}, '*')")
    expect_only_the_true_word(channels, dialog, hints)


def test_the_dialog_loses_its_opener(channels: ChannelsPage, stack: Stack) -> None:
    stack.connexease.set(dialog_opener_policy="same-origin")
    dialog = channels.connect()
    channels.expect_state("opened", "The connection window seems to be closed")
    dialog.connect("Alone")
    channels.expect_state("confirmed", "Alone is connected")
    channels.expect_channel("Alone")


@both_ways
def test_reload_in_the_middle(channels: ChannelsPage) -> None:
    dialog = channels.connect()
    channels.expect_state("opened")
    channels = channels.reload()
    channels.expect_state("opened", "Continue in the connection window")
    dialog.connect("Reloaded")
    channels.expect_state("confirmed", "Reloaded is connected")
    channels.expect_channel("Reloaded")


def test_reload_in_the_middle_and_begin_again(channels: ChannelsPage) -> None:
    channels.connect()
    channels.expect_state("opened")
    channels = channels.reload()
    channels.expect_state("opened")
    channels.connect().connect("Again")
    channels.expect_state("confirmed", "Again is connected")
    channels.expect_channel("Again")


def test_begin_again_while_the_window_is_open(channels: ChannelsPage) -> None:
    first = channels.connect()
    channels.expect_state("opened")
    before = channels.attempt
    second = channels.connect()
    first.wait_until_closed()
    expect(channels.panel).not_to_have_attribute("data-attempt", before)
    channels.expect_state("opened")
    second.connect("Second")
    channels.expect_state("confirmed", "Second is connected")
    channels.expect_channel("Second")


def test_a_double_click_makes_one_window_and_one_attempt(channels: ChannelsPage, stack: Stack) -> None:
    stack.connexease.clear_requests()
    before = channels.page.context.pages
    with channels.page.expect_popup() as opened, held_until_done(channels.page, "**/channels/connect"):
        channels.button("Connect WhatsApp").dblclick()
    channels.expect_state("opened")
    assert channels.page.context.pages == [*before, opened.value]
    Dialog(opened.value).connect("Single")
    channels.expect_state("confirmed", "Single is connected")
    asked = [r for r in stack.connexease.requests("POST") if r["path"].endswith("/onboarding/")]
    assert len(asked) == 1


def test_two_tabs_see_the_same_attempt(channels: ChannelsPage, context: BrowserContext, member: Member) -> None:
    dialog = channels.connect()
    channels.expect_state("opened")
    other = ChannelsPage(go(context.new_page(), member.channels_url))
    other.expect_state("opened")
    dialog.connect("Shared")
    for tab in (channels, other):
        tab.expect_state("confirmed", "Shared is connected")
        tab.expect_channel("Shared")


def test_two_tabs_connect_a_number_each(channels: ChannelsPage, context: BrowserContext, member: Member) -> None:
    other = ChannelsPage(go(context.new_page(), member.channels_url))
    first = channels.connect()
    channels.expect_state("opened")
    second = other.connect()
    other.expect_state("opened")
    first.connect("One")
    channels.expect_state("confirmed", "One is connected")
    other.expect_state("opened")
    second.connect("Two")
    other.expect_state("confirmed", "Two is connected")
    other.expect_channel("One")
    other.expect_channel("Two")


def test_the_event_alone_does_not_close_another_tabs_window(
    channels: ChannelsPage, context: BrowserContext, member: Member, stack: Stack
) -> None:
    """Two windows are open, and the event of the older one's channel comes before its message."""
    other = ChannelsPage(go(context.new_page(), member.channels_url))
    first = channels.connect()
    channels.expect_state("opened")
    second = other.connect()
    other.expect_state("opened")
    with held_until_done(channels.page, "**/report"):
        with channels.page.expect_request("**/report"):
            first.connect("One")
        stack.connexease.settle()
        answer_of(other.page, "() => portal.refresh(document.getElementById('attempt'))")
        other.expect_state("opened")
    channels.expect_state("confirmed", "One is connected")
    second.connect("Two")
    other.expect_state("confirmed", "Two is connected")


def test_stop_waiting(channels: ChannelsPage) -> None:
    dialog = channels.connect()
    channels.expect_state("opened")
    with dialog.page.expect_event("close"):
        channels = channels.stop_waiting()
    expect(channels.button("Stop waiting")).to_have_count(0)
    channels.connect().connect("Then")
    channels.expect_state("confirmed", "Then is connected")


def test_the_session_ends_in_the_middle(channels: ChannelsPage, context: BrowserContext, member: Member) -> None:
    channels.connect()
    channels.expect_state("opened")
    context.clear_cookies()
    login = LogInPage(channels.page)
    login.page.get_by_label("Email address").fill(member.customer.email)
    login.page.get_by_label("Password").fill(member.customer.password)
    login.button("Log in").click()
    back = ChannelsPage(channels.page)
    back.expect_state("opened")


def test_the_session_has_ended_when_the_button_is_pressed(channels: ChannelsPage, context: BrowserContext) -> None:
    context.clear_cookies()
    popup = channels.open_popup()
    LogInPage(channels.page)
    expect_closed(popup)


@both_ways
def test_reconnect(page: Page, member: Member, stack: Stack) -> None:
    connexease = stack.connexease
    channel = connexease.create_channel(member.connexease_uuid, name="Old shop", connected=False)
    connexease.create_channel(member.connexease_uuid, name="Other shop")
    channels = ChannelsPage(go(page, member.channels_url))
    channels.expect_channel("Old shop", "Disconnected")
    dialog = channels.reconnect("Old shop")
    expect(dialog.heading).to_have_text("Reconnect WhatsApp")
    dialog.press("Connect WhatsApp")
    channels.expect_state("confirmed", "Old shop is connected")
    channels.expect_channel("Old shop", "Connected")
    channels.expect_channel("Other shop", "Connected")
    assert [c["connected"] for c in connexease.channels() if c["uuid"] == channel["uuid"]] == [True]


def test_reconnect_of_a_channel_that_is_gone(page: Page, member: Member, stack: Stack) -> None:
    channel = stack.connexease.create_channel(member.connexease_uuid, name="Gone shop", connected=False)
    channels = ChannelsPage(go(page, member.channels_url))
    stack.connexease.delete_channel(channel["uuid"])
    popup = channels.open_popup("Reconnect Gone shop")
    expect(channels.alert).to_be_visible()
    expect_closed(popup)


def test_all_pages_of_the_list_are_shown(page: Page, member: Member, stack: Stack) -> None:
    stack.connexease.set(page_size=5)
    for number in range(12):
        stack.connexease.create_channel(member.connexease_uuid, name=f"Number {number}")
    channels = ChannelsPage(go(page, member.channels_url))
    for number in range(12):
        channels.expect_channel(f"Number {number}")


def test_refresh_shows_what_changed(channels: ChannelsPage, member: Member, stack: Stack) -> None:
    stack.connexease.create_channel(member.connexease_uuid, name="Made elsewhere")
    channels.refresh().expect_channel("Made elsewhere")


def go(page: Page, address: str) -> Page:
    page.goto(address)
    return page


def expect_closed(popup: Page) -> None:
    if not popup.is_closed():
        popup.wait_for_event("close")


def forge(channels: ChannelsPage, address: str) -> None:
    """Post from a window that the portal's page opened, but not for this."""
    with channels.page.context.expect_page() as opened:
        channels.page.evaluate("address => { window.open(address, '_blank'); }", address)
    opened.value.wait_for_load_state()
    assert opened.value.evaluate("opener !== null")
    opened.value.evaluate("opener.postMessage({status: 'cancelled'}, '*')")


def expect_only_the_true_word(channels: ChannelsPage, dialog: Dialog, hints: Hints) -> None:
    dialog.connect("True")
    channels.expect_state("confirmed", "True is connected")
    # The event can come before the window's own word, which the page then no longer passes on.
    assert set(hints.sent) <= {"opened", "message ok"}
