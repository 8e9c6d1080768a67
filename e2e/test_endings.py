"""Every way in which Connexease's dialog can end, and every order in which we can hear of it."""

from playwright.sync_api import expect

from e2e.browser.hints import Hints
from e2e.marks import both_ways
from e2e.pages import ChannelsPage
from e2e.running.people import Member
from e2e.running.stack import Stack


@both_ways
def test_cancelled(channels: ChannelsPage) -> None:
    dialog = channels.connect()
    dialog.press("Cancel")
    dialog.wait_until_closed()
    channels.expect_state("cancelled", "You cancelled in the connection window")
    expect(channels.heading("No number connected yet")).to_be_visible()


@both_ways
def test_failed(channels: ChannelsPage) -> None:
    dialog = channels.connect()
    dialog.press("Fail")
    dialog.wait_until_closed()
    channels.expect_state("failed", "The number wasn't connected")
    expect(channels.panel).to_contain_text("The connection window reported “error”.")


def test_a_failed_attempt_leaves_nothing_to_the_next(channels: ChannelsPage) -> None:
    channels.connect().press("Fail")
    channels.expect_state("failed")
    dialog = channels.connect()
    channels.expect_state("opened")
    dialog.connect("Second try")
    channels.expect_state("confirmed", "Second try is connected")
    channels.expect_channel("Second try")


@both_ways
def test_closed_in_silence(channels: ChannelsPage, stack: Stack) -> None:
    dialog = channels.connect()
    channels.expect_state("opened")
    dialog.press("Close without a word")
    channels.expect_state("opened", "The connection window seems to be closed")
    stack.let_pass(50, channels.attempt)
    channels.expect_state("cancelled", "The connection window was closed early")


def test_closed_in_silence_but_connected_after_all(channels: ChannelsPage, stack: Stack, member: Member) -> None:
    channels.connect().press("Close without a word")
    channels.expect_state("opened", "The connection window seems to be closed")
    stack.let_pass(50, channels.attempt)
    channels.expect_state("cancelled")
    stack.connexease.create_channel(member.connexease_uuid, name="Late", announce=True)
    stack.connexease.settle()
    come_back_to(channels)
    channels.expect_state("confirmed", "Late is connected")
    channels.expect_channel("Late")


@both_ways
def test_spent_token(channels: ChannelsPage) -> None:
    channels.connect().press("Say the link is used")
    channels.expect_state("failed", "The number wasn't connected")


@both_ways
def test_token_that_expires_while_the_dialog_is_open(channels: ChannelsPage, stack: Stack) -> None:
    dialog = channels.connect()
    stack.connexease.advance(601)
    dialog.connect("Too late")
    channels.expect_state("failed", "The number wasn't connected")
    expect(channels.row("Too late")).to_have_count(0)


def test_nobody_finishes_in_time(channels: ChannelsPage, stack: Stack) -> None:
    channels.connect()
    channels.expect_state("opened")
    stack.let_pass(21 * 60, channels.attempt)
    channels.expect_state("expired", "This attempt has expired")


def test_noise_is_ignored(channels: ChannelsPage) -> None:
    hints = Hints(channels.page)
    dialog = channels.connect()
    channels.expect_state("opened")
    dialog.press("Post noise")
    expect(dialog.page.get_by_role("status")).to_contain_text("odd messages were posted")
    dialog.connect("Quiet")
    channels.expect_state("confirmed", "Quiet is connected")
    assert set(hints.sent) <= {"opened", "message ok"}


@both_ways
def test_the_event_comes_before_the_message(channels: ChannelsPage) -> None:
    dialog = channels.connect()
    channels.expect_state("opened")
    dialog.press("Connect, but say nothing")
    channels.expect_state("confirmed")
    dialog.wait_until_closed()
    channels.expect_channel("WhatsApp 1")


@both_ways
def test_only_the_event_comes(channels: ChannelsPage, stack: Stack) -> None:
    stack.connexease.fault("status", "/channels/$", "GET", times=None, status=503)
    channels.connect().press("Connect, but say nothing")
    channels.expect_state("confirmed", "WhatsApp 1 is connected")
    channels.expect_channel("WhatsApp 1", "Connected, loading details")


@both_ways
def test_the_message_comes_before_the_event(channels: ChannelsPage, stack: Stack) -> None:
    stack.connexease.fault("status", "/channels/$", "GET", times=None, status=503)
    channels.connect().press("Connect, message first")
    channels.expect_state("reported", "Almost there")
    stack.connexease.release_deliveries()
    channels.expect_state("confirmed", "WhatsApp 1 is connected")
    channels.expect_channel("WhatsApp 1", "Connected, loading details")


def test_the_event_never_comes(channels: ChannelsPage) -> None:
    channels.connect().press("Connect, message first")
    channels.expect_state("confirmed", "WhatsApp 1 is connected")
    channels.expect_channel("WhatsApp 1")


@both_ways
def test_only_the_message_comes(channels: ChannelsPage) -> None:
    channels.connect().press("Connect without an event")
    channels.expect_state("confirmed", "WhatsApp 1 is connected")
    channels.expect_channel("WhatsApp 1")


def test_a_message_and_a_closed_window_at_once(channels: ChannelsPage) -> None:
    dialog = channels.connect()
    channels.expect_state("opened")
    # A little later: a window that is gone cannot say that it has done it.
    end = "opener.postMessage({status: 'cancelled'}, '*'); window.close()"
    dialog.page.evaluate(f"void setTimeout(() => {{ {end} }})")
    channels.expect_state("cancelled", "You cancelled in the connection window")


def test_the_event_comes_twice_and_makes_one_channel(channels: ChannelsPage, stack: Stack) -> None:
    stack.connexease.set(duplicates=2)
    channels.connect().connect("Once")
    channels.expect_state("confirmed", "Once is connected")
    stack.connexease.settle()
    channels.reload().expect_channel("Once")


def come_back_to(channels: ChannelsPage) -> None:
    """The page asks at once, and again when it has its answer, as long as it has something to ask."""
    channels.page.evaluate(
        """void (async () => {
            for (let panel; (panel = document.querySelector("#attempt[data-poll]")); ) {
                await portal.refresh(panel);
                await new Promise((resolve) => setTimeout(resolve, 100));
            }
        })()"""
    )
