"""Events: how many are accepted a second, how long that takes at half the rate, and how many are processed.

    python -m bench.receiver --seconds 5

Two processes of gunicorn, 16 connections, the worker running, SQLite; the floor is `bench/_floor.py` under the
same server. Each figure is the median of three.
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
from contextlib import contextmanager
from pathlib import Path

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
SERVER = ("--workers", "2", "--threads", "8", "--worker-class", "gthread", "--reuse-port", "--log-level", "error")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--backlog", type=int, default=5_000)
    parser.add_argument("--database-url", help="an empty PostgreSQL database; by default a SQLite file of its own")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        floor = _floor(Path(name), chosen.seconds)
        _tell("floor: insert with sqlite3", floor, floor)
        environment = _environment(chosen.database_url or f"sqlite:///{Path(name) / 'portal.db'}")
        key, secret = _prepare(environment)
        request = _requests(f"/hooks/connexease/{key}", {SECRET_HEADER: secret})
        with _served(environment, "wsgi:app") as url, _process(environment, "-m", "portal", "worker"):
            accepted = _median(lambda: load(url, request(), chosen.seconds))
            _tell("accepted, the worker running", accepted, floor)
            half = _median(lambda: load(url, request(), chosen.seconds, rate=accepted / 2), _p99)
            print(f"{'p99 at half that rate':<34} {half * 1000:8.0f} ms")
            refused = _median(lambda: load(url, _requests("/hooks/connexease/x", {})(), chosen.seconds), _all)
            _tell("refused: a wrong secret", refused, floor)
        _tell("processed by one worker", _processed(environment, chosen.backlog), floor)


def _floor(folder: Path, seconds: float) -> float:
    environment = {**os.environ, "FLOOR_DATABASE": str(folder / "floor.db")}
    with _served(environment, "bench._floor:receiver", *SERVER, "--config", "/dev/null") as url:
        return _median(lambda: load(url, _requests("/", {})(), seconds))


def _processed(environment: Mapping[str, str], backlog: int) -> float:
    """Events a second that one worker works off, with nothing else to do."""
    with create_app(load_settings()).app_context():
        with _process(environment, "-m", "portal", "worker"):
            _wait_until_left(0)
        hook = session().exec(select(PortalWebhook)).one()
        usual = {"webhook_id": hook.id, "account_id": hook.account_id, "received_at": now(), "state": "received"}
        usual |= {"hook": "", "attempts": 0, "problem_text": ""}
        rows = [{**usual, "body": _body(-number), "body_hash": str(number)} for number in range(1, backlog + 1)]
        with db.engine.begin() as connection:
            connection.execute(sa.insert(SQLModel.metadata.tables["delivery"]), rows)
        with _process(environment, "-m", "portal", "worker"):
            first = _wait_until_left(backlog - 1)
            began = time.perf_counter()
            _wait_until_left(0)
            return first / (time.perf_counter() - began)


def _wait_until_left(most: int) -> int:
    """Wait until no more are unprocessed; how many are left then."""
    query = sa.select(sa.func.count()).where(col(Delivery.state) == DeliveryState.RECEIVED)
    while True:
        with db.engine.connect() as connection:
            left = int(connection.execute(query).scalar_one())
        if left <= most:
            return left
        time.sleep(0.05)


def _environment(database_url: str) -> dict[str, str]:
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


def _prepare(_environment: Mapping[str, str]) -> tuple[str, str]:
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


@contextmanager
def _served(environment: Mapping[str, str], application: str, *options: str) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with _process(environment, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *options, application):
        url = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{url}/healthz", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield url


@contextmanager
def _process(environment: Mapping[str, str], *arguments: str) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, *arguments], env=dict(environment), cwd=ROOT)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _median(
    run: Callable[[], Result], figure: Callable[[Result], float] = lambda result: result.per_second
) -> float:
    return statistics.median(figure(run()) for _ in range(TIMES))


def _p99(result: Result) -> float:
    return result.percentile(0.99)


def _all(result: Result) -> float:
    return sum(result.statuses.values()) / result.seconds


def _tell(name: str, per_second: float, floor: float) -> None:
    print(f"{name:<34} {per_second:8.0f} /s {per_second / floor:8.2f} of the floor", flush=True)


if __name__ == "__main__":
    main()
