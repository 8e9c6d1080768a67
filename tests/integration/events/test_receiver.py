"""What Connexease delivers: who is let in, what is kept, and that each event counts once."""

import gzip
import hashlib
import json
import tracemalloc
import zlib
from datetime import timedelta
from uuid import uuid4

import pytest
import requests

from portal.models import (
    Account,
    AttemptState,
    AuditEntry,
    Channel,
    Delivery,
    DeliveryState,
    OnboardingAttempt,
    PortalWebhook,
    now,
)
from tests.support.suite.concurrent import at_once
from tests.support.suite.marks import both_databases


class Sender:
    """Connexease's side of the portal's own webhook."""

    def __init__(self, portal):
        self.portal = portal
        self.account = portal.one(Account)
        self.path = f"/hooks/connexease/{portal.one(PortalWebhook).key}"
        self.headers = portal.control.webhooks()[0]["headers"]

    def send(self, body, **options):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        options = {"headers": self.headers, "content_type": "application/json", **options}
        return self.portal.app.test_client().post(self.path, data=data, **options)

    def created(self, uuid, **changes):
        return {
            "hook": "channel.created",
            "account": {"uuid": str(self.account.connexease_uuid), "name": "Acme Corp"},
            "payload": None,
            "channel": {"uuid": str(uuid), "name": "WhatsApp Main", "backend": "whatsapp_cloud"},
            **changes,
        }


@pytest.fixture
def owner(portal):
    browser, account_id = portal.customer()
    browser.account_id = account_id
    return browser


@pytest.fixture
def sender(portal, owner):
    return Sender(portal)


def begin(browser) -> OnboardingAttempt:
    page = browser.post(f"/accounts/{browser.account_id}/channels/connect")
    assert "/attempts/" in page.goes_to
    return page


@both_databases
def test_an_event_is_stored_answered_and_acted_on(portal, owner, sender):
    begin(owner)
    channel = uuid4()
    answer = sender.send(sender.created(channel))
    assert answer.status_code == 200
    stored = portal.one(Delivery)
    assert stored.state == DeliveryState.RECEIVED, "stored as it came before anything is done with it"
    assert json.loads(stored.body) == sender.created(channel)
    assert stored.body_hash == hashlib.sha256(stored.body).hexdigest()
    portal.work()
    assert portal.one(Delivery).state == DeliveryState.PROCESSED
    assert portal.one(Channel).connexease_uuid == channel
    assert portal.one(Channel).name == "WhatsApp Main"
    attempt = portal.one(OnboardingAttempt)
    assert (attempt.state, attempt.confirmed_by) == (AttemptState.CONFIRMED, "event")
    assert attempt.sealed_url is None


@pytest.mark.parametrize("name", ["X-Portal-Secret", "x-portal-secret"])
def test_only_the_right_secret_for_the_right_address(portal, sender, name):
    secret = sender.headers["X-Portal-Secret"]
    good = sender.created(uuid4())
    assert sender.send(good, headers={name: secret}).status_code == 200
    for headers in (
        {},
        {name: ""},
        {name: secret[:-1]},
        {name: secret + "x"},
        {name: secret.swapcase()},
        {name: "ä" * 43},
        {"Authorization": f"Bearer {secret}"},
    ):
        answer = sender.send(good, headers=headers)
        assert answer.status_code == 401
        assert answer.json == {"status": "unknown address or wrong secret"}
    right = sender.path
    for key in ("nothing", "x" * 5000, "%00", "..%2f", "'", "ä"):
        sender.path = f"/hooks/connexease/{key}"
        assert sender.send(good).status_code in (401, 404), key
    sender.path = right
    assert len(portal.rows(Delivery)) == 1


