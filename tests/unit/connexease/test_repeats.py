"""Which calls are repeated, how often, and how long a server may ask us to wait."""

import time
import uuid
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pydantic import SecretStr

from portal.connexease import Retries, Timeouts, errors, schemas

ACCOUNT = uuid.UUID(int=1)
TOKEN_ID = uuid.UUID(int=2)
WEBHOOK_ID = uuid.UUID(int=3)
EMPTY_PAGE = {"next": None, "previous": None, "count": 0, "results": []}
WEBHOOK = {
    "uuid": str(WEBHOOK_ID),
    "callback_url": "https://acme.test/hook",
    "triggers": ["message.created"],
    "channels": [],
    "is_active": False,
    "data": {"headers": None},
}


def accounts(cx):
    return list(cx.reseller.accounts())


def revoke(cx):
    return cx.reseller.revoke_access_token(ACCOUNT, TOKEN_ID)


def create_token(cx):
    return cx.reseller.create_access_token(ACCOUNT)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_read_gets_past_a_passing_trouble(cx, server, status):
    server.reply(status, b"")
    server.reply(status, b"")
    server.reply(200, EMPTY_PAGE)
    assert accounts(cx) == []
    assert len({seen.headers["x-request-id"] for seen in server.requests}) == 1, "it is one call"


def test_a_read_gives_up(cx, server):
    server.reply(503, b"", times=3)
    with pytest.raises(errors.Unavailable):
        accounts(cx)


def test_a_change_that_sets_given_values_is_repeated(cx, server):
    server.script(lambda peer: peer.reset())
    server.reply(200, {"is_active": False})
    revoke(cx)
    assert [seen.json for seen in server.requests] == [{"is_active": False}] * 2


def test_a_change_of_a_webhook_is_repeated_as_it_was(cx, server):
    server.reply(502, b"")
    server.reply(200, WEBHOOK)
    cx.reseller.update_webhook(ACCOUNT, WEBHOOK_ID, schemas.WebhookChange(is_active=False))
    assert [seen.json for seen in server.requests] == [{"is_active": False}] * 2


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_post_is_never_repeated(cx, server, status):
    server.reply(status, b"", headers={"Retry-After": "0"})
    with pytest.raises(errors.RateLimited if status == 429 else errors.OutcomeUnknown):
        create_token(cx)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 429])
def test_a_change_stays_unknown_when_only_its_repeat_was_refused(cx, server, status):
    """The first try may have been carried out: "refused" would be a claim about it."""
    server.script(lambda peer: peer.reset())
    server.reply(status, {"detail": "no"}, times=2 if status == 429 else 1)
    with pytest.raises(errors.OutcomeUnknown):
        revoke(cx)


def test_a_change_whose_first_try_was_refused_for_haste_is_not_unknown(cx, server):
    server.reply(429, b"")
    server.reply(400, {"detail": "A revoked token cannot be changed."})
    with pytest.raises(errors.Rejected, match="revoked"):
        revoke(cx)


def test_retry_after_is_obeyed(cx, server):
    server.reply(429, b"", headers={"Retry-After": "0.2"})
    server.reply(200, EMPTY_PAGE)
    started = time.monotonic()
    accounts(cx)
    assert 0.2 <= time.monotonic() - started < 5


def test_a_long_retry_after_is_handed_to_the_caller_at_once(cx, server):
    server.reply(429, b"", headers={"Retry-After": "120"})
    with pytest.raises(errors.RateLimited) as caught:
        accounts(cx)
    assert caught.value.retry_after == 120
    assert len(server.requests) == 1


def test_a_long_retry_after_of_a_server_that_is_down(cx, server):
    server.reply(503, b"", headers={"Retry-After": "3600"})
    with pytest.raises(errors.Unavailable) as caught:
        accounts(cx)
    assert caught.value.retry_after == 3600
    assert len(server.requests) == 1


def test_retry_after_as_a_date(cx, server):
    later = datetime.now(UTC) + timedelta(seconds=90)
    server.reply(429, b"", headers={"Retry-After": format_datetime(later, usegmt=True)})
    with pytest.raises(errors.RateLimited) as caught:
        create_token(cx)
    assert 85 < caught.value.retry_after <= 90


@pytest.mark.parametrize("written", ["soon", "", "-5", "nan", "1e9", "9" * 400, "Fri, 99 Foo 2026 99:99:99 GMT"])
def test_an_unreadable_retry_after_is_no_time(cx, server, written):
    server.reply(429, b"", headers={"Retry-After": written})
    with pytest.raises(errors.RateLimited) as caught:
        create_token(cx)
    assert caught.value.retry_after is None


@pytest.mark.parametrize("zone", ["GMT", "-0000", "+0200"])
def test_a_retry_after_that_has_passed(cx, server, zone):
    server.reply(429, b"", headers={"Retry-After": f"Wed, 21 Oct 2015 07:28:00 {zone}"})
    with pytest.raises(errors.RateLimited) as caught:
        create_token(cx)
    assert caught.value.retry_after == 0


def test_no_retry_after(cx, server):
    server.reply(429, b"", times=3)
    with pytest.raises(errors.RateLimited) as caught:
        accounts(cx)
    assert caught.value.retry_after is None


def test_no_repeat_begins_that_would_end_after_the_deadline(connect, server):
    cx = connect(timeouts=Timeouts(connect=2, read=2, total=2), retries=Retries(longest_wait=90))
    server.reply(503, b"", headers={"Retry-After": "60"})
    started = time.monotonic()
    with pytest.raises(errors.Unavailable):
        accounts(cx)
    assert time.monotonic() - started < 30


def test_repeats_can_be_switched_off(connect, server):
    server.reply(503, b"")
    with pytest.raises(errors.Unavailable):
        accounts(connect(retries=Retries(times=0)))


def test_pauses_grow_and_differ():
    retries = Retries(first_pause=1, longest_wait=3)
    pauses = [[retries.pause(repeat) for _ in range(200)] for repeat in range(4)]
    assert all(0.5 <= pause <= 1 for pause in pauses[0])
    assert all(1 <= pause <= 2 for pause in pauses[1])
    assert all(1.5 <= pause <= 3 for pause in pauses[2] + pauses[3])
    assert all(len(set(each)) > 100 for each in pauses)


def test_a_send_is_never_repeated(cx, server):
    server.reply(503, b"", headers={"Retry-After": "0"})
    message = schemas.TextMessage(to="905551112233", text=schemas.Text(body="Hello"))
    with pytest.raises(errors.OutcomeUnknown):
        cx.gateway.send(SecretStr("pk_abcdef"), message)
    assert len(server.requests) == 1
