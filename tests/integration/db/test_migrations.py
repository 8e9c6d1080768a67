"""The migrations make exactly the tables that the models describe, and can be taken back."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from portal.db import migrate
from portal.db.engine import prepare_sqlite
from tests.support.application.filling import fill
from tests.support.suite.marks import both_databases


@pytest.fixture
def engine(database_kind, tmp_path, request):
    """An empty database."""
    if database_kind == "postgresql":
        server = request.getfixturevalue("postgres")
        url = server.create()
        engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        yield engine
        engine.dispose()
        server.drop(url)
    else:
        engine = sa.create_engine(f"sqlite:///{tmp_path / 'empty.db'}")
        prepare_sqlite(engine)
        yield engine
        engine.dispose()


def tables(engine: sa.Engine) -> set[str]:
    names = set(sa.inspect(engine).get_table_names()) - {"alembic_version"}
    return {name for name in names if migrate.is_described(name)}


@both_databases
def test_up_down_and_up_again(engine):
    migrate.upgrade(engine)
    assert tables(engine) == set(SQLModel.metadata.tables)
    migrate.downgrade(engine, "base")
    assert tables(engine) == set()
    migrate.upgrade(engine)
    assert tables(engine) == set(SQLModel.metadata.tables)
    migrate.upgrade(engine)  # nothing to do is no error


@both_databases
def test_rows_come_along(engine):
    """A table that SQLite copies is dropped while others refer to its rows.

    They are there since the first revision, and since the last but one, so that each new one meets all tables full.
    """
    revisions = [script.revision for script in migrate.scripts()]
    expected: dict[str, int] = {}
    for number, revision in enumerate([revisions[0], revisions[-2], revisions[-1]], start=1):
        migrate.upgrade(engine, revision)
        for table in fill(engine, number):
            expected[table] = expected.get(table, 0) + 1
    expected["delivery_kind"] += 1  # that of the event which was there before the table
    assert set(expected) == set(SQLModel.metadata.tables)
    with engine.connect() as connection:
        count = sa.select(sa.func.count())
        found = {table: connection.execute(count.select_from(sa.table(table))).scalar() for table in expected}
        if engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    assert found == expected
    migrate.downgrade(engine, "base")


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_two_who_upgrade_at_once_do_it_one_after_the_other(engine):
    hasty = sa.create_engine(engine.url, connect_args={"options": "-c lock_timeout=100ms"})
    with engine.begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(migrate.LOCK)))
        with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            migrate.upgrade(hasty)
    migrate.upgrade(hasty)
    hasty.dispose()


@both_databases
def test_the_models_say_what_the_migrations_made(engine):
    migrate.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": migrate.is_described}
        )
        assert compare_metadata(context, SQLModel.metadata) == []
        assert context.get_current_revision() == migrate.newest_revision()


@both_databases
def test_what_was_guessed_of_a_key_is_asked_of_a_person(engine):
    """Since 0022 nothing goes by a key's first letters."""
    migrate.upgrade(engine, "0021")
    fill(engine, 1)
    fill(engine, 2)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE credential SET is_staging = (last_four = (SELECT MIN(last_four) FROM credential))"
        )
    migrate.upgrade(engine, "0022")
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT is_trial, is_trial_guessed FROM credential").all()
    assert sorted((bool(trial), bool(guessed)) for trial, guessed in rows) == [(False, False), (True, True)]


@both_databases
def test_a_migration_that_fails_leaves_nothing_behind(engine):
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE person (id INTEGER)"))
    with pytest.raises(sa.exc.DBAPIError):
        migrate.upgrade(engine)
    assert tables(engine) == {"person"}


@both_databases
def test_names_of_constraints_are_the_same_everywhere(engine):
    """A later migration names a constraint; a name that the database made up would be another on each."""
    migrate.upgrade(engine)
    inspector = sa.inspect(engine)
    for table in SQLModel.metadata.sorted_tables:
        constraints = [*inspector.get_foreign_keys(table.name), *inspector.get_unique_constraints(table.name)]
        names = {constraint["name"] for constraint in constraints}
        expected = {
            str(constraint.name)
            for constraint in table.constraints
            if isinstance(constraint, sa.ForeignKeyConstraint | sa.UniqueConstraint)
        }
        assert names == expected, table.name
