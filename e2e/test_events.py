"""The event log and what is watched, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.browser.answers import answer_of, go_round
from e2e.browser.clock import stop_clock
from e2e.browser.reloading import reload_until
from e2e.browser.watch import Watch
from e2e.marks import both_ways
from e2e.pages.events import EventPage, EventsPage, WatchPage
from e2e.running.people import Member, sign_up
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
    events = watch.save(f"Your choices for {NAME} were saved.").events()
    stack.connexease.play_conversation(channel)
    stack.connexease.settle()  # where that takes longer, the page asks again by itself
    events.look_for_newer()
    expect(events.rows).not_to_have_count(0)
    expect_kept(events, 2)  # the first may be shown before the second has come


def test_new_events_do_not_move_what_is_read(events: EventsPage, stack: Stack, channel: str) -> None:
    play(events, stack, channel)
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
    expect(events.show_newer().rows).to_have_count(11)


@pytest.mark.own_context
def test_a_filter_changes_the_list_and_the_address(events: EventsPage, stack: Stack, channel: str) -> None:
    events.page.clock.install()
    play(events, stack, channel)
    events.choose("Trigger", "message.created")
    expect(events.rows).to_have_count(2)
    expect(events.page).to_have_url(f"{events.page.url.partition('?')[0]}?trigger=message.created")
    expect(events.page.get_by_label("Trigger", exact=True)).to_be_focused()
    events.search("wareh")
    expect(events.rows).to_have_count(1)
    events.search("wareh nothing")
    expect(events.heading("No event matches")).to_be_visible()
    events.link("Clear filter").click()
    expect(events.rows).to_have_count(10)
    events.page.wait_for_load_state()  # with htmx, which the filter needs
    events.page.get_by_label("Search words").fill("wareh")
    events.rows.first.get_by_role("link").first.hover()
    stop_clock(events.page)  # a press lasts two seconds at most
    with events.page.expect_response(re.compile("q=wareh")):  # the field is left by the press itself
        events.page.mouse.down()
    go_round(events.page)
    events.page.mouse.up()
    events.page.clock.resume()
    EventPage(events.page)


def test_back_leads_to_what_was_seen_before(events: EventsPage, stack: Stack, channel: str) -> None:
    play(events, stack, channel)
    events.choose("Trigger", "message.created")
    expect(events.rows).to_have_count(2)
    events.page.go_back()
    expect(events.rows).to_have_count(10)
    expect(events.page.get_by_label("Trigger", exact=True)).to_have_value("")


def test_a_filter_that_makes_no_sense(events: EventsPage, stack: Stack, channel: str) -> None:
    events = play(events, stack, channel)  # an empty log has no filter yet
    events.page.get_by_text("Exact times").click()
    events.page.get_by_label("From").fill("2026-01-02T10:00")
    events.page.get_by_label("Until").fill("2026-01-01T10:00")
    events.page.get_by_label("Until").press("Enter")
    expect(events.alert).to_contain_text("Enter a time after the start.")


@pytest.mark.own_context
def test_the_body_is_copied(events: EventsPage, stack: Stack, channel: str, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    events.page.clock.install()
    event = play(events, stack, channel).open("feedback.received")
    expect(event.body).to_contain_text('"comment": "Quick answer"')
    expect(event.copy).to_be_visible()
    stop_clock(event.page)  # it is said for three seconds
    event.copy.click()
    expect(event.copy).to_have_text("Copied")
    assert answer_of(event.page, "() => navigator.clipboard.readText()") == event.body.text_content()
    event.page.clock.run_for(3000)
    expect(event.copy).to_have_text("Copy")


@pytest.mark.own_context
def test_where_copying_is_not_allowed_the_text_is_selected(events: EventsPage, stack: Stack, channel: str) -> None:
    events.page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    events.page.clock.install()
    event = play(events, stack, channel).open("feedback.received")
    expect(event.copy).to_be_visible()
    stop_clock(event.page)
    event.copy.click()
    expect(event.copy).to_have_text("Selected: press Ctrl+C")
    assert event.page.evaluate("getSelection().toString()").strip() == (event.body.text_content() or "").strip()


def test_a_body_full_of_markup_is_text(events: EventsPage, stack: Stack, channel: str, watch: Watch) -> None:
    markup = "</pre><script>document.title = 'owned'</script><img src=x onerror=alert(1)>"
    stack.connexease.emit("message.created", *whose(stack, channel), payload={"text": markup})
    expect_kept(events, 1)
    event = events.open("message.created")
    expect(event.body).to_contain_text(markup)
    expect(event.main.locator("img, pre script")).to_have_count(0)
    watch.check()


def test_everything_of_a_channel_at_once(page: Page, member: Member, channel: str) -> None:
    page.goto(f"{member.account_url}events/watch")
    watch = WatchPage(page)
    everything = watch.everything_of(NAME)
    everything.check()
    expect(watch.box("customer.updated", NAME)).to_be_checked()
    watch.box("customer.updated", NAME).uncheck()
    expect(everything).not_to_be_checked()
    assert everything.evaluate("box => box.indeterminate")
    watch = watch.save(f"Your choices for {NAME} were saved.")
    expect(watch.box("message.created", NAME)).to_be_checked()
    expect(watch.box("customer.updated", NAME)).not_to_be_checked()
    assert everything.evaluate("box => box.indeterminate")


def test_a_conflict_is_explained_with_the_webhook_in_the_way(
    page: Page, member: Member, stack: Stack, channel: str
) -> None:
    page.goto(f"{member.account_url}events/watch")
    watch = WatchPage(page)
    hold(stack, member, channel)
    watch.box("message.created", NAME).check()
    watch = watch.save_in_vain()
    summary = watch.page.locator(".error-summary")
    expect(summary).to_be_focused()
    with page.expect_popup() as opened:
        summary.get_by_role("link").click()
    expect(opened.value).to_have_title("Edit webhook · Reseller portal")
    expect(watch.box("message.created", NAME)).to_be_checked()  # what was chosen stays
    page.goto(f"{member.account_url}events/watch")
    expect(watch.box("message.created", NAME)).to_have_count(0)
    expect(watch.link("crm.example.com")).to_be_visible()


def test_without_script(
    open_context: Callable[..., BrowserContext],
    context: BrowserContext,
    stack: Stack,
    member: Member,
    channel: str,
) -> None:
    plain = open_context(java_script_enabled=False, storage_state=context.storage_state())
    page = plain.new_page()
    page.goto(f"{member.account_url}events/watch")
    watch = WatchPage(page)
    expect(watch.everything_of(NAME)).to_have_count(0)
    watch.box("message.created", NAME).check()
    watch.box("feedback.received", NAME).check()
    events = watch.save(f"Your choices for {NAME} were saved.").events()
    stack.connexease.play_conversation(channel)
    expect_kept(events, 3)
    events = events.choose("Trigger", "message.created").filter()
    expect(events.rows).to_have_count(2)
    event = events.open("message.created")
    expect(event.copy).to_be_hidden()
    expect(event.body).to_contain_text('"hook": "message.created"')


@pytest.mark.own_context
def test_by_keyboard_alone(events: EventsPage, stack: Stack, channel: str, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    events.page.clock.install()
    page = play(events, stack, channel).page
    page.get_by_label("Search words").focus()
    page.keyboard.type("quick")
    page.keyboard.press("Enter")
    expect(events.rows).to_have_count(1)
    expect(page.get_by_label("Search words")).to_be_focused()
    reach(page, "Rating 5: “Quick answer”")
    page.keyboard.press("Enter")
    event = EventPage(page)
    expect(event.copy).to_be_visible()  # as soon as its script has run
    reach(page, "Copy")
    stop_clock(page)
    page.keyboard.press("Enter")
    expect(event.copy).to_have_text("Copied")


def test_what_is_watched_by_keyboard_alone(page: Page, member: Member, channel: str) -> None:
    page.goto(f"{member.account_url}events/watch")
    watch = WatchPage(page)
    watch.everything_of(NAME).focus()
    page.keyboard.press("Space")
    reach(page, "Save choices")
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text(f"Your choices for {NAME} were saved.")
    expect(watch.box("message.created", NAME)).to_be_checked()


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


def hold(stack: Stack, member: Member, channel: str) -> None:
    """A webhook of the customer's own, made elsewhere."""
    stack.connexease.create_webhook(
        member.connexease_uuid, "https://crm.example.com/in", triggers=["message.created"], channels=[channel]
    )


