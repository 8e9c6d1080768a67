"""The list of an account's channels, as Connexease and its events tell it."""

import pytest

from portal.channels import snapshot
from portal.models import (
    AttemptState,
    Channel,
    ChannelListing,
)
from tests.support.suite.concurrent import at_once
from tests.support.suite.marks import both_databases

CHANNELS = "^/accounts/[^/]+/channels/$"

pytestmark = pytest.mark.usefixtures("no_transaction_during_a_call")


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
