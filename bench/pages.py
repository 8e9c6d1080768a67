"""Pages of 50 rows: what one costs the processor, how many statements it takes, and how large it is.

    python -m bench.pages

The floor is a bare Flask view that reads as many rows with `sqlite3` and writes a page of the same length with a
template of its own. Times are processor time, the best of several.

The first visitors in a process are told apart: two people look at pages of their own account, which nobody looked
at before, one after the other. Nothing that they look at happened in the same minute, so no time that was written
for the one serves the other. The first of them must not wait longer than the second. As in a server, their process
is forked from one that has warmed up; that is done several times, and the median is told.
"""

import gc
import json
import logging
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask, current_app
from flask.testing import FlaskClient
from sqlmodel import col
from werkzeug.test import TestResponse

from bench.support import bare_page, measuring
from bench.support.table import Row, note
from portal.extensions import db, session, settings
from portal.identity import sessions
from portal.identity.second_factor import authenticator
from portal.models import (
    Account,
    ChannelListing,
    Delivery,
    DeliveryState,
    Membership,
    Message,
    MessageState,
    MessageType,
    Person,
    PortalWebhook,
    Provisioning,
    Role,
    StaffRole,
    Step,
    WebhookPurpose,
    now,
)
from portal.warm_up import visit, warm_up, warm_up_fork

RUNS = 60
ROWS = 200
MOST = 12
"""Milliseconds of processor time that a page may take when it is warm."""
FIRST, PROCESSES = 1.25, 9
"""How much more the first visitor may cost than the second, and in how many processes that is measured."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure each page and print a table."""
    with measuring.measuring(__doc__, [ROWS], arguments) as lengths:
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        logging.disable(logging.INFO)
        warm_up(app)
        visitors = [_pages(app, lengths[-1], number) for number in range(2 * PROCESSES)]
        db.engine.dispose()
        visits = [
            _in_a_fork(lambda each=each: _visit(app, *each))
            for each in zip(visitors[::2], visitors[1::2], strict=True)
        ]
        ours = visitors[0]
        firsts, seconds = (
            {name: statistics.median(visit[which][name] for visit in visits) for name in ours} for which in (0, 1)
        )
        print(
            f"{'page':<20} {'first ms':>9} {'second':>8} {'then':>8} {'of floor':>9} {'statements':>11} {'KB':>7}"
        )
        took = {name: _tell(name, firsts[name], seconds[name], *page) for name, page in ours.items()}
    slowest = max(took, key=lambda name: took[name])
    then = took[slowest] * 1000
    note(Row(f"CPU of the slowest page, {slowest}", f"{then:.1f} ms", f"{MOST} ms", then / MOST, at_most=1))
    sums = [[sum(each.values()) * 1000 for each in visit] for visit in visits]
    first, second = (statistics.median(each) for each in zip(*sums, strict=True))
    ratio = statistics.median(first / second for first, second in sums)
    work = "all of these pages: the first visitor, and the second"
    note(Row(work, f"{first:.0f} ms", f"{second:.0f} ms", ratio, at_most=FIRST))


Pages = dict[str, tuple[FlaskClient, str]]


def _visit(app: Flask, first: Pages, second: Pages) -> list[dict[str, float]]:
    """What each page of the first visitor costs, and of the second."""
    warm_up_fork(app)
    visit(app)
    gc.disable()  # it would fall on either of them by chance
    return [{name: _cpu(lambda page=page: _get(*page)) for name, page in each.items()} for each in (first, second)]


