"""Onboarding and channels."""

import uuid
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from portal.connexease import errors


def test_an_onboarding_url(cx, account):
    onboarding = cx.reseller.request_onboarding(account.uuid)
    left = onboarding.expires_at - datetime.now(UTC)
    assert timedelta(minutes=8) < left <= timedelta(minutes=11)
    assert onboarding.onboarding_url.startswith(onboarding.origin + "/")


def test_the_dialog_is_another_origin_than_the_api(cx, implementation, account):
    api = urlsplit(implementation.api_url)
    assert cx.reseller.request_onboarding(account.uuid).origin != f"{api.scheme}://{api.netloc}"


def test_every_request_gives_a_token_of_its_own(cx, account):
    urls = {cx.reseller.request_onboarding(account.uuid).onboarding_url for _ in range(3)}
    assert len(urls) == 3


def test_reconnecting_a_channel(cx, connected):
    assert cx.reseller.request_onboarding(connected.account, channel_uuid=connected.channels[0]).origin


def test_reconnecting_a_channel_that_is_not_there(cx, account):
    with pytest.raises((errors.Rejected, errors.NotFound)):
        cx.reseller.request_onboarding(account.uuid, channel_uuid=uuid.uuid4())


def test_a_type_that_does_not_exist(cx, account):
    with pytest.raises(errors.Rejected):
        cx.reseller.request_onboarding(account.uuid, type="telepathy")


def test_a_new_account_has_no_channels(cx, account):
    assert cx.reseller.channels(account.uuid) == []
    page = cx.reseller.channels_page(account.uuid)
    assert (page.count, page.next, page.previous) == (0, None, None)


def test_channels_are_listed(cx, connected):
    listed = cx.reseller.channels(connected.account)
    assert {channel.uuid for channel in listed} >= set(connected.channels)
    assert all(channel.type and channel.backend and channel.data.connected is not None for channel in listed)


def test_the_state_of_a_channel(cx, control, connected):
    control.change_channel(str(connected.channels[1]), connected=False, is_active=False, backend="whatsapp_2030")
    fine, broken = cx.reseller.channels(connected.account)
    assert (fine.data.connected, fine.is_active) == (True, True)
    assert (broken.data.connected, broken.is_active, broken.backend) == (False, False, "whatsapp_2030")


def test_channels_over_several_pages(cx, control, account):
    control.set(page_size=2)
    made = [control.create_channel(str(account.uuid))["uuid"] for _ in range(5)]
    assert [str(channel.uuid) for channel in cx.reseller.channels(account.uuid)] == made
    second = cx.reseller.channels_page(account.uuid, 2)
    assert [str(channel.uuid) for channel in second.results] == made[2:4]


def test_a_token_expires_when_it_says(cx, control, account):
    onboarding = cx.reseller.request_onboarding(account.uuid)
    (token,) = parse_qs(urlsplit(onboarding.onboarding_url).query)["token"]
    (row,) = [row for row in control.onboarding_tokens() if row["token"] == token]
    assert row["expires_at"] == onboarding.expires_at.timestamp()
