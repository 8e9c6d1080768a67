"""Each event reaches each destination that takes it: as it came, signed, and again until it is taken."""

import itertools
import json
import threading
from datetime import timedelta

import pytest
from sqlmodel import select
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from portal import outbound
from portal.db.unit_of_work import unit_of_work
from portal.events.processing import acting, batches
from portal.extensions import session
from portal.models import Account, Destination, ForwardState, ForwardTally, Person, now
from portal.relay import destinations
from portal.relay.forwarding import claiming, connections, ending, schedule, sending
from portal.relay.forwarding.schedule import DELAYS
from tests.support.processes.ports import reserved_port
from tests.support.suite.marks import both_databases
from tests.support.suite.patience import wait_until


@both_databases
def test_an_event_reaches_every_destination_that_takes_it(customer, make_server):
    first, second, other = make_server(), make_server(), make_server()
    customer.destination(first)
    customer.destination(second, channels=[customer.channels["Shop"]])
    customer.destination(other, channels=[customer.channels["Support"]])
    customer.destination(other, kinds=["feedback.received"])
    body = customer.receive(text="çok güzel")
    customer.work()
    assert first.bodies == second.bodies == [body]
    assert other.bodies == []
    assert [forward.state for forward in customer.forwards] == [ForwardState.DELIVERED] * 2


def test_a_body_goes_out_byte_for_byte_and_its_signature_holds(customer, server):
    customer.destination(server)
    for body in (
        b'{ "hook":"message.created",\n\t"payload" : {"a":1.0} }',
        b'{"hook": "message.created", "x": "\xc3\xa4"}',
    ):
        customer.receive_raw(body)
        customer.work()
        request = server.got[-1]
        assert request.body == body
        assert request.headers["content-type"] == "application/json"
        Webhook(customer.secret()).verify(request.body, request.headers, json_parse=False)
        with pytest.raises(WebhookVerificationError):
            Webhook(customer.secret()).verify(request.body + b" ", request.headers, json_parse=False)
    assert server.ids == [f"evt_{event.id}" for event in customer.events()]


