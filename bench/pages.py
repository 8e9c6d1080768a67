"""Pages of 50 rows: what one costs the processor, how many statements it takes, and how large it is.

    python -m bench.pages

The floor is a bare Flask view that reads as many rows with `sqlite3` and writes a page of the same length with a
template of its own. Times are processor time, the best of several; the first visit in a process is told apart.
"""

import logging
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
from werkzeug.test import TestResponse

from bench import _bare_page as bare_page
from bench import _measuring as measuring
from portal.app import warm_up
from portal.extensions import db, session, settings
from portal.identity import sessions
from portal.identity.second_factor import authenticator
from portal.models import (
    Account,
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

RUNS = 60


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure each page and print a table."""
    with measuring.measuring(__doc__, [200], arguments) as lengths:
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        logging.disable(logging.INFO)
        warm_up(app)
        account = _fill(lengths[-1])
        owner = _person("ada@example.com", None)
        session().add(Membership(person_id=owner.id, account_id=account.id, role=Role.OWNER))
        client, staff = _let_in(app, owner), _let_in(app, _person("staff@example.com", StaffRole.ADMIN))
        print(f"{'page':<28} {'first ms':>9} {'then ms':>8} {'of floor':>9} {'statements':>11} {'KB':>7}")
        for name, who, path in [
            ("front page", app.test_client(), "/"),
            ("sign-up", app.test_client(), "/signup"),
            ("log-in", app.test_client(), "/login"),
            ("overview", client, f"/accounts/{account.id}/"),
            ("event log", client, f"/accounts/{account.id}/events/"),
            ("message log", client, f"/accounts/{account.id}/messages/"),
            ("composer", client, f"/accounts/{account.id}/messages/new"),
            ("history", client, f"/accounts/{account.id}/history/"),
            ("staff's list", staff, "/staff/accounts/"),
            ("staff's event log", staff, "/staff/events/"),
            ("audit log", staff, "/staff/audit/"),
        ]:
            _tell(name, who, path)


def _tell(name: str, client: FlaskClient, path: str) -> None:
    first = _cpu(lambda: _get(client, path))
    answer = _get(client, path)
    assert answer.status_code == 200, f"{path}: {answer.status} {answer.location}"
    with _counted() as statements:
        _get(client, path)
    # In turns, so that whatever else the machine does meanwhile slows both.
    times = [
        (_cpu(lambda: _get(client, path)), _cpu(lambda: bare_page.get(len(answer.data)))) for _ in range(RUNS)
    ]
    then, floor = min(page for page, _bare in times), min(bare for _page, bare in times)
    print(
        f"{name:<28} {first * 1000:9.1f} {then * 1000:8.1f} {floor / then:9.2f} {len(statements):11} "
        f"{len(answer.data) / 1024:7.1f}",
        flush=True,
    )


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


def _fill(rows: int) -> Account:
    """An account with as many events, messages and entries in its history, and as many accounts beside it."""
    account = Account(
        name="Shop",
        contact_email="shop@example.com",
        billing_email="",
        time_zone="UTC",
        connexease_uuid=UUID(int=1),
    )
    session().add(account)
    session().flush()
    hook = PortalWebhook(
        account_id=account.id, purpose=WebhookPurpose.WATCH, key="shop", secret_hash="", sealed_secret=""
    )
    session().add_all([hook, Provisioning(account_id=account.id, step=Step.READY)])
    session().flush()
    for number in range(rows):
        at, own = now() - timedelta(minutes=7 * number), {"account_id": account.id}
        event = Delivery(
            **own, webhook_id=hook.id, received_at=at, body=b"{}", body_hash=str(number), hook="message.created"
        )
        event.state = DeliveryState.KEPT
        message = Message(
            **own,
            intent=str(number),
            type=MessageType.TEXT,
            recipient=f"+90532{number:07}",
            payload={"text": {"body": f"Your order {number} is on its way."}},
            state=MessageState.DELIVERED,
            confirmed_at=at,
            sender="ada@example.com",
            preview=f"Your order {number} is on its way.",
        )
        session().add_all([event, message])
    session().commit()
    return account


def _person(email: str, staff_role: StaffRole | None) -> Person:
    person = Person(email=email, password_hash="", first_name="Ada", last_name="Lovelace", staff_role=staff_role)
    session().add(person)
    session().flush()
    if staff_role:
        row = authenticator.begin(person)
        row.confirmed_at = now()
    session().commit()
    return person


def _let_in(app: Flask, person: Person) -> FlaskClient:
    token = sessions.start(person, "127.0.0.1", "")
    client = app.test_client()
    with client.session_transaction(base_url=settings().public_url) as cookie:
        cookie.update(_user_id=token, _fresh=True)
    return client


if __name__ == "__main__":
    main()
