"""Events: how many are accepted a second, how long that takes at half the rate, and how many are processed.

    python -m bench.receiver --seconds 4 --backlog 100000
    python -m bench.receiver --database-url postgresql://user@host/empty_database

Two processes of gunicorn, 16 connections, the worker running. The floor is `bench/_floor.py` under the same
server. The two are measured in turn, so that other work on the machine disturbs both alike; each figure is the
median of three. Beside the rates stands the processor's time for an event, which such work disturbs least: of the
server and, where the worker runs, of both.
"""

import argparse
import base64
import itertools
import json
import logging
import os
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psycopg
import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from bench._load import Request, Result, load
from portal import create_app
from portal.db import migrate
from portal.extensions import db, session
from portal.identity.mailed_links import fingerprint
from portal.models import Account, Delivery, DeliveryState, PortalWebhook, WebhookPurpose, now
from portal.settings import load_settings
from portal.webhooks.portal_webhooks import SECRET_HEADER

ROOT = Path(__file__).resolve().parent.parent
TIMES = 3
IDLE = 200
"""Clients that begin a request and do not go on."""
SERVER = ("--workers", "2", "--threads", "8", "--worker-class", "gthread", "--reuse-port", "--log-level", "error")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--backlog", type=int, default=10_000)
    parser.add_argument("--database-url", help="an empty PostgreSQL database; by default a SQLite file of its own")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        environment = make_environment(chosen.database_url or f"sqlite:///{Path(name) / 'portal.db'}")
        key, secret = prepare(environment)
        path, headers = f"/hooks/connexease/{key}", {SECRET_HEADER: secret}
        with ExitStack() as running:
            bare = running.enter_context(_floor(Path(name), chosen.database_url))
            portal = running.enter_context(serving(environment, "wsgi:app"))
            worker = running.enter_context(running_process(environment, "-m", "portal", "worker"))
            rate = _accepted(bare, portal, worker, _requests(path, headers), chosen.seconds)
        floor = statistics.median(rate[bare.name])
        print(f"{'work':<36} {'a second':>9} {'of floor':>9}")
        _tell("processed by one worker", _processed(environment, chosen.backlog, workers=1), floor)
        if chosen.database_url:
            _tell("processed by two workers", _processed(environment, chosen.backlog, workers=2), floor)


def _accepted(
    bare: "Served", portal: "Served", worker: int, right: Callable[[], Request], seconds: float
) -> dict[str, list[float]]:
    """The floor, what is accepted, and what is refused, in turn; then latency, and slow clients."""
    wrong, plain = _requests("/hooks/connexease/x", {}), _requests("/", {})
    kinds = [
        (bare.name, bare, [bare.pid], plain),
        ("accepted, the worker running", portal, [portal.pid, worker], right),
        ("refused: a wrong secret", portal, [portal.pid], wrong),
    ]
    rate: dict[str, list[float]] = {name: [] for name, *_ in kinds}
    spent: dict[str, list[float]] = {name: [] for name, *_ in kinds}
    for _ in range(TIMES):
        for name, served, processes, make in kinds:
            before = sum(map(_cpu, processes))
            result = load(served.url, make(), seconds)
            rate[name].append(result.per_second if make is not wrong else _all(result))
            spent[name].append((sum(map(_cpu, processes)) - before) / max(1, sum(result.statuses.values())))
    floor, floor_spent = statistics.median(rate[bare.name]), statistics.median(spent[bare.name])
    print(f"{'work':<36} {'a second':>9} {'of floor':>9} {'CPU ms':>7} {'of floor':>9}")
    for name, *_ in kinds:
        cpu = statistics.median(spent[name])
        _tell(name, statistics.median(rate[name]), floor, f"{cpu * 1000:7.2f} {cpu / floor_spent:9.2f}")
    half = statistics.median(rate["accepted, the worker running"]) / 2
    runs = [load(portal.url, right(), seconds, rate=half).percentile(0.99) for _ in range(TIMES)]
    print(f"{'p99 at half that rate':<36} {statistics.median(runs) * 1000:6.0f} ms", flush=True)
    with _begun_and_never_ended(portal.url):
        slow = _median(lambda: load(portal.url, right(), seconds))
    _tell(f"accepted beside {IDLE} slow clients", slow, floor)
    return rate


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
def _floor(folder: Path, database_url: str | None) -> Iterator["Served"]:
    database, name, what = str(folder / "floor.db"), "receiver", "floor: insert with sqlite3"
    if database_url:
        database, name, what = database_url, "receiver_postgresql", "floor: insert with psycopg"
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("CREATE TABLE bench_floor (id bigserial PRIMARY KEY, body bytea)")
    environment = {**os.environ, "FLOOR_DATABASE": database}
    with serving(environment, f"bench._floor:{name}", *SERVER, "--config", "/dev/null") as served:
        yield served._replace(name=what)


