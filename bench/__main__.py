"""Every measurement, or the ones that are named, and one table of them all: `python -m bench [name ...]`.

Each runs in a process of its own, one after the other; what it tells meanwhile goes to the error stream.
PostgreSQL is started for the measurements that have a part of it, where its programs are installed.
"""

import os
import pkgutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bench
from bench.support.table import FILE, Row, note, noted, show
from tests.support.processes.postgres import Postgres

ON_POSTGRESQL = ("backlog", "receiver")
"""What is measured a second time, with PostgreSQL."""


def main() -> None:
    """Run them, and print the table."""
    modules = pkgutil.iter_modules(bench.__path__)
    every = [module.name for module in modules if not module.ispkg and not module.name.startswith("_")]
    began, is_well = time.monotonic(), True
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        rows = Path(folder) / "rows"
        os.environ[FILE] = str(rows)
        for name in sys.argv[1:] or every:
            is_well &= _run(name)
            if name in ON_POSTGRESQL:
                is_well &= _run_on_postgresql(name)
        show(noted(rows))
        _sum_up(noted(rows))
    print(f"{time.monotonic() - began:.0f} seconds, {os.cpu_count()} processors, load {os.getloadavg()[1]:.1f}")
    sys.exit(not is_well)


def _sum_up(rows: list[Row]) -> None:
    short = [row.work for row in rows if row.is_met is False]
    aims = sum(row.is_met is not None for row in rows)
    print(
        f"{aims - len(short)} of {aims} aims are reached." + "".join(f"\n  short of it: {work}" for work in short)
    )


def _run(name: str, *arguments: str) -> bool:
    print(f"== {' '.join((name, *arguments))}", file=sys.stderr, flush=True)
    command, began = [sys.executable, "-m", f"bench.{name}", *arguments], time.monotonic()
    is_well = subprocess.run(command, stdout=sys.stderr, check=False).returncode == 0
    print(f"   {time.monotonic() - began:.0f} seconds", file=sys.stderr, flush=True)
    if not is_well:
        note(Row(f"{name}: failed, see above"))
    return is_well


def _run_on_postgresql(name: str) -> bool:
    try:
        with _postgresql() as url:
            return _run(name, "--database-url", url)
    except RuntimeError as missing:
        note(Row(f"{name} on PostgreSQL: not measured. {missing}"))
        return True


@contextmanager
def _postgresql() -> Iterator[str]:
    """An empty database of a cluster that keeps what it has acknowledged, as one in use would."""
    cluster = Postgres(is_durable=True)
    cluster.start()
    try:
        yield cluster.create()
    finally:
        cluster.stop()


if __name__ == "__main__":
    main()
