"""A message goes out exactly once, and whatever happens to the call ends in a state with a name."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from typing import Any

import pytest
from pydantic import TypeAdapter

from portal.connexease import schemas
from portal.errors import DomainError
from portal.extensions import session
from portal.messages.sending import gateway_call, outbox
from portal.models import AuditEntry, Credential, Message
from portal.vault import keys
from tests.integration.messages.conftest import RECIPIENT, Sender, make_sender, text
from tests.support.application.browser import Page
from tests.support.suite.marks import both_databases

SEND = {"path": "/v1/wa/message", "method": "POST"}


def test_prepared_then_sent(sender: Sender) -> None:
    message_id = sender.prepare()
    assert sender.message(message_id).state == "prepared"
    assert sender.calls() == []
    sender.confirm(message_id)
    row = sender.message(message_id)
    [sent] = sender.control.gateway_messages()
    assert (row.state, row.wamid, row.sender) == ("accepted", sent["wamid"], "jane@acme.example.com")
    assert json.loads(sender.calls()[0]["body"]) == row.payload
    assert row.payload == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": RECIPIENT,
        "type": "text",
        "text": {"body": "Your order is on its way.", "preview_url": False},
    }
    assert (row.credential_name, row.credential_last_four) == ("Shop gateway", sender.key[-4:])
    assert row.rate_limits is not None
    assert row.rate_limits["left_this_minute"] < row.rate_limits["per_minute"]
    assert sender.portal.one(Credential).last_used_at is not None


TEMPLATE = {
    "name": "order_update",
    "language": {"code": "en_US"},
    "components": [
        {
            "type": "header",
            "parameters": [{"type": "image", "image": {"link": "https://files.example.com/a.png"}}],
        },
        {"type": "body", "parameters": [{"type": "text", "text": "Deniz"}, {"type": "text", "text": "4711"}]},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "4711"}]},
    ],
}
GOLDEN = [
    {"type": "text", "text": {"preview_url": True, "body": "Hello! This is a test message."}},
    {"type": "image", "image": {"link": "https://files.example.com/a.png", "caption": "A"}},
    {"type": "image", "image": {"link": "https://files.example.com/a.png"}},
    {"type": "audio", "audio": {"link": "https://files.example.com/a.ogg"}},
    {"type": "template", "template": {"name": "order_update", "language": {"code": "tr"}}},
    {"type": "template", "template": TEMPLATE},
]


@pytest.mark.parametrize("content", GOLDEN, ids=lambda content: content["type"])
def test_the_exact_request_of_every_type(sender: Sender, content: dict[str, Any]) -> None:
    """The vendor's own example for text; the others are of the same frame, with the object that the type names."""
    frame = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": RECIPIENT}
    row = sender.send(TypeAdapter(schemas.Message).validate_python(frame | content))
    [call] = sender.calls()
    assert json.loads(call["body"]) == row.payload == frame | content
    assert (row.state, call["query"]) == ("accepted", "")


@pytest.mark.parametrize(("plus", "to"), [(True, RECIPIENT), (False, RECIPIENT[1:])])
def test_the_recipients_form_is_a_setting(make_portal, sender: Sender, plus: bool, to: str) -> None:
    sender.portal = make_portal(connexease_recipient_plus=plus)
    row = sender.send()
    assert json.loads(sender.calls()[0]["body"])["to"] == to
    assert row.recipient == RECIPIENT


def test_a_name_that_another_message_has(sender: Sender) -> None:
    """The gateway would have to be broken; the message counts as accepted all the same."""
    first = sender.send()
    body = {"isSuccess": True, "data": {"messaging_product": "whatsapp", "messages": [{"id": first.wamid}]}}
    sender.control.fault("status", **SEND, status=200, body=body)
    second = sender.send(text("Two"), "intent-2")
    assert (second.state, second.wamid) == ("accepted", None)


def test_the_same_form_again_changes_what_is_prepared_and_nothing_that_is_confirmed(sender: Sender) -> None:
    message_id = sender.prepare(text("One"))
    assert sender.prepare(text("Two")) == message_id
    sender.confirm(message_id)
    assert sender.prepare(text("Three")) == message_id
    assert sender.message(message_id).payload["text"]["body"] == "Two"  # type: ignore[index]
    sender.confirm(message_id)
    assert len(sender.calls()) == 1


def test_nothing_is_sent_but_what_was_looked_at(sender: Sender) -> None:
    message_id = sender.prepare(text("One"))
    seen = outbox.mark(sender.message(message_id))
    sender.prepare(text("Two"))
    with pytest.raises(DomainError, match="changed in another window"):
        sender.confirm(message_id, seen=seen)
    assert sender.calls() == []
    sender.confirm(message_id, seen=outbox.mark(sender.message(message_id)))
    assert len(sender.calls()) == 1


def test_what_looks_the_same_is_asked_about(sender: Sender) -> None:
    sender.send()
    second = sender.prepare(intent="intent-2")
    with pytest.raises(outbox.LookAlike):
        sender.confirm(second)
    assert sender.message(second).state == "prepared"
    sender.confirm(second, anyway=True)
    assert len(sender.calls()) == 2
    assert sender.send(text("Another"), "intent-3").state == "accepted"
    assert sender.send(text(to="+905321234568"), "intent-4").state == "accepted"


