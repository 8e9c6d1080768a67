"""An account's first page, its channels, and what the staff see of them.

Attempts to connect are looked at where they are made: see `test_window.py` and `test_endings.py`.
"""

from __future__ import annotations

from playwright.sync_api import expect

from e2e.pages import ChannelsPage, DashboardPage
from e2e.states.walk import Walk, state


@state()
def overview(walk: Walk) -> None:
    walk.overview()


@state(after=overview)
def menu(walk: Walk) -> None:
    walk.page.get_by_role("banner").get_by_role("button", name="Ada Lovelace").click()


@state(after=menu)
def history(walk: Walk) -> None:
    walk.page.get_by_role("main").get_by_role("link", name="See full history").click()
    expect(walk.page.get_by_role("heading", level=1)).to_have_text("History")


@state(after=history)
def no_channels(walk: Walk) -> None:
    walk.page.get_by_role("link", name="Channels").click()
    ChannelsPage(walk.page)


@state()
def channels_of_every_kind(walk: Walk) -> None:
    member, connexease = walk.member(), walk.stack.connexease
    uuid = member.connexease_uuid
    gone = connexease.create_channel(uuid, name="Gone shop")
    walk.channels(member)
    connexease.delete_channel(gone["uuid"])
    connexease.create_channel(uuid, name="Shop", announce=True)
    connexease.create_channel(uuid, name="Old shop", connected=False)
    connexease.create_channel(uuid, name="Closed shop", is_active=False)
    ChannelsPage(walk.page).refresh().expect_channel("Old shop", "Disconnected")


@state(after=channels_of_every_kind)
def channels_cannot_be_read(walk: Walk) -> None:
    walk.stack.connexease.fault("status", "/channels/$", times=None, status=503)
    channels = ChannelsPage(walk.page).refresh()
    expect(channels.main.get_by_text("This list may be out of date")).to_be_visible()


@state(after=channels_cannot_be_read)
def overview_with_channels(walk: Walk) -> None:
    walk.stack.connexease.clear_faults()
    walk.page.get_by_role("link", name="Overview").click()
    expect(walk.page.get_by_role("main").get_by_text("Old shop")).to_be_visible()


@state(after=overview_with_channels)
def staff_dashboard(walk: Walk) -> None:
    DashboardPage(walk.staff("/staff/"))
    for summary in walk.page.get_by_text("As a table").all():
        summary.click()


@state(after=staff_dashboard)
def staff_events(walk: Walk) -> None:
    walk.stack.connexease.settle()
    walk.go("/staff/events/")
    expect(walk.page.get_by_role("row").filter(has_text="channel.created").first).to_be_visible()
