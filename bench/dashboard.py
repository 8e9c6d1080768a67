"""The staff's first page: does it cost more where there are more accounts, channels, events and messages?

    python -m bench.dashboard --rows 100 10000 100000
    python -m bench.dashboard --database-url postgresql://user@host/empty_database

Each account has a channel, a webhook, a token, a message and ten events, and one in a hundred has what needs
somebody. All came in over ninety days. What the numbers mean stands in `bench/support/measuring.py`.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel

from bench.support import measuring
from portal.extensions import db, session
from portal.models import (
    Account,
    Channel,
    Credential,
    CredentialKind,
    Delivery,
    DeliveryState,
    Message,
    MessageType,
    PortalWebhook,
    Provisioning,
    Step,
    Tally,
    TallyPlace,
    Webhook,
    WebhookPurpose,
    now,
)
from portal.staff.dashboard import counters, overview

EVENTS = 10
DAYS = 90
ZONE = "Europe/Istanbul"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure at each length and print a table."""
    with measuring.measuring(__doc__, [100, 10_000], arguments) as lengths:
        measuring.compare(lengths, "accounts", _grow, _runs)


def _runs(_length: int) -> Mapping[str, measuring.Run]:
    return {
        "charts": lambda: overview.charts(ZONE),
        "funnel": overview.funnel,
        "what needs somebody": overview.failures,
    }


def _grow(first: int, last: int) -> None:
    """Make the accounts from number `first` to `last`, and all that is theirs; count it, as the worker does."""
    usual = Account(name="", contact_email="", billing_email="", time_zone="UTC").model_dump()
    since, apart = now() - timedelta(days=DAYS), timedelta(days=DAYS - 1) / (last - first + 1)
    accounts = [
        usual | {"id": UUID(int=n), "name": f"Shop {n}", "created_at": since + (n - first) * apart}
        for n in range(first, last + 1)
    ]
    with db.engine.begin() as connection:
        connection.execute(sa.insert(Account), accounts)
        for insert in _theirs(UUID(int=first)):
            connection.execute(insert)
    _count_anew()


def _theirs(first: UUID) -> list[sa.Insert]:
    """What each account has, from a first one on."""
    of = Account.__table__.c  # type: ignore[attr-defined]
    own = {"id": of.id, "account_id": of.id}
    listed, key = own | {"connexease_uuid": of.id}, {"key": of.name}
    is_rare = of.name.like("%50")
    rare = lambda yes, no: sa.case((is_rare, sa.literal(yes)), else_=sa.literal(no))  # noqa: E731
    nobody: dict[str, Any] = {"account_id": UUID(int=0)}
    hook = PortalWebhook(**nobody, purpose=WebhookPurpose.WATCH, key="", secret_hash="", sealed_secret="")
    token = Credential(**nobody, kind=CredentialKind.ACCESS_TOKEN)
    event = Delivery(**nobody, webhook_id=UUID(int=0), body=b"{}", body_hash="")
    message = Message(**nobody, intent="", type=MessageType.TEXT)
    channel = {"is_connected": rare(False, True), "first_seen_at": of.created_at}
    failed = {"state": rare(DeliveryState.FAILED.value, DeliveryState.KEPT.value), "received_at": of.created_at}
    steps = {"account_id": of.id, "step": rare(Step.NEEDS_DETAILS.value, Step.READY.value)}
    return [
        _made(Provisioning(**nobody, step=Step.READY), first, **steps),
        _made(Channel(**nobody, connexease_uuid=UUID(int=0)), first, **listed, **channel),
        _made(Webhook(**nobody, attempts=9), first, **listed, is_pending=rare(True, False)),
        _made(token, first, **listed, intent=of.name),
        _made(message, first, **own, intent=of.name, confirmed_at=of.created_at),
        _made(hook, first, **own, **key),
        *[
            _made(event, first, webhook_id=of.id, account_id=of.id, body_hash=sa.literal(f"{number}"), **failed)
            for number in range(EVENTS)
        ],
    ]


def _made(usual: SQLModel, first: UUID, **own: Any) -> sa.Insert:
    """A row like the usual one for each account, but for what is its own."""
    table: sa.Table = usual.__table__  # type: ignore[attr-defined]
    account = Account.__table__.c  # type: ignore[attr-defined]
    facts = usual.model_dump(exclude={"id"}) | own
    values = {
        name: value if isinstance(value, sa.ColumnElement) else sa.literal(value, table.c[name].type)
        for name, value in facts.items()
        if value is not None
    }
    some = sa.select(*values.values()).where(account.id >= first)
    return sa.insert(table).from_select(list(values), some)


def _count_anew() -> None:
    """What was made last came in between what was counted before."""
    with db.engine.begin() as connection:
        connection.execute(sa.delete(Tally))
        connection.execute(sa.delete(TallyPlace))
    for kind in counters.due():
        total = -1
        while total != (total := _counted(kind)):
            counters.count(kind)


def _counted(kind: str) -> int:
    query = sa.select(sa.func.coalesce(sa.func.sum(Tally.count), 0)).where(Tally.kind == kind)  # type: ignore[arg-type]
    return int(session().execute(query).scalar_one())


if __name__ == "__main__":
    main()
