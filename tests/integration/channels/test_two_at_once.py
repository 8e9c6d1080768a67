"""Two who connect channels of one account at the same moment."""

from datetime import timedelta
from functools import partial

import pytest

from portal.channels import confirmation
from portal.models import (
    AttemptState,
    now,
)
from tests.support.suite.concurrent import at_once
from tests.support.suite.marks import both_databases

pytestmark = pytest.mark.usefixtures("no_transaction_during_a_call")


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
