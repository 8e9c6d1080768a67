"""A webhook of the customer's own is switched over to the portal, and back, and no event is lost on the way."""

import json
import threading
from collections import Counter

import pytest

from portal.models import Destination, DestinationState, SwitchOver, Webhook
from portal.relay.forwarding import sending
from tests.integration.relay.conftest import Customer
from tests.support.application.pages import select
from tests.support.suite.concurrent import beside, outcome
from tests.support.suite.marks import both_databases
from tests.support.suite.patience import wait_until

HEADERS = {"X-Api-Key": "a key of theirs", "X-Shop": "12"}
FAULTS = (None, "timeout_before", "timeout_after", "reset_after")
UNDER_WAY = 10
"""Events at the same time."""


@pytest.fixture
def root(customer) -> str:
    return f"/accounts/{customer.account_id}/webhooks/"


@pytest.fixture
def reachable(reachable_portal, control, database_kind):
    """A customer to whose portal Connexease can deliver."""
    portal = reachable_portal
    browser, account_id = portal.customer()
    uuid = control.accounts()[0]["uuid"]
    channel = control.create_channel(uuid, name="Shop")["uuid"]
    browser.get(f"/accounts/{account_id}/channels/")
    control.release_deliveries()
    yield Customer(portal, browser, account_id, uuid, {"Shop": channel})
    portal.run(sending.finish)


def own_webhook(customer, url, triggers=("message.created",), channels=("Shop",), **fields):
    """A webhook of theirs, made at Connexease without us; the number of its row here."""
    chosen = [customer.channels[name] for name in channels]
    made = customer.portal.control.create_webhook(
        customer.uuid, url, triggers=list(triggers), channels=chosen, headers=HEADERS, **fields
    )
    customer.browser.get(f"/accounts/{customer.account_id}/webhooks/")
    return next(row.id for row in customer.portal.rows(Webhook) if str(row.connexease_uuid) == made["uuid"])


def held(customer, trigger="message.created"):
    return [each for each in customer.portal.control.webhooks(customer.uuid) if trigger in each["triggers"]]


def is_portals(webhook) -> bool:
    return "/hooks/connexease/" in webhook["callback_url"] and "X-Portal-Secret" in webhook["headers"]


class Traffic:
    """Events that happen all the time, from a thread of its own; few more of them than are through by then.

    Who does all that there is to do would never be done with what comes in faster.
    """

    def __init__(self, customer, server) -> None:
        self.customer, self.server, self.sent, self.problem = customer, server, 0, None
        self._ended = threading.Event()

    def _run(self) -> None:
        control, channel = self.customer.portal.control, self.customer.channels["Shop"]
        while not self._ended.wait(0.02):
            if self.sent - len(numbers(self.server)) >= UNDER_WAY:
                continue
            payload = {"number": self.sent, "conversation_uuid": f"c{self.sent % 7}"}
            if not control.emit("message.created", self.customer.uuid, channel, payload=payload):
                self.problem = f"nobody took event {self.sent}"
            self.sent += 1

    def __enter__(self):
        self._running = beside(self._run)
        return self

    def __exit__(self, *_error) -> None:
        self._ended.set()
        outcome(self._running)


def numbers(server) -> Counter:
    return Counter(json.loads(body)["payload"]["number"] for body in server.bodies)


def work_until(customer, is_so) -> None:
    wait_until(lambda: customer.work() or is_so())


@both_databases
def test_switching_over_under_traffic_loses_nothing(reachable, server):
    customer, control = reachable, reachable.portal.control
    webhook, url = own_webhook(customer, server.url), f"/accounts/{reachable.account_id}/webhooks/"
    with Traffic(customer, server) as traffic:
        for fault in FAULTS:
            for button, is_switched in (("switch-over", True), ("hand-back", False)):
                if fault is not None:
                    control.fault(fault, "/webhooks/", "PATCH", times=3)  # as often as it is asked at once
                assert customer.browser.post(f"{url}{webhook}/{button}").status == 303
                control.clear_faults()
                before = traffic.sent
                customer.portal.settle_webhooks()
                [now_held] = held(customer)
                assert is_portals(now_held) == is_switched, (fault, button)
                assert is_switched or now_held["headers"] == HEADERS
                work_until(customer, lambda before=before: before + 3 in numbers(server))
    assert traffic.problem is None
    assert control.settle()
    work_until(customer, lambda: len(numbers(server)) == traffic.sent)
    relayed = [request for request in server.got if "webhook-id" in request.headers]
    assert len(relayed) >= 3 * len(FAULTS)
    for request in server.got:
        assert {name: request.headers[name.lower()] for name in HEADERS} == HEADERS
    ids = {json.loads(request.body)["payload"]["number"]: request.headers["webhook-id"] for request in relayed}
    assert len(set(ids.values())) == len(ids), "doubles carry one id, and no two events the same"
    assert [row.settled_at is None for row in customer.portal.rows(SwitchOver)] == [False]
    assert len(customer.portal.rows(Destination)) == 1, "it is found again, so nothing is sent twice"


