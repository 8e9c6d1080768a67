"""An account's first page, its channels, and the window that connects one."""

from __future__ import annotations

from playwright.sync_api import expect

from e2e.pages import ChannelsPage, DashboardPage
from e2e.states.walk import Walk, state

BLOCK = "window.open = () => null;"


@state()
def overview(walk: Walk) -> None:
    walk.overview()


@state(after=overview)
def menu(walk: Walk) -> None:
    walk.page.get_by_role("banner").get_by_role("button", name="Ada Lovelace").click()


@state()
def no_channels(walk: Walk) -> None:
    walk.channels()


@state()
def channels_of_every_kind(walk: Walk) -> None:
    member, connexease = walk.member(), walk.stack.connexease
    uuid = member.connexease_uuid
    gone = connexease.create_channel(uuid, name="Gone shop")
    walk.channels(member)
    connexease.delete_channel(gone["uuid"])
    connexease.create_channel(uuid, name="Shop")
    connexease.create_channel(uuid, name="Old shop", connected=False)
    connexease.create_channel(uuid, name="Closed shop", is_active=False)
    ChannelsPage(walk.page).refresh().expect_channel("Old shop", "Disconnected")


@state(after=channels_of_every_kind)
def overview_with_channels(walk: Walk) -> None:
    walk.page.get_by_role("link", name="Overview").click()
    expect(walk.page.get_by_role("main").get_by_text("Old shop")).to_be_visible()


@state(after=overview_with_channels)
def staff_dashboard(walk: Walk) -> None:
    DashboardPage(walk.staff("/staff/"))
    for summary in walk.page.get_by_text("As a table").all():
        summary.click()


@state()
def channels_cannot_be_read(walk: Walk) -> None:
    member = walk.member()
    walk.stack.connexease.create_channel(member.connexease_uuid, name="Shop")
    channels = walk.channels(member)
    walk.stack.connexease.fault("status", "/channels/$", times=None, status=503)
    channels = channels.refresh()
    expect(channels.main.get_by_text("This list may be out of date")).to_be_visible()


@state()
def no_window_to_open(walk: Walk) -> None:
    walk.stack.connexease.fault("status", "/onboarding/$", times=None, status=503)
    channels = walk.channels()
    channels.open_popup()
    expect(channels.alert).to_contain_text("Connexease didn't answer")


@state()
def window_blocked(walk: Walk) -> None:
    walk.page.add_init_script(BLOCK)
    walk.channels().connect_blocked().expect_state("requested")


@state()
def window_opened(walk: Walk) -> None:
    walk.opened()


@state(after=window_opened)
def stopped(walk: Walk) -> None:
    channels = ChannelsPage(walk.page)
    channels.button("Stop waiting").click()
    channels.expect_state("cancelled", "You stopped this attempt")


@state()
def window_closed(walk: Walk) -> None:
    channels = walk.channels()
    channels.connect().press("Close without a word")
    channels.expect_state("opened", "The connection window seems to be closed")


@state(after=window_closed)
def silent(walk: Walk) -> None:
    channels = ChannelsPage(walk.page)
    walk.stack.let_pass(50, channels.attempt)
    channels.expect_state("cancelled")


@state()
def window_reported(walk: Walk) -> None:
    walk.stack.connexease.fault("status", "/channels/$", "GET", times=None, status=503)
    walk.ended("Connect, message first", "reported")


@state()
def connected(walk: Walk) -> None:
    walk.ended("Connect WhatsApp", "confirmed")


@state(after=connected)
def staff_events(walk: Walk) -> None:
    walk.staff("/staff/events/")
    expect(walk.page.get_by_role("row").filter(has_text="channel.created").first).to_be_visible()


@state()
def cancelled(walk: Walk) -> None:
    walk.ended("Cancel", "cancelled")


@state()
def failed(walk: Walk) -> None:
    walk.ended("Fail", "failed")


@state()
def expired(walk: Walk) -> None:
    channels = walk.opened()
    walk.stack.let_pass(21 * 60, channels.attempt)
    channels.expect_state("expired")


@state()
def attempt_page(walk: Walk) -> None:
    channels = walk.opened()
    walk.page.goto(f"{walk.page.url}attempts/{channels.attempt}")
    expect(walk.page.get_by_role("heading", level=1)).to_have_text("Connecting WhatsApp")


@state()
def history(walk: Walk) -> None:
    walk.overview().link("See full history").click()
    expect(walk.page.get_by_role("heading", level=1)).to_have_text("History")
