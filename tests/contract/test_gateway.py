"""The gateway. Against another implementation only pretended messages go out (`is_fake`)."""

import pytest
from pydantic import SecretStr, TypeAdapter

from portal.connexease import errors, schemas

TO = "+905301112233"
TEMPLATE = {
    "name": "order_update",
    "language": {"code": "tr"},
    "components": [
        {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://a.example.com/1.png"}}]},
        {"type": "body", "parameters": [{"type": "text", "text": "Jane"}]},
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": 0,
            "parameters": [{"type": "payload", "payload": "p"}],
        },
    ],
}
KINDS = [
    {"type": "text", "text": {"body": "Merhaba", "preview_url": True}},
    {"type": "text", "text": {"body": "ğ" * schemas.TEXT_BODY_LIMIT}},
    {"type": "image", "image": {"link": "https://a.example.com/1.png"}},
    {"type": "image", "image": {"link": "https://a.example.com/1.png", "caption": "One"}},
    {"type": "audio", "audio": {"link": "https://a.example.com/1.mp3"}},
    {"type": "template", "template": {"name": "welcome", "language": {"code": "en_US"}}},
    {"type": "template", "template": TEMPLATE},
]


def message(content: dict) -> schemas.Message:
    return TypeAdapter(schemas.Message).validate_python({"to": TO} | content)


HELLO = message(KINDS[0])


@pytest.mark.parametrize("content", KINDS, ids=lambda content: content["type"])
def test_every_kind_is_taken(cx, gateway_key, content):
    result = cx.gateway.send(gateway_key, message(content), is_fake=True)
    assert result.wamid.startswith("wamid.FAKE_")
    assert result.wa_id is None or result.wa_id == TO[1:]


def test_a_message_is_sent_once(cx, control, gateway_key):
    result = cx.gateway.send(gateway_key, HELLO)
    (row,) = control.gateway_messages()
    assert (row["wamid"], row["to"], row["mmlite"]) == (result.wamid, TO, False)
    assert result.wa_id == TO[1:]


def test_a_recipient_in_digits_only(adapter, control, gateway_key):
    adapter(recipient_plus=False).gateway.send(gateway_key, HELLO)
    assert control.gateway_messages()[0]["to"] == TO[1:]


def test_a_marketing_message(cx, control, gateway_key):
    cx.gateway.send(gateway_key, message(KINDS[6]), mmlite=True)
    assert control.gateway_messages()[0]["mmlite"] is True


def test_rate_limits_are_told(cx, gateway_key):
    limits = cx.gateway.send(gateway_key, HELLO, is_fake=True).rate_limits
    assert limits.per_second
    assert limits.per_minute
    assert limits.left_this_second is not None
    assert 0 <= limits.left_this_second < limits.per_second
    assert limits.left_this_minute is not None
    assert 0 <= limits.left_this_minute < limits.per_minute


def refusal(cx, key, content=HELLO, **flags) -> errors.GatewayRefused:
    with pytest.raises(errors.GatewayRefused) as caught:
        cx.gateway.send(key, content, **flags)
    return caught.value


def test_a_wrong_key(cx, gateway_key):
    error = refusal(cx, SecretStr("pk_wrong"), is_fake=True)
    assert (error.status, error.code) == (401, "AUTH_001")
    assert error.description


@pytest.mark.parametrize(
    "content",
    [
        {"type": "text", "text": {"body": "x" * (schemas.TEXT_BODY_LIMIT + 1)}},
        {"type": "image", "image": {"link": "http://a.example.com/1.png"}},
        {"type": "audio", "audio": {"link": "not a link"}},
    ],
)
def test_a_message_that_breaks_the_rules(cx, gateway_key, content):
    error = refusal(cx, gateway_key, message(content), is_fake=True)
    assert error.status == 400
    assert error.code.startswith("GW_")


def test_a_balance_that_is_too_low(cx, control, gateway_key):
    control.set(balance=0.0015)
    cx.gateway.send(gateway_key, HELLO)
    error = refusal(cx, gateway_key)
    assert (error.status, error.code) == (402, "BILL_001")
    assert len(control.gateway_messages()) == 1


def test_a_revoked_key(cx, control, gateway_key):
    control.revoke_gateway_key(gateway_key.get_secret_value())
    assert refusal(cx, gateway_key).code == "AUTH_001"


@pytest.mark.parametrize(("setting", "limit_type"), [("rate_per_second", "sec"), ("rate_per_minute", "min")])
def test_too_many_messages(cx, control, gateway_key, setting, limit_type):
    control.set(**{setting: 0})
    with pytest.raises(errors.RateLimited) as caught:
        cx.gateway.send(gateway_key, HELLO)
    assert caught.value.limit_type == limit_type
    assert caught.value.retry_after in (1, 60)
    assert control.gateway_messages() == []


@pytest.mark.parametrize(("retry_after", "seconds"), [("1s", 1), ("60s", 60), ("1 seconds", 1)])
def test_every_way_to_name_a_time(cx, control, gateway_key, retry_after, seconds):
    control.fault("gateway", "/v1/", code="RATE_001", params={"limit_type": "sec", "retry_after": retry_after})
    with pytest.raises(errors.RateLimited) as caught:
        cx.gateway.send(gateway_key, HELLO)
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("code", "status"),
    [("AUTH_004", 500), ("AUTH_005", 500), ("META_001", 502), ("PERM_001", 403), ("BILL_001", 402)],
)
def test_a_refusal_is_known_to_be_one(cx, control, gateway_key, code, status):
    control.fault("gateway", "/v1/", code=code)
    error = refusal(cx, gateway_key)
    assert (error.status, error.code) == (status, code)
    assert control.gateway_messages() == []
