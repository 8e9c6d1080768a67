"""The vault's keys are changed while the portal runs: every secret moves, none is lost, damage is named."""

import base64
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlmodel import SQLModel

from portal.db.engine import writing
from portal.errors import DomainError
from portal.extensions import db, session, vault
from portal.models import (
    Account,
    Authenticator,
    ConsentSettings,
    Credential,
    CredentialKind,
    Destination,
    OnboardingAttempt,
    Person,
    PortalWebhook,
    Webhook,
    WebhookPurpose,
)
from portal.secrets import stored as vault_keeping
from portal.secrets.crypto import Vault
from portal.secrets.stored import PLACES, Findings, Record
from portal.webhooks import changes, desired
from portal.webhooks.rules.headers import Header
from tests.support.application.portal import DETAILS
from tests.support.suite.marks import both_databases
from tests.support.suite.patience import patient, wait_until

OLD, NEW, OTHER = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2, 3))
COLUMNS = len(PLACES.keys() - {"audit_chain.sealed_end"})
"""Those of an account; the end of the audit log is of none, and is sealed when the first entry is written."""
ALL_MOVED = "The newest key opens all secrets. You can remove the older keys from VAULT_KEYS."
DAMAGED = "This secret is damaged or belongs to another record."


def fill(accounts: int = 1) -> None:
    """A secret in every sealed column of each account: its record's id, so that none can be mixed up."""
    person = Person(email="jane@acme.example.com", password_hash="")
    session().add(person)
    for number in range(accounts):
        account = Account(name=f"Account {number}", contact_email="", billing_email="", time_zone="UTC")
        session().add(account)
        session().flush()
        facts = {"key": f"key {number}", "secret_hash": "", "sealed_secret": ""}
        for row in (
            Authenticator(person_id=person.id, sealed_secret=""),
            ConsentSettings(account_id=account.id),
            Credential(account_id=account.id, kind=CredentialKind.GATEWAY_KEY),
            Destination(account_id=account.id, name="", url="", sealed_secret=""),
            OnboardingAttempt(account_id=account.id, person_id=person.id),
            PortalWebhook(account_id=account.id, purpose=WebhookPurpose.WATCH, **facts),
            Webhook(account_id=account.id),
        ):
            [name] = [name for name in PLACES if name.startswith(f"{row.__tablename__}.")]
            setattr(row, name.partition(".")[2], vault().seal(SecretStr(str(row.id)), PLACES[name](row)))
            session().add(row)
    session().commit()


def stored() -> dict[str, list[Record]]:
    """The sealed records of each column."""
    found = defaultdict(list)
    for record in vault_keeping.records():
        found[record.column].append(record)
    return found


def all_records() -> list[Record]:
    return list(vault_keeping.records())


def secret_of(record: Record) -> str:
    return vault().open(record.sealed, record.place).get_secret_value()


def secrets() -> dict[UUID, str]:
    """What every record holds."""
    return {record.id: secret_of(record) for record in vault_keeping.records()}


def write(record: Record, sealed: str | None) -> None:
    """Put something else into a record's column."""
    name, _, column = record.column.partition(".")
    table = SQLModel.metadata.tables[name]
    with writing(), db.engine.begin() as connection:
        connection.execute(sa.update(table).where(table.c.id == record.id).values({column: sealed}))


def change(record: Record, secret: str) -> None:
    """Store another secret there."""
    write(record, vault().seal(SecretStr(secret), record.place))


@both_databases
def test_every_secret_moves_to_the_newest_key(make_portal):
    old = make_portal(vault_keys=OLD)
    old.run(fill)
    before = old.run(secrets)
    assert len(before) == COLUMNS
    portal = make_portal(vault_keys=f"{NEW},{OLD}")
    assert portal.run(vault_keeping.check) == Findings(opened=COLUMNS, outdated=COLUMNS)
    for rewrapped in (COLUMNS, 0):
        assert portal.run(vault_keeping.rotate) == (rewrapped, Findings(opened=COLUMNS))
    new = make_portal(vault_keys=NEW)
    assert new.run(vault_keeping.check) == Findings(opened=COLUMNS)
    assert new.run(secrets) == before
    assert len(old.run(vault_keeping.check).closed) == COLUMNS


