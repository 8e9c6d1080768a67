"""How fast a campaign goes out beside what its gateway allows, and how often it is told that this was too much.

    python -m bench.campaign_send --seconds 20

The gateway is the sandbox in a process of its own, at its documented 80 messages a second; the campaign is sent as
the worker does it. Then what the page of a campaign costs with 1,000 rows and with 100,000.
"""

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import UUID, uuid4

import sqlalchemy as sa
from pydantic import SecretStr

from bench.support import measuring
from bench.support.table import Row, note
from portal import create_app
from portal.campaigns import tallies
from portal.campaigns.message.mapping import Field, Part, Plan
from portal.campaigns.results import overview
from portal.campaigns.sending import engine
from portal.db import migrate
from portal.extensions import db, session
from portal.models import (
    Account,
    Campaign,
    CampaignRow,
    CampaignState,
    Credential,
    CredentialKind,
    Message,
    RowState,
    now,
)
from portal.sandbox.client import SandboxControl
from portal.sandbox.server import Sandbox
from portal.vault import keys

PER_SECOND = 80
WANTED = 0.95
FEW, MANY = 1_000, 100_000


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=20, help="how long to send")
    parser.add_argument("--database-url", help="an empty database; by default a SQLite file of its own")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, _gateway() as url:
        url_of_database = chosen.database_url or f"sqlite:///{Path(folder) / 'bench.db'}"
        settings = measuring.settings(url_of_database).model_copy(update={"connexease_gateway_url": url})
        app = create_app(settings)
        with app.app_context():
            migrate.upgrade(db.engine)
            credential = _credential(SandboxControl(url))
            _send(credential, SandboxControl(url), chosen.seconds)
            _pages(credential)
            session().close()
            db.engine.dispose()


def _send(credential: Credential, control: SandboxControl, seconds: int) -> None:
    rows = PER_SECOND * seconds
    campaign = _campaign(credential, rows, CampaignState.RUNNING)
    statements = _counted()
    began, turns = time.perf_counter(), 0
    while _state(campaign) == CampaignState.RUNNING and time.perf_counter() - began < seconds * 5:
        engine.advance()
        turns += 1
    engine.finish()
    session().rollback()
    times = sa.select(sa.func.min(Message.call_started_at), sa.func.max(Message.answered_at))
    first, last = session().execute(times.where(Message.campaign_id == campaign)).one()
    a_second = rows / (last - first).total_seconds()
    too_many = control.gateway_refused_as_too_many()
    print(
        f"{rows} messages, {a_second:.1f} a second, {too_many} times 429,"
        f" {statements[0] / rows:.1f} statements each"
    )
    sends = control.gateway_sends()
    assert sum(sends.values()) == rows, (sum(sends.values()), rows)
    ratio = a_second / PER_SECOND
    note(
        Row(
            "campaign sent, messages a second",
            f"{a_second:.1f}",
            f"{PER_SECOND} allowed",
            ratio,
            at_least=WANTED,
        )
    )
    note(Row("campaign, calls refused as too many", f"{too_many}", f"{rows} calls", 1.0 + too_many, at_most=1.0))


def _pages(credential: Credential) -> None:
    times = []
    for rows in (FEW, MANY):
        campaign = session().get_one(Campaign, _campaign(credential, rows, CampaignState.PAUSED))
        best = []
        for _ in range(20):
            session().rollback()
            began = time.perf_counter()
            overview.of(campaign)
            best.append(time.perf_counter() - began)
        times.append(min(best) * 1000)
    few, many = times
    print(f"page of a campaign: {few:.2f} ms with {FEW} rows, {many:.2f} ms with {MANY}")
    note(Row("campaign's page, 100,000 rows, ms", f"{many:.2f}", f"{few:.2f} with 1,000", many / few, at_most=1.5))


def _state(campaign_id: UUID) -> CampaignState:
    session().rollback()
    query = sa.select(Campaign.state).where(Campaign.id == campaign_id)
    return session().execute(query).scalar_one()


def _counted() -> list[int]:
    seen = [0]

    def count(*_arguments: object) -> None:
        seen[0] += 1

    sa.event.listen(db.engine, "before_cursor_execute", count)
    return seen


def _credential(control: SandboxControl) -> Credential:
    uuid = control.create_account("bench@example.com")["uuid"]
    account = Account(name="bench", contact_email="bench@example.com", billing_email="", time_zone="UTC")
    session().add(account)
    session().flush()
    row = Credential(
        account_id=account.id, kind=CredentialKind.GATEWAY_KEY, name="Key", created_by="bench", keep=True
    )
    keys.seal(row, SecretStr(control.issue_gateway_key(uuid)))
    session().add(row)
    session().commit()
    return row


def _campaign(credential: Credential, count: int, state: CampaignState) -> UUID:
    at = now()
    campaign = Campaign(
        account_id=credential.account_id,
        intent=uuid4().hex,
        name="bench",
        state=state,
        draft=Plan(fields=(Field(Part.VALUE, column=1),)).kept,
        template_name="autumn_sale",
        language="tr",
        credential_id=credential.id,
        confirmed_at=at,
        next_attempt_at=at if state == CampaignState.RUNNING else None,
    )
    session().add(campaign)
    session().flush()
    shared = {"campaign_id": campaign.id, "state": RowState.WAITING, "problem": "", "column": ""}
    rows = [
        {**shared, "number": place, "recipient": f"+9053{place:07}1", "values": [f"Ada {place}"]}
        for place in range(count)
    ]
    session().execute(sa.insert(CampaignRow), rows)
    tallies.count(session().connection(), {(campaign.id, RowState.WAITING): count})
    session().commit()
    return campaign.id


def _serve(ready: Connection) -> None:
    with Sandbox(reseller_token="bench") as sandbox:
        sandbox.core.settings.statuses = []
        ready.send(sandbox.api_url)
        ready.recv()


@contextmanager
def _gateway() -> Iterator[str]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=_serve, args=(there,), daemon=True)
    server.start()
    yield here.recv()
    here.send("end")
    server.join()


if __name__ == "__main__":
    main()
