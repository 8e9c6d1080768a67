"""When a worker asks what there is to do, while nobody commits anything."""

import pytest

from portal.worker import quiet
from portal.worker.quiet import LONGEST, SHARE, Quiet

IDLE = 0.2


class Worker:
    """A worker that may ask every so often, in a time of its own."""

    def __init__(self):
        self.at, self.version = 0.0, 0
        self.quiet = Quiet(lambda: self.version)

    def monotonic(self):
        return self.at

    def wait(self, seconds):
        """The instants at which it asked meanwhile."""
        asked, end = [], self.at + seconds
        while self.at < end:
            if self.quiet.is_over():
                asked.append(self.at)
            self.at += IDLE
        return asked


@pytest.fixture
def worker(monkeypatch):
    made = Worker()
    monkeypatch.setattr(quiet, "time", made)
    return made


def test_it_asks_at_once_when_somebody_committed(worker):
    worker.wait(600)
    worker.version += 1
    assert worker.quiet.is_over()


def test_it_asks_again_where_it_had_to_leave_something(worker):
    worker.wait(600)
    worker.quiet.end()
    assert worker.quiet.is_over()


def test_what_becomes_due_soon_is_found_as_soon_as_ever(worker):
    assert len(worker.wait(1)) == pytest.approx(1 / IDLE, abs=1)


def test_what_becomes_due_later_is_found_a_little_late(worker):
    asked = worker.wait(60)
    for due in range(1, 55):
        found = min(at for at in asked if at >= due)
        assert found - due <= min(max(due * SHARE, IDLE), LONGEST) + IDLE


def test_it_asks_seldom_while_nothing_happens(worker):
    worker.wait(60)
    assert len(worker.wait(60)) <= 60 / LONGEST
