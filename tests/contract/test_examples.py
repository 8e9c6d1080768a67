"""The vendor's own examples: the adapter reads and writes each of them, and the implementation answers alike.

`vendor_examples.json` holds every request and response of the vendor's two pages, as they stand there (the pages
hide e-mail addresses).
"""

import json
import re
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import TypeAdapter

from portal.connexease import schemas
from portal.connexease.messages import SentMessage

EXAMPLES = {
    example["name"]: example
    for example in json.loads((Path(__file__).parent / "vendor_examples.json").read_text())
}
RECIPIENT = "+905301112233"

ANSWERS: dict[str, Any] = {
    "create account": schemas.Account,
    "list accounts": schemas.Page[schemas.Account],
    "create webhook": schemas.Webhook,
    "list webhooks": schemas.Page[schemas.Webhook],
    "change webhook": schemas.Webhook,
    "request onboarding": schemas.Onboarding,
    "request onboarding to reconnect": schemas.Onboarding,
    "list channels": schemas.Page[schemas.Channel],
    "create access token": schemas.NewAccessToken,
    "list access tokens": schemas.Page[schemas.AccessToken],
    "revoke access token": schemas.TokenState,
    "send message": SentMessage,
}


def test_every_answer_among_the_examples_has_its_type():
    assert set(ANSWERS) == {name for name, example in EXAMPLES.items() if example["response"] is not None}


def undocumented(value: Any) -> list[str]:
    """What a parsed answer kept without knowing it."""
    if isinstance(value, list):
        return [name for item in value for name in undocumented(item)]
    if not hasattr(value, "model_extra"):
        return []
    names = list(value.model_extra or {})
    return names + [name for _, item in value for name in undocumented(item)]


@pytest.mark.parametrize("name", ANSWERS)
def test_the_adapter_reads_the_examples_answer(name):
    content = EXAMPLES[name]["response"]
    answer = TypeAdapter(ANSWERS[name]).validate_python(content)
    known = {"messaging_product"} if name == "send message" else set()
    assert set(undocumented(answer)) == known


def test_what_the_adapter_reads_is_what_the_example_says():
    webhook = schemas.Webhook.model_validate(EXAMPLES["change webhook"]["response"])
    assert webhook.uuid == uuid.UUID("8191cdeb-d24c-4dcf-b59c-760f59b65ac7")
    assert webhook.data.headers is not None
    assert webhook.data.headers["Authorization"].get_secret_value() == "Bearer your-endpoint-secret"
    onboarding = schemas.Onboarding.model_validate(EXAMPLES["request onboarding"]["response"])
    assert onboarding.expires_at == datetime.fromtimestamp(1774336309, UTC)
    assert onboarding.origin == "https://app.connexease.com"
    token = schemas.NewAccessToken.model_validate(EXAMPLES["create access token"]["response"])
    assert token.created_at == datetime(2026, 3, 26, 18, 30, 41, 391409, tzinfo=UTC)
    assert token.key.get_secret_value() == "8pLVfoDIM6o9a-DB24ILaK1ejIUjge4DshnhPuzODzI"


@pytest.mark.parametrize(
    ("name", "wire_type"),
    [
        ("create account", schemas.NewAccount),
        ("create account-wide webhook", schemas.NewWebhook),
        ("create webhook", schemas.NewWebhook),
        ("create webhook with two triggers", schemas.NewWebhook),
    ],
)
def test_the_adapter_writes_the_examples_request(name, wire_type):
    wanted = EXAMPLES[name]["request"]
    assert wire_type.model_validate(wanted).as_json(without_none=True) == wanted


def test_the_adapter_writes_the_examples_change():
    wanted = EXAMPLES["change webhook"]["request"]
    assert schemas.WebhookChange.model_validate(wanted).as_json(only_set=True) == wanted


def test_the_adapter_writes_the_examples_message():
    wanted = EXAMPLES["send message"]["request"] | {"to": RECIPIENT}
    message = TypeAdapter(schemas.Message).validate_python(wanted)
    assert message.as_json(without_none=True) == wanted


# What the implementation answers


def kind(value: Any) -> str:
    """What a scalar is, closely enough to tell a time with zone from one without, or a URL from a name."""
    if not isinstance(value, str):
        return type(value).__name__
    for name, pattern in {
        "uuid": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "time without zone": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?",
        "URL": r"https?://\S+",
        "e-mail address": r"\S+@\S+|\[email\sprotected\]",
        "wamid": r"wamid\.\S+",
    }.items():
        if re.fullmatch(pattern, value):
            return name
    return "text"


def assert_alike(example: Any, answer: Any, place: str = "answer") -> None:
    """The same keys and the same kinds of values, all the way down."""
    if isinstance(example, dict):
        assert isinstance(answer, dict), place
        assert set(answer) == set(example), place
        for key, value in example.items():
            assert_alike(value, answer[key], f"{place}.{key}")
    elif isinstance(example, list):
        assert isinstance(answer, list), place
        assert bool(answer) == bool(example), place
        for index, item in enumerate(answer):
            assert_alike(example[0], item, f"{place}.{index}")
    else:
        assert kind(answer) == kind(example), f"{place}: {answer!r} is not like {example!r}"


def ask(implementation, name: str, body: Any = None, *, token: str | None = None, **places: object) -> Any:
    """Play an example; checks the status and the answer's shape, returns the answer."""
    example = EXAMPLES[name]
    path = example["path"]
    for place, value in places.items():
        path = path.replace(f"<{place}>", str(value))
    status, answer = implementation.call(example["method"], path, body, token=token)
    assert status == example["status"], answer
    if example["response"] is not None:
        assert_alike(example["response"], answer)
    return answer


