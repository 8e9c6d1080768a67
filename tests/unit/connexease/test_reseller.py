"""Each call of the Reseller API as it goes over the wire, and what is made of its answer."""

import uuid
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from portal.connexease import errors, schemas

ACCOUNT = uuid.UUID("eabd44ac-9639-4f6d-8885-abec634893d4")
CHANNEL = uuid.UUID("3990d863-3734-4088-aca3-f91c70b21a55")
WEBHOOK_ID = uuid.UUID("8191cdeb-d24c-4dcf-b59c-760f59b65ac7")
TOKEN_ID = uuid.UUID("9934c96c-5341-43bb-b2ce-625f61cef388")
WEBHOOK = {
    "uuid": str(WEBHOOK_ID),
    "callback_url": "https://acme.test/hook",
    "triggers": ["message.created", "something.new"],
    "channels": [str(CHANNEL)],
    "is_active": True,
    "data": {"headers": {"X-Number": 5, "Authorization": "Bearer s"}, "retries": 3},
}
TOKEN = {
    "uuid": str(TOKEN_ID),
    "name": "",
    "is_active": True,
    "created_at": "2026-03-26T18:30:41.391409",
    "expires_at": "2031-03-25T18:30:41.391409",
    "revoked_at": None,
}


def page(*results) -> dict:
    return {"next": None, "previous": None, "count": len(results), "results": list(results)}


def only(server):
    (seen,) = server.requests
    assert seen.headers["authorization"] == "Bearer reseller-token-4f1c9a"
    assert seen.headers["accept"] == "application/json"
    return seen


def test_create_account(cx, server):
    answer = {"uuid": str(ACCOUNT), "name": "Acme", "is_active": True, "contact_email": "a@acme.test"}
    server.reply(201, answer)
    account = cx.reseller.create_account(
        schemas.NewAccount(
            name="Acme Ğ",
            contact_email="a@acme.test",
            billing_email="b@acme.test",
            time_zone="Europe/Istanbul",
            contact_lastname="Doe",
        )
    )
    seen = only(server)
    assert (seen.method, seen.target) == ("POST", "/accounts/")
    assert seen.headers["content-type"] == "application/json"
    assert seen.json == {
        "name": "Acme Ğ",
        "contact_email": "a@acme.test",
        "billing_email": "b@acme.test",
        "time_zone": "Europe/Istanbul",
        "contact_lastname": "Doe",
    }
    assert account.uuid == ACCOUNT
    assert account.is_active


def test_webhooks(cx, server):
    server.reply(200, page(WEBHOOK, WEBHOOK | {"data": None}))
    first, second = cx.reseller.webhooks(ACCOUNT)
    assert only(server).target == f"/accounts/{ACCOUNT}/webhooks/"
    assert first.triggers == ["message.created", "something.new"]
    assert first.channels == [CHANNEL]
    assert first.data.headers == {"X-Number": SecretStr("5"), "Authorization": SecretStr("Bearer s")}
    assert second.data.headers is None


@pytest.mark.parametrize("field", list(WEBHOOK))
def test_a_webhook_that_lacks_a_field(cx, server, field):
    server.reply(200, page({name: value for name, value in WEBHOOK.items() if name != field}))
    with pytest.raises(errors.BadAnswer) as caught:
        cx.reseller.webhooks(ACCOUNT)
    assert caught.value.field == f"results.0.{field}"


def test_a_webhook_whose_data_lacks_headers(cx, server):
    server.reply(200, page(WEBHOOK | {"data": {}}))
    with pytest.raises(errors.BadAnswer) as caught:
        cx.reseller.webhooks(ACCOUNT)
    assert caught.value.field == "results.0.data.headers"


def test_create_webhook_without_headers(cx, server):
    server.reply(201, WEBHOOK)
    cx.reseller.create_webhook(
        ACCOUNT, schemas.NewWebhook(callback_url="https://acme.test/hook", triggers=["channel.created"])
    )
    seen = only(server)
    assert (seen.method, seen.target) == ("POST", f"/accounts/{ACCOUNT}/webhooks/")
    assert seen.json == {
        "callback_url": "https://acme.test/hook",
        "triggers": ["channel.created"],
        "channels": [],
        "is_active": True,
    }


