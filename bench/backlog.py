"""A customer's page while the worker works off events, and when nothing is to be done: how long does it take?

    python -m bench.backlog --events 10000
    python -m bench.backlog --database-url postgresql://user@host/empty_database

Two processes of gunicorn and the worker; pages are asked for one after the other.
"""

import argparse
import logging
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

from sqlmodel import select

from bench.support import incoming
from bench.support.processes import make_environment, running_process, serving
from bench.support.table import Row, note, on_database
from portal import create_app
from portal.extensions import session, settings
from portal.identity import sessions
from portal.models import Account, Membership, Person, Provisioning, Role, Step
from portal.settings import load_settings

PAGES = 200
FIRST = 50
"""Pages that are not measured: the first ones in a process take longer."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--database-url", help="an empty PostgreSQL database; by default a SQLite file of its own")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as running:
        logging.disable(logging.INFO)
        environment = make_environment(chosen.database_url or f"sqlite:///{Path(folder) / 'portal.db'}")
        incoming.prepare()
        app = running.enter_context(create_app(load_settings()).app_context()).app
        path, cookie = _customer(app)
        incoming.fill(200)  # so that the page is as long before as after
        url = running.enter_context(serving(environment, "wsgi:app")).url + path
        running.enter_context(running_process(environment, "-m", "portal", "worker"))
        incoming.wait_until_left(0)
        _pages(url, cookie, lambda: False, FIRST)
        quiet = _pages(url, cookie, lambda: False)
        incoming.fill(chosen.events)
        busy = _pages(url, cookie, lambda: incoming.left() == 0)
        before, during = statistics.median(quiet), statistics.median(busy)
        work = on_database(f"a customer's page while {chosen.events:,} events are worked off")
        note(Row(work, f"{during * 1000:.1f} ms", f"{before * 1000:.1f} ms", during / before, at_most=2))
        print(f"{'a page, in ms':<36} {'median':>9} {'p95':>9} {'of quiet':>9}")
        for name, times in (("nothing to be done", quiet), (f"{chosen.events:,} events worked off", busy)):
            median, ratio = statistics.median(times), statistics.median(times) / statistics.median(quiet)
            print(
                f"{name:<36} {median * 1000:9.1f} {sorted(times)[len(times) * 95 // 100] * 1000:9.1f} {ratio:9.2f}"
            )


def _pages(url: str, cookie: str, is_over: Callable[[], bool], most: int = PAGES) -> list[float]:
    """Seconds that each page takes, until it is over or there were enough."""
    times: list[float] = []
    while len(times) < most and not (times and is_over()):
        began = time.perf_counter()
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Cookie": cookie})) as answer:
            answer.read()
            assert answer.url == url, answer.url
        times.append(time.perf_counter() - began)
    return times


def _customer(app: object) -> tuple[str, str]:
    """The event log of an account that is set up, and the cookie of its owner."""
    account = session().exec(select(Account)).one()
    account.connexease_uuid = UUID(int=1)
    person = Person(email="ada@example.com", password_hash="", first_name="Ada", last_name="Lovelace")
    session().add_all([account, person, Provisioning(account_id=account.id, step=Step.READY)])
    session().flush()
    session().add(Membership(person_id=person.id, account_id=account.id, role=Role.OWNER))
    session().commit()
    token, client = sessions.start(person, "127.0.0.1", ""), app.test_client()
    with client.session_transaction(base_url=settings().public_url) as cookie:
        cookie.update(_user_id=token, _fresh=True)
    name = app.config["SESSION_COOKIE_NAME"]
    [kept] = [each for each in client._cookies.values() if each.key == name]
    path = f"/accounts/{account.id}/events/"
    session().close()
    return path, f"{name}={kept.value}"


if __name__ == "__main__":
    main()
