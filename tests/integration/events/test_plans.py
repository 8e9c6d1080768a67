"""How the databases go about the log: by an index that yields its order, without reading or sorting everything."""

import re
from functools import partial

import pytest
import sqlalchemy as sa

from portal.events.processing import batches, claiming
from portal.extensions import db, session
from tests.support.suite.marks import both_databases

ROWS = 20_000


def fill(customer) -> None:
    """A long log of this account and others, with few failures, made by the database itself."""
    number = customer.had("message.created", text="common")
    row = customer.delivery(number)
    columns = ["webhook_id", "account_id", "body", "body_hash", "received_at", "hook", "channel_uuid", "state"]
    columns += ["attempts", "problem_text"]
    chosen = {
        "received_at": _SPREAD[row_kind(customer)],
        "body_hash": "'body ' || n",
        "hook": "CASE WHEN n % 500 = 0 THEN 'feedback.received' ELSE hook END",
        "state": "CASE WHEN n % 5000 = 0 THEN 'failed' ELSE state END",
    }
    values = ", ".join(chosen.get(column, column) for column in columns)
    series = _SERIES[row_kind(customer)].format(rows=ROWS)
    customer.portal.sql(
        f"INSERT INTO delivery ({', '.join(columns)}) SELECT {values} FROM delivery, {series} WHERE id = {row.id}"
    )
    kinds = f"SELECT account_id, hook, id FROM delivery WHERE id > {row.id}"
    customer.portal.sql(f"INSERT INTO delivery_kind (account_id, kind, delivery_id) {kinds}")
    customer.portal.sql(_INDEX[row_kind(customer)].format(account=customer.account_id.hex, first=row.id))
    if row_kind(customer) == "postgresql":
        customer.portal.sql("SELECT gin_clean_pending_list('ix_delivery_search_words')")
    customer.portal.sql("ANALYZE")


def row_kind(customer) -> str:
    with customer.portal.app.app_context():
        return db.engine.dialect.name


_SERIES = {
    "sqlite": "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {rows}) SELECT n FROM s)",
    "postgresql": "generate_series(1, {rows}) AS s(n)",
}
_SPREAD = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', received_at, (n - 30000) || ' minutes')",
    "postgresql": "received_at + (n - 30000) * interval '1 minute'",
}
_INDEX = {
    "sqlite": "INSERT INTO delivery_search (rowid, account, words) "
    "SELECT id, '{account}', 'common w' || id FROM delivery WHERE id > {first}",
    "postgresql": "INSERT INTO delivery_search (delivery_id, words) SELECT id, "
    "array_to_tsvector(ARRAY['account={account}', 'common', 'w' || id]) FROM delivery WHERE id > {first}",
}


def plans(customer, statements) -> list[str]:
    """How the database would go about each statement over deliveries that was just made."""
    explain = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN "}[row_kind(customer)]
    asked = [(text, values) for text, values in statements if "FROM delivery" in text or "JOIN delivery" in text]
    assert asked
    found = []
    with customer.portal.app.app_context(), db.engine.connect() as connection:
        for text, values in asked:
            rows = connection.exec_driver_sql(explain + text, values)
            found.append("\n".join([text, *(str(row[-1]) for row in rows)]))
    return found


def no_detour(plan: str) -> None:
    """Nothing is read whole, and at most a handful is sorted: PostgreSQL prefers that where it finds few."""
    for detour in ("Seq Scan on delivery", "SCAN delivery\n", "SCAN delivery USING", "AUTOMATIC", "TEMP B-TREE"):
        assert detour not in f"{plan}\n", plan
    for expected in re.findall(r"Sort  \(.* rows=(\d+) ", plan):
        assert int(expected) < ROWS / 100, plan


@both_databases
def test_what_people_ask_for_is_read_by_its_index(customer, statements):
    fill(customer)
    with customer.portal.app.app_context(), db.engine.connect() as connection:
        newest = connection.scalar(sa.text("SELECT max(id) FROM delivery"))
    middle, shop = newest - ROWS // 2, customer.channels["Shop"]

    def asks_by_index(ask) -> None:
        del statements[:]
        assert ask().status == 200
        for plan in plans(customer, statements):
            no_detour(plan)

    for arguments in (
        {},
        {"trigger": "message.created"},
        {"trigger": "feedback.received"},
        {"channel": shop},
        {"state": "kept"},
        {"state": "failed"},
        {"state": "processed"},
        {"range": "week"},
        {"since": "2020-01-01T00:00", "until": "2099-01-01T00:00"},
        {"trigger": "feedback.received", "channel": shop, "state": "kept"},
        {"trigger": "feedback.received", "range": "week"},
    ):
        for page in ({}, {"before": middle}, {"after": middle}):
            asks_by_index(partial(customer.log, **arguments, **page))
        than = {**arguments, "than": middle}
        asks_by_index(partial(customer.browser.get, f"{customer.root}newer", query_string=than))
    for words in ("common", f"w{middle}", "common w1", "w12"):
        for more in ({}, {"trigger": "message.created"}, {"state": "kept", "before": middle}):
            asks_by_index(partial(customer.log, q=words, **more))
    asks_by_index(partial(customer.event, newest))  # which looks for its repeats


@both_databases
def test_the_worker_finds_what_is_left_and_what_is_over_without_reading_the_log(customer, statements):
    fill(customer)
    del statements[:]
    customer.portal.sweep()
    for plan in plans(customer, [(text, values) for text, values in statements if text.startswith("SELECT")]):
        assert "Seq Scan on delivery\n" not in plan
        assert "SCAN delivery\n" not in f"{plan}\n" or "LIMIT" in plan
    with customer.portal.app.app_context(), db.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM delivery")) > ROWS


@both_databases
def test_what_is_tried_again_is_found_among_many_that_wait(customer, statements):
    fill(customer)
    customer.portal.sql("UPDATE delivery SET state = 'received'")
    customer.portal.sql("UPDATE delivery SET attempts = 1 WHERE id % 5000 = 0")
    customer.portal.sql("ANALYZE")
    del statements[:]
    assert len(customer.portal.run(batches.due)) == ROWS // 5000
    [plan] = plans(customer, statements)
    assert "ix_delivery_tried" in plan, plan


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_the_next_batch_is_found_by_its_index_though_almost_all_waited_when_they_were_counted(
    customer, statements
):
    fill(customer)
    customer.portal.sql("UPDATE delivery SET state = 'received'")
    customer.portal.sql("ANALYZE")
    customer.portal.sql(f"UPDATE delivery SET state = 'kept' WHERE id % {ROWS // 10} <> 0")
    del statements[:]
    with customer.portal.app.app_context():
        assert claiming.claim()
        session().rollback()
    [first, *_others] = plans(customer, statements)
    assert "ix_delivery_state" in first, first
