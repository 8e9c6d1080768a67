"""What the measurements share: a portal with an empty database, numbers to make rows of, and the clock.

Times are the best of a few, which is what other work on the machine disturbs least; what counts is the last
column: how often the shortest length's time a longer one takes.
"""

import argparse
import base64
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.support.table import Row, note
from portal import create_app
from portal.db import migrate
from portal.extensions import db, session
from portal.settings import Settings

RUNS = 9
WORST, GREW = 2, 3
"""How many of those that grow most are noted for the table, and how often the shortest's time one must take to be
printed."""
EVERY = "BENCH_EVERY"
"""Set when every time is to be printed, and not only of what grew."""

SERIES = {
    "sqlite": "(WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last}) "
    "SELECT n FROM s)",
    "postgresql": "generate_series({first}, {last}) AS s(n)",
}
"""The numbers n from `first` to `last`, as something to select from."""

Run = Callable[[], object]


@contextmanager
def measuring(description: str | None, rows: list[int], arguments: Sequence[str] | None) -> Iterator[list[int]]:
    """The lengths that are asked for, in an application whose database is empty.

    Args:
        rows: the lengths that are measured when none are named.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=rows)
    parser.add_argument("--database-url", help="an empty database; by default a SQLite file of its own")
    parser.add_argument("--every", action="store_true", help="print every time, and not only of what grew")
    chosen = parser.parse_args(arguments)
    if chosen.every:
        os.environ[EVERY] = "yes"
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        os.environ.pop("REDIS_URL", None)
        app = create_app(settings(chosen.database_url or f"sqlite:///{Path(folder) / 'bench.db'}"))
        with app.app_context():
            migrate.upgrade(db.engine)
            yield sorted(chosen.rows)
            session().close()
            db.engine.dispose()


def compare(
    lengths: Sequence[int], what: str, grow: Callable[[int, int], None], runs: Callable[[int], Mapping[str, Run]]
) -> None:
    """Measure at each length and print a table.

    Args:
        what: the rows are.
        grow: makes those from one number to another.
        runs: what is measured at a length, by its name.
    """
    shortest: dict[str, float] = {}
    grown: dict[str, tuple[float, float]] = {}
    made = 0
    for length in lengths:
        grow(made + 1, length)
        _settle()
        made = length
        for name, run in runs(length).items():
            took = _best(run)
            ratio = took / shortest.setdefault(name, took)
            grown[name] = ratio, took
            if ratio >= GREW or EVERY in os.environ:
                print(f"{length:>9,} {what}  {name:<46} {took * 1000:8.2f} ms  {ratio:6.1f} x", flush=True)
    subject = Path(sys.argv[0]).stem
    for name in sorted(grown, key=lambda name: -grown[name][0])[:WORST]:
        ratio, took = grown[name]
        work = f"{subject}, {lengths[-1]:,} {what} against {lengths[0]:,}: {name}"
        note(Row(work, f"{took * 1000:.1f} ms", f"{shortest[name] * 1000:.1f} ms", ratio))
    middle = statistics.median(ratio for ratio, _took in grown.values())
    note(Row(f"{subject}: the median of {len(grown)} of them", ratio=middle))
    print(
        f"{len(grown)} of {subject} at {lengths[-1]:,} {what}: {middle:.1f} times those at {lengths[0]:,} (median)"
    )


def kind() -> str:
    """Which database it is."""
    return str(db.engine.dialect.name)


def series(first: int, last: int) -> str:
    """The numbers n between these, both of them included."""
    return SERIES[kind()].format(first=first, last=last)


def _settle() -> None:
    """What a database does by itself after a while."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if kind() == "sqlite" else "VACUUM ANALYZE")


def _best(run: Run) -> float:
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
        session().rollback()
    return min(times)


def settings(database_url: str) -> Settings:
    settings = {
        "portal_env": "testing",
        "secret_key": secrets.token_urlsafe(48),
        "vault_keys": base64.b64encode(secrets.token_bytes(32)).decode(),
        "database_url": database_url,
        "connexease_reseller_token": "none",
    }
    return Settings(_env_file=None, **settings)  # type: ignore[arg-type]
