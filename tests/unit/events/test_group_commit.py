"""Those that wait at the same moment are written together, and one that cannot be written is in nobody's way."""

import threading

import pytest

from portal.db.group_commit import GroupCommit
from tests.support.suite.concurrent import at_once
from tests.support.suite.patience import patient, wait_until


class Disk:
    """Writes groups, and may be held up."""

    def __init__(self):
        self.groups = []
        self.held = 0
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def write_all(self, items):
        self.held = len(items)
        assert self.may_go_on.wait(patient(120)), "nobody lets it go on"
        if "bad" in items:
            raise ValueError("cannot be written")
        if any(item.startswith("end") for item in items):
            raise SystemExit
        self.groups.append(list(items))


def write_alone(commit, item):
    commit.commit(commit.enlist(item))


def test_alone():
    disk = Disk()
    write_alone(GroupCommit(disk.write_all), "one")
    assert disk.groups == [["one"]]


def test_what_one_enlists_is_written_together():
    disk = Disk()
    commit = GroupCommit(disk.write_all)
    for waiting in [commit.enlist(name) for name in "abc"]:
        commit.commit(waiting)
    assert disk.groups == [["a", "b", "c"]]


def test_whoever_comes_while_one_is_written_is_written_together():
    disk = Disk()
    commit = GroupCommit(disk.write_all)
    disk.may_go_on.clear()

    def release():  # once the first has begun and the others line up
        wait_until(lambda: disk.held + len(commit._waiting) >= 8, pause=0.001)
        disk.may_go_on.set()

    at_once(release, *[lambda name=name: write_alone(commit, name) for name in "abcdefgh"])
    assert len(disk.groups) == 2
    assert {name for group in disk.groups for name in group} == set("abcdefgh")


def test_one_that_cannot_be_written_is_in_nobodys_way():
    disk = Disk()
    commit = GroupCommit(disk.write_all)
    disk.may_go_on.clear()
    outcomes = {}

    def write(name):
        try:
            write_alone(commit, name)
            outcomes[name] = "written"
        except ValueError:
            outcomes[name] = "refused"

    def release():
        wait_until(lambda: disk.held + len(commit._waiting) >= 4, pause=0.001)
        disk.may_go_on.set()

    at_once(release, *[lambda name=name: write(name) for name in ("a", "b", "bad", "c")])
    assert outcomes == {"a": "written", "b": "written", "bad": "refused", "c": "written"}
    assert sorted(name for group in disk.groups for name in group) == ["a", "b", "c"]


def test_what_cannot_be_written_alone_is_said():
    with pytest.raises(ValueError, match="cannot be written"):
        write_alone(GroupCommit(Disk().write_all), "bad")


def test_what_was_taken_along_by_somebody_who_was_ended_is_not_called_written():
    """To answer 200 then would be a lie."""
    disk = Disk()
    commit = GroupCommit(disk.write_all)
    disk.may_go_on.clear()
    outcomes = {}

    def write(name):
        try:
            write_alone(commit, name)
            outcomes[name] = "written"
        except BaseException as error:
            outcomes[name] = type(error).__name__

    def release():
        wait_until(lambda: disk.held + len(commit._waiting) >= 4, pause=0.001)
        disk.may_go_on.set()

    at_once(release, *[lambda name=name: write(name) for name in ("end 1", "end 2", "end 3", "end 4")])
    assert "written" not in outcomes.values()
    assert disk.groups == []
