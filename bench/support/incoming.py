"""Events that come in: an account that takes them, the requests that bring them, and how many are unprocessed."""

import itertools
import json
import logging
import math
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from bench.support.load import Request
from portal import create_app
from portal.db import migrate
from portal.extensions import db, session
from portal.identity.mailed_links import fingerprint
from portal.models import (
    Account,
    Delivery,
    DeliveryState,
    Message,
    MessageState,
    MessageType,
    PortalWebhook,
    WebhookPurpose,
    now,
)
from portal.settings import load_settings

HOOKS = "/hooks/connexease/"
PEOPLE = 1000
"""So many people write and are written to in turn."""
BodyOf = Callable[[int], bytes]


def _phone(number: int) -> str:
    return f"+90532111{number % PEOPLE:04}"


def _body(number: int) -> bytes:
    payload = {
        "content": f"Where is my order {number}?",
        "customer": {"name": f"Ada {number % PEOPLE}", "phone_number": _phone(number)},
    }
    channel = {"uuid": "11111111-2222-3333-4444-555555555555", "name": "Shop", "backend": "whatsapp_cloud"}
    return json.dumps({"hook": "message.created", "payload": payload, "channel": channel}).encode()


def fill(events: int, body_of: BodyOf = _body, accounts: int = 1) -> None:
    """Let so many events wait, of so many accounts in turn."""
    _put(_receivers(accounts), [body_of(-number) for number in range(events)])


def fill_with_statuses(events: int) -> None:
    """Let so many reports of the gateway wait: each message of an account was sent, is delivered, and is read."""
    hook = receiver(secrets.token_hex(8), "", WebhookPurpose.GATEWAY)
    own = {"webhook_id": hook.id, "account_id": hook.account_id}
    sent = Message(account_id=hook.account_id, intent="", type=MessageType.TEXT, state=MessageState.ACCEPTED)
    usual, unique = sent.model_dump() | {"confirmed_at": now()}, secrets.token_hex(4)
    session().commit()
    phones = {f"wamid.{unique}{number}": _phone(number) for number in range(math.ceil(events / 3))}
    rows = [
        {**usual, "id": uuid4(), "intent": name, "wamid": name, "recipient": phone}
        for name, phone in phones.items()
    ]
    with db.engine.begin() as connection:
        connection.execute(sa.insert(Message), rows)
    names, words = list(phones), ("sent", "delivered", "read")
    batches = [names[start : start + 80] for start in range(0, len(names), 80)]
    told = [_status(name, phones[name], word) for some in batches for word in words for name in some]
    _put([own], told[:events])


def _status(wamid: str, phone: str, word: str) -> bytes:
    told = {"id": wamid, "status": word, "timestamp": str(int(time.time())), "recipient_id": phone[1:]}
    told |= {"pricing": {"billable": True, "pricing_model": "PMP", "category": "utility"}}
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", "statuses": [told]}}
    return json.dumps(
        {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}
    ).encode()


def _put(receivers: Sequence[Mapping[str, UUID]], bodies: Sequence[bytes]) -> None:
    usual = {"received_at": now(), "state": "received", "hook": "", "attempts": 0, "problem_text": ""}
    table, unique = SQLModel.metadata.tables["delivery"], secrets.token_hex(8)
    rows = [
        {**usual, **own, "body": body, "body_hash": f"{unique}{number}"}
        for number, (own, body) in enumerate(zip(itertools.cycle(receivers), bodies, strict=False))
    ]
    with db.engine.begin() as connection:
        for start in range(0, len(rows), 10_000):
            connection.execute(sa.insert(table), rows[start : start + 10_000])
        if db.engine.dialect.name == "postgresql":
            # It does so by itself within a minute, and until then takes every table for a small one.
            connection.execute(sa.text("ANALYZE"))


def wait_until_left(most: int, meanwhile: Callable[[], None] = lambda: None) -> int:
    """Wait until no more are unprocessed; how many are left then."""
    while (unprocessed := left()) > most:
        meanwhile()
        time.sleep(0.1)  # asking is work for the database, too
    return unprocessed


def left() -> int:
    """How many events are unprocessed."""
    query = sa.select(sa.func.count()).where(col(Delivery.state) == DeliveryState.RECEIVED)
    with db.engine.connect() as connection:
        return int(connection.execute(query).scalar_one())


def let_go() -> None:
    """Mark them as processed, where it is not measured how long the worker takes for them.

    A batch that the worker is at ends first, because both write the same rows. What comes in last it processes.
    """
    kept = (
        sa.update(Delivery).where(col(Delivery.state) == DeliveryState.RECEIVED).values(state=DeliveryState.KEPT)
    )
    with db.engine.begin() as connection:
        connection.execute(kept)
    wait_until_left(0)


def prepare() -> tuple[str, str]:
    """An account with an address that takes events; the key of the address, and its secret."""
    key, secret = "bench", secrets.token_urlsafe(32)
    with create_app(load_settings()).app_context():
        logging.disable(logging.INFO)
        migrate.upgrade(db.engine)
        receiver(key, secret)
        session().commit()
        db.engine.dispose()
    return key, secret


def _receivers(count: int) -> list[dict[str, UUID]]:
    """What the events of so many accounts have for a key, those that are there already first."""
    watched = PortalWebhook.purpose == WebhookPurpose.WATCH
    query = select(PortalWebhook).where(watched).order_by(col(PortalWebhook.created_at)).limit(count)
    hooks = list(session().exec(query))
    hooks += [receiver(secrets.token_hex(8), "") for _ in range(count - len(hooks))]
    keys = [{"webhook_id": hook.id, "account_id": hook.account_id} for hook in hooks]
    session().commit()
    return keys


def receiver(key: str, secret: str, purpose: WebhookPurpose = WebhookPurpose.WATCH) -> PortalWebhook:
    """An account's address that takes events. The caller commits."""
    account = Account(name="Shop", contact_email="shop@example.com", billing_email="", time_zone="UTC")
    session().add(account)
    session().flush()
    hashed = {"secret_hash": fingerprint(secret), "sealed_secret": ""}
    hook = PortalWebhook(account_id=account.id, purpose=purpose, key=key, **hashed)
    session().add(hook)
    session().flush()
    return hook


def requests_to(path: str, headers: Mapping[str, str], body_of: BodyOf = _body) -> Callable[[], Request]:
    """Makers of requests, each of which begins to count where the one before it ended."""
    numbers = itertools.count()
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())

    def request(_number: int) -> bytes:
        body = body_of(next(numbers))
        lines = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n{head}\r\n"
        return lines.encode() + body

    return lambda: request
