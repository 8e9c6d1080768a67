"""The worker's threads for what comes in by the thousands."""

from contextlib import suppress
from threading import Barrier, BrokenBarrierError, get_ident

from portal.db import task_registry
from portal.db.task_registry import Drained
from portal.worker import consumer
from tests.support.marks import both_databases
from tests.support.patience import patient, wait_until


@both_databases
def test_two_batches_are_under_way_at_once_where_the_database_has_many_writers(portal, database_kind, monkeypatch):
    threads = 2 if database_kind == "postgresql" else 1
    meeting, seen = Barrier(threads), []

    def drain():
        seen.append(get_ident())
        with suppress(BrokenBarrierError):
            meeting.wait(patient(20))
        return consumer.MANY

    monkeypatch.setattr(task_registry, "_drained", [Drained(drain, None, may_wait=False, threads=2)])
    with consumer._draining(portal.app):
        wait_until(lambda: len(seen) >= 6)
        assert not meeting.broken
        meeting.abort()
    assert len(set(seen)) == threads