@both_databases
def test_killed_anywhere_both_ways_stay_open(reachable, server, make_victim, database_url):
    customer, control = reachable, reachable.portal.control
    victim = make_victim(public_url=customer.portal.app.config["SETTINGS"].public_url)
    webhook, ends = own_webhook(customer, server.url), []
    for boundary in range(1, 40, 2):  # after one commit or call is before the next
        ends.append(victim(database_url, webhook, boundary, "switch"))
        assert ends[-1] in ("killed", "done"), boundary
        control.emit("message.created", customer.uuid, customer.channels["Shop"], payload={"number": boundary})
        assert control.settle()
        work_until(customer, lambda: len(numbers(server)) == len(ends))
        customer.portal.sql(
            "UPDATE webhook SET next_attempt_at = created_at, claimed_until = NULL WHERE is_pending"
        )
        for _ in range(2):  # first the call, then what came of it
            customer.portal.sweep()
            customer.work()
        [now_held], row = held(customer), next(row for row in customer.portal.rows(Webhook) if row.id == webhook)
        assert not row.is_pending
        assert is_portals(now_held) == (row.portal_webhook_id is not None), boundary
        assert all(each.settled_at for each in customer.portal.rows(SwitchOver)), boundary
        if ends[-1] == "done":
            break
        if is_portals(now_held):
            customer.browser.post(f"/accounts/{customer.account_id}/webhooks/{webhook}/hand-back")
            assert not is_portals(held(customer)[0])
    assert ends[-1] == "done"
    assert ends.count("killed") >= 4


def test_a_form_explains_a_conflict_and_resolves_it_in_one_press(customer, root, server):
    own_webhook(customer, "https://old.example.com/hook", ["message.created", "message.state_changed"])
    browser, form = customer.browser, customer.browser.get(f"{root}destinations/new")
    fields = {"name": "Orders", "url": server.url, "kinds": ["message.created", "feedback.received"]}
    asked = browser.submit(form, "Save destination", **fields, channels=[customer.channels["Shop"]])
    assert asked.status == 422
    assert "Your webhook at old.example.com receives: message.created (Shop)" in asked.text
    assert customer.portal.rows(Destination) == []
    values = {**asked.filled("Switch over and save"), **fields, "channels": [customer.channels["Shop"]]}
    saved = browser.post(f"{root}destinations/new", {**values, "switch": "1"})
    assert saved.status == 303, saved.text
    rows = {row.name: row for row in customer.portal.rows(Destination)}
    heir, orders = rows["old.example.com"], rows["Orders"]
    assert (heir.url, sorted(heir.kinds)) == (
        "https://old.example.com/hook",
        ["message.created", "message.state_changed"],
    )
    assert [header["name"] for header in heir.headers] == list(HEADERS)
    assert all(is_portals(each) for each in held(customer))
    assert is_portals(held(customer, "feedback.received")[0])
    page = browser.get(f"{root}destinations/{orders.id}")
    assert "go directly" not in page.text
    assert "reach the portal" not in page.text
    index = browser.get(root)
    assert "It was your own. You switched it over" in index.text
    cell = next(row for row in index.select(".matrix tbody tr") if "message.created" in row.text_content())
    assert {link.text_content() for link in select(cell, "a")} == {"the portal", "Orders", "old.example.com"}
    watch = browser.get(f"/accounts/{customer.account_id}/events/watch")
    assert "Already arrives for a destination" in watch.text
    refused = browser.submit(
        browser.get(f"{root}new"),
        "Save webhook",
        callback_url="https://new.example.com/",
        triggers=["message.created"],
        channels=[customer.channels["Shop"]],
    )
    assert "goes through the portal to one of your destinations" in refused.text
    page = browser.get(f"{root}destinations/{heir.id}")
    assert browser.submit(page, "Deliver directly again").status == 303
    assert [each["callback_url"] for each in held(customer)] == ["https://old.example.com/hook"]
    history = browser.get(f"/accounts/{customer.account_id}/history/").text
    assert "switched the webhook to old.example.com over" in history
    assert "events for old.example.com delivered directly again" in history


def test_a_webhook_to_the_same_address_becomes_the_same_destination(customer, root, server):
    row = own_webhook(customer, server.url, ["message.created", "customer.updated"])
    customer.destination(server, channels=[customer.channels["Support"]])
    page = customer.browser.get(f"{root}destinations/{customer.row.id}/edit")
    assert page.status == 200
    assert customer.browser.post(f"{root}{row}/switch-over").status == 303
    assert set(customer.row.kinds) == {"message.created", "customer.updated"}
    assert set(customer.row.channels) == set(customer.channels.values())
    assert [header["name"] for header in customer.row.headers] == list(HEADERS)


def test_one_that_was_switched_off_stays_so(customer, root):
    row = own_webhook(customer, "https://old.example.com/hook", is_active=False)
    assert customer.browser.post(f"{root}{row}/switch-over").status == 303
    assert customer.row.state == DestinationState.OFF


def test_what_connexease_refuses_changes_nothing(customer, root):
    row, control = own_webhook(customer, "https://old.example.com/hook"), customer.portal.control
    control.fault("status", "/webhooks/", "PATCH", status=403)
    page = customer.browser.follow(customer.browser.post(f"{root}{row}/switch-over"))
    assert "switched over" not in page.text
    assert customer.portal.rows(Destination) == customer.portal.rows(SwitchOver) == []
    assert [each["callback_url"] for each in held(customer)] == ["https://old.example.com/hook"]
    assert "It was your own" not in customer.browser.get(root).text
    # The first answer was lost and nothing was done; then it refuses: the webhook is the customer's again.
    control.fault("timeout_before", "/webhooks/", "PATCH", times=3)
    customer.browser.post(f"{root}{row}/switch-over")
    control.clear_faults()
    control.fault("status", "/webhooks/", "PATCH", status=400, times=None)
    customer.portal.settle_webhooks()
    control.clear_faults()
    customer.portal.sweep()
    customer.portal.work()
    assert "It was your own" not in customer.browser.get(root).text
    assert customer.row.state == DestinationState.ON, "should the first call arrive after all, its events go on"
    assert customer.browser.post(f"{root}{row}/switch-over").status == 303
    assert is_portals(held(customer)[0])
    assert len(customer.portal.rows(Destination)) == 1
