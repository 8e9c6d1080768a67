"""Attempts to connect a channel: whatever the browser says or does not say, each ends in the right state, once."""

import json
import urllib.request
from datetime import timedelta
from functools import partial
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID, uuid4

import pytest

from portal.channels import confirmation, snapshot
from portal.models import (
    Account,
    AttemptState,
    AuditEntry,
    Channel,
    ChannelListing,
    OnboardingAttempt,
    PortalWebhook,
    now,
)
from tests.support.suite.concurrent import at_once
from tests.support.suite.marks import both_databases

CHANNELS = "^/accounts/[^/]+/channels/$"
ONBOARDING = "onboarding/$"

pytestmark = pytest.mark.usefixtures("no_transaction_during_a_call")


class Connecting:
    """A customer who connects a number, with each part of the dialog's journey as a step of its own."""

    def __init__(self, portal):
        self.portal = portal
        self.browser, self.account_id = portal.customer()
        self.account = portal.one(Account)
        self.base = f"/accounts/{self.account_id}/channels"

    @property
    def uuid(self) -> str:
        return str(self.account.connexease_uuid)

    def begin(self, channel=None) -> dict:
        """Ask for the dialog as the script does."""
        data = {"channel_uuid": str(channel)} if channel else {}
        page = self.browser.post(f"{self.base}/connect", data, headers={"Accept": "application/json"})
        assert page.status == 200, page.response.data
        return page.response.json

    def finish(self, begun: dict, outcome: str = "connect") -> UUID | None:
        """Press a button in the dialog; returns the channel that it connected."""
        before = {channel["uuid"] for channel in self.portal.control.channels()}
        token = parse_qs(urlsplit(begun["dialog"]).query)["token"][0]
        data = urlencode({"token": token, "outcome": outcome, "name": "Main"}).encode()
        urllib.request.urlopen(begun["dialog"].partition("?")[0], data, timeout=20).close()
        new = [UUID(each["uuid"]) for each in self.portal.control.channels() if each["uuid"] not in before]
        return new[0] if new else None

    def report(self, begun: dict, event: str, **more: object) -> int:
        data = {"event": event, **{name: str(value) for name, value in more.items()}}
        return self.browser.post(begun["report"], data).status

    def say_ok(self, begun: dict, channel: object) -> None:
        assert self.report(begun, "message", status="ok", channel_uuid=channel) == 204

    def arrives(self, channel: object) -> None:
        """The event about a channel."""
        path = f"/hooks/connexease/{self.portal.one(PortalWebhook).key}"
        body = {"hook": "channel.created", "account": {"uuid": self.uuid}, "channel": {"uuid": str(channel)}}
        headers = self.portal.control.webhooks()[0]["headers"]
        answer = self.portal.app.test_client().post(path, data=json.dumps(body), headers=headers)
        assert answer.status_code == 200
        self.portal.work()

    def looks(self, begun: dict):
        """Poll the attempt's page, as if the last look were a while ago."""
        self.portal.sql("UPDATE onboarding_attempt SET checked_at = NULL")
        return self.browser.get(begun["page"], htmx=True)

    def row(self, begun: dict) -> OnboardingAttempt:
        number = begun["page"].rpartition("/")[2]
        return next(row for row in self.portal.rows(OnboardingAttempt) if str(row.id) == number)

    def state(self, begun: dict) -> AttemptState:
        return self.row(begun).state

    def ages(self, **passed: timedelta) -> None:
        for name, time in passed.items():
            self.portal.sql(f"UPDATE onboarding_attempt SET {name} = :t", t=now() - time)

    def connected(self) -> int:
        """How often somebody was told that a channel is connected."""
        actions = [entry.action for entry in self.portal.rows(AuditEntry)]
        return sum(action in ("channel.connected", "channel.reconnected") for action in actions)


@pytest.fixture
def customer(portal):
    return Connecting(portal)


ORDERS = [
    ("say", "arrive"),
    ("arrive", "say"),
    ("say", "look"),
    ("look", "say"),
    ("arrive", "look"),
    ("look", "arrive"),
    ("arrive",),
    ("look",),
    ("arrive", "arrive", "look", "look", "say", "arrive"),
]
BOTH_WAYS = [("look", "arrive"), ORDERS[-1]]
"""A channel is written by the list and then by the event, and the other way round: all that a database sees of it."""


