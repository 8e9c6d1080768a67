"""A key is checked by a round trip: test mode, a real message, its status event, and the value that comes back."""

import json
from datetime import timedelta
from typing import Any

import pytest

from portal.messages.trial import trials
from portal.models import Credential, KeyTrial, Message, MessageStatus, now
from tests.integration.messages.conftest import RECIPIENT, Sender, make_sender
from tests.integration.messages.test_gateway_reports import Gateway, lose_an_answer, own_value, status
from tests.support.application.browser import Page
from tests.support.suite.concurrent import at_once
from tests.support.suite.marks import both_databases


@pytest.fixture
def gateway(sender: Sender) -> Gateway:
    return Gateway(sender)


def begin(sender: Sender, *, htmx: bool = False, **typed: Any) -> Page:
    """Send the form."""
    intent = sender.browser.get(f"{sender.root}check").values("Check the connection")["intent"]
    return sender.browser.post(
        f"{sender.root}check",
        {"to": RECIPIENT, "intent": intent, "credential": ""} | key(sender) | typed,
        htmx=htmx,
    )


def key(sender: Sender) -> dict[str, str]:
    """With one key there is no choice of all."""
    rows = sender.portal.rows(Credential)
    return {"credential": str(rows[0].id)} if len(rows) == 1 else {}


def lines(sender: Sender) -> list[str]:
    """What the page says of each line, in a word."""
    page = sender.browser.get(f"{sender.root}check")
    return [chip.text_content() for chip in page.select("#checks .chip")]


def go_on(sender: Sender) -> None:
    """Let the worker look again."""
    sender.portal.sql("UPDATE key_trial SET next_attempt_at = created_at, claimed_until = NULL")
    sender.portal.sweep()
    sender.portal.work()


def credential(sender: Sender) -> Credential:
    return sender.portal.one(Credential)


@pytest.mark.parametrize("htmx", [False, True])
def test_in_test_mode_alone(sender: Sender, htmx: bool) -> None:
    assert begin(sender, htmx=htmx).goes_to.endswith("/messages/check")
    page = sender.browser.get(f"{sender.root}check")
    assert page.select_one("#checks[data-poll]") is not None
    assert lines(sender) == ["Waiting", "Not checked", "Not checked", "Not checked", "Not checked"]
    sender.portal.work()
    assert lines(sender) == ["Works", "Not checked", "Not checked", "Not checked", "Not checked"]
    page = sender.browser.get(f"{sender.root}check")
    assert page.select_one("#checks[data-poll]") is None
    assert [call["query"] for call in sender.calls()] == ["is_fake=true"]
    row = credential(sender)
    assert (row.echoes_callback_data, row.proven_at) == (None, None)
    assert "checked the connection with the API key" in sender.browser.get(f"/accounts/{sender.account_id}/").text


@both_databases
def test_a_whole_round_trip(portal, control) -> None:
    sender = make_sender(portal, control)
    gateway = Gateway(sender)
    begin(sender, wants_real="y")
    portal.work()
    assert lines(sender) == ["Works", "Works", "Waiting", "Waiting", "Not checked"]
    value, [real] = own_value(sender), [row for row in portal.rows(Message) if not row.is_fake]
    assert len(value) > 40
    gateway.report(status(real.wamid, "sent", biz_opaque_callback_data=value))
    go_on(sender)
    assert lines(sender) == [*["Works"] * 4, "Not checked"]
    row = credential(sender)
    assert row.echoes_callback_data is True
    assert row.proven_at is not None
    assert portal.one(KeyTrial).recipient == ""
    page = sender.browser.get(f"/accounts/{sender.account_id}/tokens/{row.id}")
    assert "its status event arrived" in page.text
    assert "If an answer from the gateway gets lost" in page.text
    lost = lose_an_answer(sender)
    gateway.report(status("wamid.LOST", "delivered", biz_opaque_callback_data=own_value(sender)))
    assert (sender.message(lost.id).state, sender.message(lost.id).is_matched) == ("delivered", True)


