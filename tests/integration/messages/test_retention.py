"""What is personal goes after its time; that a message was sent stays."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal.extensions import db
from portal.messages import retention
from portal.models import Delivery, Message, MessageStatus, now
from tests.integration.messages.conftest import Sender, make_sender, text
from tests.integration.messages.test_gateway_reports import Gateway, lose_an_answer, status
from tests.support.suite.marks import both_databases


@both_databases
def test_content_and_numbers_go_and_the_state_stays(portal, control) -> None:
    sender = make_sender(portal, control)
    gateway, row = Gateway(sender), sender.send(template_seen={"content": "Hi"})
    gateway.report(status(row.wamid, "failed", errors=[{"code": 1, "title": "No phone +905321234567"}]))
    young = sender.send(text("Young"), "intent-2")
    portal.sql(
        "UPDATE message SET created_at = :old WHERE id = :id", old=now() - timedelta(days=91), id=_id(portal, row)
    )
    portal.sweep()
    row = sender.message(row.id)
    assert (row.state, row.recipient, row.payload, row.preview, row.content_hash) == ("failed", "", None, "", "")
    assert row.erased_at is not None
    assert row.template_seen is None
    assert portal.rows(Delivery) == []
    assert [(each.recipient, each.description) for each in portal.rows(MessageStatus)] == [("", "")]
    assert sender.message(young.id).payload is not None
    page = sender.page(row.id)
    assert "Message (number erased)" in page.text
    assert "Content and number were erased" in page.text
    assert "Send again" not in page.text
    assert "Number erased" in sender.browser.get(sender.root).text


@both_databases
def test_nothing_that_was_erased_comes_back(portal, control) -> None:
    """The name of a message contains its number, and so does whatever is reported of it later."""
    sender = make_sender(portal, control)
    gateway, row = Gateway(sender), sender.send()
    same = status(row.wamid, "sent")
    first, _repeat = (gateway.report(same) for _time in range(2))
    assert first.id in _found(sender, row.recipient)
    portal.sql("UPDATE message SET created_at = :old", old=now() - timedelta(days=91))
    portal.sweep()
    assert portal.rows(Delivery) == [], "the repeat goes, too"
    late = status(row.wamid, "failed", errors=[{"code": 1, "title": "No phone +905321234567"}])
    kept = [gateway.report(late) for _time in range(2)]
    assert [(each.state, each.body) for each in kept] == [("processed", b""), ("repeat", b"")]
    assert sender.message(row.id).state == "failed"
    statuses = portal.rows(MessageStatus)
    assert [(each.status, each.recipient, each.description) for each in statuses] == [
        ("sent", "", ""),
        ("failed", "", ""),
    ]
    for each in (*statuses, sender.message(row.id)):
        assert each.wamid.startswith("erased:")
    assert sender.message(row.id).description == ""
    page = sender.page(row.id)
    assert "erased:" not in page.text
    assert "Failed" in page.text
    assert sender.browser.get(f"/accounts/{sender.account_id}/events/{kept[0].id}").status == 200
    assert not _found(sender, row.recipient), "by no word of it"


def _found(sender: Sender, number: str) -> set[int]:
    """The events that a search for somebody's number finds."""
    page = sender.browser.get(f"/accounts/{sender.account_id}/events/?q={number.removeprefix('+')}")
    links = (re.search(r"/events/(\d+)$", href) for href in page.root.xpath("//main//a/@href"))
    return {int(link[1]) for link in links if link}


def test_the_gateways_events_go_with_the_messages(make_portal, sender: Sender) -> None:
    gateway = Gateway(sender)
    gateway.report(status("wamid.elsewhere", "sent"))
    sender.portal.sql("UPDATE delivery SET received_at = :old", old=now() - timedelta(days=31))
    sender.portal.sweep()
    assert len(sender.portal.rows(Delivery)) == 1
    make_portal(message_retention_days=30).sweep()
    assert sender.portal.rows(Delivery) == []