# --- the look ----------------------------------------------------------------------------------------


def _empty(page: Page, stack: Stack, member: Member) -> None:
    page.goto(f"{member.account_url}events/")


def _no_channel(page: Page, stack: Stack, member: Member) -> None:
    page.goto(f"{member.account_url}events/watch")


def _living(page: Page, stack: Stack, member: Member) -> EventsPage:
    channel = connect(page, stack, member)
    page.goto(f"{member.account_url}events/watch")
    watch = WatchPage(page)
    watch.everything_of(NAME).check()
    return play(watch.save(f"Your choices for {NAME} were saved.").events(), stack, channel)


def _none(page: Page, stack: Stack, member: Member) -> None:
    _living(page, stack, member).search("nothing")
    expect(page.get_by_role("heading", name="No event matches")).to_be_visible()


def _refused(page: Page, stack: Stack, member: Member) -> None:
    page.goto(f"{member.account_url}events/?since=2026-01-02T10:00&until=2026-01-01T10:00")


def _event(page: Page, stack: Stack, member: Member) -> None:
    _living(page, stack, member).open("message.created")


def _watched(page: Page, stack: Stack, member: Member) -> None:
    _living(page, stack, member).watch()


def _conflict(page: Page, stack: Stack, member: Member) -> None:
    channel = connect(page, stack, member)
    page.goto(f"{member.account_url}events/watch")
    hold(stack, member, channel)
    WatchPage(page).box("message.created", NAME).check()
    WatchPage(page).save_in_vain()


def _unreachable(page: Page, stack: Stack, member: Member) -> None:
    connect(page, stack, member)
    stack.connexease.fault("status", "/webhooks/", "GET", times=None, status=503)
    page.goto(f"{member.account_url}events/watch")


STATES = {
    "events-empty": _empty,
    "events-full": _living,
    "events-none": _none,
    "events-refused": _refused,
    "event": _event,
    "watch-no-channel": _no_channel,
    "watch": _watched,
    "watch-conflict": _conflict,
    "watch-unreachable": _unreachable,
}


@pytest.mark.parametrize("name", STATES)
def test_look(
    name: str, page: Page, context: BrowserContext, stack: Stack, watch: Watch, request: pytest.FixtureRequest
) -> None:
    STATES[name](page, stack, sign_up(context, stack))
    look(page, name, request.config.getoption("--shots"))