def _in_a_fork(run: Callable[[], Any]) -> Any:
    """What a process says that is forked for it alone."""
    reader, writer = os.pipe()
    if not (child := os.fork()):
        try:
            os.write(writer, json.dumps(run()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as said:
        answer = said.read()
    os.waitpid(child, 0)
    return json.loads(answer)


def _pages(app: Flask, rows: int, number: int) -> Pages:
    """The pages of an account and of the staff, by their names, for people who come here for the first time."""
    account = fill(rows, number)
    owner = person(f"ada-{number}@example.com", None)
    session().add(Membership(person_id=owner.id, account_id=account.id, role=Role.OWNER))
    nobody, client = app.test_client(), _let_in(app, owner)
    staff = _let_in(app, person(f"staff-{number}@example.com", StaffRole.ADMIN))
    newest = session().execute(sa.select(sa.func.max(col(Delivery.id)))).scalar_one()
    return {
        "front page": (nobody, "/"),
        "sign-up": (nobody, "/signup"),
        "log-in": (nobody, "/login"),
        "overview": (client, f"/accounts/{account.id}/"),
        "event log": (client, f"/accounts/{account.id}/events/"),
        "message log": (client, f"/accounts/{account.id}/messages/"),
        "composer": (client, f"/accounts/{account.id}/messages/new"),
        "history": (client, f"/accounts/{account.id}/history/"),
        "staff's list": (staff, "/staff/accounts/"),
        "staff's event log": (staff, f"/staff/events/?before={newest + 1}"),
        "audit log": (staff, "/staff/audit/"),
    }


def _tell(name: str, first: float, second: float, client: FlaskClient, path: str) -> float:
    """Measure a page; what it takes when it is warm."""
    answer = _get(client, path)
    assert answer.status_code == 200, f"{path}: {answer.status} {answer.location}"
    with _counted() as statements:
        _get(client, path)
    # In turns, so that whatever else the machine does meanwhile slows both.
    times = [
        (_cpu(lambda: _get(client, path)), _cpu(lambda: bare_page.get(len(answer.data)))) for _ in range(RUNS)
    ]
    then, floor = min(page for page, _bare in times), min(bare for _page, bare in times)
    note(Row(f"page: {name}", f"{then * 1000:.1f} ms", f"{floor * 1000:.1f} ms", floor / then, at_least=0.25))
    print(
        f"{name:<20} {first * 1000:9.1f} {second * 1000:8.1f} {then * 1000:8.1f} {floor / then:9.2f} "
        f"{len(statements):11} {len(answer.data) / 1024:7.1f}",
        flush=True,
    )
    return then


def _get(client: FlaskClient, path: str) -> TestResponse:
    """The page, asked for outside of the application context that is open here, which remembers who asked."""
    address, headers = settings().public_url, {"Accept-Encoding": "identity"}
    return Context().run(lambda: client.get(path, base_url=address, headers=headers))


def _cpu(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


@contextmanager
def _counted() -> Iterator[list[str]]:
    """The statements that are executed meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(db.engine, "before_cursor_execute", note)


def fill(rows: int, which: int = 1) -> Account:
    """An account with as many events and messages."""
    account = Account(
        name="Shop",
        contact_email=f"shop-{which}@example.com",
        billing_email="",
        time_zone="UTC",
        connexease_uuid=UUID(int=which),
    )
    session().add(account)
    session().flush()
    hook = PortalWebhook(
        account_id=account.id, purpose=WebhookPurpose.WATCH, key=f"shop-{which}", secret_hash="", sealed_secret=""
    )
    listing = ChannelListing(account_id=account.id, read_at=now(), tried_at=now())
    session().add_all([hook, listing, Provisioning(account_id=account.id, step=Step.READY)])
    session().flush()
    for number in range(rows):
        at, own = now() - timedelta(minutes=7 * number + 3 * which), {"account_id": account.id}
        event = Delivery(
            **own, webhook_id=hook.id, received_at=at, body=b"{}", body_hash=str(number), hook="message.created"
        )
        event.state = DeliveryState.KEPT
        message = Message(
            **own,
            intent=f"{which}-{number}",
            type=MessageType.TEXT,
            recipient=f"+90532{which * 1000 + number:07}",
            payload={"text": {"body": f"Your order {number} is on its way."}},
            state=MessageState.DELIVERED,
            confirmed_at=at,
            sender="ada@example.com",
            preview=f"Your order {number} is on its way.",
        )
        session().add_all([event, message])
    session().commit()
    return account


def person(email: str, staff_role: StaffRole | None) -> Person:
    person = Person(email=email, password_hash="", first_name="Ada", last_name="Lovelace", staff_role=staff_role)
    session().add(person)
    session().flush()
    if staff_role:
        row = authenticator.begin(person)
        row.confirmed_at = now()
    session().commit()
    return person


def cookie(app: Flask, person: Person) -> str:
    """What a browser in which somebody is logged in sends."""
    name = app.config["SESSION_COOKIE_NAME"]
    [kept] = [each for each in _let_in(app, person)._cookies.values() if each.key == name]
    return f"{name}={kept.value}"


def _let_in(app: Flask, person: Person) -> FlaskClient:
    token = sessions.start(person, "127.0.0.1", "")
    client = app.test_client()
    with client.session_transaction(base_url=settings().public_url) as cookie:
        cookie.update(_user_id=token, _fresh=True)
    return client


if __name__ == "__main__":
    main()
