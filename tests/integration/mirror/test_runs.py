"""A run of the mirror: everything is copied, faults stop nothing else, and nothing is gone that is only hidden."""

from datetime import timedelta

import pytest

from portal.mirror import account_sync, runs
from portal.models import Channel, Credential, MirroredAccount, RunState, Webhook, now
from tests.support.suite.marks import both_databases


def counts(run):
    return run.listed, run.new, run.gone, run.read, run.unread


@both_databases
def test_everything_at_connexease_is_copied(mirror, portal, control):
    _, account_id = portal.customer()
    uuid = str(portal.account("jane@acme.example.com").connexease_uuid)
    other = control.create_account("ada@elsewhere.example.com", name="Elsewhere")["uuid"]
    for account in (uuid, other):
        control.create_channel(account, name="Shop")
        control.create_channel(account, name="Old shop", connected=False)
        control.create_webhook(account, "https://hook.example.com/", headers={"X-Key": "planted-header-value"})
        control.create_access_token(account)
    run = mirror.run()
    assert (run.state, run.active, run.problem_text) == (RunState.DONE, None, "")
    assert counts(run) == (2, 1, 0, 2, 0)
    own, elsewhere = mirror.rows()["jane@acme.example.com"], mirror.rows()["ada@elsewhere.example.com"]
    assert (own.account_id, own.step, str(own.connexease_uuid)) == (account_id, "ready", uuid)
    assert (elsewhere.account_id, elsewhere.step, str(elsewhere.connexease_uuid)) == (None, None, other)
    for row in (own, elsewhere):
        assert (row.channels, row.channels_disconnected, row.webhooks, row.tokens) == (2, 1, 1, 1)
        assert row.token_expires_at is not None
        assert row.read_at is not None
        assert "planted-header-value" not in str(row.listed)
    assert len(portal.rows(Channel)) == 2
    assert len(portal.rows(Webhook)) == 2
    assert len(portal.rows(Credential)) == 1
    assert own.listed == {}
    assert elsewhere.listed["webhooks"][0]["header_names"] == ["X-Key"]
    mirror.is_indexed_as_it_is()


@both_databases
def test_the_next_run_finds_what_changed(mirror, control):
    control.create_accounts(5)
    assert counts(mirror.run()) == (5, 5, 0, 5, 0)
    first = control.accounts()[0]["uuid"]
    control.change_account(first, name="Renamed", contact_email="renamed@example.com")
    control.create_channel(first, name="Shop")
    control.delete_account(control.accounts()[-1]["uuid"])
    control.create_accounts(2, "New")
    assert counts(mirror.run()) == (6, 2, 1, 6, 0)
    assert mirror.gone() == ["Shop 5"]
    assert mirror.rows()["renamed@example.com"].channels == 1
    assert len(mirror.rows()) == 7
    assert counts(mirror.run()) == (6, 0, 0, 6, 0)
    mirror.is_indexed_as_it_is()


def test_what_comes_back_is_no_longer_gone(mirror, control):
    [uuid] = control.create_accounts(1)
    mirror.run()
    control.change_account(uuid, foreign=True)
    mirror.run()
    assert mirror.gone() == ["Shop 1"]
    control.change_account(uuid, foreign=False)
    assert counts(mirror.run()) == (1, 0, 0, 1, 0)
    assert mirror.gone() == []


def test_a_pause_that_is_asked_for_is_kept(mirror, control):
    control.create_accounts(4)
    control.fault("status", "^/accounts/$", status=429, skip=1, headers={"Retry-After": "120"})
    run = mirror.run()
    assert (run.state, run.page, run.listed) == (RunState.LISTING, 2, 2)
    assert run.started_at <= run.next_attempt_at - timedelta(seconds=120) <= now()
    calls = len(control.requests("GET", "/accounts/"))
    mirror.portal.sweep()
    mirror.portal.work()
    assert len(control.requests("GET", "/accounts/")) == calls
    run = mirror.take_up()
    assert (run.state, run.is_complete) == (RunState.DONE, True)
    assert counts(run) == (4, 4, 0, 4, 0)