def test_only_deliveries_are_taken(portal, sender):
    client = portal.app.test_client()
    answer = client.get(sender.path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert client.post(sender.path + "/", data=b"{}", headers=sender.headers).status_code == 200
    for path in ("/hooks/", "/hooks/connexease/", "/hooks/other/key"):
        assert client.post(path, data=b"{}", headers=sender.headers).status_code in (400, 404)
    assert len(portal.rows(Delivery)) == 1


@both_databases
@pytest.mark.parametrize("key", ["%00", "a%00b", "%ff", "%ed%a0%80"])
def test_an_address_that_no_database_would_look_up(portal, key):
    assert portal.app.test_client().post(f"/hooks/connexease/{key}", data=b"{}").status_code == 401


def test_a_secret_of_one_account_does_not_open_another(portal, sender):
    portal.customer(contact_email="other@acme.example.com")
    others = next(hook for hook in portal.rows(PortalWebhook) if hook.account_id != sender.account.id)
    sender.path = f"/hooks/connexease/{others.key}"
    assert sender.send(sender.created(uuid4())).status_code == 401


def test_a_huge_body_is_refused_before_it_is_read(portal, sender):
    huge = b"x" * (5 * 1024 * 1024 + 1)
    assert sender.send(huge).status_code == 413
    assert sender.send(huge[:-1]).status_code == 200
    assert len(portal.rows(Delivery)) == 1


def test_a_huge_body_without_a_length(portal, sender):
    def pieces(count):
        for _ in range(count):
            yield b"x" * 1024

    with portal.served() as url:
        for count, status in ((5 * 1024 + 1, 413), (3, 200)):
            with requests.post(
                url + sender.path, data=pieces(count), headers=sender.headers, timeout=10
            ) as answer:
                assert answer.status_code == status
    assert [len(delivery.body) for delivery in portal.rows(Delivery)] == [3 * 1024]


def deflated(body):
    """Without the head that the standard wants, as some senders do it."""
    bare = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return bare.compress(body) + bare.flush()


PACKED = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZIP, identity": gzip.compress,
    "deflate": zlib.compress,
    " deflate": deflated,
    "deflate, gzip": lambda body: gzip.compress(zlib.compress(body)),
    "gzip ": lambda body: gzip.compress(body[:20]) + gzip.compress(body[20:]),
}


@pytest.mark.parametrize("encoding", PACKED)
def test_a_packed_body_is_unpacked_acted_on_and_found(portal, owner, sender, encoding):
    body = json.dumps(sender.created(uuid4(), payload={"note": "a word in it"})).encode()
    headers = {**sender.headers, "Content-Encoding": encoding}
    assert sender.send(PACKED[encoding](body), headers=headers).status_code == 200
    assert sender.send(body).status_code == 200
    portal.work()
    first, again = portal.rows(Delivery)
    assert (first.body, first.state, again.state) == (body, "processed", "repeat")
    page = owner.get(f"/accounts/{owner.account_id}/events/", query_string={"q": "note"})
    assert len(page.select("table.events tbody tr")) == 2


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "gzip, gzip"])
def test_a_bomb_is_refused_and_never_unpacked_beyond_the_limit(portal, sender, encoding):
    bomb = (
        gzip.compress(bytes(200 * 1024 * 1024), 1)
        if "gzip" in encoding
        else zlib.compress(bytes(200 * 1024 * 1024), 1)
    )
    bomb = gzip.compress(bomb) if "," in encoding else bomb
    tracemalloc.start()
    assert sender.send(bomb, headers={**sender.headers, "Content-Encoding": encoding}).status_code == 413
    assert tracemalloc.get_traced_memory()[1] < 40 * 1024 * 1024
    tracemalloc.stop()
    assert portal.rows(Delivery) == []


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("br", "compression format that we don't support"),
        ("gzip", "couldn't be decompressed"),
        ("gzip, gzip, gzip", "we don't support"),
    ],
)
def test_what_cannot_be_unpacked_is_kept_as_it_came_and_says_so(portal, owner, sender, encoding, words):
    assert (
        sender.send(b"\x1b\x0b\x00 no", headers={**sender.headers, "Content-Encoding": encoding}).status_code
        == 200
    )
    portal.work()
    [kept] = portal.rows(Delivery)
    assert (kept.body, kept.state) == (b"\x1b\x0b\x00 no", "kept")
    assert words in owner.get(f"/accounts/{owner.account_id}/events/{kept.id}").text


