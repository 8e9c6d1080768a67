"""Forwarding events: what it costs to note them down, and how fast they go out.

    python -m bench.relay --rows 2000
    python -m bench.relay --database-url postgresql://user@host/empty_database

Everything is measured in one run, and what counts are the ratios: events that are processed with three
destinations each against the same without one; events that are forwarded against a bare loop of `requests` over
one session; and what the others wait for while one destination of ten is dead. The destination is a server of its
own process.
"""

import argparse
import asyncio
import json
import multiprocessing
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.queues import Queue
from pathlib import Path
from uuid import UUID

import requests
import sqlalchemy as sa

from bench.support import incoming, measuring
from bench.support.table import Row, note
from portal import create_app
from portal.db import migrate
from portal.db.unit_of_work import unit_of_work
from portal.events.processing import batches
from portal.events.receiving import storing
from portal.events.receiving.storing import Received
from portal.extensions import db, session
from portal.models import (
    Destination,
    DestinationState,
    Forward,
    ForwardAttempt,
    ForwardState,
    PortalWebhook,
    now,
)
from portal.relay import signing
from portal.relay.forwarding import sending

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok"
DEAD = "http://127.0.0.1:9/"
ROUNDS = 3


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=600, help="events of each measurement")
    parser.add_argument("--database-url", help="an empty database; by default a SQLite file of its own")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, destination() as url:
        url_of_database = chosen.database_url or f"sqlite:///{Path(folder) / 'bench.db'}"
        app = create_app(measuring.settings(url_of_database))
        with app.app_context():
            migrate.upgrade(db.engine)
            _measure(url, chosen.rows)
            sending.finish()
            session().close()
            db.engine.dispose()


def _measure(url: str, rows: int) -> None:
    hook = _hook()
    plain, noted, bare, sent = [], [], [], []
    for _round in range(ROUNDS):
        destinations(hook.account_id, [])
        plain.append(_processed(hook, rows))
        destinations(hook.account_id, [url] * 3)
        noted.append(_processed(hook, rows))
        forget()
        destinations(hook.account_id, [url])
        _processed(hook, rows)
        sent.append(rows / _forwarded())
        bare.append(_bare(url, rows))
    _say("processed a second, no destination", max(plain))
    _say("processed a second, three destinations", max(noted), max(noted) / max(plain))
    _say("bare loop of requests, a second", max(bare))
    _say("forwarded a second, one destination", max(sent), max(sent) / max(bare), at_least=0.8)
    tenths = f"{url}?tenth", DEAD
    pairs = [[_p95(hook, url, tenth, rows // 9) for tenth in tenths] for _ in range(ROUNDS)]
    all_live, one_dead = (min(times) for times in zip(*pairs, strict=True))
    _say("p95 of nine beside a live one, ms", all_live)
    _say("p95 of nine beside a dead one, ms", one_dead, one_dead / all_live, at_most=1.05)


def _say(what: str, value: float, ratio: float | None = None, **wanted: float) -> None:
    print(f"{what:<42}{value:>10.0f}{'' if ratio is None else f'{ratio:>8.2f}'}", flush=True)
    note(Row(f"relay, {measuring.kind()}: {what}", f"{value:.0f}", ratio=ratio, **wanted))


def _processed(hook: PortalWebhook, rows: int) -> float:
    for start in range(0, rows, 100):
        storing.store(db.engine, [_event(hook, start + number) for number in range(100)])
    began = time.perf_counter()
    while batches.process_waiting():
        pass
    return rows / (time.perf_counter() - began)


def _event(hook: PortalWebhook, number: int) -> Received:
    payload = {"conversation_uuid": f"c{number}", "content": "hello, about my order", "at": time.time_ns()}
    body = json.dumps({"hook": "message.created", "account": {}, "payload": payload}).encode()
    return Received(hook.id, hook.account_id, now(), body)


def _forwarded() -> float:
    began = time.perf_counter()
    while _waits() and time.perf_counter() - began < 120:
        sending.forward_due()
    return time.perf_counter() - began


def _waits() -> bool:
    session().rollback()
    waits = sa.select(Forward.id).where(Forward.state == ForwardState.WAITING, Forward.attempts == 0)
    return session().execute(waits.limit(1)).first() is not None


def _p95(hook: PortalWebhook, url: str, tenth: str, rows: int) -> float:
    """Milliseconds from an event to the end of its first attempt, at nine destinations beside a tenth."""
    forget()
    destinations(hook.account_id, [*[url] * 9, tenth])
    _processed(hook, rows)
    mine = sa.select(Forward.id).join(Destination, Destination.id == Forward.destination_id)
    mine = mine.where(Destination.url == url)
    began = time.perf_counter()
    while time.perf_counter() - began < 60:
        sending.forward_due()
        session().rollback()
        if session().execute(mine.where(Forward.state == ForwardState.WAITING).limit(1)).first() is None:
            break
    waited = sa.select(ForwardAttempt.at, Forward.created_at).join(
        Forward, Forward.id == ForwardAttempt.forward_id
    )
    of_mine = waited.where(Forward.id.in_(mine), ForwardAttempt.number == 1)
    times = sorted((at - created).total_seconds() * 1000 for at, created in session().execute(of_mine))
    return times[int(len(times) * 0.95)]


def _bare(url: str, rows: int) -> float:
    body = b'{"hook": "message.created"}' * 6
    with requests.Session() as http:
        began = time.perf_counter()
        for _ in range(rows):
            http.post(url, data=body, timeout=10)
    return rows / (time.perf_counter() - began)


def _hook() -> PortalWebhook:
    hook = incoming.receiver("bench", "")
    session().commit()
    session().refresh(hook)
    session().expunge(hook)
    return hook


def destinations(account_id: UUID, urls: Sequence[str]) -> None:
    """Let an account's events go to these, and to no others."""
    with unit_of_work():
        session().execute(sa.update(Destination).values(state=DestinationState.OFF))
        for url in urls:
            row = Destination(
                account_id=account_id, name="bench", url=url, kinds=["message.created"], sealed_secret=""
            )
            signing.make(row)
            session().add(row)
        session().commit()


def forget() -> None:
    """Forget every forward."""
    with unit_of_work():
        for model in (ForwardAttempt, Forward):
            session().execute(sa.delete(model))
        session().commit()


class _Answering(asyncio.Protocol):
    """Answers every request that has arrived whole, after so many seconds."""

    def __init__(self, delay: float) -> None:
        self.delay = delay

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.read = transport, b""

    def data_received(self, data: bytes) -> None:
        self.read += data
        while (end := self.read.find(b"\r\n\r\n")) >= 0:
            head = self.read[:end].lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            if len(self.read) < end + 4 + length:
                return
            self.read = self.read[end + 4 + length :]
            asyncio.get_running_loop().call_later(self.delay, self._answer)

    def _answer(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(ANSWER)  # type: ignore[attr-defined]


def _serve(port: "Queue[int]", delay: float) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Answering(delay), "127.0.0.1", 0)
        port.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def destination(delay: float = 0) -> Iterator[str]:
    """A customer's server, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    port: Queue[int] = context.Queue()
    server = context.Process(target=_serve, args=(port, delay), daemon=True)
    server.start()
    yield f"http://127.0.0.1:{port.get(timeout=60)}/hook"
    server.terminate()
    server.join()


if __name__ == "__main__":
    main()
