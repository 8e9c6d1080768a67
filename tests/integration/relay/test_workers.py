"""Real workers: two of them make no attempt twice, and one that is killed loses nothing."""

import json
import threading
from collections import Counter
from contextlib import ExitStack

import pytest
import requests

from portal.models import ForwardState, now
from tests.support.processes.running import Forked, kill
from tests.support.suite.concurrent import at_once
from tests.support.suite.marks import both_databases
from tests.support.suite.patience import wait_until


@pytest.fixture
def start_worker(prepared, environment):
    """Start `portal worker` in a process of its own."""
    with ExitStack() as ended:

        def start() -> Forked:
            worker = Forked(prepared, environment)
            ended.callback(worker.stop)
            return worker

        yield start


@both_databases
def test_two_workers_make_no_attempt_twice(customer, server, start_worker):
    customer.destination(server)
    bodies = [customer.receive(conversation_uuid=f"c{number % 40}") for number in range(80)]
    for _ in range(2):
        start_worker()
    wait_until(lambda: len(server.got) >= 80)
    wait_until(lambda: {forward.state for forward in customer.forwards} == {ForwardState.DELIVERED})
    assert sorted(server.bodies) == sorted(bodies)
    assert [attempt.number for attempt in customer.attempts] == [1] * 80
    for number in range(40):
        mine = [body for body in server.bodies if body in (bodies[number], bodies[number + 40])]
        assert mine == [bodies[number], bodies[number + 40]], "a conversation keeps its order"


@both_databases
def test_a_worker_that_is_killed_loses_nothing(customer, server, start_worker):
    customer.destination(server)
    bodies = [customer.receive() for _ in range(60)]
    for part in (15, 30):
        worker = start_worker()
        wait_until(lambda part=part: len(server.got) >= part)
        worker.kill()
        customer.portal.wait_for_orphans()
        # As if the time of what it had claimed were over.
        customer.portal.sql(
            "UPDATE forward SET claimed_until = NULL, next_attempt_at = :at WHERE claimed_until IS NOT NULL",
            at=now(),
        )
    start_worker()
    wait_until(lambda: len(customer.forwards) == 60)
    wait_until(lambda: {forward.state for forward in customer.forwards} == {ForwardState.DELIVERED})
    assert set(server.bodies) == set(bodies)
    assert max(Counter(server.ids).values()) <= 3
    assert len(customer.attempts) == 60


@both_databases
def test_what_was_answered_survives_a_kill_of_the_receiver_and_is_delivered(customer, server, gunicorn):
    """Acknowledged is durable, and what is durable reaches the destination."""
    customer.destination(server)
    url, numbers, answered, is_over = gunicorn(), iter(range(100_000)), [], threading.Event()
    address = customer.receiver()

    def sender():
        while not is_over.is_set():
            number = next(numbers)
            body = json.dumps({"hook": "message.created", "payload": {"number": number}})
            try:
                if requests.post(url + address.path, body, headers=address.headers, timeout=30).status_code == 200:
                    answered.append(number)
            except requests.RequestException:
                return

    def killer():
        try:
            wait_until(lambda: len(answered) > 150)
            kill(url)
        finally:
            is_over.set()

    at_once(killer, *[sender] * 12)
    customer.portal.wait_for_orphans()
    kept = Counter(json.loads(row.body)["payload"]["number"] for row in customer.events())
    assert set(kept.values()) == {1}
    assert set(answered) <= set(kept)
    customer.work()
    delivered = Counter(json.loads(body)["payload"]["number"] for body in server.bodies)
    assert delivered == kept