def test_a_large_body_is_kept_found_by_its_beginning_and_shown_folded(portal, owner, sender):
    payload = {"first": "earliest", "messages": [{"text": f"line {number} ümlaut"} for number in range(100_000)]}
    body = json.dumps({"hook": "conversation.archived", "payload": payload}).encode()
    assert sender.send(body).status_code == 200
    portal.work()
    [kept] = portal.rows(Delivery)
    page = owner.get(f"/accounts/{owner.account_id}/events/{kept.id}")
    assert len(page.text) < 100_000
    assert "Only the beginning of" in page.text
    whole = owner.get(page.select_one("a[download]").attrib["href"])
    assert whole.response.data == body
    assert "attachment" in whole.response.headers["Content-Disposition"]
    for words, count in (("earliest", 1), ("umlaut", 1), ("nothing", 0)):
        found = owner.get(f"/accounts/{owner.account_id}/events/", query_string={"q": words})
        assert len(found.select("table.events tbody tr")) == count, words


ODD = {
    "empty": b"",
    "no json": b"hello",
    "half": b'{"hook": "channel.created", "chan',
    "list": b"[1, 2]",
    "text": b'"channel.created"',
    "number": b"1" * 10_000,
    "null": b"null",
    "bytes": bytes(range(256)),
    "deep": b"[" * 100_000,
    "deep object": b'{"a":' * 50_000,
    "twice": b'{"hook": "channel.created", "hook": "x"}',
    "hook is a list": b'{"hook": ["channel.created"]}',
    "hook is long": json.dumps({"hook": "x" * 100_000}).encode(),
    "nul": b'{"hook": "channel.created\\u0000", "channel": {"uuid": "\\u0000"}}',
    "surrogate": b'{"hook": "\\ud800", "channel": {"uuid": "\\udfff"}}',
    "channel is text": b'{"hook": "channel.created", "channel": "x"}',
    "channel without uuid": b'{"hook": "channel.created", "channel": {}}',
    "channel uuid is a number": b'{"hook": "channel.created", "channel": {"uuid": 7}}',
    "no channel": b'{"hook": "channel.created"}',
    "other hook": b'{"hook": "message.created", "payload": {"text": "hi"}}',
    "unknown hook": b'{"hook": "something.new"}',
    "utf-16": '{"hook": "channel.created"}'.encode("utf-16"),
}


@both_databases
def test_odd_bodies_are_kept_and_not_refused(portal, sender):
    for name, body in ODD.items():
        assert sender.send(body).status_code == 200, name
    portal.work()
    stored = sorted(portal.rows(Delivery), key=lambda delivery: delivery.id)
    assert [delivery.body for delivery in stored] == list(ODD.values())
    assert [delivery.state for delivery in stored] == [DeliveryState.KEPT] * len(ODD)
    assert portal.rows(Channel) == []


@both_databases
def test_a_channel_with_an_odd_name_is_a_channel_all_the_same(portal, owner, sender):
    made = []
    for odd in ("x" * 5000, "a\0b", "a\ud800b", "<script>", {"a": 1}, None, 7, "\u202eevil"):
        begin(owner)
        made.append(uuid4())
        event = sender.created(made[-1], channel={"uuid": str(made[-1]), "name": odd, "backend": odd})
        assert sender.send(event).status_code == 200, odd
        portal.work()
    assert {delivery.state for delivery in portal.rows(Delivery)} == {DeliveryState.PROCESSED}
    assert {attempt.confirmed_channel for attempt in portal.rows(OnboardingAttempt)} == set(made)
    page = owner.open(f"/accounts/{owner.account_id}/")
    assert page.status == 200


def test_an_event_of_another_account_changes_nothing(portal, owner, sender):
    begin(owner)
    sender.send(sender.created(uuid4(), account={"uuid": str(uuid4()), "name": "Other"}))
    portal.work()
    assert portal.one(Delivery).state == DeliveryState.KEPT
    assert "a different account" in portal.one(Delivery).problem_text
    assert portal.rows(Channel) == []
    assert portal.one(OnboardingAttempt).state == AttemptState.REQUESTED


@both_databases
def test_repeats_are_marked_and_count_once(portal, owner, sender):
    begin(owner)
    event = sender.created(uuid4())
    for _ in range(4):
        assert sender.send(event).status_code == 200
        portal.work()
    deliveries = sorted(portal.rows(Delivery), key=lambda delivery: delivery.id)
    assert [delivery.state for delivery in deliveries] == [DeliveryState.PROCESSED] + [DeliveryState.REPEAT] * 3
    assert {delivery.repeat_of for delivery in deliveries[1:]} == {deliveries[0].id}
    assert deliveries[0].repeat_of is None
    assert len(portal.rows(Channel)) == 1
    assert [entry.action for entry in portal.rows(AuditEntry)].count("channel.connected") == 1


