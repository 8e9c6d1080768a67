"""However a call ends, the message has a state with a name, and the page says what to do."""

from datetime import timedelta
from typing import Any

import pytest

from portal.models import Message, now
from tests.integration.messages.conftest import Sender, make_sender, text
from tests.support.suite.patience import patient

SEND = ("/v1/wa/message", "POST")


def refuse(sender: Sender, code: str, **more: Any) -> Message:
    sender.control.fault("gateway", *SEND, code=code, **more)
    return sender.send(text(code))


REFUSALS = {
    "AUTH_001": ("doesn't know this API key", "replace it in the vault", "after_change"),
    "AUTH_002": ("came without an API key", "contact us", "helps"),
    "AUTH_003": ("couldn't read the API key", "replace it in the vault", "after_change"),
    "AUTH_004": ("couldn't check the API key", "Try again in a few minutes", "helps"),
    "AUTH_005": ("couldn't check the API key", "Try again in a few minutes", "helps"),
    "BILL_001": ("balance at the gateway is too low", "Top up your balance", "after_change"),
    "GW_001": ("refused the message's content", "correct the message", "after_change"),
    "GW_077": ("refused the message's content", "correct the message", "after_change"),
    "PERM_001": ("doesn't allow this API key", "what the app may do", "after_change"),
    "META_001": ("Meta, which runs WhatsApp, didn't accept", "Try again in a few minutes", "helps"),
    "NEW_042": ("for a reason that the portal doesn't know", "You can safely send it again", "helps"),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_each_code(sender: Sender, code: str) -> None:
    row, (happened, todo, _retry) = refuse(sender, code), REFUSALS[code]
    assert (row.state, row.code, row.wamid) == ("refused", code, None)
    page = sender.page(row.id)
    assert "Not sent" in page.text
    assert happened in page.text
    assert todo in page.text
    assert row.description in page.text
    assert code in page.text
    assert sender.control.gateway_messages() == []


@pytest.mark.parametrize(
    ("code", "reason"),
    [("403", "This API key may not send messages."), ("502", "Meta did not accept the request.")],
)
def test_a_reason_without_a_code(sender: Sender, code: str, reason: str) -> None:
    row = refuse(sender, code)
    assert (row.state, row.code, row.http_status) == ("refused", "", int(code))
    assert reason in sender.page(row.id).text


@pytest.mark.parametrize("code", ["busy", "no_key"])
def test_the_gateways_code_that_is_spelled_like_one_of_ours(sender: Sender, code: str) -> None:
    row = refuse(sender, code)
    assert row.state == "refused"
    page = sender.page(row.id)
    assert "for a reason that the portal doesn't know" in page.text
    assert code in [each.text_content() for each in page.select("#message code")]


def test_metas_reason_inside_the_gateways(sender: Sender) -> None:
    body = {
        "isSuccess": False,
        "errors": {"code": "META_X", "group": "META", "description": "(#132001) Template name does not exist"},
    }
    sender.control.fault("status", *SEND, status=502, body=body)
    page = sender.page(sender.send().id)
    assert "This template doesn't exist in this language" in page.text


@pytest.mark.parametrize("kind", ["reset_after", "empty", "truncated", "html"])
def test_no_answer(sender: Sender, kind: str) -> None:
    sender.control.fault(kind, *SEND, **({"after": True} if kind == "html" else {}))
    row = sender.send()
    assert (row.state, row.code) == ("unknown", "no_answer")
    assert "we don't know yet whether it sent the message" in sender.page(row.id).text
    sender.portal.sweep()
    sender.portal.work()
    assert len(sender.calls()) == 1


def test_not_reached(make_portal, sender: Sender) -> None:
    unreachable = make_portal(connexease_gateway_url="http://127.0.0.1:9")
    sender.portal = unreachable
    row = sender.send()
    assert (row.state, row.code) == ("refused", "unreachable")
    page = sender.page(row.id)
    assert "You can safely send it again" in page.text


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (401, "key_refused", "didn't accept the API key"),
        (403, "forbidden", "doesn't allow this API key"),
        (404, "no_gateway", "isn't at the address"),
        (422, "rejected", "refused the message"),
    ],
)
def test_answers_in_another_shape(sender: Sender, status: int, code: str, words: str) -> None:
    sender.control.fault("status", *SEND, status=status, body={"detail": "No."})
    row = sender.send()
    assert (row.state, row.code, row.http_status) == ("refused", code, status)
    assert words in sender.page(row.id).text


