"""How the databases go about the list: by an index that yields its order, or by the few that were looked up."""

import re

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from portal.extensions import db
from portal.mirror import account_sync, directory, facets
from portal.mirror.directory import Filter, Order, Sort
from portal.mirror.facets import Recency
from portal.mirror.query import lookup
from portal.models import MirrorRun
from tests.support.suite.marks import both_databases

ROWS = 20_000
ORDERS = [Order(sort, descending) for sort in Sort for descending in (True, False)]
COLUMNS = (
    "id, kind, name, name_key, contact_email, phone, channels, channels_disconnected, webhooks, tokens, token_expires_at, "
    "listed, terms, marks, created_at, last_activity_at, seen_run, problem_text, connexease_uuid"
)
SERIES = {
    "sqlite": f"(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {ROWS}) SELECT n FROM s)",
    "postgresql": f"generate_series(1, {ROWS}) AS s(n)",
}
MOMENT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', 'now', (n % 100 - {back}) || ' days')",
    "postgresql": "now() + (n % 100 - {back}) * interval '1 day'",
}
MARKS = "CASE WHEN n % 2 = 0 THEN ' here nochannel ' WHEN n % 5000 = 1 THEN ' here gone ' ELSE ' here ' END"
BIT = facets.RECENCIES << facets.TOLD_APART.index(facets.NO_CHANNEL)
UUIDS = {
    "sqlite": "substr('00000000000000000000000000000000' || n, -32)",
    "postgresql": "CAST(lpad(CAST(n AS text), 32, '0') AS uuid)",
}
INDEX = {
    "sqlite": "INSERT INTO account_search (rowid, marks, words) SELECT id, trim(marks), trim(terms) FROM mirrored_account",
    "postgresql": "INSERT INTO account_search (mirrored_id, words) SELECT id, array_to_tsvector(string_to_array("
    "trim(terms) || ' mark=' || replace(trim(marks), ' ', ' mark='), ' ')) FROM mirrored_account",
}


@pytest.fixture
def asked(portal):
    """A long list, and every statement over it that is made from then on."""
    with portal.app.app_context():
        kind = db.engine.dialect.name
        back, ahead = MOMENT[kind].format(back=100), MOMENT[kind].format(back=0)
        values = (
            f"n, n % 40 + CASE WHEN n % 2 = 0 THEN {BIT} ELSE 0 END, 'Shop ' || n, 'shop ' || n, 's' || n || '@example.com', '', n % 2, 0, n % 3, 1, {ahead}, '{{}}', "
            f"' shop common w' || n, {MARKS}, {back}, {back}, 1, '', {UUIDS[kind]}"
        )
        portal.sql(
            f"INSERT INTO mirrored_account ({COLUMNS}) SELECT {values} FROM {SERIES[kind]}".replace(":", "\\:")
        )
        portal.sql(INDEX[kind])
        if kind == "postgresql":
            portal.sql("SELECT gin_clean_pending_list('ix_account_search_words')")
        portal.sql("ANALYZE")
        statements = []

        def note(_connection, _cursor, statement, parameters, _context, _many):
            statements.append((statement, parameters))

        event.listen(db.engine, "before_cursor_execute", note)
        yield statements
        event.remove(db.engine, "before_cursor_execute", note)


def plans(statements):
    explain = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN "}[db.engine.dialect.name]
    found = []
    with db.engine.connect() as connection:
        for text, values in [each for each in statements if each[0].startswith(("SELECT", "WITH"))]:
            rows = connection.exec_driver_sql(explain + text, values)
            found.append("\n".join([text, *(str(row[-1]) for row in rows)]))
    return found


def no_detour(plan):
    """Nothing is read whole, and no more is sorted than is looked at; PostgreSQL may read on where many match."""
    assert "AUTOMATIC" not in plan
    read = plan.replace("SEARCH mirrored_account USING INTEGER PRIMARY KEY (rowid=?)", "one that was looked up")
    assert not re.search(r"mirrored_account.*\nUSE TEMP B-TREE", read), plan  # what was walked over may be sorted
    assert "SCAN mirrored_account\n" not in f"{plan}\n", plan
    assert "Seq Scan on mirrored_account" not in plan or "LIMIT" in plan.splitlines()[0] + plan, plan
    for expected in re.findall(r"Sort  \(.* rows=(\d+) ", plan):
        assert int(expected) <= lookup.MOST_PUT_IN_ORDER, plan


@both_databases
def test_the_list_its_accounts_and_their_turns_are_read_by_an_index(asked):
    orders_and_filters(asked)
    one_account(asked)
    turns(asked)


def orders_and_filters(asked):
    quiet = (Recency.QUARTER, Recency.LONGER)
    for wanted in (
        Filter(),
        Filter(words=("common",)),
        Filter(words=("w777",)),
        Filter(words=("shop", "w12345")),
        Filter(marks=(facets.NO_CHANNEL,)),
        Filter(marks=(facets.GONE,)),
        Filter(words=("common",), marks=(facets.GONE,)),
        Filter(recencies=quiet),
        Filter(words=("common",), marks=(facets.NO_CHANNEL,), recencies=quiet),
    ):
        for order in ORDERS:
            del asked[:]
            page = directory.first_page(wanted, order)
            place = directory.position(page.last, order)
            if place is not None:
                directory.page_after(wanted, order, place)
                directory.page_before(wanted, order, place)
            for plan in plans(list(asked)):
                no_detour(plan)


def one_account(asked):
    del asked[:]
    row = directory.find(_uuid(777))
    assert row is not None
    for plan in plans(list(asked)):
        no_detour(plan)
        assert "Seq Scan" not in plan


def turns(asked):
    del asked[:]
    run = MirrorRun(id=7)
    assert account_sync.next_turns(run, 20) == list(range(1, 21))
    assert account_sync.count(run) == ROWS
    in_turn, _count = plans(list(asked))
    assert "ix_mirrored_account_asked" in in_turn
    assert not re.search("Sort|TEMP B-TREE|Seq Scan", in_turn), in_turn


def _uuid(number):
    with db.engine.connect() as connection:
        query = sa.text("SELECT connexease_uuid FROM mirrored_account WHERE id = :id").columns(
            connexease_uuid=sa.Uuid()
        )
        return connection.execute(query, {"id": number}).scalar_one()
