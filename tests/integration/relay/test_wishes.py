"""What a customer wants of a destination besides its address: headers, conditions on the body, and a public key."""

import base64
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlmodel import select
from standardwebhooks.webhooks import Webhook as Signature

from portal.extensions import session
from portal.models import Account, PortalWebhook, WebhookPurpose
from portal.relay import conditions
from portal.relay.conditions import Check, Condition
from portal.webhooks import portal_webhooks
from portal.webhooks.rules.headers import Header
from tests.support.application.pages import texts
from tests.support.application.portal import PASSWORD

KEY = "an api key of theirs"
IMAGES = [Condition("payload.type", Check.IS, "image")]


@pytest.fixture
def root(customer) -> str:
    return f"/accounts/{customer.account_id}/webhooks/destinations/"


def submit(customer, page, button="Save destination", **typed):
    """As a browser does it: a box that is not ticked is not sent."""
    values: dict[str, object] = dict(page.filled(button))
    for box in page.select("input[type=checkbox]"):
        values.pop(box.attrib["name"], None)
    for box in page.select("input[type=checkbox][checked]"):
        values.setdefault(box.attrib["name"], []).append(box.attrib["value"])
    return customer.browser.post(
        page.path, {**values, **{name.replace("__", "-"): v for name, v in typed.items()}}
    )


def test_headers_are_sent_along_and_never_shown(customer, root, make_server):
    server = make_server(body=f"you sent {KEY}".encode())
    fields = {"name": "Orders", "url": server.url, "kinds": ["message.created"], "headers__0__name": "X-Api-Key"}
    new = customer.browser.get(f"{root}new")
    for name in ("Content-Type", "Webhook-Id", "webhook-signature", "X-Connexease-A"):
        assert (
            submit(customer, new, **{**fields, "headers__0__name": name, "headers__0__value": "x"}).status == 422
        )
    assert "Enter a value for this header." in submit(customer, new, **fields).text
    more = submit(customer, new, **fields, more="1")
    assert (more.status, len(more.select(".header-name"))) == (200, 5)
    saved = submit(customer, new, **fields, headers__0__value=KEY)
    assert saved.status == 303, saved.text
    page = f"{root}{customer.row.id}"
    customer.receive()
    customer.work()
    assert server.got[-1].headers["x-api-key"] == KEY
    Signature(customer.secret()).verify(server.got[-1].body, server.got[-1].headers)
    assert KEY not in customer.row.sealed_secret
    tested = customer.browser.submit(customer.browser.get(f"{page}/test"), "Send sample")
    assert server.got[-1].headers["x-api-key"] == KEY
    assert "you sent •••" in tested.text
    for path in ("", "/edit", "/test"):
        shown = customer.browser.get(f"{page}{path}")
        assert KEY not in shown.html
    edit = customer.browser.get(f"{page}/edit")
    assert edit.select_one("#headers-0-name").attrib["value"] == "X-Api-Key"
    elsewhere = submit(customer, edit, url="https://thief.example.com/")
    assert "Enter the stored header values again" in elsewhere.text
    assert submit(customer, edit, name="Renamed").status == 303
    assert [header["name"] for header in customer.row.headers] == ["X-Api-Key"]
    assert submit(customer, customer.browser.get(f"{page}/edit"), headers__0__remove="y").status == 303
    customer.receive()
    customer.work()
    assert "x-api-key" not in server.got[-1].headers


