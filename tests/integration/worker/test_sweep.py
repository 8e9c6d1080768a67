"""The worker's sweep: what fails or takes long holds nothing else up."""

from portal.models import Heartbeat, Mail, Step
from portal.worker import scheduler
from tests.support.application.portal import Portal
from tests.support.suite.marks import both_databases


@both_databases
def test_what_cannot_even_be_looked_for_stops_nothing_else(portal: Portal) -> None:
    portal.newcomer()
    portal.sql("ALTER TABLE login_session RENAME TO away")
    try:
        portal.sweep()
    finally:
        portal.sql("ALTER TABLE away RENAME TO login_session")
    assert portal.set_up().step == Step.READY
    assert portal.rows(Heartbeat) != []


def test_a_sweep_that_takes_long_leaves_the_rest_to_the_next(portal: Portal, monkeypatch) -> None:
    portal.newcomer()
    browser = portal.browser()
    browser.submit(browser.get("/password/forgot"), email="jane@acme.example.com")
    with monkeypatch.context() as patch:
        patch.setattr(scheduler, "LONGEST", 0)
        portal.sweep()
    assert portal.set_up().step == Step.READY
    assert portal.one(Mail).sent_at is None
    portal.sweep()
    assert portal.one(Mail).sent_at is not None


def test_each_kind_comes_in_turn() -> None:
    kinds = [(print, [1, 2, 3]), (repr, []), (str, ["a"])]
    assert list(scheduler.in_turn(kinds)) == [(print, 1), (str, "a"), (print, 2), (print, 3)]
