"""The event log and what is watched, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.browser.answers import answer_of, go_round
from e2e.browser.clock import stop_clock
from e2e.browser.reloading import reload_until
from e2e.browser.watch import Watch
from e2e.marks import both_ways
from e2e.pages.events import EventPage, EventsPage, WatchPage
from e2e.running.people import Member
from e2e.running.stack import Stack
from e2e.states.look import look

NAME = "Shop"


@pytest.fixture
def channel(page: Page, stack: Stack, member: Member) -> str:
    """A connected channel, known to the portal; its UUID at Connexease."""
    return connect(page, stack, member)


@pytest.fixture
def events(page: Page, member: Member, channel: str) -> EventsPage:
    """The log of somebody with one channel, watched for everything that a conversation brings."""
    page.goto(f"{member.account_url}events/watch")
    watch = WatchPage(page)
    watch.everything_of(NAME).check()
    return watch.save(f"Your choices for {NAME} were saved.").events()


def connect(page: Page, stack: Stack, member: Member) -> str:
    channel = stack.connexease.create_channel(member.connexease_uuid, name=NAME)["uuid"]
    page.goto(member.channels_url)
    return str(channel)


def play(events: EventsPage, stack: Stack, channel: str) -> EventsPage:
    """A conversation takes place, and the log shows it."""
    stack.connexease.play_conversation(channel)
    expect_kept(events, 10)
    return events


def expect_kept(events: EventsPage, count: int) -> None:
    """The worker has read everything; a page that is loaded too early is loaded again."""
    reload_until(events.page, lambda: events.rows.filter(has_text="Stored").count() == count)


@both_ways
def test_from_an_empty_log_to_a_living_one(page: Page, member: Member, stack: Stack, channel: str) -> None:
    page.goto(member.account_url)
    page.get_by_role("link", name="Events").click()
    events = EventsPage(page)
    expect(events.heading("No events yet")).to_be_visible()
    watch = events.watch()
    watch.box("message.created", NAME).check()
    watch.box("feedback.received", NAME).check()
    events = watch.save(f"Your choices for {NAME} were saved.").events()
    stack.connexease.play_conversation(channel)
    stack.connexease.settle()  # where that takes longer, the page asks again by itself
    events.look_for_newer()
    expect(events.rows).not_to_have_count(0)
    expect_kept(events, 3)  # the first may be shown before the others have come
    events = events.choose("Trigger", "message.created").filter()
    expect(events.rows).to_have_count(2)
    expect(page.get_by_label("Trigger", exact=True)).to_have_value("message.created")


@pytest.mark.own_context
def test_the_log(events: EventsPage, stack: Stack, channel: str, folder: str | None) -> None:
    page = events.page
    page.clock.install()
    play(events, stack, channel)
    new_events_do_not_move_what_is_read(events, stack, channel)
    look(page, "events-full", folder)

    events.choose("Trigger", "message.created")
    expect(events.rows).to_have_count(3)
    expect(page).to_have_url(f"{page.url.partition('?')[0]}?trigger=message.created")
    expect(page.get_by_label("Trigger", exact=True)).to_be_focused()
    page.go_back()
    expect(events.rows).to_have_count(11)
    expect(page.get_by_label("Trigger", exact=True)).to_have_value("")
    events.search("wareh")
    expect(events.rows).to_have_count(1)
    events.choose("Trigger", "message.created")
    expect(page).to_have_url(re.compile(r"\?q=wareh&trigger=message\.created$"))
    expect(events.rows).to_have_count(1)
    events.search("wareh nothing")
    expect(events.heading("No event matches")).to_be_visible()
    expect(page.get_by_label("Trigger", exact=True)).to_have_value("message.created")
    look(page, "events-none", folder)
    events.link("Clear filter").click()
    expect(events.rows).to_have_count(11)
    expect(page.get_by_label("Trigger", exact=True)).to_have_value("")
    expect(page.get_by_label("Search words")).to_have_value("")
    page.get_by_text("Exact times").click()
    page.get_by_label("From").fill("2026-01-02T10:00")
    page.get_by_label("Until").fill("2026-01-01T10:00")
    page.get_by_label("Until").press("Enter")
    expect(events.alert).to_contain_text("Enter a time after the start.")
    look(page, "events-refused", folder)
    a_filter_waits_for_a_press_to_end(events)


def new_events_do_not_move_what_is_read(events: EventsPage, stack: Stack, channel: str) -> None:
    first = events.rows.first.inner_text()
    place = events.rows.first.bounding_box()
    stack.connexease.emit("message.created", *whose(stack, channel), payload={"text": "later"})
    stack.connexease.settle()  # where that takes longer, the page asks again by itself
    events.look_for_newer()
    expect(events.newer).to_have_text("Show 1 new event")
    assert events.rows.first.bounding_box() == place
    assert events.rows.first.inner_text().split()[0] == first.split()[0]
    assert events.page.evaluate("document.activeElement === document.body")
    events.page.set_viewport_size({"width": 1280, "height": 400})
    events.rows.last.scroll_into_view_if_needed()
    expect(events.newer).to_be_in_viewport()
    events.page.set_viewport_size({"width": 1280, "height": 720})
    expect(events.show_newer().rows).to_have_count(11)


def a_filter_waits_for_a_press_to_end(events: EventsPage) -> None:
    """Else what is pressed would be gone, and nobody told that it was clicked."""
    page = events.page
    page.goto(page.url.partition("?")[0])
    page.get_by_label("Search words").fill("wareh")
    events.rows.first.get_by_role("link").first.hover()
    stop_clock(page)  # a press lasts two seconds at most
    with page.expect_response(re.compile("q=wareh")):  # the field is left by the press itself
        page.mouse.down()
    go_round(page)
    page.mouse.up()
    page.clock.resume()
    EventPage(page)


@pytest.mark.own_context
def test_an_event_is_found_and_copied_by_keyboard_alone(
    events: EventsPage,
    stack: Stack,
    channel: str,
    context: BrowserContext,
    watch: Watch,
    folder: str | None,
) -> None:
    page, log = events.page, events.page.url
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.clock.install()
    play(events, stack, channel)
    page.get_by_label("Search words").focus()
    page.keyboard.type("quick")
    page.keyboard.press("Enter")
    expect(events.rows).to_have_count(1)
    expect(page.get_by_label("Search words")).to_be_focused()
    reach(page, "Rating 5: “Quick answer”")
    page.keyboard.press("Enter")
    event = EventPage(page)
    expect(event.body).to_contain_text('"comment": "Quick answer"')
    expect(event.copy).to_be_visible()  # as soon as its script has run
    look(page, "event", folder)
    reach(page, "Copy")
    stop_clock(page)  # it is said for three seconds
    page.keyboard.press("Enter")
    expect(event.copy).to_have_text("Copied")
    assert answer_of(page, "() => navigator.clipboard.readText()") == event.body.text_content()
    page.clock.run_for(3000)
    expect(event.copy).to_have_text("Copy")
    # Where copying is not allowed, the text is selected.
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.keyboard.press("Enter")
    expect(event.copy).to_have_text("Selected: press Ctrl+C")
    assert page.evaluate("getSelection().toString()").strip() == (event.body.text_content() or "").strip()
    page.clock.resume()
    page.goto(log)
    a_body_full_of_markup_is_text(events, stack, channel)
    watch.check()


def a_body_full_of_markup_is_text(events: EventsPage, stack: Stack, channel: str) -> None:
    markup = "</pre><script>document.title = 'owned'</script><img src=x onerror=alert(1)>"
    stack.connexease.emit("message.created", *whose(stack, channel), payload={"text": markup})
    expect_kept(events, 11)
    event = events.open("message.created")
    expect(event.body).to_contain_text(markup)
    expect(event.main.locator("img, pre script")).to_have_count(0)


def test_what_is_watched(page: Page, member: Member, stack: Stack, folder: str | None) -> None:
    page.goto(f"{member.account_url}events/")
    look(page, "events-empty", folder)
    page.goto(f"{member.account_url}events/watch")
    look(page, "watch-no-channel", folder)
    channel = connect(page, stack, member)

    page.goto(f"{member.account_url}events/watch")
    watch = WatchPage(page)
    everything = watch.everything_of(NAME)
    everything.focus()
    page.keyboard.press("Space")
    expect(watch.box("customer.updated", NAME)).to_be_checked()
    watch.box("customer.updated", NAME).focus()
    page.keyboard.press("Space")
    expect(everything).not_to_be_checked()
    assert everything.evaluate("box => box.indeterminate")
    reach(page, "Save choices")
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text(f"Your choices for {NAME} were saved.")
    expect(watch.box("message.created", NAME)).to_be_checked()
    expect(watch.box("customer.updated", NAME)).not_to_be_checked()
    assert everything.evaluate("box => box.indeterminate")
    look(page, "watch", folder)

    # A webhook of the customer's own, made elsewhere, is in the way.
    stack.connexease.create_webhook(
        member.connexease_uuid, "https://crm.example.com/in", triggers=["customer.updated"], channels=[channel]
    )
    watch.box("customer.updated", NAME).check()
    watch = watch.save_in_vain()
    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    with page.expect_popup() as opened:
        summary.get_by_role("link").click()
    expect(opened.value).to_have_title("Edit webhook · Reseller portal")
    expect(watch.box("customer.updated", NAME)).to_be_checked()  # what was chosen stays
    look(page, "watch-conflict", folder)
    stack.connexease.fault("status", "/webhooks/", "GET", times=None, status=503)
    page.goto(f"{member.account_url}events/watch")
    look(page, "watch-unreachable", folder)
    stack.connexease.clear_faults()
    page.reload()
    expect(watch.box("customer.updated", NAME)).to_have_count(0)
    expect(watch.link("crm.example.com")).to_be_visible()


def reach(page: Page, words: str) -> None:
    """Press Tab until the focus is on what bears these words."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == words:
            return
    raise AssertionError(f"Tab never reaches {words!r}")


def whose(stack: Stack, channel: str) -> tuple[str, str]:
    account = next(row["account"] for row in stack.connexease.channels() if row["uuid"] == channel)
    return account, channel
