"""Events to webhooks: who gets them, how often, and how tests hold, release and repeat them."""

import socket

import pytest


@pytest.fixture
def channel(control, account):
    return control.create_channel(account, name="Main")


@pytest.fixture
def hook(control, account, receiver):
    def create(*triggers, **more):
        return control.create_webhook(account, receiver.url, triggers=list(triggers), **more)["uuid"]

    return create


def test_channel_created_has_the_guides_body_and_the_registered_headers(
    api, account, onboard, dialog, control, receiver, webhook_fields
):
    body = webhook_fields(callback_url=receiver.url, data={"headers": {"X-Secret": "s3cret"}})
    api.post(f"/accounts/{account}/webhooks/", body)
    dialog.form("/reseller/channels/whatsapp/connect", token=onboard(), outcome="connect", name="Main")

    (arrived,) = receiver.wait_for(1)
    (channel,) = control.channels()
    assert arrived.body == {
        "hook": "channel.created",
        "account": {"uuid": account, "name": "Acme Corp"},
        "payload": None,
        "channel": {"uuid": channel["uuid"], "name": "Main", "backend": "whatsapp_cloud"},
    }
    assert arrived.headers["X-Secret"] == "s3cret"
    assert arrived.headers["Content-Type"] == "application/json"
    assert control.settle()
    (delivery,) = control.deliveries()
    assert (delivery["status"], delivery["attempts"][0]["status"]) == ("delivered", 200)


def test_only_active_webhooks_that_want_it_get_it(control, account, channel, hook, receiver):
    other = control.create_channel(account)["uuid"]
    wanted = hook("message.created", channels=[channel["uuid"]])
    everything = hook("message.created", channels=[])
    hook("message.created", channels=[other])
    hook("message.created", channels=[channel["uuid"]], is_active=False)
    hook("conversation.created", channels=[channel["uuid"]])

    sent = control.emit("message.created", account, channel["uuid"], payload={"text": "hi"})
    assert [row["target"] for row in sent] == [wanted, everything]
    assert [arrived.body["payload"] for arrived in receiver.wait_for(2)] == [{"text": "hi"}] * 2


def test_an_account_event_has_no_channel(control, account, hook, receiver):
    hook("agent.status_changed")
    control.emit("agent.status_changed", account, payload={"status": "away"})

    assert receiver.wait_for(1)[0].body["channel"] is None


def test_a_delivery_is_repeated_until_it_is_taken(control, account, hook, receiver):
    receiver.statuses = [500, 302, 404]
    hook("channel.created")
    control.emit("channel.created", account)

    bodies = [arrived.body for arrived in receiver.wait_for(4)]
    assert bodies == [bodies[0]] * 4
    assert control.settle()
    (delivery,) = control.deliveries()
    assert delivery["status"] == "delivered"
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 302, 404, 200]


def test_a_delivery_is_given_up_at_last(control, account, hook, receiver):
    control.set(max_attempts=3, retry_delay=0)
    receiver.statuses = [500] * 9
    hook("channel.created")
    control.emit("channel.created", account)
    receiver.wait_for(3)
    assert control.settle()

    (delivery,) = control.deliveries()
    assert (delivery["status"], len(delivery["attempts"])) == ("given_up", 3)
    receiver.statuses = []
    control.release_delivery(delivery["number"])
    receiver.wait_for(4)


def test_the_vendor_repeats_up_to_thirty_times_with_growing_delays(control, account, hook, receiver):
    control.reset()
    assert control.settings()["max_attempts"] == 30
    account = control.create_account("again@example.com")["uuid"]
    control.create_webhook(account, receiver.url)
    receiver.statuses = [500] * 4
    control.emit("channel.created", account)

    delays = []
    for count in range(1, 5):
        receiver.wait_for(count)
        assert control.settle()
        (delivery,) = control.deliveries()
        delays.append(delivery["next_at"] - control.now())
        control.advance(delays[-1] + 0.1)
    assert delays == sorted(delays)
    assert delays[3] > 2 * delays[1]


def test_nobody_at_home_is_recorded(control, account):
    control.create_webhook(account, "http://127.0.0.1:9/nobody")
    control.set(max_attempts=1)
    control.emit("channel.created", account)
    assert control.settle()

    (delivery,) = control.deliveries()
    assert delivery["status"] == "given_up"
    assert "refused" in delivery["attempts"][0]["error"].lower()


