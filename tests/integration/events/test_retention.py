"""Events are forgotten after their time, whatever became of them, in small steps."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal.events import retention
from portal.extensions import db
from portal.models import now
from tests.integration.events.conftest import numbers_on
from tests.support.suite.marks import both_databases


def age(customer, number: int, days: float) -> None:
    customer.portal.sql(
        "UPDATE delivery SET received_at = :time WHERE id = :number",
        time=now() - timedelta(days=days),
        number=number,
    )


def indexed(customer) -> int:
    with customer.portal.app.app_context(), db.engine.connect() as connection:
        return connection.scalar(sa.text("SELECT count(*) FROM delivery_search"))


@both_databases
def test_the_sweep_forgets_what_is_over_and_its_words(customer):
    old, unread, young = (
        customer.had(text="needle"),
        customer.receive("message.created"),
        customer.had(text="needle"),
    )
    customer.portal.sql("UPDATE delivery SET state = 'failed' WHERE id = :number", number=unread)
    age(customer, old, 90.1)
    age(customer, unread, 91)
    age(customer, young, 89.9)
    assert indexed(customer) == 2
    customer.portal.sweep()
    assert numbers_on(customer.log()) == [young]
    assert numbers_on(customer.log(q="needle")) == [young]
    assert indexed(customer) == 1


def test_what_was_never_processed_is_forgotten_too(customer):
    unread = customer.receive()
    customer.portal.sql("UPDATE delivery SET attempts = 2")
    age(customer, unread, 100)
    customer.portal.run(retention.prune)
    assert numbers_on(customer.log()) == []


def test_the_time_is_a_setting(customer, make_portal):
    number = customer.had()
    age(customer, number, 8)
    customer.portal.sweep()
    assert numbers_on(customer.log()) == [number]
    make_portal(event_retention_days=7).sweep()
    assert numbers_on(customer.log()) == []


@pytest.mark.parametrize("days", [0, -1, 4000])
def test_a_time_that_makes_no_sense_stops_the_start(settings_for, days):
    with pytest.raises(ValueError, match="event_retention_days"):
        settings_for(event_retention_days=days)


@both_databases
def test_a_batch_is_small_and_a_sweep_has_an_end(customer, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr(retention, "MOST_BATCHES", 2)
    numbers = [customer.had() for _ in range(7)]
    for number in numbers:
        age(customer, number, 100)
    customer.portal.run(retention.prune)
    assert numbers_on(customer.log()) == numbers[:1:-1]
    customer.portal.sweep()
    assert numbers_on(customer.log()) == numbers[:5:-1]


def test_one_batch_is_one_transaction(customer):
    numbers = [customer.had(text="needle") for _ in range(3)]
    for number in numbers:
        age(customer, number, 100)
    customer.portal.sql(
        f"CREATE TRIGGER refuse BEFORE DELETE ON delivery WHEN old.id = {numbers[1]} "
        "BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    customer.portal.sweep()
    assert numbers_on(customer.log(q="needle")) == numbers[::-1]
    customer.portal.sql("DROP TRIGGER refuse")
    customer.portal.sweep()
    assert numbers_on(customer.log()) == []


def test_the_log_says_how_long_events_are_kept(customer):
    assert "Events are kept for 90 days." in customer.log().text
