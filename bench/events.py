"""The event log at different lengths: does a page, or a search, cost more when the log is longer?

    python -m bench.events --rows 1000 100000 1000000
    python -m bench.events --database-url postgresql://user@host/empty_database

Half of the rows are another account's. What the numbers mean stands in `bench/support/measuring.py`.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

import sqlalchemy as sa

from bench.support import measuring
from portal.events import log
from portal.events.log import Filter
from portal.extensions import db, session
from portal.models import Account, DeliveryState, PortalWebhook, WebhookPurpose, now

DELIVERIES = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', :start, n || ' seconds')",
    "postgresql": "CAST(:start AS timestamptz) + n * interval '1 second'",
}
WORDS = "'hook message created account uuid payload conversation text hello order channel backend w' || n"
SEARCH = {
    "sqlite": "INSERT INTO delivery_search (rowid, account, words) SELECT n, "
    f"CASE WHEN n % 2 = 0 THEN '{{mine}}' ELSE '{{other}}' END, {WORDS} FROM {{series}}",
    "postgresql": "INSERT INTO delivery_search (delivery_id, words) SELECT n, array_to_tsvector(array_append("
    f"string_to_array({WORDS}, ' '), 'account=' || CASE WHEN n % 2 = 0 THEN '{{mine}}' ELSE '{{other}}' END)) "
    "FROM {series}",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure at each length and print a table."""
    with measuring.measuring(__doc__, [1_000, 20_000], arguments) as lengths:
        mine, other = _account("mine"), _account("other")
        measuring.compare(
            lengths,
            "rows",
            lambda first, last: _grow(first, last, mine, other),
            lambda length: _runs(mine, length),
        )


def _runs(mine: Account, length: int) -> dict[str, Callable[[], object]]:
    middle, rare = length // 2, f"w{length // 4 * 2}"
    return {
        "newest page": lambda: log.page(mine, Filter()),
        "page from the middle": lambda: log.page(mine, Filter(), before=middle),
        "one trigger": lambda: log.page(mine, Filter(trigger="feedback.received")),
        "failed": lambda: log.page(mine, Filter(state=DeliveryState.FAILED)),
        "the last hour": lambda: log.page(mine, Filter(since=now() - timedelta(hours=1))),
        "triggers that occurred": lambda: log.triggers_seen(mine),
        "newer than the middle": lambda: log.count_newer(mine, Filter(), middle),
        "a rare word": lambda: log.page(mine, Filter(words=(rare,))),
        "a word of every event": lambda: log.page(mine, Filter(words=("hello", "order"))),
        "a rare beginning": lambda: log.page(mine, Filter(words=(rare[:-1],))),
        "a beginning of every event": lambda: log.page(mine, Filter(words=("hel",))),
    }


def _grow(first: int, last: int, mine: Account, other: Account) -> None:
    """Make the deliveries from number `first` to `last`, and what finds them."""
    kind, series = measuring.kind(), measuring.series(first, last)
    insert = sa.text(
        "INSERT INTO delivery (id, webhook_id, account_id, received_at, body, body_hash, hook, state, attempts, "
        "problem_text) SELECT n, CASE WHEN n % 2 = 0 THEN :mine_hook ELSE :other_hook END, "
        "CASE WHEN n % 2 = 0 THEN :mine ELSE :other END, "
        f"{DELIVERIES[kind]}, :body, CAST(n AS text), "
        "CASE WHEN n % 1000 = 0 THEN 'feedback.received' ELSE 'message.created' END, "
        f"CASE WHEN n % 5000 = 0 THEN 'failed' ELSE 'kept' END, 0, '' FROM {series}"
    ).bindparams(*(sa.bindparam(name, type_=sa.Uuid()) for name in ("mine", "other", "mine_hook", "other_hook")))
    values = {
        "mine": mine.id,
        "other": other.id,
        "mine_hook": _webhook(mine),
        "other_hook": _webhook(other),
        "start": f"{now() - timedelta(seconds=last):%Y-%m-%d %H:%M:%S}",
        "body": b'{"hook": "message.created", "payload": {"text": "hello, about my order"}}',
    }
    with db.engine.begin() as connection:
        connection.execute(insert, values)
        kinds = f"SELECT account_id, hook, id FROM delivery WHERE id BETWEEN {first} AND {last}"
        connection.execute(sa.text(f"INSERT INTO delivery_kind (account_id, kind, delivery_id) {kinds}"))
        find = SEARCH[kind].format(mine=mine.id.hex, other=other.id.hex, series=series)
        connection.execute(sa.text(find))


def _account(name: str) -> Account:
    account = Account(name=name, contact_email=f"{name}@example.com", billing_email="", time_zone="UTC")
    session().add(account)
    session().flush()
    hook = PortalWebhook(
        account_id=account.id, purpose=WebhookPurpose.WATCH, key=name, secret_hash="", sealed_secret=""
    )
    session().add(hook)
    session().commit()
    return account


def _webhook(account: Account) -> object:
    query = sa.select(PortalWebhook.id).where(PortalWebhook.account_id == account.id)  # type: ignore[call-overload]
    return session().execute(query).scalar_one()


if __name__ == "__main__":
    main()
