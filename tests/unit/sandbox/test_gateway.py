"""The gateway: keys, bodies that Meta would refuse, limits, balance, statuses."""

import time

import pytest

from portal.sandbox.core import Core

TO = "+905551112233"


def message(**changes):
    usual = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": TO,
        "type": "text",
        "text": {"body": "Hello", "preview_url": True},
    }
    return {name: value for name, value in {**usual, **changes}.items() if value is not ...}


def template(**changes):
    body = {"name": "order_update", "language": {"code": "en_US"}, **changes}
    return message(type="template", text=..., template=body)


@pytest.fixture
def key(control, account):
    return control.issue_gateway_key(account)


@pytest.fixture
def send(api, key):
    return lambda body, query="", **more: api.post(f"/v1/wa/message{query}", body, **{"token": key, **more})


def test_success_is_wrapped(send, control):
    reply = send(message())

    assert reply.status == 200
    (sent,) = control.gateway_messages()
    assert reply.json == {
        "isSuccess": True,
        "data": {
            "messaging_product": "whatsapp",
            "contacts": [{"input": TO, "wa_id": "905551112233"}],
            "messages": [{"id": sent["wamid"]}],
        },
    }
    assert sent["wamid"].startswith("wamid.")


@pytest.mark.parametrize(
    "body",
    [
        message(to="905551112233"),
        message(recipient_type=...),
        message(type="image", text=..., image={"link": "https://example.com/a.png", "caption": "A"}),
        message(type="audio", text=..., audio={"link": "https://example.com/a.ogg"}),
        message(type="document", text=..., document={"link": "https://example.com/a.pdf", "filename": "a.pdf"}),
        message(type="interactive", text=..., interactive={"type": "button", "body": {}, "action": {}}),
        message(text={"body": "x" * 4096}),
        template(),
        template(
            components=[
                {
                    "type": "header",
                    "parameters": [{"type": "image", "image": {"link": "https://e.com/a.png"}}],
                },
                {"type": "body", "parameters": [{"type": "text", "text": "Jane"}]},
                {
                    "type": "button",
                    "sub_type": "url",
                    "index": "0",
                    "parameters": [{"type": "text", "text": "a"}],
                },
            ]
        ),
    ],
)
def test_accepted(send, body):
    assert send(body).json["isSuccess"] is True


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        [],
        {},
        message(messaging_product="sms"),
        message(recipient_type="group"),
        message(to="0555"),
        message(to="+90 555 111 22 33"),
        message(to=905551112233),
        message(type="sticker"),
        message(text=...),
        message(text={"body": ""}),
        message(text={"body": "x" * 4097}),
        message(text={"body": "x", "preview": True}),
        message(text={"body": "x", "preview_url": "yes"}),
        message(colour="red"),
        message(type="image", text=..., image={"link": "http://example.com/a.png"}),
        message(type="image", text=..., image={"caption": "A"}),
        template(name="Order Update"),
        template(language="en"),
        template(language={"code": "english"}),
        template(components=[{"type": "footer", "parameters": []}]),
        template(components=[{"type": "button", "parameters": []}]),
        template(components=[{"type": "body", "parameters": [{"type": "text"}]}]),
    ],
)
def test_what_metas_schema_refuses_is_gw_001(send, control, body):
    reply = send(body)

    assert reply.status == 400
    assert reply.json["isSuccess"] is False
    assert reply.json["errors"]["code"] == "GW_001"
    assert reply.json["errors"]["group"] == "GW"
    assert reply.json["errors"]["description"]
    assert control.gateway_messages() == []


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "AUTH_002"),
        ({"Authorization": "Basic abc"}, "AUTH_003"),
        ({"Authorization": "Bearer"}, "AUTH_003"),
        ({"Authorization": "Bearer pk_guessed"}, "AUTH_001"),
    ],
)
def test_who_may_send(send, headers, code):
    reply = send(message(), token=None, headers=headers)

    assert (reply.status, reply.json["errors"]["code"]) == (401, code)


def test_a_revoked_key_and_other_credentials_do_not_work(send, api, control, account, key):
    access = api.post(f"/accounts/{account}/access-token/").json["key"]
    assert send(message(), token=access).status == 401
    assert send(message(), token="reseller-secret").status == 401

    control.revoke_gateway_key(key)
    assert send(message()).json["errors"]["code"] == "AUTH_001"


def test_keys_have_the_vendors_prefixes(control, account):
    assert control.issue_gateway_key(account).startswith("pk_")
    assert control.issue_gateway_key(account, staging=True).startswith("sk_")
    control.set(key_prefix="sk_", staging_key_prefix="")  # as newer pages have it
    assert control.issue_gateway_key(account).startswith("sk_")
    assert not control.issue_gateway_key(account, staging=True).startswith(("sk_", "pk_"))


