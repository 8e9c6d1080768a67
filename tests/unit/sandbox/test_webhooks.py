"""Webhooks of an account: fields, scopes, clashes, partial changes."""

import pytest


@pytest.fixture
def create(api, account, webhook_fields):
    return lambda **changes: api.post(f"/accounts/{account}/webhooks/", webhook_fields(**changes))


@pytest.fixture
def change(api, account):
    return lambda webhook, body: api.patch(f"/accounts/{account}/webhooks/{webhook}/", body)


@pytest.fixture
def channel(control, account):
    return control.create_channel(account)["uuid"]


def test_created_webhook_echoes_its_headers_in_clear(create):
    reply = create(data={"headers": {"Authorization": "Bearer endpoint-secret"}})

    assert reply.status == 201
    assert list(reply.json) == ["uuid", "callback_url", "triggers", "channels", "is_active", "data"]
    assert reply.json["data"] == {"headers": {"Authorization": "Bearer endpoint-secret"}}


def test_without_data_the_headers_are_null(create):
    assert create().json["data"] == {"headers": None}


@pytest.mark.parametrize("field", ["callback_url", "triggers", "channels", "is_active"])
def test_required_fields(create, field):
    reply = create(**{field: ...})

    assert (reply.status, reply.json) == (400, {field: ["This field is required."]})


@pytest.mark.parametrize(
    "url",
    [
        "http://portal.example.com/hooks",
        "http://127.0.0.1.example.com/",
        "http://10.0.0.1/",
        "ftp://127.0.0.1/",
        "https://",
        "hooks",
        "https://exa mple.com/",
        "https://example.com:http/",
    ],
)
def test_refused_callback_url(create, url):
    reply = create(callback_url=url)

    assert (reply.status, list(reply.json)) == (400, ["callback_url"])


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/h", "http://localhost/h", "http://[::1]:9/h", "https://example.com/h?x=1"]
)
def test_https_or_this_machine_is_taken(create, url):
    assert create(callback_url=url).status == 201


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"triggers": []}, {"triggers": ["This list may not be empty."]}),
        (
            {"triggers": ["channel.created", "nope"]},
            {"triggers": {"1": ['"nope" is not a valid choice.']}},
        ),
        ({"triggers": [7]}, {"triggers": {"0": ["Not a valid string."]}}),
        ({"triggers": "channel.created"}, {"triggers": ['Expected a list of items but got type "str".']}),
        ({"channels": ["x"]}, {"channels": ["Must be a valid UUID."]}),
        ({"is_active": "yes"}, {"is_active": ["Must be a valid boolean."]}),
        ({"data": {"headers": {"X-A": 1}}}, {"data": {"headers": {"X-A": ["Not a valid string."]}}}),
        (
            {"data": {"headers": {"X-A": "a\r\nB: c"}}},
            {"data": {"headers": {"X-A": ["Not a valid header value."]}}},
        ),
        (
            {"data": {"headers": {"X A": "a"}}},
            {"data": {"headers": {"X A": ["Not a valid header name."]}}},
        ),
        (
            {"data": {"headers": []}},
            {"data": {"headers": ['Expected a dictionary of items but got type "list".']}},
        ),
    ],
)
def test_refused_fields(create, changes, complaint):
    reply = create(**changes)

    assert (reply.status, reply.json) == (400, complaint)


def test_all_fourteen_triggers_are_known(create, channel, control):
    account_wide = ["channel.created", "agent.status_changed"]
    scoped = [
        "channel.updated",
        "message.created",
        "message.state_changed",
        "conversation.created",
        "conversation.assigned",
        "conversation.archived",
        "conversation.type_changed",
        "conversation.custom_fields_updated",
        "conversation.expired",
        "conversation.group_changed",
        "customer.updated",
        "feedback.received",
    ]

    assert create(triggers=account_wide).status == 201
    assert create(triggers=scoped, channels=[channel]).status == 201


def test_account_trigger_takes_no_channels(create, channel):
    reply = create(channels=[channel])

    assert (reply.status, list(reply.json)) == (400, ["channels"])


@pytest.mark.parametrize("is_active", [True, False])
def test_only_one_webhook_may_hold_an_account_trigger_active_or_not(create, is_active):
    create(is_active=is_active)

    reply = create(triggers=["agent.status_changed", "channel.created"])
    assert (reply.status, list(reply.json)) == (400, ["non_field_errors"])
    assert create(triggers=["agent.status_changed"]).status == 201


def test_channel_trigger_once_per_channel(create, control, account, channel):
    other = control.create_channel(account)["uuid"]

    assert create(triggers=["message.created"], channels=[channel]).status == 201
    assert create(triggers=["message.created"], channels=[other]).status == 201
    assert create(triggers=["message.state_changed"], channels=[channel]).status == 201
    reply = create(triggers=["message.created"], channels=[other, channel])
    assert (reply.status, list(reply.json)) == (400, ["non_field_errors"])


def test_channel_trigger_without_channels_is_refused_unless_set_otherwise(create, control):
    assert list(create(triggers=["message.created"]).json) == ["channels"]

    control.set(allow_empty_channels=True)
    assert create(triggers=["message.created"]).status == 201


def test_channels_of_another_account_are_unknown(create, control, api, fields):
    other = control.create_account("else@example.com")
    channel = control.create_channel(other["uuid"])["uuid"]

    reply = create(triggers=["message.created"], channels=[channel])
    assert (reply.status, reply.json) == (
        400,
        {"channels": [f'Invalid pk "{channel}" - object does not exist.']},
    )


def test_change_is_partial(create, change):
    webhook = create(data={"headers": {"X-A": "a"}}).json

    reply = change(webhook["uuid"], {"is_active": False})
    assert reply.json == {**webhook, "is_active": False}
    reply = change(webhook["uuid"], {"data": {"headers": None}, "callback_url": "https://example.com/new"})
    assert reply.status == 200
    assert reply.json["data"] == {"headers": None}
    assert reply.json["is_active"] is False


def test_change_is_held_to_the_same_rules(create, change, channel, control):
    create()
    webhook = create(triggers=["message.created"], channels=[channel]).json

    assert change(webhook["uuid"], {"triggers": []}).status == 400
    assert list(change(webhook["uuid"], {"triggers": ["channel.created"]}).json) == ["channels"]
    both = change(webhook["uuid"], {"triggers": ["channel.created"], "channels": []})
    assert list(both.json) == ["non_field_errors"]
    assert control.webhooks()[1]["triggers"] == ["message.created"]


def test_a_webhook_does_not_clash_with_itself(create, change):
    webhook = create().json

    assert change(webhook["uuid"], {"triggers": ["channel.created"]}).status == 200


def test_an_unknown_trigger_that_it_carries_may_stay(change, control, account, channel):
    triggers = ["conversation.new_thing", "message.created"]
    webhook = control.create_webhook(account, "https://e.com", triggers=triggers, channels=[channel])

    assert change(webhook["uuid"], {"triggers": triggers}).status == 200
    assert change(webhook["uuid"], {"triggers": [*triggers, "conversation.other"]}).status == 400


def test_unknown_and_others_webhooks_are_404(create, change, control, api):
    other = control.create_account("else@example.com")
    foreign = control.create_webhook(other["uuid"], "https://example.com/")

    assert change("no-uuid", {}).status == 404
    assert change(foreign["uuid"], {"is_active": False}).status == 404


def test_there_is_no_delete(api, create, account):
    webhook = create().json["uuid"]

    reply = api.send("DELETE", f"/accounts/{account}/webhooks/{webhook}/")
    assert (reply.status, reply.json) == (405, {"detail": 'Method "DELETE" not allowed.'})
