"""The popup itself: blocked, forged, lost, doubled, reloaded."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect

from e2e.browser.answers import answer_of
from e2e.browser.held import held_until_done
from e2e.browser.hints import Hints
from e2e.browser.watch import Watch
from e2e.marks import both_ways
from e2e.pages import AttemptPage, ChannelsPage, Dialog, LogInPage
from e2e.running.people import Member
from e2e.running.stack import Stack
from e2e.states.look import look

BLOCK = "() => { window.open = () => null; }"
BLOCK_ONCE = "() => { const open = window.open; window.open = () => { window.open = open; return null; }; }"
ONBOARDING = "/channels/onboarding/$"


@both_ways
def test_blocked_and_opened_by_the_link(channels: ChannelsPage, folder: str | None) -> None:
    page = channels.page
    page.evaluate(BLOCK_ONCE)
    channels = channels.connect_blocked()
    channels.expect_state("requested", "Your browser blocked the connection window")
    look(page, "window-blocked", folder)
    dialog = channels.open_by_link()  # a window that is heard
    channels.expect_state("opened")
    dialog.press("Cancel")
    channels.expect_state("cancelled", "You cancelled in the connection window")

    page.evaluate(BLOCK_ONCE)
    channels = channels.connect_blocked()
    channels.expect_state("requested")
    channels = channels.reload()
    dialog = channels.open_by_link()
    channels.expect_state("opened")
    dialog.press("Cancel")
    channels.expect_state("cancelled", "You cancelled in the connection window")

    page.evaluate(BLOCK)
    channels = channels.connect_blocked()
    channels.expect_state("requested", "Your browser blocked the connection window")
    channels.open_by_link().connect("By link")
    channels.expect_state("confirmed", "By link is connected")
    channels.expect_channel("By link")


def test_there_is_no_window_to_open(
    channels: ChannelsPage, stack: Stack, watch: Watch, folder: str | None
) -> None:
    connexease = stack.connexease
    connexease.fault("status", ONBOARDING, "POST", times=None, status=503)
    popup = channels.open_popup()
    expect(channels.alert).to_contain_text("Connexease didn't answer")
    expect_closed(popup)
    look(channels.page, "no-window-to-open", folder)
    connexease.clear_faults()

    body = {"onboarding_url": "https://app.connexease.com.evil.example/connect?token=1", "expires_at": 2**31}
    connexease.fault("status", ONBOARDING, "POST", status=201, body=body)
    popup = channels.open_popup()
    expect(channels.alert).to_contain_text("don't trust the address of the connection window")
    expect_closed(popup)

    watch.expect("Failed to load resource: net::ERR_CONNECTION_REFUSED")
    channels.page.route("**/channels/connect", lambda route: route.abort("connectionrefused"))
    popup = channels.open_popup()
    expect(channels.alert).to_contain_text("You seem to be offline.")
    expect_closed(popup)
    expect(channels.button("Connect WhatsApp")).to_be_enabled()
    channels.page.unroute("**/channels/connect")

    used_up = {"onboarding_url": f"{stack.sandbox.dialog_url}/reseller?token=old", "expires_at": 1}
    connexease.fault("status", ONBOARDING, "POST", times=None, status=201, body=used_up)
    expect_closed(channels.open_popup())
    channels.expect_state("expired", "This attempt has expired")
    expect(channels.alert).to_have_count(0)
    connexease.clear_faults()

    connexease.fault("status", ONBOARDING, "POST", status=201, body=used_up)
    channels.connect().connect("Fresh")
    channels.expect_state("confirmed", "Fresh is connected")


def test_only_the_dialogs_own_word_is_heard(channels: ChannelsPage, stack: Stack) -> None:
    hints = Hints(channels.page)
    dialog = channels.connect()
    channels.expect_state("opened")
    forge(channels, f"{stack.sandbox.api_url}/mailbox")  # of another origin
    forge(channels, f"{stack.sandbox.dialog_url}/reseller/channels/whatsapp/connect?token=none")  # another window
    channels.page.evaluate("window.postMessage({status: 'cancelled'}, '*')")
    dialog.press("Post noise")
    expect(dialog.page.get_by_role("status")).to_contain_text("odd messages were posted")
    dialog.connect("True")
    channels.expect_state("confirmed", "True is connected")
    # The event can come before the window's own word, which the page then no longer passes on.
    assert set(hints.sent) <= {"opened", "message ok"}


def test_the_dialog_loses_its_opener(channels: ChannelsPage, stack: Stack) -> None:
    stack.connexease.set(dialog_opener_policy="same-origin")
    dialog = channels.connect()
    channels.expect_state("opened", "The connection window seems to be closed")
    dialog.connect("Alone")
    channels.expect_state("confirmed", "Alone is connected")
    channels.expect_channel("Alone")


def test_reload_and_begin_again_in_the_middle(channels: ChannelsPage, folder: str | None) -> None:
    dialog = channels.connect()
    channels.expect_state("opened")
    look(channels.page, "window-opened", folder)
    channels = channels.reload()
    channels.expect_state("opened", "Continue in the connection window")
    dialog.connect("Reloaded")
    channels.expect_state("confirmed", "Reloaded is connected")
    channels.expect_channel("Reloaded")

    channels.connect()
    channels.expect_state("opened")
    channels = channels.reload()
    channels.expect_state("opened")
    first = channels.connect()
    channels.expect_state("opened")
    before = channels.attempt
    second = channels.connect()
    first.wait_until_closed()
    expect(channels.panel).not_to_have_attribute("data-attempt", before)
    channels.expect_state("opened")
    second.connect("Again")
    channels.expect_state("confirmed", "Again is connected")
    channels.expect_channel("Again")


def test_what_is_done_while_we_still_ask(channels: ChannelsPage, stack: Stack) -> None:
    # A double click makes one window and one attempt.
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

    # The blank window is closed.
    with held_until_done(channels.page, "**/channels/connect"):
        popup = channels.open_popup()
        expect(popup.get_by_text("opening the connection window")).to_be_visible()
        popup.close()
    channels.expect_state("requested")
    channels.open_by_link().connect("After all")
    channels.expect_state("confirmed", "After all is connected")


def test_two_tabs(channels: ChannelsPage, context: BrowserContext, member: Member, stack: Stack) -> None:
    dialog = channels.connect()
    channels.expect_state("opened")
    other = ChannelsPage(go(context.new_page(), member.channels_url))
    other.expect_state("opened")
    dialog.connect("Shared")
    for tab in (channels, other):
        tab.expect_state("confirmed", "Shared is connected")
        tab.expect_channel("Shared")

    # Two windows are open, and the event of the older one's channel comes before its message.
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
    other.expect_state("opened")
    second.connect("Two")
    other.expect_state("confirmed", "Two is connected")
    other.expect_channel("One")
    other.expect_channel("Two")


def test_stop_waiting(channels: ChannelsPage, folder: str | None) -> None:
    page = channels.page
    dialog = channels.connect()
    channels.expect_state("opened")
    with dialog.page.expect_event("close"):
        channels = channels.stop_waiting()
    channels.expect_state("cancelled", "You stopped this attempt")
    expect(channels.button("Stop waiting")).to_have_count(0)
    look(page, "stopped", folder)
    dialog = channels.connect()
    channels.expect_state("opened")
    attempt = AttemptPage(go(page.context.new_page(), f"{page.url}attempts/{channels.attempt}"))
    look(attempt.page, "attempt-page", folder)
    dialog.connect("Then")
    channels.expect_state("confirmed", "Then is connected")


def test_the_session_ends(channels: ChannelsPage, context: BrowserContext, member: Member) -> None:
    context.clear_cookies()
    popup = channels.open_popup()
    channels = log_in_again(channels, member)
    expect_closed(popup)
    channels.connect()
    channels.expect_state("opened")
    context.clear_cookies()
    log_in_again(channels, member).expect_state("opened")


@both_ways
def test_reconnect(page: Page, member: Member, stack: Stack) -> None:
    connexease = stack.connexease
    channel = connexease.create_channel(member.connexease_uuid, name="Old shop", connected=False)
    connexease.create_channel(member.connexease_uuid, name="Other shop")
    gone = connexease.create_channel(member.connexease_uuid, name="Gone shop", connected=False)
    channels = ChannelsPage(go(page, member.channels_url))
    channels.expect_channel("Old shop", "Disconnected")
    dialog = channels.reconnect("Old shop")
    expect(dialog.heading).to_have_text("Reconnect WhatsApp")
    dialog.press("Connect WhatsApp")
    channels.expect_state("confirmed", "Old shop is connected")
    channels.expect_channel("Old shop", "Connected")
    channels.expect_channel("Other shop", "Connected")
    assert [c["connected"] for c in connexease.channels() if c["uuid"] == channel["uuid"]] == [True]

    # One that the portal still lists is gone at Connexease.
    connexease.delete_channel(gone["uuid"])
    popup = channels.open_popup("Reconnect Gone shop")
    expect(channels.alert).to_contain_text("Connexease no longer has this channel")
    expect_closed(popup)


def go(page: Page, address: str) -> Page:
    page.goto(address)
    return page


def log_in_again(channels: ChannelsPage, member: Member) -> ChannelsPage:
    login = LogInPage(channels.page)
    login.page.get_by_label("Email address").fill(member.customer.email)
    login.page.get_by_label("Password").fill(member.customer.password)
    login.button("Log in").click()
    return ChannelsPage(channels.page)


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
