"""Connecting a channel again that has lost its connection."""

from uuid import UUID, uuid4

import pytest

from portal.models import (
    AttemptState,
    Channel,
    OnboardingAttempt,
)
from tests.support.suite.marks import both_databases

pytestmark = pytest.mark.usefixtures("no_transaction_during_a_call")


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


@pytest.mark.parametrize("is_listed", [True, False], ids=["the list says so", "the list cannot be read"])
def test_a_channel_that_is_gone_is_not_connected_again(customer, is_listed):
    channel = customer.portal.control.create_channel(customer.uuid, name="Shop", connected=False)["uuid"]
    page = customer.browser.get(f"{customer.base}/")
    customer.portal.control.delete_channel(channel)
    if not is_listed:
        customer.portal.control.fault("status", r"/channels/$", "GET", times=None, status=503)
    answer = customer.browser.follow(customer.browser.submit(page, "Reconnect"))
    said = "Connexease no longer has this channel. Use “Connect WhatsApp” to connect its number as a new one."
    assert said in answer.text
    assert "Invalid pk" not in answer.text
    assert customer.portal.one(OnboardingAttempt).state == AttemptState.FAILED


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