def test_create_webhook_with_headers(cx, server):
    server.reply(201, WEBHOOK)
    cx.reseller.create_webhook(
        ACCOUNT,
        schemas.NewWebhook(
            callback_url="https://acme.test/hook",
            triggers=["message.created"],
            channels=[CHANNEL],
            is_active=False,
            data=schemas.WebhookData(headers={"X-Secret": SecretStr("s3cret")}),
        ),
    )
    assert only(server).json == {
        "callback_url": "https://acme.test/hook",
        "triggers": ["message.created"],
        "channels": [str(CHANNEL)],
        "is_active": False,
        "data": {"headers": {"X-Secret": "s3cret"}},
    }


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        (schemas.WebhookChange(is_active=False), {"is_active": False}),
        (schemas.WebhookChange(channels=[]), {"channels": []}),
        (schemas.WebhookChange(), {}),
        (schemas.WebhookChange(data=schemas.WebhookData(headers=None)), {"data": {"headers": None}}),
        (
            schemas.WebhookChange(
                callback_url="https://new.test/", data=schemas.WebhookData(headers={"X": SecretStr("y")})
            ),
            {"callback_url": "https://new.test/", "data": {"headers": {"X": "y"}}},
        ),
    ],
)
def test_update_webhook_sends_only_what_was_set(cx, server, change, sent):
    server.reply(200, WEBHOOK)
    cx.reseller.update_webhook(ACCOUNT, WEBHOOK_ID, change)
    seen = only(server)
    assert (seen.method, seen.target) == ("PATCH", f"/accounts/{ACCOUNT}/webhooks/{WEBHOOK_ID}/")
    assert seen.json == sent


def test_what_a_webhook_holds_beside_its_headers_survives_an_update(cx, server):
    server.reply(200, page(WEBHOOK))
    (webhook,) = cx.reseller.webhooks(ACCOUNT)
    server.reply(200, WEBHOOK)
    data = webhook.data.model_copy(update={"headers": {"X": SecretStr("new")}})
    change = schemas.WebhookChange(triggers=webhook.triggers, data=data)
    cx.reseller.update_webhook(ACCOUNT, WEBHOOK_ID, change)
    assert server.requests[1].json == {
        "triggers": ["message.created", "something.new"],
        "data": {"headers": {"X": "new"}, "retries": 3},
    }


@pytest.mark.parametrize(
    ("channel", "sent"),
    [(None, {"type": "whatsapp"}), (CHANNEL, {"type": "whatsapp", "channel_uuid": str(CHANNEL)})],
)
def test_request_onboarding(cx, server, channel, sent):
    url = "https://app.connexease.com/reseller/channels/whatsapp/connect?token=58f07878"
    server.reply(201, {"onboarding_url": url, "expires_at": 1774336309})
    onboarding = cx.reseller.request_onboarding(ACCOUNT, channel_uuid=channel)
    seen = only(server)
    assert (seen.method, seen.target) == ("POST", f"/accounts/{ACCOUNT}/channels/onboarding/")
    assert seen.json == sent
    assert onboarding.onboarding_url == url
    assert onboarding.expires_at == datetime(2026, 3, 24, 7, 11, 49, tzinfo=UTC)
    assert onboarding.expires_at.tzinfo is not None
    assert onboarding.origin == "https://app.connexease.com"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://APP.Connexease.com/x", "https://app.connexease.com"),
        ("https://app.connexease.com:443/x", "https://app.connexease.com"),
        ("http://app.connexease.com:80?token=x", "http://app.connexease.com"),
        ("http://127.0.0.1:8002/x#y", "http://127.0.0.1:8002"),
        ("https://app.connexease.com:8443", "https://app.connexease.com:8443"),
        ("https://[2001:DB8::1]:8443/x", "https://[2001:db8::1]:8443"),
    ],
)
def test_the_origin_as_a_browser_writes_it(url, origin):
    assert schemas.Onboarding(onboarding_url=url, expires_at=0).origin == origin


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "/relative",
        "https://evil.test\\@app.connexease.com/",
        "https://app.connexease.com\\@evil.test/",
        "https://app.connexease.com@evil.test/",
        "https://app.connexease.com/\n",
        "https://app.connexease.com:99999/",
        "https://app.connexease.com:0/",
        " https://app.connexease.com/",
        "https://\u0430pp.connexease.com/",
        "https:///x",
        "",
    ],
)
def test_an_onboarding_url_that_could_be_read_two_ways_is_not_taken(cx, server, url):
    server.reply(201, {"onboarding_url": url, "expires_at": 1774336309})
    with pytest.raises(errors.OutcomeUnknown) as caught:
        cx.reseller.request_onboarding(ACCOUNT)
    assert caught.value.field == "onboarding_url"