def test_a_publishable_key_sends_nothing(send, control, account):
    key = control.issue_gateway_key(account, publishable=True)
    assert key.startswith("pb_")
    assert send(message(), token=key).json["errors"]["code"] == "AUTH_001"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AUTH_001", 401),
        ("AUTH_004", 500),
        ("AUTH_005", 500),
        ("BILL_001", 402),
        ("PERM_001", 403),
        ("RATE_001", 429),
        ("GW_001", 400),
        ("META_001", 502),
    ],
)
def test_every_error_of_the_table_can_be_had(send, control, code, status):
    control.fault("gateway", code=code)

    reply = send(message())
    assert (reply.status, reply.json["errors"]["code"]) == (status, code)


def test_is_fake_runs_everything_but_the_send(send, control, account, receiver):
    control.set_gateway_callback(account, receiver.url, "s")
    control.set(balance=1)

    reply = send(message(), "?is_fake=true")
    assert reply.json["data"]["messages"][0]["id"].startswith("wamid.FAKE_")
    assert "contacts" not in reply.json["data"]
    assert control.settings()["balance"] == 1
    assert control.deliveries() == []
    assert send(message(to="x"), "?is_fake=true").status == 400


def test_mmlite_is_for_templates(send, control):
    assert send(message(), "?mmlite=true").json["errors"]["code"] == "GW_001"
    assert send(template(), "?mmlite=true").status == 200
    assert [row["mmlite"] for row in control.gateway_messages()] == [True]


@pytest.mark.parametrize(
    ("name", "limit", "seconds"), [("sec", "rate_per_second", "1s"), ("min", "rate_per_minute", "60s")]
)
def test_rate_limits(send, control, account, monkeypatch, name, limit, seconds):
    stopped = time.time()  # no second may end between the calls
    monkeypatch.setattr(Core, "now", lambda core: stopped + core.state.clock_offset)
    control.set(rate_per_second=1000, rate_per_minute=1000)
    control.set(**{limit: 2})
    control.advance(60 - control.now() % 60)  # the start of a window, so that it does not end meanwhile

    remaining = [send(message()).headers[f"X-RateLimit-{name}-Remaining"] for _ in range(2)]
    assert remaining == ["1", "0"]
    reply = send(message())
    assert reply.status == 429
    assert reply.json["errors"]["params"] == {"limit_type": name, "retry_after": seconds}
    assert reply.headers[f"X-RateLimit-{name}-Limit"] == "2"
    assert send(message(), token=control.issue_gateway_key(account)).status == 200
    control.advance(60)
    assert send(message()).status == 200


def test_the_balance_runs_out(send, control):
    control.set(balance=0.0015)

    assert send(message()).status == 200
    reply = send(message())
    assert (reply.status, reply.json["errors"]["code"]) == (402, "BILL_001")


def statuses(receiver):
    changes = [row.body["entry"][0]["changes"][0] for row in receiver.arrived]
    return [change["value"]["statuses"][0] for change in changes]


def test_statuses_are_reported_in_order_with_the_secret(send, control, account, receiver):
    control.set_gateway_callback(account, receiver.url, "callback-secret")
    wamid = send(message()).json["data"]["messages"][0]["id"]
    receiver.wait_for(3)

    assert [row.headers["Authorization"] for row in receiver.arrived] == ["Bearer callback-secret"] * 3
    first = receiver.arrived[0].body
    assert first["object"] == "whatsapp_business_account"
    assert first["entry"][0]["changes"][0]["field"] == "messages"
    assert [row["status"] for row in statuses(receiver)] == ["sent", "delivered", "read"]
    assert {row["id"] for row in statuses(receiver)} == {wamid}
    assert {row["recipient_id"] for row in statuses(receiver)} == {"905551112233"}


def test_statuses_on_demand_come_in_any_order_and_twice(send, control, account, receiver):
    control.set(statuses=[])
    control.set_gateway_callback(account, receiver.url, "s")
    wamid = send(message()).json["data"]["messages"][0]["id"]
    control.report_statuses(wamid, "read", "sent", "sent", "failed")
    receiver.wait_for(4)

    rows = statuses(receiver)
    assert [row["status"] for row in rows] == ["read", "sent", "sent", "failed"]
    assert rows[3]["errors"][0]["code"] == 131026


def test_a_number_ending_in_four_zeros_fails(send, control, account, receiver):
    control.set_gateway_callback(account, receiver.url, "s")
    send(message(to="+905551110000"))
    receiver.wait_for(2)

    assert [row["status"] for row in statuses(receiver)] == ["sent", "failed"]