@pytest.mark.parametrize(
    ("database_kind", "order"),
    [*(("sqlite", order) for order in ORDERS), *(("postgresql", order) for order in BOTH_WAYS)],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_whatever_comes_first_it_is_one_channel_and_one_confirmation(customer, order):
    begun = customer.begin()
    assert customer.report(begun, "opened") == 204
    assert customer.state(begun) == AttemptState.OPENED
    channel = customer.finish(begun)
    for step in order:
        match step:
            case "say":
                customer.say_ok(begun, channel)
            case "arrive":
                customer.arrives(channel)
            case "look":
                customer.looks(begun)
    row = customer.row(begun)
    assert row.state == AttemptState.CONFIRMED
    assert row.confirmed_channel == channel
    assert row.sealed_url is None
    assert row.ended_at is not None
    assert row.confirmed_by == {"arrive": "event", "look": "list"}[next(s for s in order if s != "say")]
    assert len(customer.portal.rows(Channel)) == 1
    assert customer.connected() == 1
    assert "is connected" in customer.browser.get(begun["page"]).text


def test_ok_alone_confirms_nothing(customer):
    """The message is a hint: here it is a lie."""
    begun = customer.begin()
    customer.say_ok(begun, uuid4())
    assert customer.state(begun) == AttemptState.REPORTED
    page = customer.looks(begun)
    assert customer.state(begun) == AttemptState.REPORTED
    assert "waiting for Connexease to confirm" in page.text
    assert customer.portal.rows(Channel) == []


def test_a_reported_channel_of_somebody_else_is_not_connected(customer):
    other = customer.portal.control.create_account("other@tenant.example.com")
    theirs = customer.portal.control.create_channel(other["uuid"])["uuid"]
    begun = customer.begin()
    customer.say_ok(begun, theirs)
    customer.looks(begun)
    assert customer.state(begun) == AttemptState.REPORTED
    assert customer.portal.rows(Channel) == []
    customer.ages(expires_at=timedelta(minutes=11))
    customer.looks(begun)
    assert customer.state(begun) == AttemptState.EXPIRED


@pytest.mark.parametrize("status", ["error", "x" * 3000, "\0", "ok ", "OK", "", "<b>", "\u0131"])
def test_any_other_word_is_a_failure_that_is_told(customer, status):
    begun = customer.begin()
    assert customer.report(begun, "message", status=status) == 204
    row = customer.row(begun)
    assert row.state == AttemptState.FAILED
    assert row.problem == "dialog"
    assert row.sealed_url is None
    assert customer.browser.get(begun["page"]).status == 200


def test_a_dialog_that_fails_after_its_ten_minutes_is_said_to_have_run_out(customer):
    late = customer.begin()
    customer.report(late, "opened")
    customer.ages(expires_at=timedelta(seconds=1))
    customer.report(late, "message", status="error")
    assert "they ran out" in customer.browser.get(late["page"]).text
    assert customer.state(late) == AttemptState.FAILED


def test_a_dialog_that_fails_in_time_is_quoted(customer):
    begun = customer.begin()
    customer.report(begun, "message", status="meta_refused")
    page = customer.browser.get(begun["page"]).text
    assert "reported “meta_refused”" in page
    assert "they ran out" not in page


@both_databases
def test_characters_that_no_database_keeps(customer):
    begun = customer.begin()
    assert customer.report(begun, "message", status="a\0b", channel_uuid="\0") == 204
    assert customer.state(begun) == AttemptState.FAILED


@pytest.mark.parametrize("status", ["cancelled", "cancel", "CLOSED", " aborted "])
def test_words_for_going_away(customer, status):
    begun = customer.begin()
    customer.report(begun, "message", status=status)
    assert customer.state(begun) == AttemptState.CANCELLED
    assert "cancelled" in customer.browser.get(begun["page"]).text


@pytest.mark.parametrize("event", ["", "nonsense", "confirmed"])
def test_a_report_that_means_nothing_is_refused(customer, event):
    begun = customer.begin()
    assert customer.report(begun, event) == 400
    assert customer.state(begun) == AttemptState.REQUESTED


def test_a_blocked_window_offers_the_link(customer):
    begun = customer.begin()
    customer.report(begun, "blocked")
    page = customer.browser.get(begun["page"])
    assert "Your browser blocked the connection window" in page.text
    assert page.soup.find("a", href=begun["dialog"])
    customer.browser.post(begun["page"] + "/stop")
    assert customer.row(begun).problem == "stopped_blocked", "the staff read why"
    assert "You stopped this attempt" in customer.browser.get(begun["page"]).text


def test_closed_in_silence_waits_a_while_and_then_ends(customer):
    begun = customer.begin()
    customer.report(begun, "opened")
    customer.report(begun, "closed")
    assert "seems to be closed" in customer.looks(begun).text
    assert customer.state(begun) == AttemptState.OPENED
    customer.ages(closed_at=timedelta(seconds=50))
    customer.looks(begun)
    assert customer.state(begun) == AttemptState.CANCELLED


def test_closed_in_silence_but_connected(customer):
    """The window lost its opener, or was closed before it spoke: the list knows."""
    begun = customer.begin()
    customer.report(begun, "opened")
    customer.finish(begun, "connect_without_event")
    customer.report(begun, "closed")
    customer.looks(begun)
    assert customer.state(begun) == AttemptState.CONFIRMED


@pytest.mark.parametrize("by", ["event", "list"])
@pytest.mark.parametrize("end", ["closed", "expired"])
def test_what_ended_in_silence_may_still_turn_out_well(customer, by, end):
    begun = customer.begin()
    customer.report(begun, "opened")
    if end == "closed":
        customer.report(begun, "closed")
        customer.ages(closed_at=timedelta(minutes=1))
    else:
        customer.ages(expires_at=timedelta(minutes=11))
    customer.looks(begun)
    assert customer.state(begun) == (AttemptState.CANCELLED if end == "closed" else AttemptState.EXPIRED)
    channel = customer.finish(begun)
    if by == "event":
        customer.arrives(channel)
    else:
        customer.looks(begun)
    assert customer.state(begun) == AttemptState.CONFIRMED


def test_what_a_person_or_the_dialog_ended_is_not_confirmed_by_a_channel(customer):
    stopped, failed = customer.begin(), customer.begin()
    customer.browser.post(stopped["page"] + "/stop")
    customer.report(failed, "message", status="error")
    channel = customer.portal.control.create_channel(customer.uuid)["uuid"]
    customer.arrives(channel)
    for begun, state in ((stopped, AttemptState.CANCELLED), (failed, AttemptState.FAILED)):
        customer.looks(begun)
        assert customer.state(begun) == state
    assert len(customer.portal.rows(Channel)) == 1, "the channel itself is known all the same"
    assert customer.connected() == 0


@pytest.mark.parametrize("htmx", [False, True])
def test_stop(customer, htmx):
    begun = customer.begin()
    page = customer.browser.post(begun["page"] + "/stop", htmx=htmx)
    assert page.status == (200 if htmx else 303)
    assert customer.row(begun).problem == "stopped"
    assert customer.row(begun).sealed_url is None
    assert "You stopped this attempt" in customer.browser.get(begun["page"]).text


def test_an_attempt_expires_by_itself_when_nobody_looks(customer):
    untouched, opened = customer.begin(), customer.begin()
    customer.report(opened, "opened")
    customer.ages(expires_at=timedelta(seconds=1))
    customer.portal.sweep()
    assert customer.state(untouched) == AttemptState.EXPIRED
    assert customer.state(opened) == AttemptState.OPENED, "it may be finished after its token ran out"
    customer.ages(expires_at=timedelta(minutes=11))
    customer.portal.sweep()
    assert customer.state(opened) == AttemptState.EXPIRED


def test_the_sweep_confirms_what_nobody_watched(customer):
    begun = customer.begin()
    customer.report(begun, "opened")
    customer.finish(begun, "connect_without_event")
    customer.ages(expires_at=timedelta(seconds=1))
    customer.portal.sweep()
    assert customer.state(begun) == AttemptState.CONFIRMED


def test_an_expired_token_is_not_opened_and_a_fresh_one_is_had(customer):
    begun = customer.begin()
    assert 0 < begun["seconds"] <= 600
    customer.ages(expires_at=timedelta(seconds=1))
    page = customer.browser.get(begun["page"])
    assert page.soup.find("a", href=begun["dialog"]) is None
    fresh = customer.browser.post(begun["page"] + "/dialog", headers={"Accept": "application/json"}).response.json
    if customer.state(begun) == AttemptState.REQUESTED:
        assert fresh["dialog"] != begun["dialog"]
        assert fresh["seconds"] > 0


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "timeout_before"}, "didn't answer"),
        ({"kind": "status", "status": 500}, "didn't answer"),
        ({"kind": "status", "status": 401}, "refused our credentials"),
        ({"kind": "status", "status": 403}, "refused our credentials"),
        ({"kind": "status", "status": 404}, "doesn't know this account"),
        ({"kind": "status", "status": 429}, "is busy"),
        ({"kind": "status", "status": 400, "body": {"type": ["No more numbers."]}}, "No more numbers."),
        ({"kind": "html", "status": 200}, "didn't answer"),
        ({"kind": "truncated"}, "didn't answer"),
    ],
)
def test_no_dialog_is_said_in_words(customer, fault, words):
    customer.portal.control.fault(path=ONBOARDING, method="POST", times=None, **fault)
    page = customer.browser.post(f"{customer.base}/connect", headers={"Accept": "application/json"})
    assert page.status == 409
    assert words in page.response.json["message"]
    assert customer.portal.one(OnboardingAttempt).state == AttemptState.FAILED
    plain = customer.browser.post(f"{customer.base}/connect")
    assert words in customer.browser.follow(plain).text


