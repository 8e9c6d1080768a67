"""The page's own scripts: how they ask, when they stop, and what they leave alone."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, Request, expect

from e2e.browser.answers import answer_of, go_round
from e2e.browser.clock import stop_clock
from e2e.browser.held import hold
from e2e.browser.watch import Watch
from e2e.pages import ChannelsPage
from e2e.running.people import Member

BLOCK = "window.open = () => null;"
POLL = re.compile(r"/channels/attempts/[0-9a-f-]{36}$")


@pytest.fixture
def waiting(page: Page, member: Member) -> ChannelsPage:
    """An attempt whose window was blocked: the page polls every two seconds, on a clock that the test moves.

    The clock is that of the whole browser context.
    """
    page.add_init_script(BLOCK)
    page.clock.install()
    page.goto(member.channels_url)
    channels = ChannelsPage(page).connect_blocked()
    channels.expect_state("requested", "Your browser blocked the connection window")
    stop_clock(page)
    with asked_and_answered(page):  # from now on the next question is due in two seconds
        hide(page, False)
    return channels


class Polls:
    """The questions that a page asks about its attempt."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked = 0
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        self.asked += bool(POLL.search(request.url))

    def after(self, seconds: int) -> int:
        """Let the page's clock run and wait for the answers; how many questions there were."""
        before = self.asked
        self.page.clock.run_for(seconds * 1000)
        go_round(self.page)
        return self.asked - before


@pytest.mark.own_context
def test_when_a_page_asks_and_what_it_drops(waiting: ChannelsPage, watch: Watch) -> None:
    watch.expect("status of 503")
    page, polls = waiting.page, Polls(waiting.page)
    assert answered(waiting, polls, 2) == 1
    # A failing question slows down and recovers.
    page.route(POLL, lambda route: route.fulfill(status=503, body="no"))
    asked = [answered(waiting, polls, seconds) for seconds in (2, 4, 8, 16, 30, 30)]
    assert asked == [1] * 6
    assert polls.after(29) == 0
    page.unroute(POLL)
    assert answered(waiting, polls, 1) == 1
    assert answered(waiting, polls, 2) == 1
    # A hidden tab does not ask.
    hide(page, True)
    assert polls.after(300) == 0
    with asked_and_answered(page):
        hide(page, False)
    assert answered(waiting, polls, 2) == 1
    # An answer that was overtaken is dropped.
    held = hold(page, POLL, times=1)
    with page.expect_request(POLL):
        page.clock.run_for(2000)
    with asked_and_answered(page):
        hide(page, False)
    held[0].fulfill(body="<section id='attempt' data-state='stale'></section>", content_type="text/html")
    go_round(page)
    waiting.expect_state("requested", "Your browser blocked the connection window")


def test_nothing_loses_the_keyboard(channels: ChannelsPage) -> None:
    """And a screen reader is not told the same thing every two seconds."""
    dialog = channels.connect()
    channels.expect_state("opened")
    expect(channels.button("Connect WhatsApp")).to_be_focused()
    channels.button("Stop waiting").focus()
    channels.panel.evaluate("panel => { panel.witness = true; }")
    for _ in range(2):
        with channels.page.expect_response(POLL):
            pass
    assert channels.panel.evaluate("panel => panel.witness === true")
    expect(channels.button("Stop waiting")).to_be_focused()
    dialog.page.close()
    channels.expect_state("opened", "The connection window seems to be closed")
    expect(channels.button("Stop waiting")).to_be_focused()

    dialog = channels.connect()
    channels.expect_state("opened", "Continue in the connection window")
    expect(channels.button("Connect WhatsApp")).to_be_focused()  # it was pressed, and keeps the keyboard
    dialog.connect("Pressed")
    channels.expect_state("confirmed", "Pressed is connected")
    expect(channels.button("Connect WhatsApp")).to_be_focused()

    dialog = channels.connect()
    channels.expect_state("opened")
    channels.button("Stop waiting").focus()
    dialog.connect("Focus")
    channels.expect_state("confirmed", "Focus is connected")
    expect(channels.panel).to_be_focused()  # its button is gone


@pytest.mark.own_context
def test_a_button_that_is_held_down_stays_until_it_is_released(page: Page, member: Member) -> None:
    """It would never be told that it was clicked, were it replaced meanwhile."""
    page.clock.install()
    page.goto(member.channels_url)
    channels = ChannelsPage(page)
    channels.connect()
    channels.expect_state("opened")
    address = f"{member.channels_url}attempts/{channels.attempt}"
    channels.button("Stop waiting").hover()
    stop_clock(page)  # a press lasts two seconds at most
    page.mouse.down()
    assert tell(channels, address, event="closed") == 204
    with asked_and_answered(page):
        page.evaluate("void portal.refresh(document.getElementById('attempt'))")
    page.mouse.up()
    page.clock.resume()
    channels.expect_state("cancelled")


@pytest.mark.parametrize("cdn", ["hanging"], indirect=True)
def test_nothing_waits_for_a_cdn_that_hangs(page: Page, member: Member) -> None:
    note = "document.addEventListener('load', ({target}) => target.dataset && (target.dataset.ran = 'yes'), true)"
    page.add_init_script(note)
    page.goto(member.channels_url, wait_until="commit")
    channels = ChannelsPage(page)
    expect(page.locator("script[src*='popup.js'][data-ran]")).to_be_attached()
    channels.connect().connect("Patient")
    channels.expect_state("confirmed", "Patient is connected")
    channels.expect_channel("Patient")


@contextmanager
def asked_and_answered(page: Page) -> Iterator[None]:
    """A question is asked inside; when this ends it has been answered and the page has set its next timer."""
    asked: list[Request] = []

    def note(request: Request) -> None:
        if POLL.search(request.url):
            asked.append(request)

    page.on("request", note)
    with page.expect_event("requestfinished", lambda request: asked[:1] == [request]):
        yield
    page.remove_listener("request", note)
    go_round(page)


def answered(waiting: ChannelsPage, polls: Polls, seconds: int) -> int:
    """Like `Polls.after`, but there must be an answer."""
    before = polls.asked
    with asked_and_answered(waiting.page):
        waiting.page.clock.run_for(seconds * 1000)
    return polls.asked - before


def hide(page: Page, hidden: bool) -> None:
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def tell(channels: ChannelsPage, address: str, **fields: str) -> int:
    """Send a hint as the page would."""
    return answer_of(
        channels.page,
        """async ([address, fields]) => {
            const body = new FormData();
            body.set("csrf_token", document.querySelector("[name=csrf_token]").value);
            for (const name in fields) body.set(name, fields[name]);
            return (await fetch(`${address}/report`, { method: "POST", body })).status;
        }""",
        [address, fields],
    )
