"""Attempts to connect a channel: whatever the browser says or does not say, each ends in the right state, once."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from portal.models import (
    AttemptState,
    Channel,
    OnboardingAttempt,
)
from tests.integration.channels.conftest import Connecting
from tests.support.suite.marks import both_databases

ONBOARDING = "onboarding/$"

pytestmark = pytest.mark.usefixtures("no_transaction_during_a_call")


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
    assert begun["dialog"] in [link.get("href") for link in page.select("a")]
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
    assert begun["dialog"] not in [link.get("href") for link in page.select("a")]
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