def test_a_dialog_at_an_address_that_is_not_ours_to_trust(make_portal):
    portal = make_portal(connexease_dialog_origins="http://127.0.0.1:9")
    customer = Connecting(portal)
    page = customer.browser.post(f"{customer.base}/connect", headers={"Accept": "application/json"})
    assert page.status == 409
    assert "don't trust" in page.response.json["message"]
    row = portal.one(OnboardingAttempt)
    assert (row.state, row.problem, row.sealed_url) == (AttemptState.FAILED, "origin", None)


def test_the_dialogs_token_is_sealed(customer):
    begun = customer.begin()
    token = parse_qs(urlsplit(begun["dialog"]).query)["token"][0]
    row = customer.row(begun)
    assert token not in row.sealed_url
    assert token not in repr(row)


@pytest.mark.parametrize("late", ["opened", "blocked", "closed"])
def test_hints_that_come_late_change_nothing(customer, late):
    begun = customer.begin()
    customer.report(begun, "message", status="error")
    assert customer.report(begun, late) == 204
    assert customer.state(begun) == AttemptState.FAILED
    assert "The number wasn't connected" in customer.browser.get(begun["page"]).text


def test_a_cancelled_word_after_ok_is_not_believed(customer):
    begun = customer.begin()
    customer.say_ok(begun, uuid4())
    assert customer.report(begun, "message", status="cancelled") == 204
    assert customer.state(begun) == AttemptState.REPORTED
    assert "Almost there" in customer.browser.get(begun["page"]).text


