"""Forwarding: claimed, sent by a few threads, and written down, again and again.

One thread speaks to the database: it writes down what came of the attempts that ended and claims the next ones,
both in one transaction. Others only send. What is claimed and never written down, as the process was killed, is
sent again when the claim has run out.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import UUID

from flask import current_app

from portal import outbound
from portal.db.unit_of_work import unit_of_work
from portal.extensions import session
from portal.models import now
from portal.relay import claiming, recording, signing
from portal.relay.claiming import Job
from portal.relay.connections import Connections
from portal.relay.recording import Result
from portal.webhooks.rules import callback_addresses

AT_ONCE = 32
"""Requests at the same time, in one worker."""
WAIT = 0.05
"""Seconds until it is looked again whether something is due, while answers are awaited."""

log = logging.getLogger(__name__)


class Sender:
    """The threads that send, and what came of it until it is written down."""

    def __init__(self, *, allow_loopback: bool) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="relay")
        self._connections = Connections()
        self._allow_loopback = allow_loopback
        self._changed = threading.Condition()
        self._results: list[Result] = []
        self.busy: Counter[UUID] = Counter()
        """How many requests to each destination are under way or not written down yet."""

    @property
    def room(self) -> int:
        """How many more may begin."""
        return AT_ONCE - self.busy.total()

    def start(self, jobs: Sequence[Job]) -> None:
        """Send these."""
        self.busy.update(job.destination_id for job in jobs)
        for job in jobs:
            self._threads.submit(self._send, job)

    def results(self, wait: float) -> list[Result]:
        """What has ended; where nothing has yet, it is waited for a moment."""
        with self._changed:
            if not self._results and self.busy.total():
                self._changed.wait(wait)
            return [*self._results]

    def forget(self, results: Sequence[Result]) -> None:
        """These are written down."""
        with self._changed:
            self._results = self._results[len(results) :]
        self.busy.subtract(result.job.destination_id for result in results)
        self.busy = +self.busy

    def close(self) -> None:
        """Wait for what was begun, and close the connections."""
        self._threads.shutdown()
        self._connections.close()

    def _send(self, job: Job) -> None:
        result = send(self._connections, job, allow_loopback=self._allow_loopback)
        with self._changed:
            self._results.append(result)
            self._changed.notify()


def send(connections: Connections, job: Job, *, allow_loopback: bool) -> Result:
    """Make one attempt; whatever comes of it is a result."""
    at, began = now(), time.monotonic()
    try:
        headers = request_headers(job, at)
        answer = connections.post(job.url, headers, job.body, allow_loopback=allow_loopback)
    except outbound.UnknownHostError:
        problem = "no_address"
    except outbound.RefusedAddressError:
        problem = "private"
    except outbound.NoAnswerError as trouble:
        problem = trouble.kind
    except Exception:
        log.exception("forward %d could not be sent", job.forward_id)
        problem = "no_connection"
    else:
        return Result(job, at, _since(began), answer.status, answer.headers, answer.body)
    return Result(job, at, _since(began), problem=problem)


def request_headers(job: Job, at: datetime) -> dict[str, str]:
    """What goes along with a body."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "Portal-Relay/1",
        **signing.headers(job.message_id, at, job.body, job.signed_with),
    }


def forward_due() -> int:
    """Write down what ended and begin what is due; how much there was, or is under way still."""
    sender = _sender()
    results = sender.results(WAIT)
    if results or (sender.room > 0 and claiming.is_anything_due()):
        jobs = _turn(sender, results, AT_ONCE)
        return len(results) + len(jobs) + sender.busy.total()
    session().rollback()
    return sender.busy.total()


def finish() -> None:
    """Write down what is still under way, and begin nothing more."""
    sender = current_app.extensions.pop("relay", None)
    if sender is not None:
        sender.close()
        _turn(sender, sender.results(0), 0)


def _turn(sender: Sender, results: Sequence[Result], at_once: int) -> list[Job]:
    try:
        jobs = _write_down_and_claim(sender, results, at_once)
    except Exception:
        log.exception("%d attempts could not be written down at once", len(results))
        for result in results:
            _write_down_alone(result)
        jobs = []
    sender.forget(results)
    sender.start(jobs)
    return jobs


def _write_down_and_claim(sender: Sender, results: Sequence[Result], at_once: int) -> list[Job]:
    busy = sender.busy - Counter(result.job.destination_id for result in results)
    with unit_of_work():
        notices = recording.record(results)
        jobs = claiming.claim(at_once - busy.total(), busy)
        session().commit()
    recording.wake(notices)
    return jobs


def _write_down_alone(result: Result) -> None:
    """What cannot be written down either is sent again, when its claim has run out."""
    try:
        with unit_of_work():
            notices = recording.record([result])
            session().commit()
        recording.wake(notices)
    except Exception:
        log.exception("the attempt at forward %d could not be written down", result.job.forward_id)


def _sender() -> Sender:
    found: Sender | None = current_app.extensions.get("relay")
    if found is None:
        found = Sender(allow_loopback=callback_addresses.may_use_loopback())
        current_app.extensions["relay"] = found
    return found


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
