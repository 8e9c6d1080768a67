"""What a story needs to live through a month in seconds: a clock that goes on, events that are carried by hand."""

import json

import pytest

from portal.sandbox.client import SandboxControl
from portal.sandbox.server import Sandbox


@pytest.fixture
def watched(control, account, receiver):
    channel = control.create_channel(account)["uuid"]
    control.create_webhook(
        account, receiver.url, triggers=["message.created"], channels=[channel], headers={"X-A": "b"}
    )
    control.set(hold_deliveries=True)
    return channel


def test_events_are_collected_in_their_order_until_a_moment(api, control, account, watched, receiver):
    begun = control.now()
    events = [{"hook": "message.created", "after": after, "payload": {"n": after}} for after in (90, 30, 5000)]
    api.post("/_control/emit", {"account": account, "channel": watched, "events": events})

    collected = api.post("/_control/deliveries/collect", {"until": begun + 100}).json
    assert [row["body"]["payload"]["n"] for row in collected] == [30, 90]
    assert collected[1]["next_at"] - collected[0]["next_at"] == pytest.approx(60, abs=0.5)
    assert begun + 30 <= collected[0]["next_at"] <= begun + 100
    assert {(row["url"], row["headers"]["X-A"]) for row in collected} == {(receiver.url, "b")}
    assert control.now() >= begun + 100
    assert api.post("/_control/deliveries/collect", {"until": begun + 100}).json == []
    assert sorted(row["status"] for row in control.deliveries()) == ["delivered", "delivered", "held"]
    assert receiver.arrived == []


def test_what_is_left_is_sent_when_it_is_due(api, control, account, watched, receiver):
    for after in (0, 3600):
        api.post(
            "/_control/emit", {"account": account, "channel": watched, "hook": "message.created", "after": after}
        )
    api.post("/_control/deliveries/release", {"when_due": True})

    receiver.wait_for(1)
    assert control.settle()
    control.advance(3600)
    receiver.wait_for(2)


def test_an_event_that_nobody_takes_any_more_is_given_up(api, control, account, watched):
    api.post("/_control/emit", {"account": account, "channel": watched, "hook": "message.created"})
    api.post("/_control/emit", {"account": account, "channel": watched, "hook": "message.created", "after": 50})
    [webhook] = control.webhooks()
    api.send("DELETE", f"/_control/webhooks/{webhook['uuid']}")
    assert api.post("/_control/deliveries/collect", {"until": control.now() + 60}).json == []
    assert {row["status"] for row in control.deliveries()} == {"given_up"}


def test_statuses_happen_after_a_while(api, control, account):
    control.set(hold_deliveries=True, statuses=[])
    control.set_gateway_callback(account, "http://127.0.0.1:9/", "s")
    key, begun = control.issue_gateway_key(account), control.now()
    body = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+905321112233", "type": "text"}
    sent = api.post("/v1/wa/message", {**body, "text": {"body": "Hi"}}, token=key).json["data"]["messages"][0][
        "id"
    ]
    api.post(f"/_control/gateway/messages/{sent}/statuses", {"statuses": ["sent", "read"], "after": [1, 600]})

    collected = api.post("/_control/deliveries/collect", {"until": begun + 700}).json
    told = [row["body"]["entry"][0]["changes"][0]["value"]["statuses"][0] for row in collected]
    assert [row["status"] for row in told] == ["sent", "read"]
    assert int(told[1]["timestamp"]) - int(told[0]["timestamp"]) == 599
    assert collected[0]["headers"] == {"Authorization": "Bearer s"}


def test_a_fault_strikes_only_calls_about_its_text(api, control, fields):
    api.post("/_control/faults", {"kind": "status", "status": 503, "text": "lena@example.com", "times": None})
    assert api.post("/accounts/", fields(contact_email="lena@example.com")).status == 503
    assert api.post("/accounts/", fields(contact_email="jane@example.com")).status == 201
    assert "about lena@example.com" in api.get("/").text


def test_a_webhook_is_changed_and_a_token_vanishes_behind_everybodys_back(api, control, account):
    webhook = control.create_webhook(account, "https://example.com/")["uuid"]
    api.patch(f"/_control/webhooks/{webhook}", {"callback_url": "https://example.com/other"})
    assert control.webhooks()[0]["callback_url"] == "https://example.com/other"
    token = control.create_access_token(account)["uuid"]
    api.send("DELETE", f"/_control/access-tokens/{token}")
    assert control.access_tokens() == []
    assert api.send("DELETE", f"/_control/access-tokens/{token}").status == 404


def test_the_state_is_written_seldom_while_much_happens_and_at_the_end(tmp_path):
    path = tmp_path / "state.json"
    with Sandbox(state_path=path) as sandbox:
        control = SandboxControl(sandbox.api_url)
        control.set(save_every=3600)
        control.create_account("jane@example.com")
        assert not path.exists() or json.loads(path.read_text())["accounts"] == {}
    assert len(json.loads(path.read_text())["accounts"]) == 1


def test_the_page_shows_the_account_that_is_asked_for_first(api, control):
    first = control.create_account("a@example.com", name="First")["uuid"]
    control.create_account("b@example.com", name="Second")
    page = api.get("/").text
    assert page.index("Second") < page.index("First")
    page = api.get(f"/?account={first}").text
    assert page.index("First") < page.index("Second")
    key = api.form(f"/_page/accounts/{first}/gateway-key").text
    assert key.index("First") < key.index("Second")