def test_a_value_that_does_not_come_back_is_not_sent_again(sender: Sender, gateway: Gateway) -> None:
    begin(sender, wants_real="y")
    sender.portal.work()
    [real] = [row for row in sender.portal.rows(Message) if not row.is_fake]
    gateway.report(status(real.wamid, "sent"))
    go_on(sender)
    assert lines(sender) == [*["Works"] * 4, "Not checked"]
    assert credential(sender).echoes_callback_data is False
    sender.send()
    assert own_value(sender) == ""


def test_a_value_that_is_refused_is_left_out(sender: Sender, gateway: Gateway) -> None:
    sender.control.set(callback_data="refuse")
    sender.portal.sql("UPDATE credential SET echoes_callback_data = :yes", yes=True)
    begin(sender, wants_real="y")
    sender.portal.work()
    bodies = [json.loads(call["body"]) for call in sender.calls()]
    assert ["biz_opaque_callback_data" in body for body in bodies] == [True, False, False]
    [real] = [row for row in sender.portal.rows(Message) if not row.is_fake]
    gateway.report(status(real.wamid, "delivered"))
    go_on(sender)
    assert lines(sender) == [*["Works"] * 4, "Not checked"]
    assert credential(sender).echoes_callback_data is False


def test_another_trial_asks_again(sender: Sender, gateway: Gateway) -> None:
    sender.portal.sql("UPDATE credential SET echoes_callback_data = :no", no=False)
    begin(sender, wants_real="y")
    sender.portal.work()
    [real] = [row for row in sender.portal.rows(Message) if not row.is_fake]
    gateway.report(status(real.wamid, "sent", biz_opaque_callback_data=own_value(sender)))
    go_on(sender)
    assert credential(sender).echoes_callback_data is True


@pytest.mark.parametrize("is_set_up", [True, False])
def test_no_status_event_comes(sender: Sender, is_set_up: bool) -> None:
    if is_set_up:
        Gateway(sender)
    begin(sender, wants_real="y")
    sender.portal.work()
    if is_set_up:
        sender.portal.sql("UPDATE key_trial SET created_at = :then", then=now() - timedelta(minutes=3))
        go_on(sender)
    assert lines(sender) == ["Works", "Works", "To do", "To do" if is_set_up else "Not checked", "Not checked"]
    page = sender.browser.get(f"{sender.root}check")
    assert ("No status event for the message arrived" if is_set_up else "Status events aren't set up") in page.text
    assert page.select_one("#checks a[href$='/status-events']") is not None
    assert page.select_one("#checks[data-poll]") is None
    assert credential(sender).proven_at is None


def test_a_key_that_does_not_work(sender: Sender, gateway: Gateway) -> None:
    sender.control.revoke_gateway_key(sender.key)
    begin(sender, wants_real="y")
    sender.portal.work()
    assert lines(sender) == ["To do", "Not checked", "Not checked", "Not checked", "Not checked"]
    page = sender.browser.get(f"{sender.root}check")
    assert "The gateway doesn't know this API key" in page.text
    assert len(sender.calls()) == 1


def test_a_real_message_that_fails_proves_its_status_events(sender: Sender, gateway: Gateway) -> None:
    begin(sender, wants_real="y")
    sender.portal.work()
    [real] = [row for row in sender.portal.rows(Message) if not row.is_fake]
    gateway.report(status(real.wamid, "failed", errors=[{"code": 131047, "title": "Re-engagement message"}]))
    go_on(sender)
    assert lines(sender) == ["Works", "To do", "Works", "Works", "Not checked"]
    assert "more than 24 hours ago" in sender.browser.get(f"{sender.root}check").text


@pytest.mark.parametrize("killed_after", ["begun", "prepared", "called"])
def test_a_crash_is_made_up_for(sender: Sender, killed_after: str) -> None:
    """Whatever the process had done when it was killed: each message goes out once, and the check has an end."""
    begin(sender, wants_real="y")
    sender.portal.work()
    if killed_after != "called":
        kept = "is_fake" if killed_after == "prepared" else "1 = 0"
        sender.portal.sql(f"DELETE FROM message WHERE NOT ({kept})")
        sender.portal.sql("UPDATE message SET state = 'prepared', confirmed_at = NULL, wamid = NULL")
    sender.portal.sql(
        "UPDATE key_trial SET ended_at = NULL, recipient = :to, claimed_until = :past",
        to=RECIPIENT,
        past=now() - timedelta(hours=1),
    )
    before = len(sender.calls())
    go_on(sender)
    assert lines(sender)[:2] == ["Works", "Works"]
    assert len(sender.calls()) - before == {"begun": 2, "prepared": 2, "called": 0}[killed_after]
    assert sender.portal.one(KeyTrial).ended_at is not None