@pytest.mark.parametrize(
    ("path", "check", "value", "passes"),
    [
        ("payload.type", Check.IS, "image", True),
        ("payload.type", Check.IS, "Image", False),
        ("payload.type", Check.IS_NOT, "text", True),
        ("payload.type", Check.IS_NOT, "image", False),
        ("payload.size", Check.IS, "12", True),
        ("payload.is_new", Check.IS, "true", True),
        ("payload.caption", Check.CONTAINS, "SHOES", True),
        ("payload.tags", Check.IS, "vip", True),
        ("payload.tags", Check.IS_NOT, "vip", False),
        ("payload.items.name", Check.CONTAINS, "red", True),
        ("payload.items.name", Check.EXISTS, "", True),
        ("payload.nothing", Check.EXISTS, "", False),
        ("payload.null", Check.EXISTS, "", False),
        ("payload.items", Check.IS, "x", False),
        ("payload.type.more", Check.EXISTS, "", False),
        ("payload.nothing", Check.IS_NOT, "x", True),
    ],
)
def test_a_condition(path, check, value, passes):
    body = {
        "payload": {
            "type": "image",
            "size": 12,
            "is_new": True,
            "null": None,
            "caption": "Shoes, new",
            "tags": ["new", "vip"],
            "items": [{"name": "blue"}, {"name": "red ones"}],
        }
    }
    one = Condition(path, check, value)
    assert conditions.compiled((one,))(body) is passes
    assert conditions.compiled((one, Condition("payload.type", Check.IS, "image")))(body) is passes
    assert conditions.compiled((one, Condition("payload.type", Check.IS, "text")))(body) is False
    for hostile in (None, [], "text", 7, {"payload": [[["x"]]]}):
        conditions.compiled((one,))(hostile)


@pytest.mark.parametrize(
    "path", ["", "payload..type", ".type", "payload type", "$.payload", "a[0]", "x." * 13 + "x"]
)
def test_a_bad_path_is_told(path):
    assert conditions.problem_with_path(path) is not None


def test_only_what_passes_is_sent(customer, root, server):
    new = customer.browser.get(f"{root}new")
    fields = {
        "name": "Images",
        "url": server.url,
        "kinds": ["message.created"],
        "conditions__0__path": "payload type",
    }
    refused = submit(customer, new, **fields)
    assert refused.status == 422
    assert "Field 1: Enter names with dots between them" in texts(refused.summary)
    for kind in ("image", "text", "image"):
        customer.receive(type=kind)
    customer.receive("feedback.received", type="image")
    customer.work()
    fields |= {"conditions__0__path": "payload.type", "conditions__0__value": "image"}
    preview = submit(customer, new, **fields, preview="1")
    assert preview.status == 200
    assert "2 of the last 4 events would be sent" in preview.text
    assert len(preview.select("#preview tbody tr")) == 2
    assert preview.select_one("#name").attrib["value"] == "Images"
    more = submit(customer, new, **fields, more_conditions="1")
    assert len(more.select("#conditions-field .header-row")) == 3
    assert submit(customer, new, **fields).status == 303
    assert "payload.type is image" in customer.browser.get(f"{root}{customer.row.id}").text
    sent = [customer.receive(type=kind) for kind in ("image", "text")]
    customer.work()
    assert server.bodies == sent[:1]
    edit = customer.browser.get(f"{root}{customer.row.id}/edit")
    assert edit.select_one("#conditions-0-value").attrib["value"] == "image"
    assert submit(customer, edit, conditions__0__path="", conditions__0__value="").status == 303
    assert customer.row.conditions == []