def test_neither_a_test_nor_what_was_not_sent_looks_the_same(sender: Sender) -> None:
    sender.control.set(balance=0.0)
    assert sender.send().state == "refused"
    sender.control.set(balance=10.0)
    assert sender.send(intent="intent-2", is_fake=True).wamid.startswith("wamid.FAKE_")  # type: ignore[union-attr]
    assert sender.send(intent="intent-3").state == "accepted"
    sender.portal.sql(
        "UPDATE message SET confirmed_at = :long_ago",
        long_ago=sender.portal.one(Credential).created_at.replace(year=2020),
    )
    assert sender.send(intent="intent-4").state == "accepted"


@both_databases
def test_twenty_at_once_make_one(portal, control) -> None:
    sender = make_sender(portal, control)
    message_id = sender.prepare()
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: sender.confirm(message_id), range(20)))
    assert len(sender.calls()) == 1
    assert [row.action for row in portal.rows(AuditEntry)].count("message.sent") == 1
    assert sender.message(message_id).state == "accepted"


@both_databases
def test_twenty_posts_of_one_confirmed_form(portal, control) -> None:
    sender = make_sender(portal, control)
    review = sender.browser.get(f"{sender.root}{sender.prepare()}/review")
    address, values = review.form("Send message").attrib["action"], review.values("Send message")

    def press(_: int) -> Page:
        browser = portal.browser()
        browser.client._cookies.update(sender.browser.client._cookies)
        return browser.send("POST", address, data=values)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(press, range(20)))
    assert {(answer.status, answer.goes_to) for answer in answers} == {(303, address.removesuffix("/send"))}
    assert len(sender.calls()) == 1


@both_databases
def test_twenty_forms_at_once_keep_one(portal, control) -> None:
    sender = make_sender(portal, control)
    with ThreadPoolExecutor(20) as pool:
        assert len(set(pool.map(lambda _: sender.prepare(), range(20)))) == 1
    assert len(portal.rows(Message)) == 1


@both_databases
def test_two_forms_with_the_same_at_once_ask(portal, control) -> None:
    sender = make_sender(portal, control)
    ids = [sender.prepare(intent=f"intent-{number}") for number in range(6)]

    def confirm(message_id):
        try:
            sender.confirm(message_id)
        except outbox.LookAlike:
            return "asked"
        return "sent"

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(confirm, ids)) == ["asked"] * 5 + ["sent"]
    assert len(sender.calls()) == 1


@both_databases
def test_many_workers_send_it_once(portal, control) -> None:
    sender = make_sender(portal, control)
    ids = [sender.prepare(text(f"Number {number}"), f"intent-{number}") for number in range(3)]
    portal.sql("UPDATE message SET state = 'queued', next_attempt_at = created_at, confirmed_at = created_at")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda message_id: portal.run(gateway_call.send, message_id), ids * 5))
    assert len(sender.calls()) == 3
    assert {row.state for row in portal.rows(Message)} == {"accepted"}


@pytest.mark.parametrize("is_given_up", [True, False])
def test_who_was_held_up_for_longer_than_the_claim_does_not_call(sender: Sender, monkeypatch, is_given_up) -> None:
    message_id, kept_key = sender.prepare(), keys.kept_key

    def held_up(credential):
        session().rollback()
        sender.portal.sql("UPDATE message SET claimed_until = created_at")
        if is_given_up:
            Context().run(sender.portal.run, gateway_call.send, message_id)  # as another process
            assert sender.message(message_id).state == "unknown"
        return kept_key(credential)

    monkeypatch.setattr(keys, "kept_key", held_up)
    sender.confirm(message_id)
    row = sender.message(message_id)
    assert (row.state, row.code, len(sender.calls())) == ("refused", "stalled", 0)
    assert "interrupted before it called the gateway" in sender.page(message_id).text


def test_a_form_of_another_account(sender: Sender) -> None:
    sender.send()
    _, other = sender.portal.customer(contact_email="joe@other.example.com")
    sender.portal.sql("UPDATE credential SET account_id = :other", other=other.hex)
    sender.account_id = other
    with pytest.raises(DomainError, match="already submitted"):
        sender.prepare()


def test_a_key_that_is_gone(sender: Sender) -> None:
    message_id = sender.prepare()
    sender.portal.sql("DELETE FROM credential")
    with pytest.raises(DomainError, match="no longer in the vault"):
        sender.confirm(message_id)


def test_a_key_that_does_not_open(sender: Sender) -> None:
    sender.portal.sql("UPDATE credential SET sealed_key = 'v1:damaged'")
    row = sender.send()
    assert (row.state, row.code) == ("refused", "no_key")
    assert sender.calls() == []


def test_marketing_and_test_mode_are_asked_for(sender: Sender) -> None:
    message = schemas.TemplateMessage(
        to=RECIPIENT, template=schemas.TemplateUse(name="offer", language=schemas.Language(code="tr"))
    )
    assert sender.send(message, mmlite=True, is_fake=True).state == "accepted"
    assert sender.calls()[0]["query"] == "mmlite=true&is_fake=true"
