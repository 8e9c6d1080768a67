"""Checking a campaign: 100,000 rows of a file, each with its number, its values, and what others know of it.

    python -m bench.campaign_check --rows 100000
    python -m bench.campaign_check --database-url postgresql://user@host/empty_database

The account has contacts, people who opted out and messages of the last days. It is held against a minute and
200 MB, and against the floor of the same run: the same file read as CSV, and its numbers parsed.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import phonenumbers
import sqlalchemy as sa
from sqlmodel import SQLModel

from bench.support import measuring
from bench.support.processes import memory
from bench.support.table import Row, note
from portal import create_app
from portal.campaigns.checking import batches
from portal.campaigns.message.mapping import Field, Part, Plan
from portal.campaigns.people import file_reading
from portal.contacts import csv_reading
from portal.db import migrate
from portal.extensions import db, session
from portal.models import (
    Account,
    Campaign,
    CampaignState,
    ConsentEntry,
    ConsentSource,
    Contact,
    Message,
    MessageState,
    MessageType,
    Scope,
    Wish,
    now,
)

KNOWN = 20
"""Every so many people are a contact, opted out, or were written to lately."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--database-url", help="an empty database; by default a SQLite file of its own")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        url_of_database = chosen.database_url or f"sqlite:///{Path(folder) / 'bench.db'}"
        app = create_app(measuring.settings(url_of_database))
        with app.app_context():
            migrate.upgrade(db.engine)
            _measure(chosen.rows)
            session().close()
            db.engine.dispose()


def _measure(rows: int) -> None:
    body, campaign_id = _file(rows), _campaign()
    floor = _floor(body)
    _keep(campaign_id, body)
    del body
    before, began, most, cpu = memory(os.getpid()), time.monotonic(), 0.0, time.process_time()
    while session().get_one(Campaign, campaign_id, populate_existing=True).state == CampaignState.CHECKING:
        session().rollback()
        batches.check(campaign_id)
        most = max(most, memory(os.getpid()))
    seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    campaign = session().get_one(Campaign, campaign_id, populate_existing=True)
    if (campaign.state, campaign.checked_rows) != (CampaignState.CHECKED, rows):
        raise SystemExit(f"the check ended as {campaign.state} after {campaign.checked_rows} rows")
    print(f"{before:.0f} MB before, {cpu:.1f} s of processor, {seconds:.1f} s")
    note(Row("processor for a row of a campaign", _each(cpu, rows), _each(floor, rows), cpu / floor))
    minute = rows / 100_000 * 60
    note(Row(f"{rows:,} rows are checked", f"{seconds:.1f} s", f"{minute:.0f} s", seconds / minute, at_most=1))
    note(Row("memory while they are checked", f"{most:.0f} MB", "200 MB", most / 200, at_most=1))


def _each(seconds: float, rows: int) -> str:
    return f"{seconds / rows * 1_000_000:.0f} µs"


def _number(person: int) -> str:
    return f"+90532{person:07}"


def _file(rows: int) -> bytes:
    lines = (
        f"{_number(person)};Ayşe {person};İzmir;SALE{person % 100}"
        for person in range(2_000_000, 2_000_000 + rows)
    )
    return "\n".join(["Telefon;Ad;Şehir;Kod", *lines]).encode()


def _floor(body: bytes) -> float:
    """Seconds of processor to read the file and to parse its numbers."""
    began = time.process_time()
    for line in csv_reading.lines([body], "utf-8", ";"):
        if line.number > 1:
            phonenumbers.is_valid_number(phonenumbers.parse(line.cells[0], "TR"))
    return time.process_time() - began


def _campaign() -> UUID:
    account = Account(
        name="Bench", contact_email="bench@example.com", time_zone="Europe/Istanbul", billing_email="b@example.com"
    )
    session().add(account)
    session().flush()
    plan = Plan(0, "", (Field(Part.VALUE, "", 1), Field(Part.VALUE, "", 2), Field(Part.VALUE, "", 3)))
    campaign = Campaign(
        account_id=account.id,
        intent="bench",
        name="Bench",
        state=CampaignState.CHECKING,
        draft=plan.kept,
        template_name="sale",
        language="tr",
        columns=["Telefon", "Ad", "Şehir", "Kod"],
        encoding="utf-8",
        separator=";",
        next_attempt_at=now(),
    )
    session().add(campaign)
    campaign_id, account_id = campaign.id, account.id
    session().commit()
    known = _known(account_id)
    for first in range(2_000_000, 2_100_000, 5_000):  # a part at a time, which takes no memory worth measuring
        for after, (row, fields) in enumerate(known):
            numbers = map(_number, range(first + after, first + 5_000, KNOWN))
            session().execute(sa.insert(type(row)), [_like(row, fields, number) for number in numbers])
    session().commit()
    return campaign_id


def _like(row: SQLModel, fields: Sequence[str], number: str) -> dict[str, Any]:
    """The values of a row like another one, but for its number."""
    usual = row.model_dump(exclude_none=True)  # a contact is numbered by the database
    return usual | dict.fromkeys(fields, number) | ({"id": uuid4()} if "id" in usual else {})


def _known(account_id: UUID) -> list[tuple[SQLModel, tuple[str, ...]]]:
    """A contact, somebody who opted out and one who was written to lately; and their fields with the number."""
    facts = {"scope": Scope.MARKETING, "wish": Wish.OUT, "source": ConsentSource.HAND, "at": now()}
    message = Message(
        account_id=account_id,
        intent="",
        state=MessageState.DELIVERED,
        type=MessageType.TEMPLATE,
        payload={"template": {"name": "sale"}},
        confirmed_at=now(),
    )
    return [
        (Contact(account_id=account_id, number=""), ("number",)),
        (ConsentEntry(account_id=account_id, number="", **facts), ("number",)),
        (message, ("recipient", "intent")),
    ]


def _keep(campaign_id: UUID, body: bytes) -> None:
    file_reading.SHELF.keep(campaign_id, BytesIO(body))
    changed = sa.update(Campaign).values(file_size=len(body)).execution_options(synchronize_session=False)
    session().execute(changed)
    session().commit()


if __name__ == "__main__":
    main()
