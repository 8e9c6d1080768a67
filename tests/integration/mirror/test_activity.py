"""When something last happened in an account, and rows for accounts from before there was a list."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal.extensions import db
from portal.mirror import activity, directory, facets
from portal.mirror.directory import Filter, Order
from portal.mirror.facets import Recency
from portal.models import MirroredAccount, ReadPosition, now
from tests.support.suite.concurrent import beside, outcome, waiting_for_locks
from tests.support.suite.marks import both_databases
from tests.support.suite.patience import wait_until


def deliver(portal):
    hook = portal.control.webhooks()[0]
    answer = portal.browser().client.post(
        hook["callback_url"].removeprefix("http://localhost"),
        data=json.dumps({"hook": "message.created", "payload": {}}),
        headers=hook["headers"],
    )
    assert answer.status_code == 200


@both_databases
def test_events_and_what_people_do_are_activity(portal):
    portal.customer()
    portal.sweep()
    long_ago = now() - timedelta(days=50)
    portal.sql("UPDATE mirrored_account SET last_activity_at = :past", past=long_ago)
    portal.sweep()
    assert portal.one(MirroredAccount).last_activity_at == long_ago  # what was taken in is not taken in again
    deliver(portal)
    portal.sweep()
    assert portal.one(MirroredAccount).last_activity_at > now() - timedelta(minutes=1)
    positions = {row.name: row.position for row in portal.rows(ReadPosition)}
    positions.pop("older_events")  # there were none
    assert set(positions) == {"delivery", "audit_entry", "aging"}
    assert all(positions.values())


def found(portal, *marked, **more):
    wanted = Filter(marks=marked, **more)
    return len(portal.run(lambda: directory.first_page(wanted, Order()).rows))


@both_databases
def test_what_becomes_of_an_account_by_time_alone(portal):
    """Its activity lies further and further back; its token expires soon, and then did."""

    def passes(**moments):
        for column, moment in moments.items():
            portal.sql(f"UPDATE mirrored_account SET {column} = :at", at=moment)
        portal.sql("UPDATE read_position SET position = position - 90000 WHERE name = 'aging'")
        portal.sweep()

    portal.customer()
    portal.sweep()
    portal.sweep()
    assert found(portal, recencies=(Recency.DAY,)) == 1
    for recency, days in ((Recency.WEEK, 1), (Recency.MONTH, 7), (Recency.QUARTER, 30), (Recency.LONGER, 90)):
        passes(last_activity_at=now() - timedelta(days=days, minutes=1))
        assert [other for other in Recency if found(portal, recencies=(other,))] == [recency]
    deliver(portal)
    portal.sweep()
    assert found(portal, recencies=(Recency.DAY,)) == 1
    passes(token_expires_at=now() + timedelta(days=59, hours=23))
    assert found(portal, facets.EXPIRING) == found(portal, facets.EXPIRING, words=("acme",)) == 1
    passes(token_expires_at=now() - timedelta(minutes=1))
    assert found(portal, facets.EXPIRING) == 0


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_taking_in_holds_no_row_while_it_waits_for_another(portal):
    portal.customer()
    portal.customer(name="Other", contact_email="o@other.example.com")
    portal.sql("UPDATE mirrored_account SET last_activity_at = :past", past=now() - timedelta(days=50))
    portal.sql("DELETE FROM read_position")
    first, last = sorted(row.account_id for row in portal.rows(MirroredAccount))
    lock = sa.text("SELECT 1 FROM mirrored_account WHERE account_id = :id FOR UPDATE")
    with portal.app.app_context(), db.engine.connect() as connection:
        connection.execute(lock, {"id": last})
        folded = beside(lambda: portal.run(activity.fold, "audit_entry"))
        wait_until(waiting_for_locks, pause=0)
        connection.execute(lock, {"id": first})
        connection.rollback()
        outcome(folded)
    assert all(row.last_activity_at > now() - timedelta(minutes=1) for row in portal.rows(MirroredAccount))


@both_databases
def test_an_account_without_a_row_gets_one(portal, mirror):
    _browser, account_id = portal.customer()
    portal.sql("DELETE FROM mirrored_account")
    portal.sql("DELETE FROM account_search")
    portal.sweep()
    assert portal.one(MirroredAccount).account_id == account_id
    mirror.is_indexed_as_it_is()
    mirror.run()
    assert portal.one(MirroredAccount).seen_at is not None


@both_databases
def test_an_account_that_was_only_there_becomes_the_customers_own(portal, mirror, control):
    """A sign-up whose address Connexease knows adopts its account: one row, not two."""
    control.create_account("jane@acme.example.com", name="Acme Corp")
    mirror.run()
    _browser, account_id = portal.newcomer()
    assert len(portal.rows(MirroredAccount)) == 2
    portal.sql("UPDATE person SET email_verified_at = :t", t=now())
    portal.settle()
    portal.sql(
        "UPDATE provisioning SET step = 'creating_account', next_attempt_at = :t", t=now() - timedelta(days=1)
    )
    portal.sweep()
    portal.settle()
    row = portal.one(MirroredAccount)
    assert (row.account_id, row.step) == (account_id, "ready")
    assert row.seen_at is not None
    mirror.is_indexed_as_it_is()