def test_the_commands_say_what_they_did(make_portal, command):
    make_portal(vault_keys=OLD).run(fill)
    all_open = f"Opened {COLUMNS} of {COLUMNS} stored secrets.\n"
    for verb, said in [
        (
            "check",
            f"{all_open}{COLUMNS} of them still use older keys. Run `portal vault rotate` to move them to the newest.\n",
        ),
        ("rotate", f"Moved {COLUMNS} secrets to the newest key.\n{all_open}{ALL_MOVED}\n"),
        ("check", all_open),
    ]:
        done = command("vault", verb, VAULT_KEYS=f"{NEW},{OLD}")
        assert (done.returncode, done.stderr, done.stdout) == (0, "", said)


def spoil() -> dict[Record, str]:
    """Keep five of two accounts' records from opening, each in a way of its own; why each does not."""
    _apps, _consents, keys, _destinations, urls, own, headers = (
        records for _, records in sorted(stored().items())
    )
    with_other = Vault([base64.b64decode(OTHER)]).seal(SecretStr("planted-secret"), keys[0].place)
    letter = "A" if urls[0].sealed[-2] != "A" else "B"
    reasons = {}
    for record, sealed, reason in [
        (keys[0], with_other, "This secret was sealed by a key that is not in VAULT_KEYS."),
        (urls[0], urls[0].sealed[:-2] + letter + urls[0].sealed[-1], DAMAGED),
        (urls[1], keys[1].sealed, DAMAGED),  # of another table
        (own[0], "no sealed secret", "This is not a sealed secret."),
        (headers[0], headers[1].sealed, DAMAGED),  # of another account
    ]:
        write(record, sealed)
        reasons[record] = reason
    return reasons


@both_databases
def test_what_does_not_open_is_named_and_stops_nothing_else(make_portal):
    make_portal(vault_keys=OLD).run(fill, 2)
    portal = make_portal(vault_keys=f"{NEW},{OLD}")
    reasons = {record.id: reason for record, reason in portal.run(spoil).items()}
    before = {record.id: record.sealed for record in portal.run(all_records)}
    for find, outdated in (
        (vault_keeping.check, 9),
        (lambda: vault_keeping.rotate()[1], 0),
    ):
        findings = portal.run(find)
        assert (findings.opened, findings.outdated) == (9, outdated)
        assert {record.id: reason for record, reason in findings.closed} == reasons
    moved = {record.id for record in portal.run(all_records) if before[record.id] != record.sealed}
    assert moved == before.keys() - reasons, "what does not open stays as it is"


def test_the_commands_name_what_does_not_open_and_show_none_of_it(make_portal, command):
    make_portal(vault_keys=OLD).run(fill, 2)
    reasons = make_portal(vault_keys=f"{NEW},{OLD}").run(spoil)
    names = sorted(f"{r.column}, {r.owner}, record {r.id}: {why}" for r, why in reasons.items())
    for verb, said in [
        ("rotate", "Moved 9 secrets to the newest key.\nOpened 9 of 14 stored secrets.\n"),
        ("check", "Opened 9 of 14 stored secrets.\n"),
    ]:
        done = command("vault", verb, VAULT_KEYS=f"{NEW},{OLD}")
        *named, end = done.stderr.splitlines()
        assert (done.returncode, done.stdout, sorted(named)) == (1, said, names)
        assert (
            end
            == "Error: Not every secret can be opened. Don't remove any key from VAULT_KEYS until this is fixed."
        )


@both_databases
def test_a_rotation_that_was_stopped_goes_on_where_it_was(make_portal, monkeypatch):
    monkeypatch.setattr(vault_keeping, "BATCH", 12)
    accounts = vault_keeping.BATCH + 1
    make_portal(vault_keys=OLD).run(fill, accounts)
    portal = make_portal(vault_keys=f"{NEW},{OLD}")
    with portal.app.app_context():
        records = vault_keeping.records()
        assert all(vault_keeping.rewrap(next(records)) for _ in range(10))
        assert vault_keeping.check().outdated == COLUMNS * accounts - 10
        rewrapped, findings = vault_keeping.rotate()
        assert rewrapped == COLUMNS * accounts - 10
        assert (findings.opened, findings.outdated, findings.closed) == (COLUMNS * accounts, 0, [])
    assert all(str(key) == secret for key, secret in make_portal(vault_keys=NEW).run(secrets).items())


