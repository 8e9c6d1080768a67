"""Whose turn it is when a run has not the time for all: everybody's comes, and nobody's twice before."""

from datetime import timedelta

import pytest

from portal.mirror import account_sync, runs
from portal.models import AuditEntry, MirrorRun, RunState, StaffRole, now
from tests.support.suite.marks import both_databases

LIST = "/staff/accounts/"
LONG_AGO = timedelta(minutes=2)


class Steps:
    """A mirror that reads two accounts at a time, and is stopped after each step."""

    def __init__(self, mirror):
        self.mirror, self.portal, self.control = mirror, mirror.portal, mirror.control

    def change(self, **settings):
        config = self.portal.app.config
        config["SETTINGS"] = config["SETTINGS"].model_copy(update=settings)

    def begin(self):
        """Read the list."""
        self.mirror.begin()
        return self.step()

    def step(self):
        past = now() - timedelta(days=1)
        self.portal.sql("UPDATE mirror_run SET next_attempt_at = :past WHERE active IS NOT NULL", past=past)
        run_id = next(run.id for run in self.portal.rows(MirrorRun) if run.active)
        self.portal.run(runs.advance, run_id)
        return next(run for run in self.portal.rows(MirrorRun) if run.id == run_id)

    def read(self):
        """Read the next two; their names."""
        self.control.clear_requests()
        self.step()
        names = {account["uuid"]: account["name"] for account in self.control.accounts()}
        paths = [call["path"].split("/") for call in self.control.requests("GET")]
        return [names.get(path[2], "gone") for path in paths if path[-2] == "channels"]

    def use_up(self):
        """Let the run's time be over."""
        self.portal.sql("UPDATE mirror_run SET reads_until = :past", past=now() - timedelta(seconds=1))

    def end(self):
        """Let the run end, as its time is over."""
        self.use_up()
        run = self.step()
        assert (run.state, run.active, run.problem_text) == (RunState.DONE, None, "")
        return run

    def be(self, read):
        """A run that is in the middle of it, by how many accounts it read."""
        self.begin()
        for _ in range(read // 2):
            self.step()


@pytest.fixture
def steps(mirror, monkeypatch):
    monkeypatch.setattr(runs, "SLICE", 0)
    monkeypatch.setattr(account_sync, "OF_EACH", 2)
    mirror.control.set(page_size=500)
    steps = Steps(mirror)
    steps.change(mirror_interval_minutes=30, mirror_concurrency=1)
    return steps


@both_databases
def test_what_may_be_gone_comes_first_then_the_new_then_the_oldest(steps, control):
    control.create_accounts(6)
    steps.be(read=6)
    steps.end()
    steps.be(read=2)
    steps.end()
    control.delete_account(control.accounts()[4]["uuid"])
    control.create_account("ada@newcomer.example.com", name="Newcomer")
    steps.begin()
    assert [steps.read() for _ in range(3)] == [["gone", "Newcomer"], ["Shop 3", "Shop 4"], ["Shop 6", "Shop 1"]]
    assert steps.mirror.gone() == ["Shop 5"]
    run = steps.end()
    assert (run.total, run.read, run.gone, run.waiting) == (7, 5, 1, 1)


@both_databases
def test_a_run_ends_with_its_time_and_the_next_one_goes_on(steps, portal, control):
    control.create_accounts(5)
    run = steps.begin()
    assert timedelta(minutes=14) < run.reads_until - now() <= timedelta(minutes=15)
    assert steps.read() == ["Shop 1", "Shop 2"]
    run = steps.end()
    assert (run.listed, run.new, run.read, run.waiting) == (5, 5, 2, 3)
    assert [row.name for row in steps.mirror.rows().values() if row.read_at is None] == [
        "Shop 3",
        "Shop 4",
        "Shop 5",
    ]
    support = portal.staff(StaffRole.SUPPORT)
    assert "5 accounts at Connexease, 5 new, 0 gone." in support.get(LIST).text
    assert (
        "Details of 2 accounts were read, oldest first. 3 accounts wait for the next runs."
        in support.get(LIST).text
    )
    steps.begin()
    assert [steps.read() for _ in range(3)] == [["Shop 3", "Shop 4"], ["Shop 5", "Shop 1"], ["Shop 2"]]
    run = steps.step()
    assert (run.state, run.read, run.waiting) == (RunState.DONE, 5, 0)
    assert "Details of" not in support.get(LIST).text


def test_where_only_staff_begin_a_run_it_reads_all(mirror, control):
    control.create_accounts(3)
    run = mirror.run()
    assert (run.reads_until, run.read, run.waiting) == (None, 3, 0)


def test_an_account_that_cannot_be_read_has_had_its_turn(steps, control):
    control.create_accounts(4)
    control.fault("status", f"^/accounts/{control.accounts()[0]['uuid']}/webhooks/$", status=500, times=None)
    steps.begin()
    assert steps.read() == ["Shop 1", "Shop 2"]
    assert steps.end().unread == 1
    steps.begin()
    assert [steps.read(), steps.read()] == [["Shop 3", "Shop 4"], ["Shop 1", "Shop 2"]]


def test_what_the_list_hides_comes_first_once(steps, control):
    control.create_accounts(4)
    steps.be(read=4)
    steps.end()
    hidden, *shown = control.accounts()
    page = {"next": None, "previous": None, "count": 3, "results": shown}
    control.fault("status", "^/accounts/$", status=200, times=None, body=page)
    steps.begin()
    assert steps.read() == ["Shop 1", "Shop 2"]
    steps.end()
    steps.begin()
    assert steps.read() == ["Shop 3", "Shop 4"]
    assert hidden["name"] not in steps.mirror.gone()


def test_accounts_that_never_answer_do_not_hold_up_the_others(steps, control, monkeypatch):
    monkeypatch.setattr(account_sync, "OF_EACH", 1)
    steps.change(mirror_concurrency=account_sync.ENOUGH_TO_TELL)
    control.create_accounts(account_sync.ENOUGH_TO_TELL + 1)
    for account in control.accounts()[:-1]:
        control.fault("status", f"^/accounts/{account['uuid']}/", status=503, times=None)
    steps.begin()
    steps.portal.sql("UPDATE mirror_run SET attempts = :often", often=account_sync.PAUSES)  # after some time
    assert steps.step().unread == account_sync.ENOUGH_TO_TELL
    assert steps.read() == ["Shop 6"]


def test_a_pause_is_waited_out_when_the_time_is_over(steps, control):
    control.create_accounts(6)
    steps.be(read=2)
    control.fault("status", "/channels/$", status=429, headers={"Retry-After": "120"})
    assert steps.step().attempts == 1
    steps.use_up()
    control.fault("status", "/channels/$", status=429, skip=1, headers={"Retry-After": "120"})
    run = steps.step()
    assert (run.state, run.read) == (RunState.READING, 3)  # it came past where it had stopped
    assert 100 < (run.next_attempt_at - now()).total_seconds() <= 120
    calls = len(control.requests())
    run = steps.end()
    assert (run.read, run.waiting) == (3, 3)
    assert len(control.requests()) == calls


def test_a_run_comes_past_the_account_that_it_always_stops_at(steps, control):
    control.create_accounts(4)
    first = control.accounts()[0]["uuid"]
    control.fault("status", f"^/accounts/{first}/channels/$", status=429, times=None, headers={"Retry-After": "9"})
    steps.begin()
    assert steps.step().attempts == 1
    steps.use_up()
    for _ in range(account_sync.PAUSES):
        run = steps.step()
    assert (run.state, run.unread) == (RunState.READING, 1)
    run = steps.step()
    assert (run.state, run.waiting) == (RunState.DONE, 4 - run.read - run.unread)
    steps.begin()
    assert "Shop 1" not in steps.read()


def test_how_far_it_is_by_its_accounts_or_by_its_time():
    at = now()
    run = MirrorRun(state=RunState.READING, started_at=at - timedelta(minutes=5), total=1000, read=100)
    assert (run.percent, run.is_short) == (19, False)
    run.reads_until = at + timedelta(minutes=5)
    assert (run.percent, run.is_short) == (50, True)
    run.read = 900
    assert (run.percent, run.is_short) == (91, False)
    run.reads_until = at
    assert run.percent == 100


@pytest.mark.parametrize("htmx", [False, True])
def test_the_list_is_read_anew_for_a_person_while_the_accounts_are_read(steps, portal, control, htmx):
    control.create_accounts(6)
    support = portal.staff(StaffRole.SUPPORT)
    steps.be(read=2)
    assert "Refresh accounts" not in support.get(LIST).text  # it has just been read
    portal.sql("UPDATE mirror_run SET started_at = :past", past=now() - LONG_AGO)
    page = support.get(LIST)
    assert "2 of 6 accounts" in page.text
    assert "This run ends" not in page.text
    answer = support.submit(page, "Refresh accounts", htmx=htmx)
    page = answer if htmx else support.get(answer.goes_to)
    assert "The list of accounts is next." in page.text
    assert "Refresh accounts" not in page.text
    assert support.post("/staff/accounts/refresh").status == 303
    run = steps.step()
    assert (run.state, run.read, run.waiting) == (RunState.DONE, 2, 4)
    new = steps.mirror.last()
    assert (new.state, new.asked_by) == (RunState.LISTING, "support@reseller.example.com")
    steps.step()
    assert steps.read() == ["Shop 3", "Shop 4"]
    assert [entry.action for entry in portal.rows(AuditEntry)].count("mirror.refresh_asked") == 1