def example_webhook(name: str, *channels: uuid.UUID) -> dict[str, Any]:
    return EXAMPLES[name]["request"] | {"channels": [str(channel) for channel in channels]}


def test_accounts(implementation, control, new_account):
    body = EXAMPLES["create account"]["request"] | new_account().as_json()
    answer = ask(implementation, "create account", body)
    assert {name: answer[name] for name in ("name", "contact_email", "is_active")} == {
        "name": "Acme Corp",
        "contact_email": body["contact_email"],
        "is_active": True,
    }
    ask(implementation, "create account", new_account(name="Beta LLC").as_json())
    page = ask(implementation, "list accounts")
    assert page["count"] == 2
    assert [row["name"] for row in page["results"]] == ["Acme Corp", "Beta LLC"]


def test_webhooks(implementation, control, connected):
    first, second = connected.channels[:2]
    account = connected.account
    body = example_webhook("create webhook", first)
    created = ask(implementation, "create webhook", body, account=account)
    assert created | body == created
    body = example_webhook("create webhook with two triggers", second)
    both = ask(implementation, "create webhook with two triggers", body, account=account)
    assert set(both["triggers"]) == {"conversation.created", "message.created"}
    change = EXAMPLES["change webhook"]["request"]
    changed = ask(implementation, "change webhook", change, account=account, webhook=created["uuid"])
    assert changed == created | change


def test_the_list_of_webhooks(implementation, control, connected):
    account = connected.account
    scoped = example_webhook("create webhook", connected.channels[0])
    wide = EXAMPLES["create account-wide webhook"]["request"]
    made = [implementation.call("POST", f"/accounts/{account}/webhooks/", body)[1] for body in (scoped, wide)]
    status, page = implementation.call("GET", f"/accounts/{account}/webhooks/")
    assert status == 200
    assert {name: page[name] for name in ("next", "previous", "count")} == {
        "next": None,
        "previous": None,
        "count": 2,
    }
    assert page["results"] == made
    first, second = EXAMPLES["list webhooks"]["response"]["results"]
    assert_alike(first, page["results"][0])
    assert_alike(second, page["results"][1])


@pytest.mark.parametrize("name", ["request onboarding", "request onboarding to reconnect"])
def test_onboarding(implementation, connected, name):
    body = EXAMPLES[name]["request"]
    if "channel_uuid" in body:
        body = body | {"channel_uuid": str(connected.channels[0])}
    answer = ask(implementation, name, body, account=connected.account)
    url = urlsplit(answer["onboarding_url"])
    example = urlsplit(EXAMPLES[name]["response"]["onboarding_url"])
    assert url.path == example.path
    token = re.fullmatch("token=(.*)", url.query)
    assert token
    assert kind(token[1]) == "uuid"


def test_channels(implementation, control, account):
    example = EXAMPLES["list channels"]["response"]
    row = example["results"][0]
    for _ in range(6):
        control.create_channel(str(account.uuid), name=row["name"], backend=row["backend"])
    page = ask(implementation, "list channels", account=account.uuid)
    assert urlsplit(page["next"]).query == "page=2"
    assert page["count"] == 6
    assert all(got | {"uuid": ""} == row | {"uuid": ""} for got in page["results"])


def test_access_tokens(implementation, control, account):
    place = {"account": account.uuid}
    created = ask(implementation, "create access token", **place)
    page = ask(implementation, "list access tokens", **place)
    assert page["results"] == [{name: value for name, value in created.items() if name != "key"}]
    body = EXAMPLES["revoke access token"]["request"]
    ask(implementation, "revoke access token", body, account=account.uuid, access_token=created["uuid"])


def test_a_message(implementation, gateway_key):
    body = EXAMPLES["send message"]["request"] | {"to": RECIPIENT}
    answer = ask(implementation, "send message", body, token=gateway_key.get_secret_value())
    assert answer["data"]["messaging_product"] == "whatsapp"


@pytest.fixture
def receiver() -> Iterator[tuple[str, Queue[tuple[dict[str, str], Any]]]]:
    """Takes deliveries on loopback: its URL, and what came."""
    deliveries: Queue[tuple[dict[str, str], Any]] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            deliveries.put((dict(self.headers), json.loads(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", deliveries
        server.shutdown()
        thread.join(timeout=10)


def test_the_delivery_of_channel_created(implementation, control, account, receiver):
    url, deliveries = receiver
    body = EXAMPLES["create account-wide webhook"]["request"] | {
        "callback_url": url,
        "data": {"headers": {"Authorization": "Bearer your-endpoint-secret"}},
    }
    ask(implementation, "create account-wide webhook", body, account=account.uuid)
    example = EXAMPLES["channel.created delivery"]["request"]
    channel = control.create_channel(
        str(account.uuid), announce=True, name=example["channel"]["name"], backend=example["channel"]["backend"]
    )
    headers, delivery = deliveries.get(timeout=10)
    assert_alike(example, delivery)
    assert delivery["hook"] == "channel.created"
    assert delivery["account"] == {"uuid": str(account.uuid), "name": "Acme Corp"}
    assert delivery["channel"] == example["channel"] | {"uuid": channel["uuid"]}
    assert headers["Authorization"] == "Bearer your-endpoint-secret"
    assert headers["Content-Type"].startswith("application/json")
