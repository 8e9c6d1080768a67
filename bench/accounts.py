"""The staff's list of accounts at different lengths: does a page, or a search, cost more when there are more?

    python -m bench.accounts --rows 100 10000 100000 --every
    python -m bench.accounts --database-url postgresql://user@host/empty_database

First what the databases are asked for, then some of the same as the answer that a browser waits for.
What the numbers mean stands in `bench/support/measuring.py`.
"""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import current_app
from flask.testing import FlaskClient

from bench.support import measuring
from portal.extensions import db, session, settings
from portal.identity import sessions
from portal.mirror import directory, facets, search_words
from portal.mirror.directory import Filter, Order, Sort
from portal.mirror.facets import Recency
from portal.models import MirroredAccount, Person, StaffRole, now

NEWEST, BY_NAME, BY_ACTIVITY = Order(), Order(Sort.NAME, descending=False), Order(Sort.ACTIVITY)
DECLINED, QUIET = Filter(marks=("declined",)), (Recency.QUARTER, Recency.LONGER)

HOURS = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', 'now', ({hours}) || ' hours')",
    "postgresql": "now() + ({hours}) * interval '1 hour'",
}
CREATED, ACTIVE, EXPIRES = "n % 1000 - 1000", "n * 7919 % 997 - 997", "n * 6007 % 43201"
"""In no relation to each other, as far as a remainder can tell."""
UUIDS = {
    "sqlite": "substr('00000000000000000000000000000000' || n, -32)",
    "postgresql": "CAST(lpad(CAST(n AS text), 32, '0') AS uuid)",
}
MARKS = (
    "CASE WHEN n % 1000 = 1 THEN ' here gone ' WHEN n % 1000 < 50 THEN ' here declined ' "
    "WHEN n % 2 = 0 THEN ' here nochannel ready ' WHEN n % 3 = 0 THEN ' onlythere nowebhook ' "
    f"ELSE ' here ready ' END || CASE WHEN {EXPIRES} < 1440 THEN 'expiring ' ELSE '' END"
)
WORDS = (
    "' shop turkey w' || n || CASE WHEN n % 2 = 0 THEN ' even' ELSE ' odd' END || "
    "CASE WHEN n % 1000 < 50 THEN ' early' ELSE '' END || ' info example com 90532' || (1000000 + n) || "
    "' 532' || (1000000 + n) || ' '"
)
TERMS = {
    "sqlite": f"{WORDS} || {UUIDS['sqlite']}",
    "postgresql": f"{WORDS} || lpad(CAST(n AS text), 32, '0')",
}
INDEX = {
    "sqlite": "INSERT INTO account_search (rowid, marks, words) SELECT id, trim(marks), trim(terms) "
    "FROM mirrored_account WHERE id >= {first}",
    "postgresql": "INSERT INTO account_search (mirrored_id, words) SELECT id, array_to_tsvector(string_to_array("
    "trim(terms) || ' mark=' || replace(trim(marks), ' ', ' mark='), ' ')) FROM mirrored_account "
    "WHERE id >= {first}",
}
ASKED = {
    "newest first": {},
    "by name": {"sort": "name"},
    "no channel: half of them": {"sort": "name", "no_channel": "y"},
    "words of every account": {"q": "shop turk"},
    "words of many, together of none": {"q": "even odd"},
    "a word of the oldest twentieth": {"q": "early"},
    "a word of none": {"q": "nobody"},
}
"""What the address of the list says."""
COLUMNS = (
    "id, kind, name, name_key, contact_email, phone, channels, channels_disconnected, webhooks, tokens, "
    "token_expires_at, listed, terms, marks, created_at, last_activity_at, seen_run, problem_text, connexease_uuid"
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure at each length and print a table."""
    with measuring.measuring(__doc__, [100, 100_000], arguments) as lengths:
        browser = _browser()
        measuring.compare(lengths, "accounts", _grow, lambda length: _runs(length) | _answers(browser))


def _runs(length: int) -> dict[str, Callable[[], object]]:
    def listed(order: Order = NEWEST, typed: str = "", **more: Any) -> Callable[[], object]:
        wanted = Filter(words=tuple(search_words.wanted(typed)), **more)
        return lambda: directory.first_page(wanted, order)

    middle = directory.first_page(Filter(), BY_NAME, length // 2).last if length < 1000 else _place(length // 2)
    place = directory.position(middle, BY_NAME)
    assert place is not None
    return {
        "newest first": listed(),
        "by name": listed(BY_NAME),
        "by last activity": listed(BY_ACTIVITY),
        "a page from the middle, by name": lambda: directory.page_after(Filter(), BY_NAME, place),
        "from the middle, and declined": lambda: directory.page_after(DECLINED, BY_NAME, place),
        "back from the middle": lambda: directory.page_before(Filter(), BY_NAME, place),
        "one account by a word": listed(typed=f"w{length // 2}"),
        "one account by phone": listed(typed=f"0532 {1_000_000 + length // 2}"),
        "one account by UUID": listed(typed=str(UUID(f"{length // 2:032d}"))),
        "a word of none": listed(typed="nobody"),
        "a beginning of a few": listed(typed=f"w{length // 20}"),
        "words of every account": listed(BY_NAME, typed="shop turk"),
        "words of many, together of none": listed(typed="even odd"),
        "a word of the oldest twentieth": listed(typed="early"),
        "no channel: half of them": listed(BY_NAME, marks=(facets.NO_CHANNEL,)),
        "gone: one in a thousand": listed(marks=(facets.GONE,)),
        "a common word and gone": listed(BY_NAME, typed="shop", marks=(facets.GONE,)),
        "ready, by name, with a word": listed(BY_NAME, typed="shop", marks=("ready",)),
        "a token expires": listed(marks=(facets.EXPIRING,)),
        "a token expires, by name, quiet": listed(BY_NAME, marks=(facets.EXPIRING,), recencies=QUIET),
        "quiet for 30 days, newest first": listed(recencies=QUIET),
        "quiet for 30 days, by name": listed(BY_NAME, recencies=QUIET),
        "active today, by last activity": listed(BY_ACTIVITY, recencies=(Recency.DAY,)),
        "active today, longest ago first": listed(BY_ACTIVITY.turned, recencies=(Recency.DAY,)),
        "one in twenty, all the oldest": listed(marks=("declined",)),
        "the same, and quiet": listed(marks=("declined",), recencies=QUIET),
        "the first lines of the export": lambda: list(islice(directory.every(Filter(), NEWEST), 50)),
        "the same of the oldest twentieth": lambda: list(islice(directory.every(DECLINED, NEWEST), 50)),
    }


def _answers(browser: FlaskClient) -> dict[str, Callable[[], object]]:
    """The pages, as a person who looks at the list waits for them."""

    def answer(asked: dict[str, str]) -> Callable[[], object]:
        def run() -> None:
            response = browser.get("/staff/accounts/", query_string=asked, base_url=settings().public_url)
            assert response.status_code == 200, response.status

        return run

    return {f"the answer: {name}": answer(asked) for name, asked in ASKED.items()}


def _browser() -> FlaskClient:
    """Somebody of the staff who is logged in."""
    person = Person(email="staff@example.com", password_hash="", staff_role=StaffRole.READ_ONLY)
    session().add(person)
    session().commit()
    browser = current_app.test_client()
    with browser.session_transaction(base_url=settings().public_url) as cookie:
        cookie.update(_user_id=sessions.start(person, "127.0.0.1", ""), _fresh=True)
    return browser


def _place(number: int) -> str:
    query = sa.text("SELECT name_key, id FROM mirrored_account WHERE id = :id")
    row = session().execute(query, {"id": number}).one()
    return str(directory.Position(row.name_key, row.id))


def _grow(first: int, last: int) -> None:
    """Make the accounts from number `first` to `last`, and what finds them."""
    kind = measuring.kind()

    def moment(hours: str) -> str:
        return HOURS[kind].format(hours=hours)

    values = (
        "n, 0, 'Shop ' || n, 'shop ' || n, 'info' || n || '@example.com', '', n % 2, 0, n % 3, 1, "
        f"{moment(EXPIRES)}, '{{}}', {TERMS[kind]}, {MARKS}, {moment(CREATED)}, {moment(ACTIVE)}, 1, '', "
        f"{UUIDS[kind]}"
    )
    series = measuring.series(first, last)
    with db.engine.begin() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO mirrored_account ({COLUMNS}) SELECT {values} FROM {series}".replace("%", "%%")
            if kind == "postgresql"
            else f"INSERT INTO mirrored_account ({COLUMNS}) SELECT {values} FROM {series}"
        )
        connection.exec_driver_sql(INDEX[kind].format(first=first))
        connection.execute(_kinds(first))


def _kinds(first: int) -> sa.Update:
    """What `portal.mirror.facets` makes of each row."""
    table, at = MirroredAccount.__table__, now()  # type: ignore[attr-defined]
    bits = [
        sa.case((table.c.marks.like(f"% {mark} %"), facets.RECENCIES << place), else_=0)
        for place, mark in enumerate(facets.TOLD_APART)
    ]
    ages = [sa.case((table.c.last_activity_at < at - limit, 1), else_=0) for limit in facets.LIMITS]
    kind = sum([*bits, *ages], start=sa.literal(0))
    return sa.update(table).where(table.c.id >= first).values(kind=kind)


if __name__ == "__main__":
    main()