def _id(portal, row):
    return row.id.hex if "sqlite" in str(portal.app.config["SETTINGS"].database_url) else row.id


def test_the_days_are_a_setting(make_portal, sender: Sender) -> None:
    row = sender.send()
    sender.portal.sql("UPDATE message SET created_at = :old", old=now() - timedelta(days=31))
    sender.portal.sweep()
    assert sender.message(row.id).payload is not None
    make_portal(message_retention_days=30).sweep()
    assert sender.message(row.id).payload is None


def test_what_was_never_sent_goes_after_a_day(sender: Sender) -> None:
    sender.prepare()
    sent = sender.send(text("Sent"), "intent-2")
    sender.portal.sweep()
    assert len(sender.portal.rows(Message)) == 2
    sender.portal.sql("UPDATE message SET created_at = :old", old=now() - timedelta(hours=25))
    sender.portal.sweep()
    assert [row.id for row in sender.portal.rows(Message)] == [sent.id]


def test_reports_of_messages_that_nobody_knows_go_after_a_week(sender: Sender) -> None:
    gateway = Gateway(sender)
    gateway.report(status("wamid.elsewhere", "sent"))
    sender.portal.sweep()
    assert len(sender.portal.rows(MessageStatus)) == 1
    sender.portal.sql("UPDATE message_status SET received_at = :old", old=now() - timedelta(days=8))
    sender.portal.sweep()
    assert sender.portal.rows(MessageStatus) == []


def test_an_old_one_without_an_answer_can_still_be_settled(sender: Sender) -> None:
    row = lose_an_answer(sender)
    sender.portal.sql("UPDATE message SET created_at = :old", old=now() - timedelta(days=91))
    sender.portal.sweep()
    sender.settle(row.id, True)
    assert sender.message(row.id).state == "delivered"
    assert sender.page(row.id).status == 200


@pytest.mark.parametrize("count", [3])
def test_in_small_steps(sender: Sender, monkeypatch, count: int) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    for number in range(count):
        sender.send(text(f"{number}"), f"intent-{number}")
    sender.portal.sql("UPDATE message SET created_at = :old", old=now() - timedelta(days=91))
    assert list(sender.portal.run(retention.overdue)) == list(range(retention.MOST_BATCHES))
    sender.portal.run(retention.prune)
    assert len([row for row in sender.portal.rows(Message) if row.erased_at]) == 1
    sender.portal.sweep()
    assert list(sender.portal.run(retention.overdue)) == []


def test_what_is_edited_is_as_young_as_its_last_edit(sender: Sender) -> None:
    message_id = sender.prepare()
    sender.portal.sql("UPDATE message SET created_at = :old", old=now() - timedelta(hours=25))
    assert sender.prepare(text("Edited just now")) == message_id
    sender.portal.sweep()
    assert sender.message(message_id).state == "prepared"


@both_databases
def test_what_is_confirmed_in_the_last_moment_stays(portal, control) -> None:
    """The sweep has found a message that was never sent, and somebody confirms it before the sweep deletes it."""
    sender = make_sender(portal, control)
    message_id = sender.prepare()
    portal.sql("UPDATE message SET created_at = :old", old=now() - timedelta(hours=25))
    with portal.app.app_context():
        engine = db.engine

    def confirm(connection, _cursor, statement, *_rest) -> None:
        if statement.startswith("DELETE FROM message ") and engine.dialect.name == "postgresql":
            with engine.connect() as other:
                other.execute(sa.text("UPDATE message SET state = 'queued'"))
                other.commit()

    sa.event.listen(engine, "before_cursor_execute", confirm)
    portal.run(retention.prune)
    sa.event.remove(engine, "before_cursor_execute", confirm)
    rows = portal.rows(Message)
    if engine.dialect.name == "postgresql":
        assert [(row.id, row.state) for row in rows] == [(message_id, "queued")]
    else:
        assert rows == []  # one writer at a time: nobody can confirm between the two
