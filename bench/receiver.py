"""Events: how many are accepted a second, how long that takes at half the rate, and how many are processed.

    python -m bench.receiver --seconds 4 --backlog 100000
    python -m bench.receiver --database-url postgresql://user@host/empty_database

Two processes of gunicorn, 16 connections, the worker running. The floor is `bench/support/floor.py` under the same
server. The two are measured in turn, so that other work on the machine disturbs both alike; each figure is the
median of three. Beside the rates stands the processor's time for an event, which such work disturbs least: of the
server and, where the worker runs, of both.

What comes in faster than it is worked off waits (with SQLite a flood slows the worker down, see
`portal/worker/throttle.py`). So beside what was accepted stands what was processed meanwhile, and the processor's
time for an event is told when the rest is processed, too. After the other measurements the rest is let go.
"""

import argparse
import os
import socket
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psycopg

from bench.support import incoming, processing
from bench.support.load import Request, Result, load
from bench.support.processes import SERVER, Served, cpu, make_environment, running_process, serving
from bench.support.table import Row, note, on_database, tell
from portal import create_app
from portal.settings import load_settings
from portal.webhooks.portal_webhooks import SECRET_HEADER

TIMES = 3
ACCEPTED = "accepted, the worker running"
ACCOUNTS = 8
"""So many accounts' events two workers share."""
ASK_IT = 3
"""The first kinds of requests: those that the database answers, or would if they were let in."""
QUICK = 1 / 3
"""Of the time: enough for what commits nothing, which is answered several times as often in a second."""
IDLE = 200
"""Clients that begin a request and do not go on."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.5)
    parser.add_argument("--backlog", type=int, default=4_000)
    parser.add_argument("--database-url", help="an empty PostgreSQL database; by default a SQLite file of its own")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        environment = make_environment(chosen.database_url or f"sqlite:///{Path(name) / 'portal.db'}")
        key, secret = incoming.prepare()
        path, headers = f"{incoming.HOOKS}{key}", {SECRET_HEADER: secret}
        with create_app(load_settings()).app_context(), ExitStack() as running:
            bare = running.enter_context(_floor(Path(name), chosen.database_url))
            portal = running.enter_context(serving(environment, "wsgi:app"))
            worker = running.enter_context(running_process(environment, "-m", "portal", "worker"))
            kinds = _kinds(bare, portal, worker, path, headers)
            if chosen.database_url:
                kinds = kinds[:ASK_IT]  # what asks no database was measured with SQLite
            rate = _rates(kinds, chosen.seconds, 0.8 if chosen.database_url else 1.0)
            _latency(portal.url, kinds[1].make, chosen.seconds, rate[ACCEPTED] / 2)
            _slow_clients(portal.url, kinds[1].make, chosen.seconds, rate[ACCEPTED])
        for what, fill in (("messages", incoming.fill), ("statuses", incoming.fill_with_statuses)):
            done = processing.processed(environment, chosen.backlog, 1, fill).rate
            tell(f"processed by one worker, {what}", done, "accepted", rate[ACCEPTED], at_least=1)
        if chosen.database_url:
            of_many = partial(incoming.fill, accounts=ACCOUNTS)
            alone, both = (
                processing.processed(environment, 2 * chosen.backlog, workers, of_many) for workers in (1, 2)
            )
            processing.compare_two(alone, both, ACCOUNTS)


class Kind(NamedTuple):
    """What is sent, and where."""

    name: str
    served: Served
    processes: list[int]
    make: Callable[[], Request]
    is_refused: bool = False
    is_quick: bool = False


def _kinds(bare: Served, portal: Served, worker: int, path: str, headers: Mapping[str, str]) -> list[Kind]:
    return [
        Kind(bare.name, bare, [bare.pid], incoming.requests_to("/", {})),
        Kind(ACCEPTED, portal, [portal.pid, worker], incoming.requests_to(path, headers)),
        Kind(
            "refused: a wrong secret",
            portal,
            [portal.pid],
            incoming.requests_to("/hooks/connexease/x", {}),
            is_refused=True,
            is_quick=True,
        ),
        Kind("floor: hello", bare, [bare.pid], _health, is_quick=True),
        Kind("/healthz", portal, [portal.pid], _health, is_quick=True),
    ]


def _rates(kinds: list[Kind], seconds: float, wanted: float) -> dict[str, float]:
    """How many are answered a second: all in turn, so that whatever else the machine does meanwhile slows each."""
    rates: dict[str, list[float]] = {kind.name: [] for kind in kinds}
    costs: dict[str, list[float]] = {kind.name: [] for kind in kinds}
    processed: dict[str, list[float]] = {kind.name: [] for kind in kinds}
    for _ in range(TIMES):
        for kind in kinds:
            before = sum(map(cpu, kind.processes))
            result = load(kind.served.url, kind.make(), seconds * (QUICK if kind.is_quick else 1))
            rates[kind.name].append(_all(result) if kind.is_refused else result.per_second)
            processed[kind.name].append(result.per_second - incoming.left() / result.seconds)
            incoming.wait_until_left(0)
            costs[kind.name].append(
                (sum(map(cpu, kind.processes)) - before) / max(1, sum(result.statuses.values()))
            )
    rate = {name: statistics.median(each) for name, each in rates.items()}
    cost = {name: statistics.median(each) for name, each in costs.items()}
    floor, _accepted, refused, *others = [kind.name for kind in kinds]
    held_against: list[tuple[str, str, float | None]] = [(ACCEPTED, floor, wanted), (refused, floor, None)]
    if others:
        hello, health = others
        held_against.append((health, hello, None))
    for name, against, least in held_against:
        tell(name, rate[name], against, rate[against], at_least=least)
        spent = f"{cost[name] * 1000:.2f} ms", f"{cost[against] * 1000:.2f} ms"
        note(Row(f"  CPU of each, server{' and worker' * (name == ACCEPTED)}", *spent, cost[name] / cost[against]))
    meanwhile = statistics.median(processed[ACCEPTED])
    note(Row("  processed meanwhile", f"{meanwhile:.0f}/s"))
    print(f"{'processed meanwhile':<36} {meanwhile:9.0f}", flush=True)
    return rate


def _latency(url: str, right: Callable[[], Request], seconds: float, rate: float) -> None:
    runs = [_load_and_let_go(url, right(), seconds, rate).percentile(0.99) for _ in range(TIMES)]
    took, most = statistics.median(runs) * 1000, 250
    note(Row(on_database("p99 at half that rate"), f"{took:.0f} ms", f"{most} ms", took / most, at_most=1))
    print(f"{'p99 at half that rate':<36} {took:6.0f} ms", flush=True)


def _slow_clients(url: str, right: Callable[[], Request], seconds: float, usual: float) -> None:
    with _begun_and_never_ended(url):
        slow = statistics.median(_load_and_let_go(url, right(), seconds).per_second for _ in range(TIMES))
    tell(f"accepted beside {IDLE} slow clients", slow, "accepted", usual)


def _load_and_let_go(url: str, request: Request, seconds: float, rate: float = 0) -> Result:
    result = load(url, request, seconds, rate=rate)
    incoming.let_go()
    return result


@contextmanager
def _begun_and_never_ended(url: str) -> Iterator[None]:
    """Connections whose requests begin and do not go on."""
    place = urlsplit(url)
    with ExitStack() as opened:
        for _ in range(IDLE):
            slow = opened.enter_context(socket.create_connection((place.hostname, place.port)))
            slow.sendall(b"POST /hooks/connexease/x HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        yield


@contextmanager
def _floor(folder: Path, database_url: str | None) -> Iterator[Served]:
    database, name, what = str(folder / "floor.db"), "receiver", "floor: insert with sqlite3"
    if database_url:
        database, name, what = database_url, "receiver_postgresql", "floor: insert with psycopg"
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("CREATE TABLE bench_floor (id bigserial PRIMARY KEY, body bytea)")
    environment = {**os.environ, "FLOOR_DATABASE": database}
    with serving(environment, f"bench.support.floor:{name}", *SERVER, "--config", "/dev/null") as served:
        yield served._replace(name=what)


def _health() -> Request:
    return lambda _number: b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def _all(result: Result) -> float:
    return sum(result.statuses.values()) / result.seconds


if __name__ == "__main__":
    main()