def test_a_pause_in_the_middle_of_reading_leaves_nobody_out(mirror, control):
    control.create_accounts(12)
    control.fault("status", "/channels/$", status=429, skip=5, headers={"Retry-After": "60"})
    run = mirror.run()
    assert run.state == RunState.READING
    assert run.read < 12
    run = mirror.take_up()
    assert run.state == RunState.DONE
    assert all(row.read_at for row in mirror.rows().values())
    assert run.read == 12


@pytest.mark.parametrize("status", [401, 429])
def test_one_account_does_not_hold_up_the_others(mirror, control, status):
    control.create_accounts(12)
    mirror.run()
    odd = control.accounts()[4]["uuid"]
    headers = {"Retry-After": "0.1"}
    control.fault("status", f"^/accounts/{odd}/channels/$", status=status, times=None, headers=headers)
    run = mirror.run()
    for _ in range(5):
        if run.active:
            run = mirror.take_up()
    assert (run.state, run.read, run.unread) == (RunState.DONE, 11, 1)
    assert mirror.rows()["shop.5@example.com"].problem_text
    assert mirror.gone() == []


def test_a_pause_for_everything_takes_no_account_for_unread(mirror, control):
    control.create_accounts(6)
    mirror.run()
    control.fault("status", "/channels/$", status=429, times=None, headers={"Retry-After": "0.1"})
    control.fault("status", "^/accounts/$", status=429, times=None, skip=3, headers={"Retry-After": "0.1"})
    run = mirror.run()
    for _ in range(account_sync.PAUSES + 1):
        run = mirror.take_up()
    assert (run.state, run.unread, run.read) == (RunState.READING, 0, 0)
    control.clear_faults()
    run = mirror.take_up()
    assert (run.state, run.read, run.unread) == (RunState.DONE, 6, 0)


PASSING = {"status": {"status": 500}, "truncated": {}, "reset_before": {}, "html": {}}
"""What a call is repeated after, twice."""


@pytest.mark.parametrize("kind", [*PASSING, "empty"])
def test_a_broken_page_stops_nothing_else(mirror, control, kind):
    control.create_accounts(12)
    control.fault(kind, "^/accounts/$", times=3 if kind in PASSING else 1, skip=2, **PASSING.get(kind, {}))
    run = mirror.run()
    asked = [call["query"] for call in control.requests("GET", "/accounts/")]
    assert asked[-3:] == ["page=5", "page=6", "page=3"]
    assert (run.state, run.is_complete, run.broken_pages) == (RunState.DONE, True, [])
    assert counts(run) == (12, 12, 0, 12, 0)


def test_a_page_that_stays_broken_is_named_and_nothing_is_gone(mirror, control):
    control.create_accounts(12)
    mirror.run()
    control.delete_account(control.accounts()[-1]["uuid"])
    control.fault("status", "^/accounts/$", times=3, skip=2, status=500)
    control.fault("status", "^/accounts/$", times=3, skip=5, status=500)
    run = mirror.run()
    assert (run.state, run.is_complete, run.broken_pages) == (RunState.DONE, False, [3])
    assert counts(run) == (9, 0, 0, 11, 1)
    assert mirror.gone() == []
    mirror.run()
    assert mirror.gone() == ["Shop 12"]


def test_a_list_that_is_cut_short_makes_nobody_go(mirror, control):
    control.create_accounts(8)
    mirror.run()
    control.fault("status", "^/accounts/$", status=404, skip=1)
    assert counts(mirror.run()) == (2, 0, 0, 8, 0)
    assert mirror.gone() == []


def test_a_list_that_moves_while_it_is_read_hides_nobody(mirror, control, portal):
    control.create_accounts(8)
    mirror.run()
    mirror.begin()
    with portal.app.app_context():
        # The first page is read, then what it showed vanishes: what follows moves up by one.
        control.fault("status", "^/accounts/$", status=429, skip=1, headers={"Retry-After": "60"})
        portal.work()
        control.delete_account(control.accounts()[0]["uuid"])
        control.create_accounts(1, "New")
    run = mirror.take_up()
    assert run.state == RunState.DONE
    assert run.is_complete
    assert mirror.rows()["shop.3@example.com"].seen_run != run.id  # it was skipped
    assert mirror.gone() == []
    mirror.run()
    assert mirror.gone() == ["Shop 1"]


