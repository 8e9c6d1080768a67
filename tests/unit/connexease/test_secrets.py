"""No token, key, header value or onboarding token in a log, a repr, an error or what hangs on one."""

import logging
import traceback
import uuid

import pytest
from pydantic import SecretStr, ValidationError

from portal.connexease import Timeouts, errors, schemas

TOKEN = "reseller-token-that-nobody-may-see"
KEY = "pk_live_key-that-nobody-may-see"
HEADER = "Bearer header-value-that-nobody-may-see"
SECRETS = (TOKEN, KEY, HEADER, "header-value-that-nobody-may-see")
ACCOUNT = uuid.UUID(int=1)
WEBHOOK = {
    "uuid": str(uuid.UUID(int=3)),
    "callback_url": "https://acme.test/hook/path-that-nobody-may-see",
    "triggers": ["message.created"],
    "channels": [],
    "is_active": True,
    "data": {"headers": {"Authorization": HEADER}},
}


@pytest.fixture
def cx(connect):
    return connect(reseller_token=SecretStr(TOKEN))


def create_webhook(cx):
    return cx.reseller.create_webhook(
        ACCOUNT,
        schemas.NewWebhook(
            callback_url="https://acme.test/hook",
            triggers=["message.created"],
            data=schemas.WebhookData(headers={"Authorization": SecretStr(HEADER)}),
        ),
    )


def send(cx):
    return cx.gateway.send(
        SecretStr(KEY), schemas.TextMessage(to="+905551112233", text=schemas.Text(body="Hello"))
    )


def templates(cx):
    return cx.account.templates(SecretStr(KEY))


def accounts(cx):
    return list(cx.reseller.accounts())


CALLS = pytest.mark.parametrize(
    "call", [create_webhook, send, templates, accounts], ids=lambda call: call.__name__
)


def everything(error: BaseException) -> str:
    """All that a logger, an error page or an error tracker without frame variables would show of `error`."""
    parts = [repr(error), str(error), *map(repr, vars(error).values())]
    parts += traceback.format_exception(error)
    parts += map(repr, error.args)
    for other in (error.__cause__, error.__context__):
        if other is not None:
            parts.append(everything(other))
    return "\n".join(parts)


def echo(status: int):
    """Answer with all that was sent: headers and body, in JSON, in plain text, and in the headers."""

    def step(peer):
        sent = " ".join([*peer.seen.headers.values(), peer.seen.body.decode()])
        head = "".join(f"X-Echo-{name}: {value}\r\n" for name, value in peer.seen.headers.items())
        peer.send(
            f"HTTP/1.1 {status} {sent[:200]!r}\r\n continued {sent!r}\r\n{head}broken header {sent!r}\r\n"
            f"Connection: close\r\n\r\n{sent}".encode()
        )

    return step


@CALLS
@pytest.mark.parametrize("status", [200, 201, 302, 400, 401, 403, 404, 409, 429, 500, 502])
def test_a_server_that_repeats_what_it_was_sent(cx, server, call, status, caplog):
    caplog.set_level(logging.DEBUG)
    reads = call in (templates, accounts)
    server.script(*[echo(status)] * (3 if reads and status in (429, 500, 502) else 1))
    with pytest.raises(errors.ConnexeaseError) as caught:
        call(cx)
    shown = everything(caught.value) + caplog.text + "".join(repr(vars(record)) for record in caplog.records)
    assert not [secret for secret in SECRETS if secret in shown]
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


@CALLS
@pytest.mark.parametrize("trouble", ["reset", "nothing", "silence"])
def test_a_call_that_fails_on_the_wire(connect, server, call, trouble, caplog):
    caplog.set_level(logging.DEBUG)
    cx = connect(timeouts=Timeouts(connect=2, read=0.5, total=60))
    steps = {
        "reset": lambda peer: peer.reset(),
        "nothing": lambda peer: None,
        "silence": lambda peer: peer.wait_for_the_client_to_leave(),
    }
    server.script(*[steps[trouble]] * (3 if call in (templates, accounts) else 1))
    with pytest.raises(errors.ConnexeaseError) as caught:
        call(cx)
    shown = everything(caught.value) + caplog.text
    assert not [secret for secret in SECRETS if secret in shown]
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_a_refusal_that_quotes_our_secrets_in_fields_and_names(cx, server):
    server.reply(400, {"data": {"headers": {HEADER: [f"'{HEADER}' is not allowed for {TOKEN}."]}}, TOKEN: ["no"]})
    with pytest.raises(errors.Rejected) as caught:
        create_webhook(cx)
    assert caught.value.fields == {
        "data.headers.[hidden]": ["'[hidden]' is not allowed for [hidden]."],
        "[hidden]": ["no"],
    }


