"""Sending: what goes out, what was refused, and what nobody knows."""

import json

import pytest
from pydantic import SecretStr, TypeAdapter, ValidationError

from portal.connexease import errors, schemas
from portal.connexease.texts import filled

KEY = SecretStr("pk_live_key")
HELLO = schemas.TextMessage(to="+905551112233", text=schemas.Text(body="Hello", preview_url=True))
SENT = {
    "isSuccess": True,
    "data": {
        "messaging_product": "whatsapp",
        "contacts": [{"input": "905551112233", "wa_id": "905551112233"}],
        "messages": [{"id": "wamid.HBgM"}],
    },
}


def refused(code: str, group: str = "G", description: str = "No.", **params) -> dict:
    error = {"code": code, "group": group, "description": description}
    return {"isSuccess": False, "errors": error | ({"params": params} if params else {})}


def outcome(cx) -> errors.ConnexeaseError:
    with pytest.raises(errors.ConnexeaseError) as caught:
        cx.gateway.send(KEY, HELLO)
    return caught.value


def test_a_text_message(cx, server):
    server.reply(200, SENT)
    result = cx.gateway.send(KEY, HELLO)
    (seen,) = server.requests
    assert (seen.method, seen.target) == ("POST", "/v1/wa/message")
    assert seen.headers["authorization"] == "Bearer pk_live_key"
    assert seen.json == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+905551112233",
        "type": "text",
        "text": {"body": "Hello", "preview_url": True},
    }
    assert (result.wamid, result.wa_id) == ("wamid.HBgM", "905551112233")
    assert result.rate_limits == schemas.RateLimits()


@pytest.mark.parametrize(
    ("message", "sent"),
    [
        (
            {"type": "image", "image": {"link": "https://a.test/1.png"}},
            {"type": "image", "image": {"link": "https://a.test/1.png"}},
        ),
        (
            {"type": "image", "image": {"link": "https://a.test/1.png", "caption": "One"}},
            {"type": "image", "image": {"link": "https://a.test/1.png", "caption": "One"}},
        ),
        (
            {"type": "audio", "audio": {"link": "https://a.test/1.mp3"}},
            {"type": "audio", "audio": {"link": "https://a.test/1.mp3"}},
        ),
        (
            {"type": "template", "template": {"name": "hi", "language": {"code": "tr"}}},
            {"type": "template", "template": {"name": "hi", "language": {"code": "tr"}}},
        ),
    ],
)
def test_the_other_kinds(cx, server, message, sent):
    server.reply(200, SENT)
    whole = TypeAdapter(schemas.Message).validate_python({"to": "905551112233"} | message)
    cx.gateway.send(KEY, whole)
    common = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+905551112233"}
    assert server.requests[0].json == common | sent


def test_a_template_with_components(cx, server):
    components = [
        {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://a.test/1.png"}}]},
        {
            "type": "body",
            "parameters": [{"type": "text", "text": "Jane"}, {"type": "location", "location": {"a": 1}}],
        },
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": "0",
            "parameters": [{"type": "payload", "payload": "p"}],
        },
    ]
    template = {"name": "hi", "language": {"code": "tr"}, "components": components}
    server.reply(200, SENT)
    message = TypeAdapter(schemas.Message).validate_python(
        {"to": "905551112233", "type": "template", "template": template}
    )
    cx.gateway.send(KEY, message)
    assert server.requests[0].json["template"] == template


@pytest.mark.parametrize(
    ("flags", "target"),
    [
        ({}, "/v1/wa/message"),
        ({"mmlite": True}, "/v1/wa/message?mmlite=true"),
        ({"is_fake": True}, "/v1/wa/message?is_fake=true"),
        ({"mmlite": True, "is_fake": True}, "/v1/wa/message?mmlite=true&is_fake=true"),
    ],
)
def test_flags(cx, server, flags, target):
    server.reply(200, SENT)
    cx.gateway.send(KEY, HELLO, **flags)
    assert server.requests[0].target == target


def test_the_recipient_as_digits_only(connect, server):
    server.reply(200, SENT)
    connect(recipient_plus=False).gateway.send(KEY, HELLO)
    assert server.requests[0].json["to"] == "905551112233"


@pytest.mark.parametrize(
    "number", ["", "+", "0905551112233", "+0905", "90 555", "90555111223344556", "+٩٠٥٥٥١١١", "1\n"]
)
def test_a_recipient_that_is_no_number(number):
    with pytest.raises(ValidationError):
        schemas.TextMessage(to=number, text=schemas.Text(body="Hello"))


@pytest.mark.parametrize(
    ("contacts", "wa_id"), [([{"wa_id": 905}], "905"), ({"wa_id": "905"}, "905"), ("x", None)]
)
def test_an_accepted_message_with_odd_contacts(cx, server, contacts, wa_id):
    server.reply(200, {"isSuccess": True, "data": {"messages": [{"id": "wamid.1"}], "contacts": contacts}})
    result = cx.gateway.send(KEY, HELLO)
    assert (result.wamid, result.wa_id) == ("wamid.1", wa_id)


@pytest.mark.parametrize(
    "contacts",
    [{}, {"contacts": None}, {"contacts": []}, {"contacts": [{"input": "9"}]}, {"contacts": [{"wa_id": [1]}]}],
)
def test_an_accepted_message_without_contacts(cx, server, contacts):
    server.reply(200, {"isSuccess": True, "data": {"messages": [{"id": "wamid.FAKE_1"}]} | contacts})
    result = cx.gateway.send(KEY, HELLO, is_fake=True)
    assert (result.wamid, result.wa_id) == ("wamid.FAKE_1", None)