def test_a_short_wait_is_waited_for(sender: Sender) -> None:
    row = refuse(sender, "RATE_001", params={"limit_type": "sec", "retry_after": "1s"})
    assert (row.state, row.code, row.attempts) == ("queued", "RATE_001", 1)
    assert row.next_attempt_at is not None
    assert row.call_started_at is not None
    assert timedelta(seconds=1) <= row.next_attempt_at - row.call_started_at <= timedelta(seconds=patient(10))
    page = sender.page(row.id)
    assert "asked us to wait a few seconds" in page.text
    assert "data-poll" in page.select_one("#message").attrib
    sender.portal.sql("UPDATE message SET next_attempt_at = created_at")
    sender.portal.sweep()
    row = sender.message(row.id)
    assert (row.state, row.attempts, row.code) == ("accepted", 2, "")
    assert "2 times, because it asked us to wait" in sender.page(row.id).text


def test_a_gateway_that_stays_busy_is_not_asked_for_ever(sender: Sender) -> None:
    row = refuse(sender, "RATE_001", params={"limit_type": "sec", "retry_after": "1s"}, times=None)
    for _ in range(6):
        sender.portal.sql("UPDATE message SET next_attempt_at = created_at WHERE state = 'queued'")
        sender.portal.sweep()
    assert sender.message(row.id).state == "refused"
    assert len(sender.calls()) == 4


@pytest.mark.parametrize("asked", ["60s", "60 seconds"])
def test_a_long_wait_says_when(sender: Sender, asked: str) -> None:
    row = refuse(sender, "RATE_001", params={"limit_type": "min", "retry_after": asked})
    assert (row.state, row.code_group) == ("refused", "min")
    page = sender.page(row.id)
    assert "The gateway accepts messages again in" in page.text
    assert "Send again" not in page.text
    assert "data-poll" in page.select_one("#message").attrib
    sender.portal.sql("UPDATE message SET retry_at = created_at")
    page = sender.page(row.id)
    assert "The gateway accepts messages again in" not in page.text
    assert "You can send it again now." in page.text
    assert page.select_one("a", text="Send again") is not None


def test_a_busy_proxy_in_front_of_the_gateway(sender: Sender) -> None:
    sender.control.fault("status", *SEND, status=429, body="slow down", headers={"Retry-After": "120"})
    row = sender.send()
    assert (row.state, row.code) == ("refused", "busy")
    assert row.retry_at is not None


@pytest.mark.parametrize("when", ["Fri, 31 Dec 9999 23:59:59 -1200", "Fri, 31 Dec 9999 23:59:58 GMT"])
def test_a_wait_until_the_end_of_the_calendar(sender: Sender, when: str) -> None:
    sender.control.fault("status", *SEND, status=429, body="slow down", headers={"Retry-After": when})
    row = sender.send()
    assert row.state == "refused"
    assert sender.page(row.id).status == 200


def test_limits_of_the_key_are_noted(sender: Sender) -> None:
    sender.control.set(rate_per_minute=4800)
    page = sender.page(sender.send().id)
    assert "4,799 of 4,800 messages left in that minute" in page.text


def test_a_test_message(sender: Sender) -> None:
    page = sender.page(sender.send(is_fake=True).id)
    assert "It was a test, so the recipient won't get it." in page.text
    assert "data-poll" not in page.select_one("#message").attrib


def test_a_key_for_trying_out_promises_nothing(portal, control) -> None:
    """The vendor does not say what becomes of its messages."""
    sender = make_sender(portal, control, is_trial=True)
    page = sender.page(sender.send().id)
    assert "Sent with a test key." in page.text
    assert "won't get it" not in page.text


def test_confirmed_and_forgotten_by_the_queue(sender: Sender) -> None:
    """Nobody called the gateway, no worker runs: whoever looks at the message gets it sent."""
    message_id = sender.prepare()
    sender.portal.sql(
        "UPDATE message SET state = 'queued', confirmed_at = created_at, next_attempt_at = :past",
        past=now() - timedelta(seconds=10),
    )
    assert "Accepted" in sender.page(message_id).text


def test_an_interrupted_call_is_unknown_to_whoever_looks(sender: Sender) -> None:
    message_id = sender.prepare()
    sender.portal.sql(
        "UPDATE message SET state = 'sending', confirmed_at = created_at, call_started_at = created_at, claimed_until = created_at"
    )
    assert "Unknown" in sender.page(message_id).text
    assert sender.calls() == []
