"""Every way in which Connexease's dialog can end, and every order in which we can hear of it."""

from __future__ import annotations

from playwright.sync_api import expect

from e2e.browser.hints import Hints
from e2e.marks import both_ways
from e2e.pages import ChannelsPage
from e2e.running.people import Member
from e2e.running.stack import Stack
from e2e.states.look import look


def test_nothing_is_connected_and_then_something(channels: ChannelsPage, stack: Stack, folder: str | None) -> None:
    page = channels.page
    dialog = channels.connect()
    dialog.press("Cancel")
    dialog.wait_until_closed()
    channels.expect_state("cancelled", "You cancelled in the connection window")
    expect(channels.heading("No number connected yet")).to_be_visible()
    look(page, "cancelled", folder)

    dialog = channels.connect()
    dialog.press("Fail")
    dialog.wait_until_closed()
    channels.expect_state("failed", "The number wasn't connected")
    expect(channels.panel).to_contain_text("The connection window reported “error”.")
    look(page, "failed", folder)

    channels.connect().press("Say the link is used")
    channels.expect_state("failed", "The number wasn't connected")

    dialog = channels.connect()
    channels.expect_state("opened")
    # A little later: a window that is gone cannot say that it has done it.
    end = "opener.postMessage({status: 'cancelled'}, '*'); window.close()"
    dialog.page.evaluate(f"void setTimeout(() => {{ {end} }})")
    channels.expect_state("cancelled", "You cancelled in the connection window")

    channels.connect()
    channels.expect_state("opened")
    stack.let_pass(21 * 60, channels.attempt)
    channels.expect_state("expired", "This attempt has expired")
    look(page, "expired", folder)

    dialog = channels.connect()
    channels.expect_state("opened")
    stack.connexease.advance(601)
    dialog.connect("Too late")
    channels.expect_state("failed", "The number wasn't connected")
    expect(channels.row("Too late")).to_have_count(0)

    dialog = channels.connect()
    channels.expect_state("opened")
    stack.connexease.set(duplicates=2)
    dialog.connect("Another try")
    channels.expect_state("confirmed", "Another try is connected")
    look(page, "connected", folder)
    stack.connexease.settle()
    channels.reload().expect_channel("Another try")


def test_closed_in_silence_but_connected_after_all(
    channels: ChannelsPage, stack: Stack, member: Member, folder: str | None
) -> None:
    channels.connect().press("Close without a word")
    channels.expect_state("opened", "The connection window seems to be closed")
    look(channels.page, "window-closed", folder)
    stack.let_pass(50, channels.attempt)
    channels.expect_state("cancelled", "The connection window was closed early")
    look(channels.page, "silent", folder)
    stack.connexease.create_channel(member.connexease_uuid, name="Late", announce=True)
    stack.connexease.settle()
    come_back_to(channels)
    channels.expect_state("confirmed", "Late is connected")
    channels.expect_channel("Late")


@both_ways
def test_the_message_the_event_or_both(channels: ChannelsPage, stack: Stack, folder: str | None) -> None:
    connexease = stack.connexease
    dialog = channels.connect()
    channels.expect_state("opened")
    dialog.press("Connect, but say nothing")
    channels.expect_state("confirmed")
    dialog.wait_until_closed()
    channels.expect_channel("WhatsApp 1")
    channels.connect().press("Connect, message first")  # the event never comes, and the list tells
    channels.expect_state("confirmed", "WhatsApp 2 is connected")
    channels.expect_channel("WhatsApp 2")
    channels.connect().press("Connect without an event")
    channels.expect_state("confirmed", "WhatsApp 3 is connected")
    channels.expect_channel("WhatsApp 3")

    connexease.fault("status", "/channels/$", "GET", times=None, status=503)
    connexease.release_deliveries()
    channels.connect().press("Connect, but say nothing")
    channels.expect_state("confirmed", "WhatsApp 4 is connected")
    channels.expect_channel("WhatsApp 4", "Connected, loading details")
    channels.connect().press("Connect, message first")
    channels.expect_state("reported", "Almost there")
    look(channels.page, "window-reported", folder)
    connexease.release_deliveries()
    channels.expect_state("confirmed", "WhatsApp 5 is connected")
    channels.expect_channel("WhatsApp 5", "Connected, loading details")

    hints = Hints(channels.page)
    dialog = channels.connect()
    channels.expect_state("opened")
    dialog.page.evaluate("for (const status of ['ok', 'cancelled']) opener.postMessage({status}, '*')")
    channels.expect_state("reported", "Almost there")
    assert hints.sent == ["opened", "message ok"]  # nothing said after "ok" undoes it


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
