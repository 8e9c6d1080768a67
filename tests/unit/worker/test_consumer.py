"""The worker asks again at once after a batch that was worth it, and else lets more gather."""

import time

import pytest
from flask import Flask

from portal.db.task_registry import Drained
from portal.worker import consumer
from portal.worker.quiet import Quiet


def large(count):
    """A batch of few events that each carry very much."""
    end = time.thread_time() + consumer.MUCH
    while time.thread_time() < end:
        pass
    return count


@pytest.mark.parametrize(
    ("drain", "pause"),
    [
        (lambda: 0, consumer.IDLE),
        (lambda: consumer.MANY - 1, consumer.IDLE),
        (lambda: consumer.MANY, 0),
        (lambda: large(2), 0),
        (lambda: large(0), consumer.IDLE),
    ],
    ids=["nothing", "few", "many", "large", "looked in vain"],
)
def test_when_the_next_batch_begins(drain, pause):
    drained = Drained(drain, finish=None, may_wait=False)
    assert consumer._batch(Flask("worker"), drained, lambda: 0, Quiet(object)) == pause