def report(customer, status: str) -> bytes:
    """Let the gateway report the status of a message; what it sent."""

    def address() -> tuple[str, str]:
        account = session().get_one(Account, customer.account_id)
        of_gateway = select(PortalWebhook).where(PortalWebhook.purpose == WebhookPurpose.GATEWAY)
        hook = session().exec(of_gateway).first() or portal_webhooks.make(account, WebhookPurpose.GATEWAY)
        session().commit()
        return hook.key, portal_webhooks.headers(hook)[portal_webhooks.SECRET_HEADER]

    key, secret = customer.portal.run(address)
    change = {"field": "messages", "value": {"statuses": [{"id": "wamid.1", "status": status}]}}
    body = json.dumps({"object": "x", "entry": [{"id": "1", "changes": [change]}]}).encode()
    headers = {"Authorization": f"Bearer {secret}"}
    answer = customer.portal.app.test_client().post(f"/hooks/gateway/{key}", data=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return body


def test_a_condition_looks_into_what_the_gateway_reports(customer, server):
    path = "entry.changes.value.statuses.status"
    customer.destination(server, kinds=["gateway.status"], conditions=[Condition(path, Check.IS, "failed")])
    failed, _delivered = report(customer, "failed"), report(customer, "delivered")
    customer.work()
    assert server.bodies == [failed]


def test_the_last_real_event_is_sent_from_the_bench(customer, root, server):
    customer.destination(server, conditions=IMAGES)
    page = f"{root}{customer.row.id}/test"
    form = customer.browser.get(page)
    none_yet = submit(customer, form, "Send sample", real="1")
    assert none_yet.status == 422
    assert "There is no such event in the log yet" in none_yet.text
    image = customer.receive(type="image")
    customer.receive(type="text")
    customer.work()
    shown = submit(customer, form, "Send sample", real="1")
    assert shown.status == 200, shown.text
    assert server.bodies == [image, image]
    assert server.ids[0] == server.ids[1], "doubles carry one id"
    assert len(customer.attempts) == 1, "a test is not in the log"


def test_code_with_the_secret_needs_the_password(customer, root, server):
    customer.destination(server)
    page = f"{root}{customer.row.id}"
    assert customer.browser.get(f"{page}/code").goes_to.endswith(page)
    assert customer.browser.post(f"{page}/code", {"password": "wrong"}).status == 422
    shown = customer.browser.follow(customer.browser.post(f"{page}/code", {"password": PASSWORD}))
    assert shown.html.count(customer.secret()) == 5
    assert "WEBHOOK_SECRET" not in shown.text
    assert shown.response.headers["Cache-Control"] == "no-store"
    assert customer.secret() not in customer.browser.get(f"{page}/test").html
    assert "looked at the signing secret" in customer.browser.get(f"/accounts/{customer.account_id}/history/").text


def v1a(request) -> list[bytes]:
    given = request.headers["webhook-signature"].split()
    return [base64.b64decode(each[4:]) for each in given if each.startswith("v1a,")]


def verifies(public_key: str, request, signature: bytes) -> bool:
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key.removeprefix("whpk_")))
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def test_who_chooses_the_public_key_gets_a_second_signature(customer, root, server):
    customer.destination(server)
    page = f"{root}{customer.row.id}"
    customer.receive()
    customer.work()
    assert v1a(server.got[-1]) == []
    assert "whpk_" not in customer.browser.get(page).text
    assert submit(customer, customer.browser.get(f"{page}/edit"), has_public_key="y").status == 303
    first = customer.row.public_key
    assert first in customer.browser.get(page).text
    assert first in customer.browser.get(f"{page}/test").text
    customer.receive()
    customer.work()
    [signature] = v1a(server.got[-1])
    assert verifies(first, server.got[-1], signature)
    Signature(customer.secret()).verify(server.got[-1].body, server.got[-1].headers)
    assert submit(customer, customer.browser.get(f"{page}/edit"), name="Renamed").status == 303
    assert customer.row.public_key in (first, None)
    customer.browser.post(f"{page}/roll", {"password": PASSWORD})
    second = customer.row.public_key
    assert second not in (first, None)
    customer.receive()
    customer.work()
    signatures = v1a(server.got[-1])
    assert [verifies(key, server.got[-1], each) for key in (second, first) for each in signatures] == [
        *(True, False),
        *(False, True),
    ]
    assert "whsk_" not in json.dumps([customer.browser.get(page + path).html for path in ("", "/edit", "/test")])


def test_a_stored_header_keeps_its_value(customer, server):
    customer.destination(server, headers=[Header("X-Key", "kept", is_secret=False)])
    customer.receive()
    customer.work()
    assert server.got[-1].headers["x-key"] == "kept"
