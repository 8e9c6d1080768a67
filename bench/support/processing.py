"""How fast workers work off events that wait, and how much faster two do than one."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from bench.support import incoming
from bench.support.processes import cpu, memory, running_process
from bench.support.table import Row, note, on_database, tell
from portal import create_app
from portal.extensions import db
from portal.settings import load_settings

TIMES = 3
COMPUTE = """
import time
done, end = 0, time.perf_counter() + 0.7
while time.perf_counter() < end:
    sum(range(1000))
    done += 1
print(done)
"""


class Processed(NamedTuple):
    """How events were worked off."""

    rate: float
    """Events a second."""
    cores: float
    """How many the workers and PostgreSQL kept busy."""
    waiting: float
    """How many workers waited for a lock, on average."""


def processed(
    environment: Mapping[str, str], backlog: int, workers: int, fill: Callable[[int], None]
) -> Processed:
    """Let so many workers work off events, with nothing else to do; the median of three times.

    They run already when the events come, all at once. They are timed from when a tenth is done until a tenth is
    left: at the very end one of them has nothing to do any more. It also tells of their memory.
    """
    with create_app(load_settings()).app_context(), ExitStack() as running:
        started = [
            running.enter_context(running_process(environment, "-m", "portal", "worker")) for _ in range(workers)
        ]
        incoming.wait_until_left(0)
        runs = [_worked_off(started, backlog, fill) for _ in range(TIMES)]
    return Processed(*(statistics.median(figures) for figures in zip(*runs, strict=True)))


def compare_two(alone: Processed, both: Processed, accounts: int) -> None:
    """Two workers against one. They can be no faster than the processors are for them and for PostgreSQL."""
    times = [_computed(2) / _computed(1) for _ in range(TIMES)]
    cores = min(os.cpu_count() or 1, statistics.median(times))
    at_best = min(2, cores / alone.cores)
    wanted = min(1.6, 0.9 * at_best)
    for name, run in (("one worker", alone), ("two workers", both)):
        cost = f"{run.cores / run.rate * 1000:.2f} ms each"
        note(
            Row(
                on_database(f"  cores that {name} and the database keep busy"),
                f"{run.cores:.2f}, {cost}",
                f"{cores:.2f}, by two that only compute",
            )
        )
    name = f"two workers, events of {accounts} accounts, {at_best:.2f} at best"
    tell(name, both.rate, "one worker", alone.rate, at_least=round(wanted, 2))
    waiting = "two workers wait for a lock of each other, of the time"
    note(Row(on_database(waiting), f"{both.waiting:.0%}", "5%", both.waiting / 0.05, at_most=1))
    print(f"{waiting:<36} {both.waiting:9.3f}", flush=True)


def _worked_off(workers: Sequence[int], backlog: int, fill: Callable[[int], None]) -> Processed:
    fill(backlog)
    first = incoming.wait_until_left(backlog * 9 // 10)
    began, before, spent = time.perf_counter(), memory(workers[0]), sum(map(cpu, workers)) + _postgresql_cpu()
    waits: list[int] = [0]
    is_postgresql = db.engine.dialect.name == "postgresql"
    last = incoming.wait_until_left(
        backlog // 10, lambda: waits.append(_locks_waited_for() if is_postgresql else 0)
    )
    took = time.perf_counter() - began
    spent = sum(map(cpu, workers)) + _postgresql_cpu() - spent
    incoming.wait_until_left(0)
    print(f"{'memory of a worker, before and after':<36} {before:6.0f} MB {memory(workers[0]):6.0f} MB")
    return Processed((first - last) / took, spent / took, statistics.mean(waits))


def _computed(processes: int) -> int:
    """How often so many processes together do the same: two on two cores do it less than twice as often as one."""
    command = [sys.executable, "-c", COMPUTE]
    with ExitStack() as running:
        started = [
            running.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            for _ in range(processes)
        ]
        return sum(int(process.communicate()[0]) for process in started)


def _locks_waited_for() -> int:
    """How many of PostgreSQL's processes wait at this moment until another transaction ends."""
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND wait_event IN ('transactionid', 'tuple')"
    )
    with db.engine.connect() as connection:
        return int(connection.execute(waiting).scalar_one())


def _postgresql_cpu() -> float:
    """Seconds of processor time that PostgreSQL has taken, where it runs on this machine."""
    if db.engine.dialect.name != "postgresql":
        return 0
    with db.engine.connect() as connection:
        own = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
    try:
        return cpu(int(Path(f"/proc/{own}/stat").read_text().rsplit(")", 1)[1].split()[1]))
    except OSError:
        return 0
