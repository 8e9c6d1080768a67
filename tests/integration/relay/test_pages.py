"""The pages of destinations: adding one, its secret, pausing, what reaches the portal, and the log."""

import re

import pytest
from standardwebhooks.webhooks import Webhook as Signature

from portal.models import Destination, DestinationState, ForwardState, PortalWebhook, Role
from portal.relay import destinations
from tests.support.application.portal import PASSWORD

URL = "https://receiver.example.com/hook"


@pytest.fixture
def root(customer) -> str:
    return f"/accounts/{customer.account_id}/webhooks/"


def add(customer, root, **typed):
    browser = customer.browser
    fields = {"name": "Orders", "url": URL, "kinds": ["message.created"], "channels": [], **typed}
    return browser.submit(browser.get(f"{root}destinations/new"), "Save destination", **fields)


def secret_on(page) -> str:
    return re.search(r"whsec_[A-Za-z0-9+/=]+", page.text).group()


def test_one_is_added_and_its_secret_is_shown_once(customer, root):
    page = add(customer, root)
    assert page.status == 303, page.text
    shown = customer.browser.get(page.goes_to)
    assert secret_on(shown) == customer.secret()
    assert shown.response.headers["Cache-Control"] == "no-store"
    again = customer.browser.get(page.goes_to)
    assert again.status == 303
    assert "whsec_" not in customer.browser.get(again.goes_to).text
    index = customer.browser.get(root)
    assert "Orders" in index.text
    assert "Through the portal" in index.text
    assert "receiver.example.com" in index.text


def test_its_events_are_delivered_to_the_portal_and_come_out_again(customer, root, server):
    add(customer, root, url=server.url, channels=[customer.channels["Shop"]])
    [watch] = [w for w in customer.portal.control.webhooks(customer.uuid) if "message.created" in w["triggers"]]
    assert watch["channels"] == [customer.channels["Shop"]]
    body = customer.receive()
    customer.work()
    Signature(customer.secret()).verify(server.got[0].body, server.got[0].headers)
    assert server.bodies == [body]
    page = customer.browser.get(f"{root}destinations/{customer.row.id}")
    assert "Delivered" in page.text
    assert "Status 200" in page.text
    assert server.ids[0] in page.text
    assert "reach the portal" not in page.text
    event = customer.browser.get(f"/accounts/{customer.account_id}/events/{customer.events()[0].id}")
    assert "Sent to" in event.text
    assert server.ids[0] in event.text


def test_a_form_that_is_refused_keeps_what_was_typed(customer, root):
    page = add(customer, root, url="http://receiver.example.com/", kinds=[], name="", rate="0")
    assert page.status == 422
    for text in (
        "https://",
        "Choose at least one event",
        "Enter a name",
        "from 1 to 500",
    ):
        assert text in page.text, text
    assert customer.portal.rows(Destination) == []


def test_a_form_that_is_sent_twice_makes_one(customer, root):
    shown = customer.browser.get(f"{root}destinations/new")
    fields = {"name": "Orders", "url": URL, "kinds": ["message.created"]}
    for _ in range(2):
        assert customer.browser.submit(shown, "Save destination", **fields).status == 303
    assert len(customer.portal.rows(Destination)) == 1


def test_it_is_changed_paused_resumed_and_switched_off(customer, root):
    add(customer, root)
    page = f"{root}destinations/{customer.row.id}"
    edited = customer.browser.submit(customer.browser.get(f"{page}/edit"), "Save destination", name="Invoices")
    assert edited.status == 303, edited.text
    assert (customer.row.name, customer.row.url) == ("Invoices", URL)
    for button, state in [
        ("Pause", DestinationState.PAUSED),
        ("Resume", DestinationState.ON),
        ("Switch off", DestinationState.OFF),
        ("Switch on", DestinationState.ON),
    ]:
        assert customer.browser.submit(customer.browser.get(page), button).status == 303
        assert customer.row.state == state
    history = customer.browser.get(f"/accounts/{customer.account_id}/history/").text
    for words in (
        "added the destination",
        "changed the destination",
        "paused the destination",
        "switched off the",
    ):
        assert words in history, words


def test_the_secret_is_replaced_after_the_password(customer, root):
    add(customer, root)
    before, page = customer.secret(), f"{root}destinations/{customer.row.id}"
    wrong = customer.browser.submit(customer.browser.get(page), "Replace secret", password="wrong")
    assert customer.secret() == before
    assert wrong.status == 422
    done = customer.browser.post(f"{page}/roll", {"password": PASSWORD})
    assert done.status == 303, done.text
    assert secret_on(customer.browser.get(done.goes_to)) == customer.secret() != before
    assert "signed with the old secret, too" in customer.browser.get(page).text


