"""Many rows in one statement, on both databases."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from portal.db import bulk
from portal.extensions import session
from portal.models import Account, Delivery, DeliveryState, PortalWebhook
from tests.support.suite.marks import both_databases


@pytest.fixture
def rows(portal):
    """Deliveries of an account, as they are inserted."""
    _browser, account_id = portal.customer()
    with portal.app.app_context():
        hook = session().exec(select(PortalWebhook).where(PortalWebhook.account_id == account_id)).one()
        yield [
            {
                "webhook_id": hook.id,
                "account_id": hook.account_id,
                "received_at": datetime(2026, 11, 29, 12, number, tzinfo=UTC),
                "body_hash": f'"{{{number},\\',
                "hook": "",
                "channel_uuid": None,
                "state": DeliveryState.RECEIVED,
                "attempts": 0,
                "problem_text": "",
                "about": None,
                "body": b"\0{}",
            }
            for number in range(3)
        ]


@both_databases
def test_rows_come_back_as_they_were_inserted_and_changed(rows):
    table, channel = SQLModel.metadata.tables["delivery"], uuid4()
    inserted = bulk.insert(table, rows, table.c.id, table.c.body_hash)
    numbers = {row.body_hash: row.id for row in inserted}
    told = {"facts": [{"is": "written", "text": 'çay, "kahve" {1} \\ NULL'}]}
    changed = [
        {
            "id": numbers[row["body_hash"]],
            "about": told if number else None,
            "channel_uuid": channel if number else None,
        }
        for number, row in enumerate(rows)
    ]
    bulk.update(table, "id", [each | {"state": DeliveryState.KEPT, "hook": "NULL"} for each in changed])
    found = session().exec(select(Delivery).where(bulk.among(col(Delivery.id), numbers.values()))).all()
    kept = {row.body_hash: row for row in found}
    assert [kept[row["body_hash"]].received_at for row in rows] == [row["received_at"] for row in rows]
    assert [kept[row["body_hash"]].about for row in rows] == [None, told, told]
    assert [kept[row["body_hash"]].channel_uuid for row in rows] == [None, channel, channel]
    assert {(row.state, row.hook, row.body) for row in found} == {(DeliveryState.KEPT, "NULL", b"\0{}")}
    null = sa.select(sa.func.count()).where(table.c.about.is_(None), bulk.among(table.c.id, numbers.values()))
    assert session().execute(null).scalar_one() == 1


@both_databases
def test_what_is_there_already_is_left_as_it_is(rows):
    table = SQLModel.metadata.tables["delivery"]
    bulk.insert_new(table, rows[:2])
    bulk.insert_new(table, [row | {"hook": "again"} for row in rows])
    kept = session().execute(sa.select(table.c.hook).order_by(table.c.received_at)).scalars().all()
    assert kept == ["", "", "again"]


@both_databases
def test_no_value_is_among_none(rows):
    bulk.insert_new(SQLModel.metadata.tables["delivery"], rows)
    assert session().exec(select(Delivery).where(bulk.among(col(Delivery.id), []))).all() == []
    assert session().exec(select(Account).where(bulk.among(col(Account.id), [rows[0]["account_id"]]))).one()
