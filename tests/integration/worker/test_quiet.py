"""The worker hears of whatever is committed, on both databases, before it asks what there is to do."""

from portal.db.engine import writing
from portal.extensions import db
from portal.identity.authentication import find_person
from portal.models import Person
from portal.worker import quiet
from tests.support.suite.marks import both_databases


def commit(portal, email):
    with portal.app.app_context(), writing():
        db.session.add(Person(email=email, password_hash="", first_name="Ada", last_name="Lovelace"))
        db.session.commit()


@both_databases
def test_a_commit_changes_the_version(portal):
    with portal.app.app_context():
        version = quiet.versions()
    commit(portal, "first@example.com")
    first = version()
    commit(portal, "second@example.com")
    assert version() != first


def test_without_a_commit_it_stays_on_sqlite(portal):
    with portal.app.app_context():
        version = quiet.versions()
        first = version()
        with writing():
            assert find_person("nobody@example.com") is None
            db.session.rollback()
        assert version() == first
