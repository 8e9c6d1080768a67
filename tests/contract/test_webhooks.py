"""Webhooks: the guide's rules, and nothing lost on a change."""

import uuid

import pytest
from pydantic import SecretStr

from portal.connexease import errors, schemas, triggers
from portal.connexease.triggers import Scope

ACCOUNT_WIDE = [trigger.name for trigger in triggers.with_scope(Scope.ACCOUNT)]
SECRET = schemas.WebhookData(headers={"Authorization": SecretStr("Bearer ~secret!"), "X-Two": SecretStr("2")})


def reject(call) -> errors.Rejected:
    with pytest.raises(errors.Rejected) as caught:
        call()
    assert caught.value.fields or caught.value.messages, "a refusal says why"
    return caught.value


def test_a_webhook_comes_back_as_it_was_made(cx, connected, webhook):
    made = cx.reseller.create_webhook(
        connected.account, webhook("message.created", channels=connected.channels[:1], data=SECRET)
    )
    assert made.triggers == ["message.created"]
    assert made.channels == connected.channels[:1]
    assert made.is_active
    assert made.data.headers == SECRET.headers
    assert made in cx.reseller.webhooks(connected.account)


def test_a_webhook_without_headers(cx, account, webhook):
    made = cx.reseller.create_webhook(account.uuid, webhook("channel.created"))
    assert made.data.headers is None
    assert cx.reseller.webhooks(account.uuid) == [made]


def test_a_webhook_that_is_switched_off_from_the_start(cx, account, webhook):
    assert not cx.reseller.create_webhook(account.uuid, webhook("channel.created", is_active=False)).is_active


@pytest.mark.parametrize("name", ACCOUNT_WIDE)
def test_every_account_wide_trigger_is_taken(cx, account, webhook, name):
    assert cx.reseller.create_webhook(account.uuid, webhook(name)).triggers == [name]


def test_every_stated_channel_trigger_is_taken(cx, connected, webhook):
    names = [one.name for one in triggers.with_scope(Scope.CHANNEL) if not one.name_assumed]
    made = cx.reseller.create_webhook(connected.account, webhook(*names, channels=connected.channels[1:2]))
    assert sorted(made.triggers) == sorted(names)


@pytest.mark.parametrize("name", [trigger.name for trigger in triggers.CATALOGUE if trigger.name_assumed])
def test_a_trigger_with_an_assumed_name_is_taken_or_refused_with_a_reason(cx, connected, webhook, name):
    wanted = webhook(name, channels=connected.channels[:1])
    try:
        result: object = cx.reseller.create_webhook(connected.account, wanted).triggers
    except errors.Rejected as refusal:
        result = refusal
    assert result == [name] or (isinstance(result, errors.Rejected) and (result.fields or result.messages))


@pytest.mark.parametrize("name", ACCOUNT_WIDE)
def test_an_account_wide_trigger_takes_no_channels(cx, connected, webhook, name):
    reject(lambda: cx.reseller.create_webhook(connected.account, webhook(name, channels=connected.channels[:1])))


@pytest.mark.parametrize("name", ACCOUNT_WIDE)
def test_an_account_wide_trigger_is_held_by_one_webhook(cx, account, webhook, name):
    cx.reseller.create_webhook(account.uuid, webhook(name))
    reject(lambda: cx.reseller.create_webhook(account.uuid, webhook(name, callback_url="https://b.example.com/")))


def test_an_account_wide_trigger_cannot_be_taken_over_by_a_change(cx, account, webhook):
    cx.reseller.create_webhook(account.uuid, webhook("channel.created"))
    other = cx.reseller.create_webhook(account.uuid, webhook("agent.status_changed"))
    change = schemas.WebhookChange(triggers=["agent.status_changed", "channel.created"])
    reject(lambda: cx.reseller.update_webhook(account.uuid, other.uuid, change))


def test_a_channel_trigger_is_held_once_per_channel(cx, control, connected, webhook):
    first, second = connected.channels[:2]
    cx.reseller.create_webhook(connected.account, webhook("customer.updated", channels=[first]))
    cx.reseller.create_webhook(connected.account, webhook("customer.updated", channels=[second]))
    reject(lambda: cx.reseller.create_webhook(connected.account, webhook("customer.updated", channels=[second])))


def test_a_change_leaves_the_rest_alone(cx, connected, webhook):
    made = cx.reseller.create_webhook(
        connected.account, webhook("feedback.received", channels=connected.channels[:1], data=SECRET)
    )
    off = cx.reseller.update_webhook(connected.account, made.uuid, schemas.WebhookChange(is_active=False))
    assert off == made.model_copy(update={"is_active": False})
    moved = cx.reseller.update_webhook(
        connected.account, made.uuid, schemas.WebhookChange(callback_url="https://b.example.com/in")
    )
    assert moved == off.model_copy(update={"callback_url": "https://b.example.com/in"})
    bare = cx.reseller.update_webhook(
        connected.account, made.uuid, schemas.WebhookChange(data=schemas.WebhookData(headers=None))
    )
    assert bare.data.headers is None
    assert moved.model_copy(update={"data": bare.data}) == bare


def test_a_change_of_nothing(cx, account, webhook):
    made = cx.reseller.create_webhook(account.uuid, webhook("channel.created", data=SECRET))
    assert cx.reseller.update_webhook(account.uuid, made.uuid, schemas.WebhookChange()) == made


def test_a_change_may_be_repeated(cx, account, webhook):
    made = cx.reseller.create_webhook(account.uuid, webhook("channel.created"))
    change = schemas.WebhookChange(is_active=False, triggers=["channel.created"])
    first, again = (cx.reseller.update_webhook(account.uuid, made.uuid, change) for _ in range(2))
    assert first == again


def test_a_webhook_needs_https_and_a_trigger(cx, account, webhook):
    reject(
        lambda: cx.reseller.create_webhook(
            account.uuid, webhook("channel.created", callback_url="http://your-backend.example.com/")
        )
    )
    reject(lambda: cx.reseller.create_webhook(account.uuid, webhook()))


def test_an_unknown_trigger_is_refused(cx, account, webhook):
    reject(lambda: cx.reseller.create_webhook(account.uuid, webhook("channel.exploded")))


def test_a_channel_of_somebody_else_is_refused(cx, account, webhook):
    reject(lambda: cx.reseller.create_webhook(account.uuid, webhook("message.created", channels=[uuid.uuid4()])))


def test_a_webhook_that_does_not_exist(cx, account):
    with pytest.raises(errors.NotFound):
        cx.reseller.update_webhook(account.uuid, uuid.uuid4(), schemas.WebhookChange(is_active=False))


def test_an_unknown_trigger_that_is_there_already_is_kept(cx, control, connected):
    names = ["message.created", "something.new"]
    channels = [str(channel) for channel in connected.channels]
    row = control.create_webhook(
        str(connected.account), "https://a.example.com/", triggers=names, channels=channels
    )
    (found,) = cx.reseller.webhooks(connected.account)
    assert found.triggers == names
    change = schemas.WebhookChange(triggers=found.triggers, is_active=False)
    assert cx.reseller.update_webhook(connected.account, uuid.UUID(row["uuid"]), change).triggers == names


def test_webhooks_over_several_pages(cx, control, connected):
    control.set(page_size=2)
    for number in range(5):
        control.create_webhook(
            str(connected.account), f"https://a.example.com/{number}", triggers=[f"something.new{number}"]
        )
    listed = cx.reseller.webhooks(connected.account)
    assert [webhook.callback_url[-1] for webhook in listed] == list("01234")