def test_a_rolled_secret_and_the_one_before_both_sign_for_a_day(customer, server):
    destination = customer.destination(server)
    before = customer.secret()
    roll(customer, destination)
    after = customer.secret()
    assert before != after
    customer.receive()
    customer.work()
    for secret in (before, after):
        Webhook(secret).verify(server.got[-1].body, server.got[-1].headers)
    customer.portal.sql("UPDATE destination SET previous_until = :past", past=now() - timedelta(seconds=1))
    customer.receive()
    customer.work()
    Webhook(after).verify(server.got[-1].body, server.got[-1].headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(before).verify(server.got[-1].body, server.got[-1].headers)


def roll(customer, destination) -> None:
    def change() -> None:
        owner = session().exec(select(Person)).first()
        account = session().get_one(Account, customer.account_id)
        destinations.roll(owner, account, session().get_one(Destination, destination))

    customer.portal.run(change)


def test_a_repeat_is_not_forwarded(customer, server):
    customer.destination(server)
    body = customer.receive()
    customer.work()
    customer.receive_raw(body)
    customer.work()
    assert len(customer.events()) == 2
    assert server.bodies == [body]


def test_what_fails_is_tried_again_by_the_schedule_and_then_given_up(customer, make_server):
    server = make_server(status=500, body=b"no")
    customer.destination(server)
    customer.receive()
    customer.work()
    for number, seconds in enumerate(DELAYS, 1):
        forward = customer.forwards[0]
        assert (forward.state, forward.attempts) == (ForwardState.WAITING, number)
        pause = (forward.next_attempt_at - customer.attempts[-1].at).total_seconds()
        assert seconds * 0.8 <= pause <= seconds * 1.2
        customer.work()
        assert len(server.got) == number, "not before its time"
        customer.let_pass()
        customer.work()
    forward = customer.forwards[0]
    assert (forward.state, forward.problem, forward.attempts) == (ForwardState.FAILED, "attempts", 8)
    assert forward.next_attempt_at is None
    assert len(set(server.ids)) == 1
    assert [(attempt.status, attempt.answer) for attempt in customer.attempts] == [(500, b"no")] * 8
    [tally] = customer.portal.rows(ForwardTally)
    assert (tally.successes, tally.failures) == (0, 8)


def test_it_recovers_at_the_second_attempt(customer, make_server):
    server = make_server(status=[503, 200])
    customer.destination(server)
    customer.receive()
    customer.work()
    assert customer.row.failures == 1
    customer.let_pass()
    customer.work()
    assert [attempt.status for attempt in customer.attempts] == [503, 200]
    assert customer.forwards[0].state == ForwardState.DELIVERED
    assert (customer.row.failures, customer.row.failing_since) == (0, None)


def test_retry_after_is_obeyed(customer, make_server):
    server = make_server(status=429, headers={"Retry-After": "120"})
    customer.destination(server)
    customer.receive()
    customer.work()
    wait = timedelta(seconds=119)
    assert customer.forwards[0].next_attempt_at > customer.attempts[0].at + wait
    assert customer.row.ready_at > customer.attempts[0].at + wait
    customer.receive()
    customer.work()
    assert len(server.got) == 1


def test_a_410_switches_the_destination_off_and_tells_its_owners(customer, make_server):
    server = make_server(status=410)
    customer.destination(server)
    customer.receive()
    customer.receive()
    customer.work()
    assert customer.row.state == "off"
    customer.portal.sweep()
    customer.receive()
    customer.work()
    assert {forward.problem for forward in customer.forwards} <= {"gone", "switched_off"}
    assert {forward.state for forward in customer.forwards} == {ForwardState.FAILED}
    assert len(customer.forwards) == 2
    mail = customer.portal.mails("jane@acme.example.com")[0]
    assert "switched off" in mail["subject"]
    assert any(f"/webhooks/destinations/{customer.row.id}" in link for link in mail["links"])


def test_redirects_are_not_followed(customer, make_server):
    target = make_server()
    server = make_server(status=307, headers={"Location": target.url})
    customer.destination(server)
    customer.receive()
    customer.work()
    assert target.got == []
    assert customer.attempts[0].status == 307
    assert customer.forwards[0].state == ForwardState.WAITING


def test_of_a_huge_answer_the_start_is_kept(customer, make_server):
    server = make_server(body=b"x" * 3_000_000)
    customer.destination(server)
    customer.receive()
    customer.work()
    assert customer.attempts[0].answer == b"x" * 16 * 1024
    assert customer.forwards[0].state == ForwardState.DELIVERED


def test_one_that_breaks_off_and_one_that_is_not_there(customer, make_server):
    server = make_server(resets=True)
    customer.destination(server)
    with reserved_port() as nobodys:
        customer.destination(f"http://127.0.0.1:{nobodys}/")
        customer.receive()
        customer.work()
    assert [attempt.problem for attempt in customer.attempts] == ["not_http", "no_connection"]
    assert {forward.state for forward in customer.forwards} == {ForwardState.WAITING}


def test_one_that_does_not_answer_in_time(customer, make_server, monkeypatch):
    monkeypatch.setattr(connections, "DEADLINE", 0.3)
    waits = threading.Event()
    server = make_server(waits=waits)
    customer.destination(server)
    customer.receive()
    customer.work()
    waits.set()
    assert [attempt.problem for attempt in customer.attempts] == ["late"]


def test_a_certificate_that_nobody_vouches_for(customer, make_server):
    server, plain = make_server(is_self_signed=True), make_server()
    customer.destination(server)
    customer.destination(plain.url.replace("http://", "https://"))
    customer.receive()
    customer.work()
    assert [attempt.problem for attempt in customer.attempts] == ["tls"] * 2
    assert server.got == plain.got == []


def test_a_private_address_is_not_asked(customer, server, monkeypatch):
    customer.destination(server)
    monkeypatch.setattr(outbound, "addresses_of", lambda *_args, **_more: ["93.184.216.34", "10.0.0.8"])
    customer.receive()
    customer.work()
    assert [attempt.problem for attempt in customer.attempts] == ["private"]


def test_connections_are_kept(customer, server):
    customer.destination(server)
    for _ in range(5):
        customer.receive()
        customer.work()
    assert len({request.connection for request in server.got}) == 1


@both_databases
def test_a_conversation_keeps_its_order(customer, make_server):
    server = make_server(status=[500, 200])
    customer.destination(server)
    for number in range(6):
        customer.receive(conversation_uuid="one", number=number)
    customer.receive(conversation_uuid="two", number=100)
    customer.work()
    customer.let_pass()
    customer.work()
    for _ in range(3):
        customer.let_pass()
        customer.work()
    numbers = [json.loads(body)["payload"]["number"] for body in server.bodies]
    assert numbers[0] in (0, 100)
    of_one = [number for number in numbers if number != 100]
    assert list(dict.fromkeys(of_one)) == [0, 1, 2, 3, 4, 5]
    assert of_one == sorted(of_one)


def test_a_slow_destination_holds_up_no_other(customer, make_server):
    waits = threading.Event()
    slow, fast = make_server(waits=waits), make_server()
    customer.destination(slow)
    customer.destination(fast)
    for _ in range(20):
        customer.receive()
    run = customer.portal.run
    for drain in itertools.islice(itertools.repeat(sending.forward_due), 400):
        process_all(customer)
        run(drain)
        if len(fast.got) == 20:
            break
    assert len(fast.got) == 20
    assert len(slow.got) <= claiming.AT_ONCE
    waits.set()
    customer.work()
    assert len(slow.got) == 20


def process_all(customer) -> None:
    wait_until(lambda: not customer.portal.run(batches.process_waiting), pause=0)


def test_a_paused_destination_gets_what_was_kept(customer, server):
    customer.destination(server)
    customer.portal.sql("UPDATE destination SET state = 'paused'")
    body = customer.receive()
    customer.work()
    assert server.got == []
    assert customer.forwards[0].state == ForwardState.WAITING
    customer.portal.sql("UPDATE destination SET state = 'on'")
    customer.work()
    assert server.bodies == [body]


def test_a_rate_is_kept(customer, server):
    customer.destination(server, rate=2)
    for _ in range(5):
        customer.receive()
    process_all(customer)
    customer.portal.run(sending.forward_due)
    claimed = [forward.claimed_until for forward in customer.forwards if forward.claimed_until]
    assert len(claimed) == 2
    assert customer.row.ready_at == claimed[0] - claiming.LEASE + timedelta(seconds=1)


# --- failing and recovering


def test_its_owners_are_told_and_it_is_held_back_and_recovers(customer, make_server):
    server = make_server(status=500)
    customer.destination(server)
    for _ in range(100):
        customer.receive()
    process_all(customer)
    for _ in range(120):
        customer.portal.sql("UPDATE destination SET ready_at = NULL WHERE held_at IS NULL")
        customer.work()
        if customer.row.held_at:
            break
    row = customer.row
    assert row.held_at is not None
    assert row.failures == 100
    subjects = [mail["subject"] for mail in customer.portal.mails("jane@acme.example.com")]
    told = [subject for subject in subjects if "Orders" in subject]
    assert len(told) == 4, subjects
    assert "no longer gets events" in told[0]

    count = len(server.got)
    customer.work()
    assert len(server.got) == count, "it is left alone"
    customer.portal.sql("UPDATE destination SET ready_at = :past", past=now() - timedelta(seconds=1))
    customer.work()
    assert len(server.got) == count + 1, "one event is tried"
    assert customer.row.ready_at > now() + timedelta(minutes=59)

    server.status = 200
    customer.receive()
    customer.portal.sql("UPDATE destination SET ready_at = :past", past=now() - timedelta(seconds=1))
    customer.work()
    assert (customer.row.held_at, customer.row.failures) == (None, 0)
    assert {forward.state for forward in customer.forwards} == {ForwardState.DELIVERED}
    assert len(customer.forwards) == 101


def test_five_days_without_a_success_hold_it_back(customer, make_server):
    server = make_server(status=500)
    customer.destination(server)
    customer.receive()
    customer.work()
    customer.portal.sql("UPDATE destination SET failing_since = :then", then=now() - timedelta(days=5))
    customer.let_pass()
    customer.work()
    assert customer.row.held_at is not None


def test_what_was_kept_too_long_is_given_up(customer, make_server):
    server = make_server(status=500)
    customer.destination(server)
    customer.receive()
    customer.work()
    at = now()
    customer.portal.sql("UPDATE destination SET held_at = :at", at=at)
    customer.portal.run(ending.end)
    assert customer.forwards[0].state == ForwardState.WAITING
    customer.portal.sql("UPDATE forward SET created_at = :then", then=at - schedule.KEPT_FOR)
    customer.portal.sweep()
    assert (customer.forwards[0].state, customer.forwards[0].problem) == (ForwardState.FAILED, "kept_too_long")


# --- crashes


def test_what_a_killed_worker_had_claimed_is_sent_again(customer, server):
    customer.destination(server)
    body = customer.receive()
    process_all(customer)

    def claim_and_die() -> None:
        with unit_of_work():
            assert len(claiming.claim(10, {})) == 1
            session().commit()

    customer.portal.run(claim_and_die)
    customer.work()
    assert server.got == []
    customer.portal.sql(
        "UPDATE forward SET claimed_until = :past, next_attempt_at = :past", past=now() - timedelta(seconds=1)
    )
    customer.work()
    assert server.bodies == [body]


def test_an_event_that_cannot_be_processed_is_forwarded_all_the_same(customer, server, monkeypatch):
    def fail(*_arguments: object) -> None:
        raise RuntimeError("no")

    customer.destination(server)
    body = customer.receive()
    monkeypatch.setattr(acting, "_act_on_event", fail)
    for _ in range(6):
        customer.work()
        customer.portal.sql("UPDATE delivery SET received_at = :then", then=now() - timedelta(minutes=1))
        customer.portal.sweep()
    customer.work()
    assert server.bodies == [body]


def test_forwards_go_with_their_event(customer, server):
    customer.destination(server)
    customer.receive()
    customer.work()
    customer.portal.sql("UPDATE delivery SET received_at = :then", then=now() - timedelta(days=400))
    customer.portal.sweep()
    assert customer.events() == []
    assert customer.forwards == []
    assert customer.attempts == []
