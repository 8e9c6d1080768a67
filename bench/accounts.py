"""The staff's list of accounts at different lengths: does a page, or a search, cost more when there are more?

    python -m bench.accounts --rows 100 10000 100000
    python -m bench.accounts --database-url postgresql://user@host/empty_database

The rows are made by the database itself. Times are medians of one run; what counts is the last column, how often
the shortest list's time a longer one takes.
"""

import argparse
import base64
import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from flask import Flask

from portal import create_app, migrate
from portal.extensions import db, session
from portal.mirror import directory, facts, words
from portal.mirror.directory import Filter, Order, Sort
from portal.models import now
from portal.settings import Settings

RUNS = 15
NEWEST, BY_NAME, BY_ACTIVITY = Order(), Order(Sort.NAME, descending=False), Order(Sort.ACTIVITY)

SERIES = {
    "sqlite": "(WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last}) "
    "SELECT n FROM s)",
    "postgresql": "generate_series({first}, {last}) AS s(n)",
}
HOURS = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', 'now', ({hours}) || ' hours')",
    "postgresql": "now() + ({hours}) * interval '1 hour'",
}
CREATED, ACTIVE, EXPIRES = "n % 1000 - 1000", "n * 7919 % 997 - 997", "n * 6007 % 43201"
"""In no relation to each other, as far as a remainder can tell."""
UUIDS = {
    "sqlite": "substr('00000000000000000000000000000000' || n, -32)",
    "postgresql": "CAST(lpad(CAST(n AS text), 32, '0') AS uuid)",
}
MARKS = (
    "CASE WHEN n % 1000 = 1 THEN ' here gone ' WHEN n % 1000 < 50 THEN ' here stepdeclined ' "
    "WHEN n % 2 = 0 THEN ' here nochannel stepready ' WHEN n % 3 = 0 THEN ' onlythere nowebhook ' "
    "ELSE ' here stepready ' END"
)
TERMS = {
    "sqlite": "' shop turkey w' || n || ' info example com 90532' || (1000000 + n) || ' 532' || (1000000 + n) "
    f"|| ' ' || {UUIDS['sqlite']}",
    "postgresql": "' shop turkey w' || n || ' info example com 90532' || (1000000 + n) || ' 532' || (1000000 + n) "
    "|| ' ' || lpad(CAST(n AS text), 32, '0')",
}
INDEX = {
    "sqlite": "INSERT INTO account_search (rowid, marks, words) SELECT id, trim(marks), trim(terms) "
    "FROM mirrored_account WHERE id >= {first}",
    "postgresql": "INSERT INTO account_search (mirrored_id, words) SELECT id, array_to_tsvector(string_to_array("
    "trim(terms) || ' mark=' || replace(trim(marks), ' ', ' mark='), ' ')) FROM mirrored_account "
    "WHERE id >= {first}",
}
COLUMNS = (
    "id, name, name_key, contact_email, phone, channels, channels_disconnected, webhooks, tokens, "
    "token_expires_at, listed, terms, marks, created_at, last_activity_at, seen_run, problem_text, connexease_uuid"
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure at each length and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[100, 10_000, 100_000])
    parser.add_argument("--database-url", help="an empty database; by default a SQLite file of its own")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-accounts-") as folder:
        app = _app(chosen.database_url or f"sqlite:///{Path(folder) / 'bench.db'}")
        with app.app_context():
            migrate.upgrade(db.engine)
            _measure_all(sorted(chosen.rows))
            session().close()
            db.engine.dispose()


def _measure_all(lengths: list[int]) -> None:
    shortest: dict[str, float] = {}
    made = 0
    for length in lengths:
        _grow(made + 1, length)
        made = length
        for name, run in _runs(length).items():
            took = _median(run)
            ratio = took / shortest.setdefault(name, took)
            print(f"{length:>9,} accounts  {name:<34} {took * 1000:8.2f} ms  {ratio:6.1f} x", flush=True)


def _runs(length: int) -> dict[str, Callable[[], object]]:
    def listed(order: Order = NEWEST, typed: str = "", **more: object) -> Callable[[], object]:
        wanted = Filter(words=tuple(words.wanted(typed)), **more)  # type: ignore[arg-type]
        return lambda: directory.first_page(wanted, order)

    middle = directory.first_page(Filter(), BY_NAME, length // 2).last if length < 1000 else _place(length // 2)
    place = directory.position(middle, BY_NAME)
    assert place is not None
    return {
        "newest first": listed(),
        "by name": listed(BY_NAME),
        "by last activity": listed(BY_ACTIVITY),
        "a page from the middle, by name": lambda: directory.page_after(Filter(), BY_NAME, place),
        "one account by a word": listed(typed=f"w{length // 2}"),
        "one account by phone": listed(typed=f"0532 {1_000_000 + length // 2}"),
        "one account by UUID": listed(typed=str(UUID(f"{length // 2:032d}"))),
        "a beginning of a few": listed(typed=f"w{length // 20}"),
        "words of every account": listed(BY_NAME, typed="shop turk"),
        "no channel: half of them": listed(BY_NAME, marks=(facts.NO_CHANNEL,)),
        "gone: one in a thousand": listed(marks=(facts.GONE,)),
        "a common word and gone": listed(BY_NAME, typed="shop", marks=(facts.GONE,)),
        "ready, by name, with a word": listed(BY_NAME, typed="shop", marks=("stepready",)),
        "a token expires": listed(expires_soon=True),
        "quiet for 30 days, newest first": listed(quiet_since=now() - timedelta(days=30)),
        "one in twenty, all the oldest": listed(marks=("stepdeclined",)),
        "quiet for 41 days: few, by name": listed(BY_NAME, quiet_since=now() - timedelta(hours=996)),
    }


def _place(number: int) -> str:
    query = sa.text("SELECT name_key, id FROM mirrored_account WHERE id = :id")
    row = session().execute(query, {"id": number}).one()
    return str(directory.Position(row.name_key, row.id))


def _median(run: Callable[[], object]) -> float:
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
        session().rollback()
    return statistics.median(times)


def _grow(first: int, last: int) -> None:
    """Make the accounts from number `first` to `last`, and what finds them."""
    kind = db.engine.dialect.name

    def moment(hours: str) -> str:
        return HOURS[kind].format(hours=hours)

    values = (
        "n, 'Shop ' || n, 'shop ' || n, 'info' || n || '@example.com', '', n % 2, 0, n % 3, 1, "
        f"{moment(EXPIRES)}, '{{}}', {TERMS[kind]}, {MARKS}, {moment(CREATED)}, {moment(ACTIVE)}, 1, '', "
        f"{UUIDS[kind]}"
    )
    series = SERIES[kind].format(first=first, last=last)
    with db.engine.begin() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO mirrored_account ({COLUMNS}) SELECT {values} FROM {series}".replace("%", "%%")
            if kind == "postgresql"
            else f"INSERT INTO mirrored_account ({COLUMNS}) SELECT {values} FROM {series}"
        )
        connection.exec_driver_sql(INDEX[kind].format(first=first))
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if kind == "sqlite" else "VACUUM ANALYZE")


def _app(database_url: str) -> Flask:
    os.environ.pop("REDIS_URL", None)
    settings = {
        "portal_env": "testing",
        "secret_key": secrets.token_urlsafe(48),
        "vault_keys": base64.b64encode(secrets.token_bytes(32)).decode(),
        "database_url": database_url,
        "connexease_reseller_token": "none",
    }
    return create_app(Settings(_env_file=None, **settings))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