@both_databases
def test_a_repeat_after_a_failure_is_another_chance(portal, owner, sender):
    begin(owner)
    event = sender.created(uuid4())
    portal.sql("ALTER TABLE channel RENAME TO away")
    sender.send(event)
    for _ in range(6):
        portal.work()
        portal.sql("UPDATE delivery SET received_at = :t", t=now() - timedelta(minutes=5))
        portal.sweep()
    assert portal.one(Delivery).state == DeliveryState.FAILED
    portal.sql("ALTER TABLE away RENAME TO channel")
    sender.send(event)
    portal.work()
    states = [delivery.state for delivery in sorted(portal.rows(Delivery), key=lambda each: each.id)]
    assert states == [DeliveryState.FAILED, DeliveryState.PROCESSED]
    assert portal.one(OnboardingAttempt).state == AttemptState.CONFIRMED


@both_databases
def test_what_waits_for_the_next_batch_is_not_the_sweeps(portal, owner, sender):
    """However long it waits behind others: it would be done twice."""
    begin(owner)
    sender.send(sender.created(uuid4()))
    portal.sql("UPDATE delivery SET received_at = :t", t=now() - timedelta(minutes=5))
    portal.sweep()
    assert portal.one(Delivery).state == DeliveryState.RECEIVED
    portal.work()
    assert portal.one(Delivery).state == DeliveryState.PROCESSED


def test_a_broken_queue_fails_nothing(portal, owner, sender, caplog):
    portal.app.extensions["tasks"] = {}
    assert sender.send(sender.created(uuid4())).status_code == 200
    assert len(portal.rows(Delivery)) == 1


@both_databases
def test_the_same_event_many_times_at_once(portal, owner, sender):
    begin(owner)
    event = sender.created(uuid4())

    def process():
        for delivery in portal.rows(Delivery):
            portal.app.extensions["huey"]  # each thread processes every delivery, as several workers would
            from portal.events.processing import batches  # noqa: PLC0415

            portal.run(batches.process, delivery.id)

    answers = at_once(*[lambda: sender.send(event)] * 8)
    at_once(*[process] * 8)
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len(portal.rows(Delivery)) == 8
    portal.work()
    assert {each.state for each in portal.rows(Delivery)} <= {DeliveryState.PROCESSED, DeliveryState.REPEAT}
    assert len(portal.rows(Channel)) == 1
    assert portal.one(OnboardingAttempt).state == AttemptState.CONFIRMED
    assert [entry.action for entry in portal.rows(AuditEntry)].count("channel.connected") == 1


def test_no_cookie_no_login_no_secret_in_the_log(portal, owner, sender, caplog):
    caplog.set_level("DEBUG")
    secret = sender.headers["X-Portal-Secret"]
    answer = sender.send(sender.created(uuid4()))
    refused = sender.send({}, headers={"X-Portal-Secret": secret + "x"})
    portal.work()
    for each in (answer, refused):
        assert "Set-Cookie" not in each.headers
        assert secret not in each.get_data(as_text=True)
        assert each.mimetype == "application/json"
    assert secret not in caplog.text


def test_other_methods_are_refused(portal, sender):
    client = portal.app.test_client()
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        assert client.open(sender.path, method=method, headers=sender.headers).status_code == 405


def test_the_sandboxs_real_delivery_reaches_a_real_server(reachable_portal, control):
    portal = reachable_portal
    control.set(hold_deliveries=False, content_encoding="gzip")
    browser, account_id = portal.customer()
    browser.account_id = account_id
    begin(browser)
    account = portal.one(Account)
    control.create_channel(str(account.connexease_uuid), announce=True, name="From afar")
    assert control.settle()
    [delivery] = control.deliveries("channel.created")
    assert delivery["status"] == "delivered", delivery
    portal.work()
    assert portal.one(Channel).name == "From afar"
    assert portal.one(OnboardingAttempt).confirmed_by == "event"