@both_databases
def test_what_changed_since_it_was_read_is_left_alone(make_portal):
    make_portal(vault_keys=OLD).run(fill)
    portal = make_portal(vault_keys=f"{NEW},{OLD}")
    with portal.app.app_context():
        records = {record.column: record for record in vault_keeping.records()}
        changed, removed = records["webhook.sealed_headers"], records["credential.sealed_key"]
        change(changed, "a newer secret")
        write(removed, None)
        assert not vault_keeping.rewrap(changed)
        assert not vault_keeping.rewrap(removed)
        assert vault_keeping.rotate()[0] == COLUMNS - 2
        after = secrets()
        assert after[changed.id] == "a newer secret"
        assert removed.id not in after


def keep_changing(records: list[Record], start: threading.Barrier) -> dict[UUID, str]:
    """Change secrets one after another; each is found as it was left. What they are in the end."""
    last = {record.id: str(record.id) for record in records}
    start.wait()
    for number in range(8):
        now = {record.id: record for record in vault_keeping.records()}
        for record in records:
            assert secret_of(now[record.id]) == last[record.id]
            last[record.id] = f"{record.id} {number}"
            change(record, last[record.id])
    return last


def keep_reading(start: threading.Barrier, ended: threading.Event) -> None:
    start.wait()
    while not ended.is_set():
        for key, secret in secrets().items():
            assert secret.startswith(str(key))


@both_databases
def test_rotation_while_secrets_are_read_and_changed(make_portal):
    old = make_portal(vault_keys=OLD)
    old.run(fill, 3)
    new = make_portal(vault_keys=f"{NEW},{OLD}")
    late = make_portal(vault_keys=f"{OLD},{NEW}")  # not restarted yet: it still seals with the old key
    records = old.run(all_records)
    start, ended = threading.Barrier(4, timeout=patient(30)), threading.Event()

    def rotated_to_the_end() -> bool:
        new.run(vault_keeping.rotate)
        return all(writer.done() for writer in writers)

    with ThreadPoolExecutor() as pool:
        writers = [
            pool.submit(new.run, keep_changing, records[0::3], start),
            pool.submit(late.run, keep_changing, records[1::3], start),
        ]
        reader = pool.submit(new.run, keep_reading, start, ended)
        try:
            start.wait()
            wait_until(rotated_to_the_end, pause=0)
        finally:
            ended.set()
        reader.result()
        expected = {record.id: str(record.id) for record in records}
        for writer in writers:
            expected |= writer.result()
    new.run(vault_keeping.rotate)
    assert make_portal(vault_keys=NEW).run(secrets) == expected


HEADERS = [Header("X-Key", "planted-header", is_secret=True)]


def set_webhook(portal, url: str) -> None:
    """Make the account's webhook, or change it."""
    [channel] = portal.control.channels() or [portal.control.create_channel(portal.control.accounts()[0]["uuid"])]
    wish = desired.DesiredWebhook(url, ["message.created"], [UUID(channel["uuid"])], headers=HEADERS)
    person, account = portal.person(DETAILS["contact_email"]), portal.one(Account)
    rows = [row for row in portal.rows(Webhook) if row.portal_webhook_id is None]
    with portal.app.test_request_context():
        if rows:
            changes.change(person, account, session().get_one(Webhook, rows[0].id), wish)
        else:
            changes.create(person, account, wish, "intent")


def test_what_the_rooms_seal_opens_at_its_place(make_portal):
    portal = make_portal(vault_keys=OLD, connexease_timeout=20)
    browser, account_id = portal.customer()
    assert browser.post(f"/accounts/{account_id}/channels/connect").status < 400
    set_webhook(portal, "https://receiver.example.com/hook")
    findings = portal.run(vault_keeping.check)
    assert (findings.opened, findings.closed) == (5, [])


def test_headers_that_are_put_back_are_wrapped_by_the_newest_key(make_portal):
    """A rotation may have passed while Connexease was asked, and would never see the old key's wrap return."""
    old = make_portal(vault_keys=OLD, connexease_timeout=20)
    old.customer()
    set_webhook(old, "https://receiver.example.com/hook")
    portal = make_portal(vault_keys=f"{NEW},{OLD}", connexease_timeout=20)
    portal.control.fault("status", path="/webhooks/.+/$", method="PATCH", status=400, body={"detail": ["no"]})
    with pytest.raises(DomainError):
        set_webhook(portal, "https://elsewhere.example.com/hook")
    [row] = [row for row in portal.rows(Webhook) if row.portal_webhook_id is None]
    assert row.wanted["callback_url"] == "https://receiver.example.com/hook"
    newest = Vault([base64.b64decode(NEW)])
    assert "planted-header" in newest.open(row.sealed_headers, vault_keeping.webhook_place(row)).get_secret_value()