def test_channels(cx, server):
    channel = {
        "uuid": str(CHANNEL),
        "name": "WhatsApp Main",
        "type": "something_new",
        "backend": "whatsapp_2030",
        "is_active": True,
        "data": {"connected": False, "since": "yesterday"},
    }
    server.reply(200, page(channel))
    server.reply(200, page(channel))
    (got,) = cx.reseller.channels(ACCOUNT)
    assert cx.reseller.channels_page(ACCOUNT, 2).results == [got]
    assert (got.uuid, got.type, got.backend) == (CHANNEL, "something_new", "whatsapp_2030")
    assert got.data.connected is False
    path = f"/accounts/{ACCOUNT}/channels/"
    assert [seen.target for seen in server.requests] == [path, path + "?page=2"]


def test_access_tokens(cx, server):
    revoked = TOKEN | {"is_active": False, "revoked_at": "2026-04-01T00:00:00+03:00"}
    server.reply(200, page(TOKEN, revoked))
    first, second = cx.reseller.access_tokens(ACCOUNT)
    assert only(server).target == f"/accounts/{ACCOUNT}/access-token/"
    assert first.created_at == datetime(2026, 3, 26, 18, 30, 41, 391409, tzinfo=UTC)
    assert first.revoked_at is None
    assert second.revoked_at == datetime(2026, 3, 31, 21, tzinfo=UTC)


def test_create_access_token(cx, server):
    server.reply(201, TOKEN | {"key": "8pLVfoDIM6o9a"})
    token = cx.reseller.create_access_token(ACCOUNT)
    seen = only(server)
    assert (seen.method, seen.target, seen.body) == ("POST", f"/accounts/{ACCOUNT}/access-token/", b"")
    assert token.key.get_secret_value() == "8pLVfoDIM6o9a"


def test_a_created_token_without_its_key(cx, server):
    server.reply(201, TOKEN)
    with pytest.raises(errors.OutcomeUnknown, match="key") as caught:
        cx.reseller.create_access_token(ACCOUNT)
    assert caught.value.field == "key"


def test_access_token(cx, server):
    server.reply(200, TOKEN)
    assert cx.reseller.access_token(ACCOUNT, TOKEN_ID).uuid == TOKEN_ID
    assert only(server).target == f"/accounts/{ACCOUNT}/access-token/{TOKEN_ID}/"


@pytest.mark.parametrize("answer", [{"is_active": False}, TOKEN | {"is_active": False}])
def test_revoke_access_token(cx, server, answer):
    server.reply(200, answer)
    cx.reseller.revoke_access_token(ACCOUNT, TOKEN_ID)
    seen = only(server)
    assert (seen.method, seen.target) == ("PATCH", f"/accounts/{ACCOUNT}/access-token/{TOKEN_ID}/")
    assert seen.json == {"is_active": False}


@pytest.mark.parametrize("answer", [{"is_active": True}, {"uuid": str(TOKEN_ID)}])
def test_a_token_that_is_not_said_to_be_revoked(cx, server, answer):
    server.reply(200, answer)
    with pytest.raises(errors.OutcomeUnknown) as caught:
        cx.reseller.revoke_access_token(ACCOUNT, TOKEN_ID)
    assert caught.value.field == "is_active"


def test_odd_texts_spoil_no_list(cx, server):
    server.reply(
        200,
        page(
            {
                "uuid": str(ACCOUNT),
                "name": "Nul\x00 and half a pair \ud800",
                "is_active": True,
                "contact_email": None,
            }
        ),
    )
    (account,) = cx.reseller.accounts()
    assert account.name == "Nul and half a pair ?"
    assert account.contact_email == ""