# --- reconnecting


@pytest.fixture
def reconnecting(customer):
    """A channel that was connected through us, and has lost its connection."""
    begun = customer.begin()
    channel = customer.finish(begun)
    customer.arrives(channel)
    customer.portal.control.change_channel(str(channel), connected=False)
    customer.channel = channel
    customer.first = begun
    return customer


@both_databases
@pytest.mark.parametrize("by", ["list", "event", "ok"])
def test_a_reconnection(reconnecting, by):
    begun = reconnecting.begin(reconnecting.channel)
    assert reconnecting.row(begun).was_connected is False
    reconnecting.finish(begun, "connect_without_event")
    if by == "event":
        reconnecting.arrives(reconnecting.channel)
    if by == "ok":
        reconnecting.say_ok(begun, reconnecting.channel)
    reconnecting.looks(begun)
    assert reconnecting.state(begun) == AttemptState.CONFIRMED
    assert len(reconnecting.portal.rows(Channel)) == 1
    assert reconnecting.connected() == 2


def test_reconnecting_and_stopping_without_script(customer):
    customer.portal.control.create_channel(customer.uuid, name="Shop", connected=False)
    page = customer.browser.get(f"{customer.base}/")
    attempt = customer.browser.follow(customer.browser.submit(page, "Reconnect"))
    assert "Connecting WhatsApp" in attempt.text
    page = customer.browser.follow(customer.browser.submit(attempt, "Stop waiting"))
    assert page.path == f"{customer.base}/"
    assert "Shop Disconnected" in page.text


