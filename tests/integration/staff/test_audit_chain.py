"""The audit log's chain: whatever is done to an entry behind the portal's back is named."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic import command as alembic

from portal import audit
from portal.audit import chain
from portal.db import migrate
from portal.extensions import db, session
from portal.models import Account, AuditChain, AuditEntry, Person
from portal.models.base import UtcDateTime
from tests.support.application.portal import Portal
from tests.support.suite.marks import both_databases
from tests.support.suite.patience import patient

ODD = "Ünïcode 🙂 \x00 \ud800 “quotes” '; --"


@pytest.fixture(autouse=True)
def _app(portal: Portal):
    with portal.app.app_context():
        yield


def record(number: int = 1) -> None:
    for each in range(number):
        audit.record(
            None, uuid4(), "account.approved", f"{ODD} {each}", of={"list": [1, 2.5, None, ODD]}, yes=True
        )
        session().commit()


def behind_the_back(statement: str, **values: object) -> None:
    """As somebody does it who owns the database, triggers or not."""
    with db.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            for verb in ("update", "delete"):
                connection.execute(sa.text(f"DROP TRIGGER IF EXISTS audit_entry_no_{verb}"))
        else:
            connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        types = [
            sa.bindparam(name, type_=UtcDateTime()) if hasattr(value, "tzinfo") else sa.bindparam(name)
            for name, value in values.items()
        ]
        connection.execute(sa.text(statement).bindparams(*types), values)


def problem() -> str:
    session().rollback()
    return chain.verify().problem


@both_databases
def test_what_the_portal_records_fits(portal: Portal) -> None:
    portal.customer()
    record(3)
    verdict = chain.verify()
    rows = portal.rows(AuditEntry)
    assert (verdict.problem, verdict.entries, verdict.resealed) == ("", len(rows), [])
    assert [row.id for row in sorted(rows, key=lambda row: row.id)] == list(range(1, len(rows) + 1))
    assert verdict.end.number == len(rows)


@both_databases
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", datetime(2020, 1, 1, tzinfo=UTC)),
        ("actor", "somebody@example.com"),
        ("actor_id", "0f6c8f5e5f0e4c529a3c0d6a4b1d7b11"),
        ("account_id", "0f6c8f5e5f0e4c529a3c0d6a4b1d7b11"),
        ("account_id", None),
        ("action", "account.declined"),
        ("target", "another"),
        ("details", "{}"),
        ("details", '{"as_staff": true}'),
        ("address", "192.0.2.7"),
        ("hash", "f" * 64),
    ],
)
def test_an_entry_that_was_changed_is_named(portal: Portal, column: str, value: object) -> None:
    record(5)
    kind = "" if db.engine.dialect.name == "sqlite" else {"details": "::json"}.get(column, "")
    if column.endswith("_id") and value and db.engine.dialect.name != "sqlite":
        kind = "::uuid"
    behind_the_back(f"UPDATE audit_entry SET {column} = (:value){kind} WHERE id = 3", value=value)
    assert problem().startswith("Entry 3 doesn't match its hash")


@both_databases
def test_an_entry_that_was_removed_or_moved_is_named(portal: Portal) -> None:
    record(6)
    behind_the_back("DELETE FROM audit_entry WHERE id = 3")
    assert problem().startswith("Entry 4 doesn't match its hash")
    assert "between 2 and 4" in problem()
    behind_the_back("UPDATE audit_entry SET id = 3 WHERE id = 5")
    assert problem().startswith("Entry 3 doesn't match its hash")


def test_entries_that_changed_places_are_named() -> None:
    record(4)
    for old, new in ((2, 99), (3, 2), (99, 3)):
        behind_the_back("UPDATE audit_entry SET id = :new WHERE id = :old", old=old, new=new)
    assert problem().startswith("Entry 2 doesn't match its hash")


@both_databases
def test_a_log_that_was_cut_off_is_told_even_after_it_went_on(portal: Portal) -> None:
    record(5)
    behind_the_back("DELETE FROM audit_entry WHERE id > 3")
    assert problem() == "Entry 4 is missing. The log was cut off: it used to end with entry 5."
    record(1)
    assert problem().startswith("Entry 6 doesn't match its hash")
    behind_the_back("DELETE FROM audit_entry")
    assert problem() == "Entry 1 is missing. The log was cut off: it used to end with entry 6."


def written_anew(upto: int) -> None:
    """What somebody can do who knows how the hashes are made, but has no key of the vault."""
    before = chain.FIRST
    for row in sorted(session().execute(sa.select(AuditEntry)).scalars().all(), key=lambda row: row.id or 0):
        values = {**row.model_dump(), "target": "changed"}
        before = chain.hash_of(values, before)
        behind_the_back(
            "UPDATE audit_entry SET target = 'changed', hash = :hash WHERE id = :id", hash=before, id=row.id
        )
        if row.id == upto:
            return


def test_a_log_that_was_calculated_anew_does_not_fit_its_seal() -> None:
    record(4)
    written_anew(4)
    assert problem() == "Entry 4 isn't the last entry that the portal wrote. The log was rewritten."


def test_an_entry_that_was_added_by_hand_is_named() -> None:
    record(2)
    row = {**session().get_one(AuditEntry, 2).model_dump(), "id": 3}
    row["hash"] = chain.hash_of(row, row["hash"])
    session().rollback()
    with db.engine.begin() as connection:
        connection.execute(sa.insert(AuditEntry).values(**row))
    assert problem() == "Entry 3 wasn't written by the portal, whose log ends with entry 2."


@pytest.mark.parametrize("seal", [None, "v1.x.y.z"])
def test_a_seal_that_is_gone_or_damaged_is_told_and_stays_in_the_log(seal: str | None) -> None:
    record(2)
    behind_the_back("UPDATE audit_chain SET sealed_end = :seal", seal=seal)
    assert "seal" in problem()
    record(1)
    verdict = chain.verify()
    assert verdict.problem == ""
    assert [end.number for end, _at in verdict.resealed] == [3], "the portal goes on, and says that it sealed anew"
    assert verdict.unacknowledged == 3
    assert not chain.acknowledge(2)
    assert chain.acknowledge(3)
    assert not chain.acknowledge(3)
    record(1)
    verdict = chain.verify()
    assert (verdict.problem, verdict.unacknowledged, len(verdict.resealed)) == ("", 0, 1)


@both_databases
def test_a_forged_log_is_told_though_the_portal_sealed_it_since(portal: Portal) -> None:
    """What somebody can do without a key: change, cut off, calculate anew, take off the seal, and wait."""
    record(6)
    behind_the_back("DELETE FROM audit_entry WHERE id > 3")
    written_anew(3)
    behind_the_back("UPDATE audit_chain SET sealed_end = NULL")
    session().rollback()
    record(2)
    assert chain.verify().unacknowledged == 4
    assert chain.check_end().startswith("The log was resealed at entry 4")
    behind_the_back("DELETE FROM audit_entry WHERE id > 3")
    behind_the_back("UPDATE audit_chain SET sealed_end = NULL")
    record(1)
    assert chain.verify().unacknowledged == 4, "what says so cannot be taken away either"
    assert chain.acknowledge(4)
    assert chain.check_end() == ""
    behind_the_back("UPDATE audit_chain SET sealed_end = NULL")
    record(1)
    assert chain.verify().unacknowledged == 7, "each is acknowledged by itself"


def test_a_seal_of_another_record_does_not_open(portal: Portal) -> None:
    portal.customer()
    behind_the_back("UPDATE audit_chain SET sealed_end = (SELECT min(sealed_secret) FROM portal_webhook)")
    assert "can't be opened" in problem()


def test_what_was_kept_elsewhere_shows_what_the_seal_cannot(portal: Portal) -> None:
    record(3)
    kept = chain.verify().end
    record(2)
    assert chain.verify([kept]).problem == ""
    written_anew(5)
    with db.engine.begin() as connection:  # somebody who has a key of the vault, too
        connection.execute(sa.update(AuditChain).values(sealed_end=None))
    session().rollback()
    chain.seal()
    assert chain.verify().problem == ""
    assert chain.acknowledge(6)
    assert chain.verify([kept]).problem.startswith("Entry 3 doesn't have the hash that you kept")
    assert chain.verify([chain.End(99, "f" * 64)]).problem == "Entry 99 is missing. You gave its hash with --kept."


@both_databases
def test_the_database_itself_refuses_changes(portal: Portal) -> None:
    record(1)
    statements = ["UPDATE audit_entry SET target = 'x'", "DELETE FROM audit_entry"]
    if db.engine.dialect.name != "sqlite":
        statements.append("TRUNCATE audit_entry")
    for statement in statements:
        with pytest.raises(sa.exc.DBAPIError, match="only ever added"), db.engine.begin() as connection:
            connection.execute(sa.text(statement))
    assert problem() == ""


@both_databases
def test_many_at_once_make_one_chain_and_wait_for_nobody_long(portal: Portal) -> None:
    """Transactions that lock rows in opposite orders around their entries: none forks, none blocks another."""
    people = [Person(email=f"{n}@example.com", password_hash="") for n in range(2)]
    accounts = [Account(name=f"{n}", contact_email="", billing_email="", time_zone="UTC") for n in range(8)]
    session().add_all([*people, *accounts])
    session().commit()
    start = threading.Barrier(8, timeout=patient(30))

    def work(number: int) -> None:
        from portal.db.engine import writing  # noqa: PLC0415

        with portal.app.app_context(), writing():
            start.wait()
            for turn in range(10):
                audit.record(people[0], accounts[number], "account.approved", f"{number} {turn}")
                session().flush()
                account = session().get_one(Account, accounts[number].id)
                account.name = f"{number} {turn}"
                session().add(account)
                session().flush()
                audit.record(people[1], accounts[number], "account.declined", f"{number} {turn}")
                session().commit()

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(work, number) for number in range(8)]:
            done.result()
    verdict = chain.verify()
    assert (verdict.problem, verdict.entries) == ("", 160)


def test_what_is_rolled_back_is_not_recorded() -> None:
    audit.record(None, None, "account.approved", "rolled back")
    session().rollback()
    audit.record(None, None, "account.approved", "kept")
    nested = session().begin_nested()
    audit.record(None, None, "account.approved", "in a savepoint that is dropped")
    nested.rollback()
    with session().begin_nested():
        audit.record(None, None, "account.approved", "in a savepoint that stays")
    session().commit()
    session().commit()
    targets = session().execute(sa.select(AuditEntry.target).order_by(AuditEntry.id)).scalars().all()
    assert targets == ["kept", "in a savepoint that stays"]
    assert problem() == ""


@both_databases
def test_entries_from_before_the_chain_are_chained_by_the_migration(portal: Portal) -> None:
    portal.customer()
    record(3)
    with db.engine.begin() as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        alembic.downgrade(config, "0005")
        connection.execute(sa.text("DELETE FROM audit_entry WHERE id = 2"))  # numbers had gaps then
        alembic.upgrade(config, "head")
    assert "no seal" in problem()
    chain.seal()
    verdict = chain.verify()
    assert verdict.problem == ""
    assert [end.number for end, _at in verdict.resealed] == [verdict.unacknowledged]
    with pytest.raises(sa.exc.DBAPIError, match="only ever added"), db.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM audit_entry"))


def test_the_walk_goes_on_across_batches(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "BATCH", 2)
    record(6)
    assert chain.verify().entries == 6
    behind_the_back("UPDATE audit_entry SET target = '' WHERE id = 5")
    assert problem().startswith("Entry 5 doesn't match its hash")
