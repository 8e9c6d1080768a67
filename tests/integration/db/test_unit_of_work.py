"""A unit of work: begun with nothing pending, rolled back by an exception, never inside another."""

import sqlite3
from contextlib import closing

import pytest
import sqlalchemy as sa

from portal.db.unit_of_work import NestedUnitOfWorkError, unit_of_work
from portal.extensions import session
from portal.models import Person
from tests.support.application.portal import Portal
from tests.support.suite.marks import both_databases


def _person(email: str) -> Person:
    return Person(email=email, password_hash="", first_name="Ada", last_name="Lovelace", time_zone="UTC")


@both_databases
def test_what_was_pending_before_is_dropped_and_what_is_committed_stays(portal: Portal) -> None:
    with portal.app.app_context():
        session().add(_person("left.undone@example.com"))
        with unit_of_work() as unit:
            unit.add(_person("kept@example.com"))
            unit.commit()
    assert [person.email for person in portal.rows(Person)] == ["kept@example.com"]


def _write_and_fail() -> None:
    with unit_of_work() as unit:
        unit.add(_person("lost@example.com"))
        unit.flush()
        raise LookupError


@both_databases
def test_an_exception_rolls_back_what_was_not_committed(portal: Portal) -> None:
    with portal.app.app_context():
        with pytest.raises(LookupError):
            _write_and_fail()
        session().add(_person("kept@example.com"))
        session().commit()
    assert [person.email for person in portal.rows(Person)] == ["kept@example.com"]


def test_a_unit_inside_another_is_refused_and_leaves_the_outer_one_as_it_was(portal: Portal) -> None:
    with portal.app.app_context(), unit_of_work() as unit:
        unit.add(_person("kept@example.com"))
        with pytest.raises(NestedUnitOfWorkError), unit_of_work():
            pass
        unit.commit()
    assert [person.email for person in portal.rows(Person)] == ["kept@example.com"]


def test_the_write_lock_is_taken_before_anything_is_read(portal: Portal) -> None:
    with portal.app.app_context():
        file = session().get_bind().engine.url.database
        with unit_of_work() as unit, closing(sqlite3.connect(file or "", timeout=0)) as other:
            unit.execute(sa.text("SELECT 1"))
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