def test_inbound_messages(control, account, receiver):
    control.set_gateway_callback(account, receiver.url, "s")
    control.inbound_message(account, "Is it on its way?", "+90 530 111 22 33")
    (arrived,) = receiver.wait_for(1)

    value = arrived.body["entry"][0]["changes"][0]["value"]
    assert value["messages"][0]["from"] == "905301112233"
    assert value["messages"][0]["text"] == {"body": "Is it on its way?"}


def test_without_a_callback_nothing_is_reported(send, control, account, receiver):
    control.set_gateway_callback(account, receiver.url, "s")
    control.set_gateway_callback(account, "", "")
    send(message())

    assert control.deliveries() == []


# --- what Meta refuses after the gateway took its fee ------------------------------------------------


def body_of(*texts, **names):
    positional = [{"type": "text", "text": text} for text in texts]
    named = [{"type": "text", "parameter_name": name, "text": text} for name, text in names.items()]
    return [{"type": "body", "parameters": [*positional, *named]}]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"components": body_of("Ay\nse")}, 132012),
        ({"components": body_of("Ay\tse")}, 132012),
        ({"components": body_of("Ay    se")}, 132012),
        ({"components": body_of("Ay", first_name="se"), "name": "unknown_here"}, 132012),
        ({"components": body_of(**{"First-Name": "x"}), "name": "unknown_here"}, 132012),
        ({"components": body_of(name="x")}, 132012),
        ({"components": body_of("Ay", "5"), "name": "points_balance"}, 132012),
        ({"components": body_of(first_name="Ay"), "name": "points_balance"}, 132000),
        ({"components": body_of(first_name="Ay", score="5"), "name": "points_balance"}, 132012),
    ],
)
def test_a_template_that_is_filled_wrongly_costs_the_fee(send, control, changes, code):
    control.set(balance=1)
    reply = send(template(**changes))
    assert (reply.status, reply.json["isSuccess"]) == (502, False)
    assert f"(#{code})" in reply.json["errors"]["description"]
    assert control.settings()["balance"] == 0.999
    assert control.gateway_messages() == []
    assert send(template(**changes), "?is_fake=true").status == 200


def test_named_values_and_every_kind_of_button_are_taken(send):
    def button(number, sub_type, **parameter):
        return {"type": "button", "sub_type": sub_type, "index": str(number), "parameters": [parameter]}

    buttons = [
        button(0, "copy_code", type="coupon_code", coupon_code="SAVE10"),
        button(1, "flow", type="action", action={"flow_token": "t"}),
        button(2, "url", type="text", text="%C3%A7a%20va"),
        button(3, "quick_reply", type="payload", payload="yes"),
    ]
    components = [*body_of(points="5", first_name="Ay"), *buttons]
    assert send(template(name="points_balance", components=components)).status == 200


def test_a_held_message_is_reported_only_when_told(send, control, account, receiver):
    control.set_gateway_callback(account, receiver.url, "s")
    control.set(message_status="held_for_quality_assessment")
    reply = send(template())
    [named] = reply.json["data"]["messages"]
    assert named["message_status"] == "held_for_quality_assessment"
    assert control.deliveries() == []
    control.report_statuses(named["id"], "failed", error={"code": 132015, "title": "Template is paused"})
    control.settle()
    assert statuses(receiver)[0]["errors"] == [{"code": 132015, "title": "Template is paused"}]


def test_what_meta_charges_is_said_once(send, control, account, receiver):
    control.set_gateway_callback(account, receiver.url, "s")
    control.set(status_gap=0)
    send(template(), "?mmlite=true")
    control.settle()
    priced = [(row["status"], row["pricing"]) for row in statuses(receiver) if "pricing" in row]
    assert priced == [
        ("delivered", {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "marketing"})
    ]


@pytest.mark.parametrize(("dial", "comes_back"), [("echo", "mine"), ("drop", None)])
def test_a_senders_own_value_comes_back_or_does_not(send, control, account, receiver, dial, comes_back):
    control.set_gateway_callback(account, receiver.url, "s")
    control.set(callback_data=dial, statuses=["sent"])
    assert send(message(biz_opaque_callback_data="mine")).status == 200
    control.settle()
    assert statuses(receiver)[0].get("biz_opaque_callback_data") == comes_back


def test_a_senders_own_value_may_be_refused(send, control):
    assert send(message(biz_opaque_callback_data="x" * 513)).status == 400
    control.set(callback_data="refuse")
    reply = send(message(biz_opaque_callback_data="mine"), "?is_fake=true")
    assert (reply.status, reply.json["errors"]["code"]) == (400, "GW_001")
    assert send(message()).status == 200