def test_a_receiver_that_never_answers_times_out_and_holds_up_nobody_else(control, account, hook, receiver):
    control.set(max_attempts=1, attempt_timeout=3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        control.create_webhook(account, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        hook("channel.created")
        control.emit("channel.created", account)
        receiver.wait_for(1, timeout=2.8)
        assert control.settle()

    assert control.deliveries()[0]["attempts"][0]["error"] == "TimeoutError: timed out"


def test_nothing_leaves_this_machine_by_itself(control, account):
    control.create_webhook(account, "https://portal.example.com/hooks")
    control.set(max_attempts=1)
    control.emit("channel.created", account)
    assert control.settle()

    assert "not this machine" in control.deliveries()[0]["attempts"][0]["error"]


def test_a_webhook_switched_off_meanwhile_gets_nothing(api, control, account, hook, receiver):
    webhook = hook("channel.created")
    control.emit("channel.created", account, hold=True)
    api.patch(f"/accounts/{account}/webhooks/{webhook}/", {"is_active": False})
    control.release_deliveries()
    assert control.settle()

    assert control.deliveries()[0]["status"] == "given_up"
    assert receiver.arrived == []


def test_hold_and_release(control, account, hook, receiver):
    hook("channel.created")
    control.hold_deliveries()
    first, second = (control.emit("channel.created", account)[0]["number"] for _ in range(2))
    assert control.settle()
    assert receiver.arrived == []

    control.release_delivery(second)
    receiver.wait_for(1)
    assert control.release_deliveries() == [first]
    receiver.wait_for(2)
    control.emit("channel.created", account)
    receiver.wait_for(3)


def test_duplicates_on_demand_and_by_setting(control, account, hook, receiver):
    hook("channel.created")
    (delivery,) = control.emit("channel.created", account)
    copies = control.duplicate_delivery(delivery["number"], times=2)
    assert [copy["copy_of"] for copy in copies] == [delivery["number"]] * 2
    bodies = [arrived.body for arrived in receiver.wait_for(3)]
    assert bodies == [bodies[0]] * 3

    control.set(duplicates=1)
    control.emit("channel.created", account)
    receiver.wait_for(5)


def test_late_deliveries(control, account, hook, receiver):
    hook("channel.created")
    control.set(first_delay=3600)
    control.emit("channel.created", account)
    assert control.settle()
    assert receiver.arrived == []

    control.advance(3601)
    receiver.wait_for(1)


@pytest.mark.parametrize(
    ("outcome", "status"), [("connect_without_event", None), ("connect_message_first", "held")]
)
def test_the_dialog_can_keep_or_hold_its_event(control, hook, onboard, dialog, outcome, status):
    hook("channel.created")
    page = dialog.form("/reseller/channels/whatsapp/connect", token=onboard(), outcome=outcome)
    assert control.settle()

    assert '"status": "ok"' in page.text
    assert len(control.channels()) == 1
    assert [row["status"] for row in control.deliveries()] == ([status] if status else [])


def test_a_reconnect_is_an_update_unless_set_otherwise(control, account, channel, hook, onboard, dialog):
    hook("channel.created")
    hook("channel.updated", channels=[channel["uuid"]])
    for expected in ("channel.updated", "channel.created"):
        control.set(reconnect_hook=expected)
        token = onboard(channel_uuid=channel["uuid"])
        dialog.form("/reseller/channels/whatsapp/connect", token=token, outcome="connect")
        assert control.deliveries()[-1]["hook"] == expected


def test_a_conversation_arrives_in_order(control, channel, hook, receiver):
    hooks = ["conversation.created", "message.created", "message.state_changed", "conversation.archived"]
    hook(*hooks, channels=[channel["uuid"]])
    control.play_conversation(channel["uuid"])

    receiver.wait_for(7)
    assert receiver.hooks == [
        "conversation.created",
        "message.created",
        "message.created",
        *["message.state_changed"] * 3,
        "conversation.archived",
    ]
    states = [row.body["payload"]["state"] for row in receiver.arrived if "state" in row.body["payload"]]
    assert states == ["sent", "delivered", "read"]