def test_an_account_that_cannot_be_read_is_noted(mirror, control):
    control.create_accounts(6)
    mirror.run()
    broken = control.accounts()[2]["uuid"]
    control.create_channel(broken, name="Shop")
    control.fault("status", f"^/accounts/{broken}/webhooks/$", status=500, times=None)
    run = mirror.run()
    assert counts(run) == (6, 0, 0, 5, 1)
    row = mirror.rows()["shop.3@example.com"]
    assert row.problem_text
    assert row.channels == 1  # what could be read was
    assert row.read_at < run.started_at


def test_when_connexease_is_down_everything_stays(mirror, control):
    control.create_accounts(6)
    mirror.run()
    control.fault("reset_before", "", times=None)
    run = mirror.run()
    assert (run.state, run.attempts) == (RunState.LISTING, 1)
    assert run.problem_text
    for _ in range(9):
        run = mirror.take_up()
    assert (run.state, run.active) == (RunState.FAILED, None)
    assert mirror.gone() == []
    control.clear_faults()
    assert counts(mirror.run()) == (6, 0, 0, 6, 0)


def test_down_in_the_middle_of_reading(mirror, control):
    control.create_accounts(6)
    control.fault("status", "/channels/$", status=503, times=None)
    control.fault("status", "/webhooks/$", status=503, times=None)
    control.fault("status", "/access-token/$", status=503, times=None)
    run = mirror.run()
    assert (run.state, run.read, run.attempts) == (RunState.READING, 0, 1)
    control.clear_faults()
    run = mirror.take_up()
    assert (run.state, run.read, run.unread) == (RunState.DONE, 6, 0)


def test_a_refused_token_ends_the_run_with_its_reason(mirror, control):
    control.fault("status", "^/accounts/$", status=401, times=None)
    run = mirror.run()
    assert run.state == RunState.FAILED
    assert "credentials" in run.problem_text


def test_a_list_without_an_end_is_left(mirror, control):
    control.create_accounts(2)
    page = {"next": "http://elsewhere.example.com/accounts/?page=2", "previous": None, "count": 900}
    page["results"] = [{**control.accounts()[0], "extra": 1}]
    control.fault("status", "^/accounts/$", status=200, times=None, body=page)
    run = mirror.run()
    assert run.state == RunState.DONE
    assert not run.is_complete
    assert len(mirror.rows()) == 1
    assert {call["query"] for call in control.requests("GET", "/accounts/")} == {"page=1", "page=2"}


def test_two_presses_are_one_run(mirror):
    assert mirror.begin() == mirror.begin()
    mirror.portal.work()
    assert mirror.last().state == RunState.DONE
    assert mirror.begin() == 2


def test_it_runs_by_itself_when_it_is_time(make_portal, control):
    portal = make_portal(mirror_interval_minutes=30)
    control.create_accounts(3)
    portal.sweep()
    portal.work()
    assert len(portal.rows(MirroredAccount)) == 3
    control.create_accounts(1)
    portal.sweep()
    portal.work()
    assert len(portal.rows(MirroredAccount)) == 3
    portal.sql("UPDATE mirror_run SET started_at = :past", past=now() - timedelta(minutes=31))
    portal.sweep()
    portal.work()
    assert len(portal.rows(MirroredAccount)) == 4


@both_databases
def test_a_list_of_many_pages(mirror, control, portal, monkeypatch):
    """The list is read whole, past broken pages, and those that it has no time for wait."""
    monkeypatch.setattr(runs, "SLICE", 60)
    control.set(page_size=20)
    control.create_accounts(400)
    control.fault("status", "^/accounts/$", status=500, skip=4, times=3)
    control.fault("truncated", "^/accounts/$", skip=9)
    control.fault("status", "/channels/$", status=429, skip=60, headers={"Retry-After": "60"})
    portal.run(runs.advance, mirror.begin())
    run = mirror.last()
    assert (run.state, run.is_complete) == (RunState.READING, True)
    assert (run.listed, run.new, run.total) == (400, 400, 400)
    assert 40 <= run.read <= 70
    portal.sql("UPDATE mirror_run SET reads_until = :past", past=now() - timedelta(seconds=1))
    run = mirror.take_up()
    assert (run.state, run.waiting, run.unread) == (RunState.DONE, 400 - run.read, 0)
    rows = mirror.rows().values()
    assert sum(row.read_at is not None for row in rows) == run.read <= 90
    assert all(row.gone_at is None for row in rows)
