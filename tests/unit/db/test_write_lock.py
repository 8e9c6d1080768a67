"""SQLite's write lock: whoever wants to write has it as soon as it is free, and does not wait for ever."""

import pytest
import sqlalchemy as sa

from portal.db import engine
from tests.support.suite.concurrent import at_once


@pytest.fixture
def database(tmp_path):
    """Make an engine of the portal's for one file."""
    made = []

    def make():
        made.append(sa.create_engine(**engine.engine_options(f"sqlite:///{tmp_path}/portal.db")))
        engine.prepare_sqlite(made[-1])
        return made[-1]

    yield make
    for each in made:
        each.dispose()


def test_writers_follow_each_other(database):
    first = database()
    with engine.writing(), first.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE counted (number INTEGER)")
        connection.exec_driver_sql("INSERT INTO counted VALUES (0)")

    def count():
        for _ in range(25):
            with engine.writing(), first.begin() as connection:
                [number] = connection.exec_driver_sql("SELECT number FROM counted").one()
                connection.exec_driver_sql("UPDATE counted SET number = ?", (number + 1,))

    at_once(*[count] * 4)
    with first.begin() as connection:
        assert connection.exec_driver_sql("SELECT number FROM counted").scalar_one() == 100


def test_whoever_waits_too_long_is_told(database, monkeypatch):
    first, second = database(), database()
    second.connect().close()
    monkeypatch.setattr(engine, "PATIENCE", 0.05)
    locked = pytest.raises(sa.exc.OperationalError, match="locked")
    with engine.writing(), first.begin(), locked, second.begin():
        pass
    with engine.writing(), second.begin() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
