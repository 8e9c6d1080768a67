"""Forwarding while events come in: how long the first attempt takes, and whether receiving suffers.

    python -m bench.relay_live --seconds 8
    python -m bench.relay_live --database-url postgresql://user@host/empty_database

Two processes of gunicorn, a worker, and a destination in a process of its own. First 250 events come in each
second, and what counts is the time from the receipt of each to its first attempt. Then as many come in as are
taken, with three destinations each and without one, half as long: with SQLite such a flood slows the worker down
(`portal/worker/throttle.py`: all of these floods together, if they take less than half a minute), so what was
forwarded meanwhile is told, too, and what waits after it is let go. At last 10,000 deliveries wait for a
destination that takes a second for each, and what counts is how long the receiver takes.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import col, select

from bench import relay
from bench.support import incoming, measuring
from bench.support.load import Request, load
from bench.support.processes import make_environment, running_process, serving
from bench.support.table import Row, note
from portal import create_app
from portal.extensions import db, session
from portal.models import Delivery, Forward, ForwardAttempt, ForwardState, PortalWebhook, now
from portal.settings import load_settings
from portal.webhooks.portal_webhooks import SECRET_HEADER

RATE = 250
TIMES = 2
WAITING = 10_000
SLOW = 1.0
"""Seconds that the destination takes for which the deliveries wait."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--database-url", help="an empty PostgreSQL database; by default a SQLite file of its own")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        environment = make_environment(chosen.database_url or f"sqlite:///{Path(name) / 'portal.db'}")
        key, secret = incoming.prepare()
        make = incoming.requests_to(f"{incoming.HOOKS}{key}", {SECRET_HEADER: secret}, _body)
        with (
            create_app(load_settings()).app_context(),
            relay.destination() as fast,
            relay.destination(SLOW) as slow,
            serving(environment, "wsgi:app") as portal,
            running_process(environment, "-m", "portal", "worker"),
        ):
            _go_to(fast)
            load(portal.url, make(), 0.5, rate=20)
            _wait()  # the worker is ready once these have gone out
            begun = now()
            load(portal.url, make(), chosen.seconds, rate=RATE)
            _wait()
            _tell("p95 of the first attempt at 250 events/s", _p95_of_first_attempts(begun), 2.0)
            relay.forget()
            _accepted(portal.url, make, fast, chosen.seconds / 2)
            _go_to(slow)
            incoming.fill(WAITING, _body)
            incoming.wait_until_left(0)
            result = load(portal.url, make(), chosen.seconds, rate=RATE / 2)
            print(f"{_waiting():,} deliveries wait")
            _tell("p99 of the receiver while 10,000 deliveries wait", result.percentile(0.99), 0.25)
            session().close()
            db.engine.dispose()


def _body(number: int) -> bytes:
    """Each event is of another conversation: those of one go out one after the other."""
    payload = {"conversation_uuid": f"c{number}", "content": f"Where is my order {number}?"}
    return json.dumps({"hook": "message.created", "payload": payload}).encode()


def _accepted(url: str, make: Callable[[], Request], to: str, seconds: float) -> None:
    """As fast as they are taken in, with three destinations each and without one, in turn."""
    best, forwarded = dict.fromkeys((0, 3), 0.0), 0.0
    for _ in range(TIMES):
        for count in (0, 3):
            _go_to(*[to] * count)
            best[count] = max(best[count], load(url, make(), seconds).per_second)
            forwarded = _attempts() / seconds
            _go_to()
            incoming.let_go()
            relay.forget()
    what, ratio = "accepted with three destinations", best[3] / best[0]
    print(f"{what:<52}{best[3]:>8.0f} {ratio:8.2f} of {best[0]:.0f} without", flush=True)
    print(f"{'  forwarded meanwhile':<52}{forwarded:>8.0f}", flush=True)
    note(Row(f"relay, {measuring.kind()}: {what}", f"{best[3]:.0f}/s", f"{best[0]:.0f}/s", ratio, at_least=0.8))
    note(Row("  forwarded meanwhile", f"{forwarded:.0f}/s"))


def _go_to(*urls: str) -> None:
    relay.destinations(session().exec(select(PortalWebhook)).one().account_id, urls)


def _wait() -> None:
    while _waiting() or incoming.left():
        time.sleep(0.1)


def _p95_of_first_attempts(since: datetime) -> float:
    query = (
        sa.select(col(ForwardAttempt.at), col(Delivery.received_at))
        .join(Forward, col(Forward.id) == col(ForwardAttempt.forward_id))
        .join(Delivery, col(Delivery.id) == col(Forward.delivery_id))
        .where(col(ForwardAttempt.number) == 1, col(Delivery.received_at) >= since)
    )
    times = sorted((at - received).total_seconds() for at, received in session().execute(query))
    session().rollback()
    print(f"{len(times):,} first attempts")
    return times[int(len(times) * 0.95)]


def _attempts() -> int:
    with db.engine.connect() as connection:
        return int(connection.execute(sa.select(sa.func.count(col(ForwardAttempt.forward_id)))).scalar_one())


def _waiting() -> int:
    waits = sa.select(sa.func.count()).where(col(Forward.state) == ForwardState.WAITING)
    with db.engine.connect() as connection:
        return int(connection.execute(waits).scalar_one())


def _tell(what: str, seconds: float, most: float) -> None:
    print(f"{what:<52}{seconds * 1000:>8.0f} ms", flush=True)
    ours, wanted = f"{seconds * 1000:.0f} ms", f"{most * 1000:.0f} ms"
    note(Row(f"relay, {measuring.kind()}: {what}", ours, wanted, seconds / most, at_most=1))


if __name__ == "__main__":
    main()