def _processed(environment: Mapping[str, str], backlog: int, workers: int) -> float:
    """Events a second that so many workers work off, with nothing else to do; it also tells of their memory."""
    with create_app(load_settings()).app_context(), ExitStack() as running:
        with running_process(environment, "-m", "portal", "worker"):
            wait_until_left(0)
        fill(backlog)
        started = [
            running.enter_context(running_process(environment, "-m", "portal", "worker")) for _ in range(workers)
        ]
        first = wait_until_left(backlog * 9 // 10)
        began, memory = time.perf_counter(), _memory(started[0])
        wait_until_left(0)
        took = time.perf_counter() - began
        print(f"{'memory of a worker, before and after':<36} {memory:6.0f} MB {_memory(started[0]):6.0f} MB")
        return first / took


def _memory(process: int) -> float:
    """Megabytes that a process holds."""
    [line] = [line for line in _told(process, "status") if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def _cpu(process: int) -> float:
    """Seconds of processor time that a process and its children have taken."""
    fields = _told(process, "stat")[0].rsplit(")", 1)[1].split()
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK") + sum(_cpu(int(child)) for child in children)


def _told(process: int, file: str) -> list[str]:
    return Path(f"/proc/{process}/{file}").read_text().splitlines()


def fill(events: int) -> None:
    """Let so many events wait."""
    hook = session().exec(select(PortalWebhook)).one()
    usual = {"webhook_id": hook.id, "account_id": hook.account_id, "received_at": now(), "state": "received"}
    usual |= {"hook": "", "attempts": 0, "problem_text": ""}
    session().rollback()
    table, unique = SQLModel.metadata.tables["delivery"], secrets.token_hex(8)
    for start in range(0, events, 10_000):
        numbers = range(start, min(start + 10_000, events))
        rows = [{**usual, "body": _body(-number), "body_hash": f"{unique}{number}"} for number in numbers]
        with db.engine.begin() as connection:
            connection.execute(sa.insert(table), rows)


def wait_until_left(most: int) -> int:
    """Wait until no more are unprocessed; how many are left then."""
    while (unprocessed := left()) > most:
        time.sleep(0.05)
    return unprocessed


def left() -> int:
    """How many events are unprocessed."""
    query = sa.select(sa.func.count()).where(col(Delivery.state) == DeliveryState.RECEIVED)
    with db.engine.connect() as connection:
        return int(connection.execute(query).scalar_one())


def make_environment(database_url: str) -> dict[str, str]:
    """What the portal's processes are told; and this one, too."""
    settings = {
        "PORTAL_ENV": "development",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "VAULT_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
        "CONNEXEASE_RESELLER_TOKEN": "none",
        "DATABASE_URL": database_url,
        "MIRROR_INTERVAL_MINUTES": "0",
        "GUNICORN_CMD_ARGS": "--log-level error",
    }
    os.environ.pop("REDIS_URL", None)
    os.environ.update(settings)
    return dict(os.environ)


def prepare(_environment: Mapping[str, str]) -> tuple[str, str]:
    """An account with an address that takes events; the key of the address, and its secret."""
    key, secret = "bench", secrets.token_urlsafe(32)
    with create_app(load_settings()).app_context():
        logging.disable(logging.INFO)
        migrate.upgrade(db.engine)
        account = Account(name="Shop", contact_email="shop@example.com", billing_email="", time_zone="UTC")
        session().add(account)
        session().flush()
        hashed = {"secret_hash": fingerprint(secret), "sealed_secret": ""}
        session().add(PortalWebhook(account_id=account.id, purpose=WebhookPurpose.WATCH, key=key, **hashed))
        session().commit()
        db.engine.dispose()
    return key, secret


def _requests(path: str, headers: Mapping[str, str]) -> Callable[[], Request]:
    """Makers of requests, each of which begins to count where the one before it ended."""
    numbers = itertools.count()
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())

    def request(_number: int) -> bytes:
        body = _body(next(numbers))
        lines = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n{head}\r\n"
        return lines.encode() + body

    return lambda: request


def _body(number: int) -> bytes:
    payload = {
        "content": f"Where is my order {number}?",
        "customer": {"name": "Ada", "phone_number": "+905321112233"},
    }
    channel = {"uuid": "11111111-2222-3333-4444-555555555555", "name": "Shop", "backend": "whatsapp_cloud"}
    return json.dumps({"hook": "message.created", "payload": payload, "channel": channel}).encode()


class Served(NamedTuple):
    """A running server."""

    url: str
    pid: int
    name: str = "portal"


@contextmanager
def serving(environment: Mapping[str, str], application: str, *options: str) -> Iterator[Served]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = ("-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *options, application)
    with running_process(environment, *arguments) as process:
        url = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{url}/healthz", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield Served(url, process)


@contextmanager
def running_process(environment: Mapping[str, str], *arguments: str) -> Iterator[int]:
    process = subprocess.Popen([sys.executable, *arguments], env=dict(environment), cwd=ROOT)
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _median(run: Callable[[], Result]) -> float:
    return statistics.median(run().per_second for _ in range(TIMES))


def _all(result: Result) -> float:
    return sum(result.statuses.values()) / result.seconds


def _tell(name: str, per_second: float, floor: float, more: str = "") -> None:
    print(f"{name:<36} {per_second:9.0f} {per_second / floor:9.2f} {more}", flush=True)


if __name__ == "__main__":
    main()