def test_a_gateway_error_that_quotes_the_key(cx, server):
    errors_ = {"code": KEY, "group": KEY, "description": f"Key {KEY}", "params": {KEY: [{"key": KEY}], "n": 1}}
    server.reply(401, {"isSuccess": False, "errors": errors_})
    with pytest.raises(errors.GatewayRefused) as caught:
        send(cx)
    assert KEY not in everything(caught.value)
    assert caught.value.params == {"[hidden]": [{"key": "[hidden]"}], "n": 1}


def test_an_unreadable_answer_that_holds_a_secret(cx, server):
    server.reply(201, {name: value for name, value in WEBHOOK.items() if name != "uuid"} | {TOKEN: HEADER})
    with pytest.raises(errors.OutcomeUnknown) as caught:
        create_webhook(cx)
    assert caught.value.field == "uuid"
    assert not [secret for secret in SECRETS if secret in everything(caught.value)]


def test_the_adapter_shows_no_token(cx):
    seen = [repr(cx), repr(cx.reseller), str(vars(cx.reseller)), repr(vars(cx))]
    assert TOKEN not in "".join(seen)


def test_wire_types_show_no_secret():
    webhook = schemas.Webhook.model_validate(WEBHOOK | {"signing_key": "unknown-field-that-nobody-may-see"})
    token = schemas.NewAccessToken.model_validate(
        {
            "uuid": str(uuid.UUID(int=4)),
            "name": "",
            "is_active": True,
            "created_at": "2026-03-26T18:30:41.391409",
            "expires_at": "2031-03-25T18:30:41.391409",
            "revoked_at": None,
            "key": "key-that-nobody-may-see",
        }
    )
    onboarding = schemas.Onboarding.model_validate(
        {"onboarding_url": "https://app.test/connect?token=that-nobody-may-see", "expires_at": 1774336309}
    )
    new = schemas.NewWebhook(
        callback_url="https://acme.test/that-nobody-may-see",
        triggers=["channel.created"],
        data=schemas.WebhookData(headers={"X-Secret": SecretStr("value-that-nobody-may-see")}),
    )
    change = schemas.WebhookChange(data=schemas.WebhookData(headers={"X": SecretStr("that-nobody-may-see")}))
    page = schemas.Page[schemas.Webhook](
        next="https://a.test/?cursor=that-nobody-may-see", previous=None, count=1, results=[webhook]
    )
    for shown in (webhook, token, onboarding, new, change, page):
        assert "nobody-may-see" not in repr(shown) + str(shown)
        if shown not in (onboarding, webhook, page):
            assert "value-that" not in shown.model_dump_json()
    assert webhook.data.headers is not None
    assert webhook.data.headers["Authorization"].get_secret_value() == HEADER
    assert "Bearer" not in webhook.data.model_dump_json(), "in clear only on the wire"


def test_a_wire_type_that_is_filled_wrongly_does_not_quote_it():
    with pytest.raises(ValidationError) as caught:
        schemas.Webhook.model_validate(WEBHOOK | {"data": {"headers": [HEADER]}, "uuid": TOKEN})
    assert not [secret for secret in SECRETS if secret in str(caught.value)]


def test_the_environment_does_not_touch_the_token(cx, server, connect, monkeypatch, tmp_path):
    """.netrc would replace the Authorization header; a proxy variable would show the token to another host."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    server.reply(200, {"next": None, "previous": None, "count": 0, "results": []})
    accounts(connect(reseller_token=SecretStr(TOKEN)))
    assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_cookies_are_not_kept(cx, server):
    empty = {"next": None, "previous": None, "count": 0, "results": []}
    server.reply(200, empty, headers={"Set-Cookie": "session=of-another-account; Path=/"})
    server.reply(200, empty)
    accounts(cx)
    accounts(cx)
    assert "cookie" not in server.requests[1].headers


def test_one_log_record_for_a_call(cx, server, caplog):
    caplog.set_level(logging.INFO, logger="portal.connexease")
    server.reply(503, b"")
    server.reply(200, {"next": None, "previous": None, "count": 0, "results": []})
    cx.reseller.accounts_page(7)
    (record,) = caplog.records
    assert record.name == "portal.connexease"
    assert record.levelno == logging.INFO
    assert (record.method, record.path, record.status) == ("GET", "/accounts/", 200)
    assert record.request_id == server.requests[0].headers["x-request-id"]
    assert record.duration_ms >= 0
    assert record.getMessage().startswith("GET /accounts/: 200 in ")
    assert "page" not in record.getMessage()


def test_the_log_record_of_a_call_without_answer(cx, server, caplog):
    caplog.set_level(logging.INFO, logger="portal.connexease")
    server.script(lambda peer: peer.reset())
    with pytest.raises(errors.OutcomeUnknown):
        send(cx)
    (record,) = caplog.records
    assert (record.method, record.path, record.status) == ("POST", "/v1/wa/message", None)