def test_the_same_form_twice_checks_once(sender: Sender) -> None:
    intent = "the-same-form"
    for _ in range(2):
        begin(sender, intent=intent)
    sender.portal.work()
    assert len(sender.portal.rows(KeyTrial)) == 1
    assert len(sender.calls()) == 1
    begin(sender)
    sender.portal.work()
    assert len(sender.portal.rows(KeyTrial)) == 1, "an older one makes room"
    assert len(sender.calls()) == 2


def test_two_workers_at_once_send_each_message_once(sender: Sender) -> None:
    begin(sender, wants_real="y")
    [trial] = sender.portal.rows(KeyTrial)
    at_once(*[lambda: sender.portal.run(trials.advance, trial.id)] * 2)
    assert len(sender.calls()) == 2


def test_whoever_looks_takes_it_on_where_no_worker_does(sender: Sender) -> None:
    begin(sender)
    sender.portal.sql("UPDATE key_trial SET next_attempt_at = :then", then=now() - timedelta(seconds=10))
    assert lines(sender)[0] == "Works"


def test_each_key_is_checked(sender: Sender) -> None:
    other = sender.control.issue_gateway_key(sender.uuid)
    vault = f"/accounts/{sender.account_id}/tokens/"
    sender.browser.post(f"{vault}gateway/new", {"name": "Second", "key": other})
    second = next(row for row in sender.portal.rows(Credential) if row.name == "Second")
    begin(sender, credential=str(second.id))
    begin(sender)
    sender.portal.work()
    assert lines(sender) == ["Works", "Not checked", "Not checked", "Not checked", "Not checked"] * 2
    page = sender.browser.get(f"{sender.root}check?key={second.id}")
    assert page.select_one(f"#credential option[selected][value='{second.id}']") is not None
    sender.browser.post(f"{vault}{second.id}/remove", {"typed": "Second"})
    assert len(sender.portal.rows(KeyTrial)) == 1


def test_what_was_found_out_is_about_the_key_that_was_there(sender: Sender) -> None:
    sender.portal.sql("UPDATE credential SET echoes_callback_data = :yes, proven_at = :now", yes=True, now=now())
    row, new = credential(sender), sender.control.issue_gateway_key(sender.uuid)
    sender.browser.post(f"/accounts/{sender.account_id}/tokens/{row.id}/replace", {"key": new})
    assert (credential(sender).echoes_callback_data, credential(sender).proven_at) == (None, None)


@pytest.mark.parametrize("htmx", [False, True])
def test_no_number_is_refused_at_its_field(sender: Sender, htmx: bool) -> None:
    page = begin(sender, htmx=htmx, to="no", wants_real="y")
    assert page.status == 422
    assert page.errors["to"]
    assert page.values("Check the connection")["wants_real"] == "y"
    assert sender.portal.rows(KeyTrial) == []


def test_the_overview_leads_there_until_it_is_proven(sender: Sender, gateway: Gateway) -> None:
    sender.control.create_channel(sender.uuid, name="Shop")
    sender.browser.get(f"/accounts/{sender.account_id}/channels/")
    overview = f"/accounts/{sender.account_id}/"
    assert sender.browser.get(overview).select_one("a", text="Check the connection") is not None
    row = sender.send()
    gateway.report(status(row.wamid, "sent"))
    assert sender.portal.rows(MessageStatus)
    page = sender.browser.get(overview)
    assert "Getting started" not in page.text
    assert page.select_one("a", text="Check the connection") is None


def test_without_a_key(portal) -> None:
    browser, account_id = portal.customer()
    page = browser.get(f"/accounts/{account_id}/messages/check")
    assert "Add an API key first" in page.text
    assert browser.post(f"/accounts/{account_id}/messages/check", {"to": RECIPIENT}).status == 200