def test_the_watch_keeps_what_a_destination_takes(customer, root):
    add(customer, root, channels=[customer.channels["Shop"]])
    watch = f"/accounts/{customer.account_id}/events/watch"
    page = customer.browser.post(watch, {"watch": []})
    assert page.status == 303, page.text
    assert "because a destination takes it" in customer.browser.get(watch).text
    held = [w for w in customer.portal.control.webhooks(customer.uuid) if "message.created" in w["triggers"]]
    assert [w["is_active"] for w in held] == [True]
    customer.browser.post(f"{root}destinations/{customer.row.id}/state", {"off": "1"})
    customer.browser.post(watch, {"watch": []})
    assert not any(
        w["is_active"]
        for w in customer.portal.control.webhooks(customer.uuid)
        if "message.created" in w["triggers"]
    )


def test_an_event_is_sent_again_with_its_own_number(customer, root, make_server):
    server = make_server(status=[410, 200])
    customer.destination(server)
    customer.receive()
    customer.work()
    assert customer.forwards[0].state == ForwardState.FAILED
    page = f"{root}destinations/{customer.row.id}"
    customer.browser.submit(customer.browser.get(page), "Switch on")
    done = customer.browser.submit(customer.browser.get(page), "Send again")
    assert done.status == 303, done.text
    customer.work()
    assert customer.forwards[0].state == ForwardState.DELIVERED
    assert server.ids[0] == server.ids[1]
    assert [attempt.number for attempt in customer.attempts] == [1, 2]
    assert customer.row.succeeded_at is not None
    assert "sent event" in customer.browser.get(f"/accounts/{customer.account_id}/history/").text


def test_a_failing_one_is_named_above_the_list_and_its_hours_are_counted(customer, root, make_server):
    customer.destination(make_server(status=500))
    customer.receive()
    customer.work()
    customer.portal.sql("UPDATE destination SET warned = 50")
    assert "These destinations don't accept events: Orders." in customer.browser.get(root).text
    page = f"{root}destinations/{customer.row.id}"
    for path in (page, f"{page}?range=week"):
        shown = customer.browser.get(path)
        assert len(shown.select("svg.chart-bars")) == 3
        assert len(shown.select("svg.chart-bars rect")) >= 1
    assert "Average time (ms)" in shown.text


def test_who_only_looks_changes_nothing_and_sees_no_secret(customer, root):
    add(customer, root)
    operator = customer.portal.member(customer.account_id, role=Role.OPERATOR)
    page = f"{root}destinations/{customer.row.id}"
    shown = operator.get(page)
    if shown.status == 200:
        assert "Reveal secret" not in shown.text
        assert "Pause" not in shown.text
    assert operator.post(f"{page}/state", {"pause": "1"}).status in (403, 404)


def test_there_are_not_more_than_so_many(customer, root, monkeypatch):
    monkeypatch.setattr(destinations, "MOST", 1)
    assert add(customer, root).status == 303
    assert "Switch one off first" in add(customer, root).text
    assert len(customer.portal.rows(PortalWebhook)) >= 1


def test_many_are_counted_and_sent_again_at_a_rate(customer, root, make_server):
    server = make_server()
    customer.destination(server, kinds=["message.created", "feedback.received"])
    for _ in range(5):
        customer.receive()
    customer.receive("feedback.received")
    customer.work()
    customer.portal.sql("UPDATE forward SET state = 'failed' WHERE id <= 3")
    page = f"{root}destinations/{customer.row.id}"
    form = customer.browser.get(f"{page}/replay")
    shown = customer.browser.submit(form, "Count events", which="all", kind="feedback.received")
    assert "1 event will be sent again" in shown.text
    shown = customer.browser.submit(customer.browser.get(f"{page}/replay"), "Count events", rate="2")
    assert "3 events will be sent again" in shown.text
    values = shown.filled("Count events")
    for _ in range(2):  # a double click begins one
        begun = customer.browser.post(f"{page}/replay", {**values, "begin": "1"})
    assert begun.status == 303, begun.text
    customer.work()
    assert len(server.got) == 8
    assert "2 of 3 events" in customer.browser.get(page).text
    customer.portal.sql("UPDATE replay SET next_at = created_at")
    customer.work()
    customer.portal.sql("UPDATE replay SET next_at = created_at WHERE next_at IS NOT NULL")
    customer.work()
    assert sorted(server.ids[6:]) == ["evt_1", "evt_2", "evt_3"]
    assert "3 of 3 events were sent again" in customer.browser.get(page).text


def test_sending_again_is_stopped(customer, root, make_server):
    server = make_server()
    customer.destination(server)
    for _ in range(5):
        customer.receive()
    customer.work()
    page = f"{root}destinations/{customer.row.id}"
    form = customer.browser.get(f"{page}/replay")
    values = form.filled("Count events")
    customer.browser.post(f"{page}/replay", {**values, "which": "all", "rate": "1", "begin": "1"})
    customer.work()
    assert customer.browser.submit(customer.browser.get(page), "Stop sending again").status == 303
    customer.work()
    assert "Stopped after 1 of 5 events" in customer.browser.get(page).text
    assert len(server.got) == 6