def test_a_reconnection_is_not_confirmed_while_it_is_still_broken(reconnecting):
    begun = reconnecting.begin(reconnecting.channel)
    reconnecting.looks(begun)
    assert reconnecting.state(begun) == AttemptState.REQUESTED
    reconnecting.say_ok(begun, reconnecting.channel)
    reconnecting.looks(begun)
    assert reconnecting.state(begun) == AttemptState.REPORTED


def test_a_late_repeat_of_the_first_event_does_not_confirm_a_reconnection(reconnecting):
    begun = reconnecting.begin(reconnecting.channel)
    reconnecting.arrives(reconnecting.channel)
    assert reconnecting.state(begun) == AttemptState.REQUESTED
    reconnecting.looks(begun)
    assert reconnecting.state(begun) == AttemptState.REQUESTED


def test_a_channel_that_was_connected_all_along_needs_the_dialogs_word(customer):
    channel = UUID(customer.portal.control.create_channel(customer.uuid)["uuid"])
    customer.browser.post(f"{customer.base}/refresh")
    begun = customer.begin(channel)
    customer.looks(begun)
    assert customer.state(begun) == AttemptState.REQUESTED
    customer.say_ok(begun, channel)
    customer.looks(begun)
    assert customer.state(begun) == AttemptState.CONFIRMED


@pytest.mark.parametrize("channel", [uuid4(), "nonsense"])
def test_reconnecting_what_is_not_there(customer, channel):
    page = customer.browser.post(f"{customer.base}/connect", {"channel_uuid": str(channel)})
    if channel == "nonsense":
        assert page.status in (303, 400)
    else:
        assert "doesn't belong to this account" in customer.browser.follow(page).text
        assert customer.portal.rows(OnboardingAttempt) == []


# --- two at once


@pytest.mark.parametrize("reported", [True, False])
def test_two_attempts_at_once_and_two_channels(customer, reported):
    begun = [customer.begin(), customer.begin()]
    channels = [customer.finish(each) for each in begun]
    if reported:
        for each, channel in zip(begun, channels, strict=True):
            customer.say_ok(each, channel)
    for channel in channels:
        customer.arrives(channel)
    for each in begun:
        customer.looks(each)
    if not reported:
        customer.portal.sql("UPDATE channel SET first_seen_at = :t", t=now() - timedelta(minutes=1))
        for each in (*begun, *begun):
            customer.looks(each)
    confirmed = [customer.row(each).confirmed_channel for each in begun]
    assert sorted(map(str, confirmed)) == sorted(map(str, channels))
    if reported:
        assert confirmed == channels
    assert customer.connected() == 2


def test_two_attempts_at_once_and_one_channel(customer):
    first, second = customer.begin(), customer.begin()
    channel = customer.finish(first)
    customer.say_ok(first, channel)
    customer.arrives(channel)
    customer.looks(second)
    assert customer.state(first) == AttemptState.CONFIRMED
    assert customer.state(second) == AttemptState.REQUESTED
    assert customer.connected() == 1


@both_databases
def test_many_pages_that_look_at_once(customer):
    begun = customer.begin()
    customer.finish(begun)
    customer.portal.sql("UPDATE onboarding_attempt SET checked_at = NULL")
    customer.portal.control.clear_requests()
    browsers = [customer.portal.log_in("jane@acme.example.com") for _ in range(6)]
    pages = at_once(*[partial(browser.get, begun["page"], htmx=True) for browser in browsers])
    assert [page.status for page in pages] == [200] * 6
    assert customer.state(begun) == AttemptState.CONFIRMED
    assert customer.connected() == 1
    assert len(customer.portal.control.requests("GET")) == 1, "however many look, Connexease is asked once"