def test_rate_limits_are_read_from_the_headers(cx, server):
    headers = {
        "X-RateLimit-sec-Limit": "80",
        "X-RateLimit-sec-Remaining": "79",
        "X-RateLimit-min-Limit": "4,800",
        "x-ratelimit-MIN-remaining": "4799",
    }
    server.reply(200, SENT, headers=headers)
    limits = cx.gateway.send(KEY, HELLO).rate_limits
    assert limits == schemas.RateLimits(per_second=80, left_this_second=79, left_this_minute=4799)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "GW_001"),
        (401, "AUTH_001"),
        (401, "AUTH_002"),
        (401, "AUTH_003"),
        (402, "BILL_001"),
        (403, ""),
        (500, "AUTH_004"),
        (500, "AUTH_005"),
        (502, ""),
        (502, "META_131026"),
        (200, "GW_001"),
    ],
)
def test_a_refusal_in_the_gateways_own_shape(cx, server, status, code):
    server.reply(status, refused(code, "A group", "A sentence.", hint="why"))
    error = outcome(cx)
    assert type(error) is errors.GatewayRefused
    assert (error.status, error.code, error.group, error.description) == (status, code, "A group", "A sentence.")
    assert error.params == {"hint": "why"}
    assert error.message == "A sentence."
    assert isinstance(error, errors.Rejected)


@pytest.mark.parametrize(
    "error", [{}, {"code": None, "params": None}, {"code": 7, "params": [1]}, [{"code": "X"}]]
)
def test_a_refusal_that_lacks_its_parts(cx, server, error):
    server.reply(403, {"isSuccess": False, "errors": error})
    caught = outcome(cx)
    assert type(caught) is errors.GatewayRefused
    assert caught.params == {}
    assert caught.message == filled(errors.GatewayRefused.sentence, {})


UNDOCUMENTED = [
    *(
        (status, code)
        for status in (408, 500, 503, 504)
        for code in ("INTERNAL", "GW_009", "BILL_001", "RATE_001")
    ),
    *((status, "AUTH_004") for status in (408, 503, 504)),
]


@pytest.mark.parametrize(("status", "code"), UNDOCUMENTED)
def test_a_failure_that_the_gateway_does_not_document_leaves_it_open(cx, server, status, code):
    server.reply(status, refused(code, "SYSTEM", "Something broke", limit_type="sec", retry_after="1s"))
    assert type(outcome(cx)) is errors.OutcomeUnknown


@pytest.mark.parametrize("status", [200, 400, 429])
def test_too_many_messages_by_the_code(cx, server, status):
    server.reply(status, refused("RATE_001", limit_type="sec", retry_after="1s"))
    assert type(outcome(cx)) is errors.RateLimited


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad Gateway</html>",
        b'{"detail": "x"}',
        b'{"isSuccess": false}',
        b'{"errors": {"code": "GW_001"}}',
    ],
)
def test_a_502_in_another_shape_leaves_it_open(cx, server, body):
    server.reply(502, body)
    assert type(outcome(cx)) is errors.OutcomeUnknown


@pytest.mark.parametrize(
    ("status", "expected"),
    [(400, errors.Rejected), (401, errors.Unauthorized), (402, errors.Rejected), (403, errors.Unauthorized)],
)
def test_a_refusal_in_another_shape(cx, server, status, expected):
    server.reply(status, {"detail": "No."})
    assert type(outcome(cx)) is expected


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("1s", 1),
        ("60s", 60),
        ("1 seconds", 1),
        ("1 second", 1),
        (" 2.5 s ", 2.5),
        (3, 3),
        ("5", 5),
        ("soon", None),
    ],
)
def test_too_many_messages(cx, server, written, seconds):
    server.reply(429, refused("RATE_001", limit_type="sec", retry_after=written))
    error = outcome(cx)
    assert type(error) is errors.RateLimited
    assert (error.retry_after, error.limit_type) == (seconds, "sec")


def test_too_many_messages_with_the_time_in_the_header(cx, server):
    server.reply(429, refused("RATE_001", limit_type="min"), headers={"Retry-After": "7"})
    error = outcome(cx)
    assert (error.retry_after, error.limit_type) == (7, "min")


@pytest.mark.parametrize(
    "written", ["Fri, 31 Dec 9999 23:59:59 -1200", "Fri, 31 Dec 9999 23:59:58 GMT", "999999999", "0" * 40]
)
def test_a_wait_that_ends_with_the_calendar(cx, server, written):
    server.reply(429, b"slow down", headers={"Retry-After": written})
    assert outcome(cx).retry_after in (86_400, None)


def test_too_many_messages_in_another_shape(cx, server):
    server.reply(429, b"slow down", headers={"Retry-After": "7"})
    error = outcome(cx)
    assert type(error) is errors.RateLimited
    assert (error.retry_after, error.limit_type) == (7, None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"data": SENT["data"]}, "isSuccess"),
        ({"isSuccess": True}, "data"),
        ({"isSuccess": True, "data": {}}, "data.messages"),
        ({"isSuccess": True, "data": {"messages": []}}, "data.messages"),
        ({"isSuccess": True, "data": {"messages": [{}]}}, "data.messages.0.id"),
        ({"isSuccess": True, "data": {"messages": [{"id": None}]}}, "data.messages.0.id"),
        (SENT | {"isSuccess": False}, "isSuccess"),
        ({"isSuccess": False}, "data"),
    ],
    ids=json.dumps,
)
def test_a_success_that_does_not_say_what_was_sent(cx, server, body, field):
    server.reply(200, body)
    error = outcome(cx)
    assert type(error) is errors.OutcomeUnknown
    assert error.field == field


def test_a_refusal_with_deep_parameters(cx, server):
    deep: dict = {"end": 1}
    for _ in range(50):
        deep = {"next": deep}
    server.reply(400, refused("GW_001", deep=deep))
    assert "end" not in repr(outcome(cx).params)
