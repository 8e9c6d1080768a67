"""The worker in a flood: it takes a small part of the processors, it never stops, and it is not slow for long."""

import itertools

import pytest

from portal.worker import throttle
from portal.worker.throttle import LONGEST, LOOK, Throttle

CALM, FLOOD = 250, 1500
"""Events a second."""
BATCH, SHARE = 0.1, 0.2


class Worker:
    """A worker that always has another batch, in a time of its own."""

    def __init__(self):
        self.at = self.cpu = self.events = 0.0
        self.throttle = Throttle(lambda: int(self.events))

    def monotonic(self):
        return self.at

    def process_time(self):
        return self.cpu

    def work(self, seconds, rate):
        """The share of this time in which it worked."""
        began, worked = self.at, self.cpu
        while self.at < began + seconds:
            pause = self.throttle.pause()
            assert pause <= LOOK
            self.cpu += 0 if pause else BATCH
            self.at += pause or BATCH
            self.events += rate * (pause or BATCH)
        return pytest.approx((self.cpu - worked) / (self.at - began), abs=0.05)


@pytest.fixture
def worker(monkeypatch):
    made = Worker()
    monkeypatch.setattr(throttle, "time", made)
    monkeypatch.setattr(throttle, "SHARE", SHARE)
    return made


def test_it_works_as_fast_as_it_can_while_no_flood_comes(worker):
    assert worker.work(20, CALM) == 1


def test_in_a_flood_it_takes_its_share(worker):
    worker.work(1, FLOOD)
    assert worker.work(LONGEST - 2, FLOOD) == SHARE


def test_after_a_flood_it_works_on_at_once(worker):
    worker.work(LONGEST / 2, FLOOD)
    worker.work(2 * LOOK, 0)
    assert worker.work(1, 0) == 1


def test_what_lasts_longer_is_worked_off_while_it_comes_in(worker):
    worker.work(LONGEST + 1, FLOOD)
    assert worker.work(60, FLOOD) == 1


def test_a_long_flood_that_pauses_now_and_then_does_not_slow_it_again(worker):
    worker.work(LONGEST + 1, FLOOD)
    for rate in itertools.islice(itertools.cycle([FLOOD, FLOOD, 0]), 30):
        assert worker.work(1, rate) != SHARE


def test_another_flood_slows_it_again(worker):
    worker.work(LONGEST + 1, FLOOD)
    worker.work(LONGEST + 1, CALM)
    worker.work(1, FLOOD)
    assert worker.work(LONGEST - 2, FLOOD) == SHARE
