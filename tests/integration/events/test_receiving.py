"""Events that come in by the hundreds: what was answered is kept, and batches work off each event once."""

import json
from collections import Counter
from threading import Barrier
from uuid import uuid4

import pytest
import requests
import sqlalchemy as sa

from portal.db.unit_of_work import unit_of_work
from portal.events.processing import batches, claiming
from portal.extensions import db, session
from portal.models import Channel, Contact, Delivery, DeliveryState, PortalWebhook
from tests.support.suite.concurrent import at_once
from tests.support.suite.marks import both_databases
from tests.support.suite.patience import patient


@pytest.fixture
def deliver(portal):
    """Send an event to the account's address, or to a server's; the status."""
    _browser, account_id = portal.customer()
    [hook] = [hook for hook in portal.rows(PortalWebhook) if hook.account_id == account_id]
    headers = {**portal.control.webhooks()[0]["headers"], "Content-Type": "application/json"}
    path = f"/hooks/connexease/{hook.key}"

    def send(event, url=""):
        body = json.dumps(event).encode()
        if url:
            return requests.post(url + path, body, headers=headers, timeout=30).status_code
        return portal.app.test_client().post(path, data=body, headers=headers).status_code

    return send


@both_databases
def test_a_batch_takes_as_many_statements_as_one_event(portal, deliver):
    def statements(count):
        for _ in range(count):
            assert deliver({"hook": "message.created", "payload": {"text": uuid4().hex}}) == 200
        seen = []
        with portal.app.app_context():
            note = lambda *arguments: seen.append(arguments[2])  # noqa: E731
            sa.event.listen(db.engine, "before_cursor_execute", note)
            assert batches.process_waiting() == count
            sa.event.remove(db.engine, "before_cursor_execute", note)
        return len(seen)

    statements(1)  # what the first one alone asks
    assert statements(60) <= statements(2) + 2
    assert {row.state for row in portal.rows(Delivery)} == {DeliveryState.KEPT}


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_no_statement_is_sent_for_each_of_many_people(portal, deliver):
    def write(at):
        for number in range(20):
            customer = {"name": f"Ada {number}", "phone_number": f"+90532111{number:04}"}
            event = {"hook": "message.created", "payload": {"content": f"Hello {at}", "customer": customer}}
            assert deliver(event) == 200
        for_each = []
        with portal.app.app_context():
            note = lambda *arguments: for_each.append(arguments[2]) if arguments[5] else None  # noqa: E731
            sa.event.listen(db.engine, "before_cursor_execute", note)
            assert batches.process_waiting() == 20
            sa.event.remove(db.engine, "before_cursor_execute", note)
        return for_each, {row.number: row.heard_at for row in portal.rows(Contact)}

    _made, before = write("first")
    for_each, after = write("again")
    assert for_each == []
    assert before.keys() == after.keys()
    assert len(after) == 20
    assert all(after[number] > before[number] for number in before)


@both_databases
def test_an_event_that_fails_holds_up_only_itself(portal, deliver):
    channel = {"uuid": str(uuid4()), "name": "Shop", "backend": "whatsapp_cloud"}
    portal.sql("ALTER TABLE channel RENAME TO away")
    assert deliver({"hook": "channel.created", "channel": channel}) == 200
    for number in range(5):
        assert deliver({"hook": "message.created", "payload": {"number": number}}) == 200
    portal.work()
    states = Counter(row.state for row in portal.rows(Delivery))
    assert states == {DeliveryState.KEPT: 5, DeliveryState.RECEIVED: 1}
    portal.sql("ALTER TABLE away RENAME TO channel")
    portal.sql("UPDATE delivery SET received_at = '2026-01-01 00:00:00+00:00' WHERE attempts > 0")
    portal.sweep()
    assert portal.one(Channel).name == "Shop"


@both_databases
def test_repeats_within_a_batch_count_once(portal, deliver):
    channel = {"uuid": str(uuid4()), "name": "Shop", "backend": "whatsapp_cloud"}
    for _ in range(3):
        assert deliver({"hook": "channel.created", "channel": channel}) == 200
    portal.work()
    states = [row.state for row in sorted(portal.rows(Delivery), key=lambda row: row.id)]
    assert states == [DeliveryState.PROCESSED, DeliveryState.REPEAT, DeliveryState.REPEAT]


def test_a_batch_of_large_events_does_not_fill_the_memory(portal, deliver):
    for number in range(3):
        assert (
            deliver({"hook": "conversation.archived", "payload": {"number": number, "text": "x" * 4_500_000}})
            == 200
        )
    assert [portal.run(batches.process_waiting) for _ in range(4)] == [1, 1, 1, 0]


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_two_workers_share_the_work(portal, deliver, monkeypatch):
    monkeypatch.setattr(claiming, "BATCH_ON_POSTGRESQL", 40)
    for number in range(60):
        assert deliver({"hook": "message.created", "payload": {"number": number}}) == 200
    assert sorted(at_once(*[lambda: portal.run(batches.process_waiting)] * 2)) == [20, 40]
    assert {row.state for row in portal.rows(Delivery)} == {DeliveryState.KEPT}


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_two_batches_at_once_are_of_different_accounts(portal, monkeypatch):
    """What events bring about is done under the lock of their account, so one would wait for the other."""
    accounts = [portal.customer()[1], portal.customer(name="Other", contact_email="o@other.example.com")[1]]
    hooks = {hook.account_id: hook.id for hook in portal.rows(PortalWebhook)}
    with portal.app.app_context():
        for number, account in enumerate(accounts * 30):
            own = {"webhook_id": hooks[account], "account_id": account}
            session().add(Delivery(**own, body=b"{}", body_hash=f"{number}"))
        session().commit()
    both_claimed = Barrier(2)

    def claim():
        with portal.app.app_context(), unit_of_work():
            numbers = claiming.claim()
            both_claimed.wait(patient(20))
            query = sa.select(Delivery.account_id).where(Delivery.id.in_(numbers))
            return Counter(session().execute(query).scalars())

    monkeypatch.setattr(claiming, "BATCH_ON_POSTGRESQL", 20)
    claimed = at_once(claim, claim)
    assert sorted(claimed, key=str) == sorted(({account: 20} for account in accounts), key=str)
