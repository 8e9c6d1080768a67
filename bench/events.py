"""The event log at different lengths: does a page, or a search, cost more when the log is longer?

    python -m bench.events --rows 1000 100000 1000000
    python -m bench.events --database-url postgresql://user@host/empty_database

The rows are made by the database itself, half of them another account's. Times are medians of one run;
what counts is the last column, how often the shortest log's time a longer one takes.
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

import sqlalchemy as sa
from flask import Flask

from portal import create_app, migrate
from portal.events import log
from portal.events.log import Filter
from portal.extensions import db, session
from portal.models import Account, DeliveryState, PortalWebhook, WebhookPurpose, now
from portal.settings import Settings

RUNS = 15

SERIES = {
    "sqlite": "(WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last}) "
    "SELECT n FROM s)",
    "postgresql": "generate_series({first}, {last}) AS s(n)",
}
DELIVERIES = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', :start, n || ' seconds')",
    "postgresql": "CAST(:start AS timestamptz) + n * interval '1 second'",
}
WORDS = "'hook message created account uuid payload conversation text hello order channel backend w' || n"
SEARCH = {
    "sqlite": "INSERT INTO delivery_search (rowid, account, words) SELECT n, "
    f"CASE WHEN n % 2 = 0 THEN '{{mine}}' ELSE '{{other}}' END, {WORDS} FROM {{series}}",
    "postgresql": "INSERT INTO delivery_search (delivery_id, words) SELECT n, array_to_tsvector(array_append("
    f"string_to_array({WORDS}, ' '), 'account=' || CASE WHEN n % 2 = 0 THEN '{{mine}}' ELSE '{{other}}' END)) "
    "FROM {series}",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure at each length and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 20_000])
    parser.add_argument("--database-url", help="an empty database; by default a SQLite file of its own")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-events-") as folder:
        app = _app(chosen.database_url or f"sqlite:///{Path(folder) / 'bench.db'}")
        with app.app_context():
            migrate.upgrade(db.engine)
            mine, other = _account("mine"), _account("other")
            _measure_all(sorted(chosen.rows), mine, other)
            session().close()
            db.engine.dispose()


def _measure_all(lengths: list[int], mine: Account, other: Account) -> None:
    shortest: dict[str, float] = {}
    made = 0
    for length in lengths:
        _grow(made + 1, length, mine, other)
        made = length
        for name, run in _runs(mine, length).items():
            took = _median(run)
            ratio = took / shortest.setdefault(name, took)
            print(f"{length:>9,} rows  {name:<28} {took * 1000:8.2f} ms  {ratio:6.1f} x", flush=True)


def _runs(mine: Account, length: int) -> dict[str, Callable[[], object]]:
    middle, rare = length // 2, f"w{length // 4 * 2}"
    return {
        "newest page": lambda: log.newest(mine, Filter()),
        "page from the middle": lambda: log.older(mine, Filter(), middle),
        "one trigger": lambda: log.newest(mine, Filter(trigger="feedback.received")),
        "failed": lambda: log.newest(mine, Filter(state=DeliveryState.FAILED)),
        "the last hour": lambda: log.newest(mine, Filter(since=now() - timedelta(hours=1))),
        "triggers that occurred": lambda: log.triggers_seen(mine),
        "newer than the middle": lambda: log.count_newer(mine, Filter(), middle),
        "a rare word": lambda: log.newest(mine, Filter(words=(rare,))),
        "a word of every event": lambda: log.newest(mine, Filter(words=("hello", "order"))),
        "a rare beginning": lambda: log.newest(mine, Filter(words=(rare[:-1],))),
        "a beginning of every event": lambda: log.newest(mine, Filter(words=("hel",))),
    }


def _median(run: Callable[[], object]) -> float:
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
        session().rollback()
    return statistics.median(times)


def _grow(first: int, last: int, mine: Account, other: Account) -> None:
    """Make the deliveries from number `first` to `last`, and what finds them."""
    kind = db.engine.dialect.name
    series = SERIES[kind].format(first=first, last=last)
    insert = sa.text(
        "INSERT INTO delivery (id, webhook_id, account_id, received_at, body, body_hash, hook, state, attempts, "
        "problem_text) SELECT n, CASE WHEN n % 2 = 0 THEN :mine_hook ELSE :other_hook END, "
        "CASE WHEN n % 2 = 0 THEN :mine ELSE :other END, "
        f"{DELIVERIES[kind]}, :body, CAST(n AS text), "
        "CASE WHEN n % 1000 = 0 THEN 'feedback.received' ELSE 'message.created' END, "
        f"CASE WHEN n % 5000 = 0 THEN 'failed' ELSE 'kept' END, 0, '' FROM {series}"
    ).bindparams(*(sa.bindparam(name, type_=sa.Uuid()) for name in ("mine", "other", "mine_hook", "other_hook")))
    values = {
        "mine": mine.id,
        "other": other.id,
        "mine_hook": _webhook(mine),
        "other_hook": _webhook(other),
        "start": f"{now() - timedelta(seconds=last):%Y-%m-%d %H:%M:%S}",
        "body": b'{"hook": "message.created", "payload": {"text": "hello, about my order"}}',
    }
    with db.engine.begin() as connection:
        connection.execute(insert, values)
        find = SEARCH[kind].format(mine=mine.id.hex, other=other.id.hex, series=series)
        connection.execute(sa.text(find))
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if kind == "sqlite" else "VACUUM ANALYZE")


def _account(name: str) -> Account:
    account = Account(name=name, contact_email=f"{name}@example.com", billing_email="", time_zone="UTC")
    session().add(account)
    session().flush()
    hook = PortalWebhook(
        account_id=account.id, purpose=WebhookPurpose.WATCH, key=name, secret_hash="", sealed_secret=""
    )
    session().add(hook)
    session().commit()
    return account


def _webhook(account: Account) -> object:
    query = sa.select(PortalWebhook.id).where(PortalWebhook.account_id == account.id)  # type: ignore[call-overload]
    return session().execute(query).scalar_one()


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