def test_a_question_is_answered_while_others_write(customer, monkeypatch):
    """Reading an attempt's state may write; on SQLite that must not collide with another request's writing."""
    monkeypatch.setattr(confirmation, "LOOK_EVERY", timedelta())
    begun = customer.begin()
    customer.report(begun, "opened")
    browsers = [customer.portal.log_in("jane@acme.example.com") for _ in range(8)]

    def ask_and_tell(browser):
        reports = {"event": "opened"}
        return [
            status
            for _ in range(5)
            for status in (
                browser.get(begun["page"], htmx=True).status,
                browser.post(begun["report"], reports).status,
            )
        ]

    statuses = at_once(*[partial(ask_and_tell, browser) for browser in browsers])
    assert {status for of_one in statuses for status in of_one} == {200, 204}


# --- the list


def test_every_page_of_the_list_is_read(customer):
    for number in range(7):
        customer.portal.control.create_channel(customer.uuid, name=f"Number {number}")
    page = customer.browser.get(f"{customer.base}/")
    for number in range(7):
        assert f"Number {number}" in page.text
    assert len(customer.portal.rows(Channel)) == 7


def test_a_channel_that_is_gone_is_kept_and_marked(customer):
    _kept, gone = (customer.portal.control.create_channel(customer.uuid, name=name) for name in ("Kept", "Gone"))
    customer.browser.post(f"{customer.base}/refresh")
    customer.portal.control.delete_channel(gone["uuid"])
    customer.browser.post(f"{customer.base}/refresh")
    channels = {channel.name: channel for channel in customer.portal.rows(Channel)}
    assert channels["Kept"].gone_at is None
    assert channels["Gone"].gone_at is not None
    assert "No longer listed" in customer.browser.get(f"{customer.base}/").text


@pytest.mark.parametrize("fault", ["status", "timeout_before", "html", "truncated"])
def test_a_list_that_cannot_be_read_is_said_so_and_the_old_one_shown(customer, fault):
    customer.portal.control.create_channel(customer.uuid, name="Known before")
    customer.browser.get(f"{customer.base}/")
    customer.portal.control.fault(fault, CHANNELS, "GET", times=None)
    page = customer.browser.follow(customer.browser.post(f"{customer.base}/refresh"))
    assert page.status == 200
    assert "Known before" in page.text
    assert customer.portal.one(ChannelListing).problem_text
    assert customer.portal.one(Channel).gone_at is None


def test_half_a_list_marks_nothing_as_gone(customer):
    for number in range(5):
        customer.portal.control.create_channel(customer.uuid, name=f"Number {number}")
    customer.browser.post(f"{customer.base}/refresh")
    customer.portal.control.fault("status", CHANNELS, "GET", skip=1, times=None, status=503)
    customer.browser.post(f"{customer.base}/refresh")
    assert [channel.gone_at for channel in customer.portal.rows(Channel)] == [None] * 5


@both_databases
def test_odd_names_in_the_list(customer):
    names = ["x" * 5000, "a\0b", "<script>alert(1)</script>", "\u202eevil", ""]
    for name in names:
        customer.portal.control.create_channel(customer.uuid, name=name)
    assert customer.browser.get(f"{customer.base}/").status == 200
    assert len(customer.portal.rows(Channel)) == len(names)


@both_databases
def test_event_and_list_at_the_same_moment_make_one_channel(customer):
    begun = customer.begin()
    channel = customer.finish(begun)
    at_once(
        lambda: customer.arrives(channel),
        lambda: customer.portal.run(snapshot.try_refresh, customer.account),
    )
    assert len(customer.portal.rows(Channel)) == 1
    customer.looks(begun)
    assert customer.state(begun) == AttemptState.CONFIRMED


def test_the_page_learns_what_the_event_did_not_tell(customer):
    begun = customer.begin()
    customer.arrives(customer.finish(begun))
    page = customer.browser.get(f"{customer.base}/")
    assert "Connected" in page.text
    assert "loading details" not in page.text
