"""Alembic, told where the migrations lie and which database to use."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlmodel import SQLModel

from portal.db.engine import writing

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
LOCK = 0x706F7274616C
"""What two who change the tables of one PostgreSQL at once wait for."""
_INDEXES = ("delivery_search", "account_search", "contact_search", "inbound_search")


def is_described(name: str | None, kind: str = "table", _parents: object = None) -> bool:
    """Whether the models describe a table. A search index they cannot: each database has its own kind."""
    return kind != "table" or not (name or "").startswith(_INDEXES)


def upgrade(engine: sa.Engine, revision: str = "head") -> None:
    """Bring the database to a revision, the newest by default."""
    with _changing(engine) as config:
        command.upgrade(config, revision)


def make_tables(engine: sa.Engine) -> None:
    """Make the tables as the models describe them, in a SQLite database that nobody keeps, by no revision."""
    SQLModel.metadata.create_all(engine)
    with engine.begin() as connection:
        for name in _INDEXES:
            connection.execute(sa.text(f"CREATE VIRTUAL TABLE {name} USING fts5(account, marks, words)"))


def downgrade(engine: sa.Engine, revision: str) -> None:
    """Take the database back to a revision."""
    with _changing(engine) as config:
        command.downgrade(config, revision)


@cache
def newest_revision() -> str | None:
    """The revision that this version of the portal needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def revision_of(engine: sa.Engine) -> str | None:
    """The revision that a database is at; none when it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_known(revision: str) -> bool:
    """Whether this version of the portal knows a revision; a newer one may have left it."""
    return revision in {script.revision for script in scripts()}


def scripts() -> list[Script]:
    """Every change there ever was, the oldest first."""
    return list(ScriptDirectory.from_config(_config()).walk_revisions())[::-1]


@contextmanager
def _changing(engine: sa.Engine) -> Iterator[Config]:
    """A transaction for the change of tables: all of it happens, or nothing, and nobody else does it meanwhile."""
    config = _config()
    with engine.connect() as connection, _copying_tables(connection), writing(), connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        config.attributes["connection"] = connection
        yield config
        _refuse_lost_references(connection)


@contextmanager
def _copying_tables(connection: sa.Connection) -> Iterator[None]:
    """SQLite changes a table by copying it and dropping the old one, to whose rows others still refer.

    It would refuse that, and can be told not to only while no transaction is open.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.cursor()
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")
        driver.close()


def _refuse_lost_references(connection: sa.Connection) -> None:
    """What SQLite did not look at meanwhile."""
    if connection.dialect.name == "sqlite":
        lost = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if lost is not None:
            raise RuntimeError(f"A row of {lost[0]} refers to a row of {lost[2]} that is not there.")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
