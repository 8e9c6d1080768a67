"""Forwarding: claimed, sent by a few threads, and written down, again and again.

One thread speaks to the database: it writes down what came of the attempts that ended and claims the next ones,
both in one transaction. Others only send. What is claimed and never written down, as the process was killed, is
sent again when the claim has run out.
"""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import UUID

from flask import current_app

from portal import outbound
from portal.db.unit_of_work import unit_of_work
from portal.extensions import session
from portal.models import now
from portal.relay import signing
from portal.relay.forwarding import claiming, recording
from portal.relay.forwarding.claiming import Job
from portal.relay.forwarding.connections import Connections
from portal.relay.forwarding.recording import Result
from portal.webhooks.rules import callback_addresses

THREADS = 48
"""Requests at the same time, in one worker."""
ROOM = 512
"""Forwards that are claimed and not written down yet, in one worker."""
PATIENCE = 30.0
"""Seconds after which what is claimed and has not been sent is put back: long before its claim runs out."""
MASK = "•••"
WAIT = 0.05
"""Seconds until it is looked again whether something is due, while answers are awaited."""

log = logging.getLogger(__name__)


class Sender:
    """The threads that send, and what came of it until it is written down."""

    def __init__(self, *, allow_loopback: bool) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="relay")
        self._queues: dict[UUID, deque[Job]] = {}
        self._running: Counter[UUID] = Counter()
        self.seconds: dict[UUID, float] = {}
        """How long a request to each destination took lately."""
        self._connections = Connections()
        self._allow_loopback = allow_loopback
        self._changed = threading.Condition()
        self._results: list[Result] = []
        self.busy: Counter[UUID] = Counter()
        """How many forwards of each destination are claimed and not written down yet."""

    @property
    def room(self) -> int:
        """How many more may be claimed."""
        return ROOM - self.busy.total()

    def start(self, jobs: Sequence[Job]) -> None:
        """Send these: those of one destination by a few threads, one after the other."""
        self.busy.update(job.destination_id for job in jobs)
        with self._changed:
            for job in jobs:
                destination = job.destination_id
                self._queues.setdefault(destination, deque()).append(job)
                if self._running[destination] < claiming.AT_ONCE:
                    self._running[destination] += 1
                    self._threads.submit(self._work_off, destination)

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

    def _work_off(self, destination: UUID) -> None:
        while (job := self._next(destination)) is not None:
            if time.monotonic() - job.claimed_at > PATIENCE:
                result = Result(job, now(), 0, is_put_back=True)
            else:
                result = send(self._connections, job, allow_loopback=self._allow_loopback)
            with self._changed:
                self._note(result)
                self._changed.notify()

    def _note(self, result: Result) -> None:
        destination, took = result.job.destination_id, result.milliseconds / 1000
        self._results.append(result)
        if result.is_put_back:
            return
        self.seconds[destination] = self.seconds.get(destination, took) * 0.8 + took * 0.2
        if not result.is_success:  # what was claimed beside it waits until it is well again
            left = self._queues.pop(destination, deque())
            self._results.extend(Result(job, now(), 0, is_put_back=True) for job in left)

    def _next(self, destination: UUID) -> Job | None:
        with self._changed:
            waiting = self._queues.get(destination)
            if waiting:
                return waiting.popleft()
            self._queues.pop(destination, None)
            self._running[destination] -= 1
            return None


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
        return Result(job, at, _since(began), answer.status, answer.headers, _masked(job, answer.body))
    return Result(job, at, _since(began), problem=problem)


def request_headers(job: Job, at: datetime) -> dict[str, str]:
    """What goes along with a body."""
    return {
        **job.headers,
        "Content-Type": "application/json",
        "User-Agent": "Portal-Relay/1",
        **signing.headers(job.message_id, at, job.body, job.signed_with),
    }


def forward_due() -> int:
    """Write down what ended and begin what is due; how much there was, or is under way still."""
    sender = _sender()
    results = sender.results(WAIT)
    if results or (sender.room > 0 and claiming.is_anything_due()):
        jobs = _turn(sender, results, ROOM)
        return len(results) + len(jobs) + sender.busy.total()
    session().rollback()
    return sender.busy.total()


def finish() -> None:
    """Write down what is still under way, and begin nothing more."""
    sender = current_app.extensions.pop("relay", None)
    if sender is not None:
        sender.close()
        _turn(sender, sender.results(0), 0)


def _turn(sender: Sender, results: Sequence[Result], room: int) -> list[Job]:
    try:
        jobs = _write_down_and_claim(sender, results, room)
    except Exception:
        log.exception("%d attempts could not be written down at once", len(results))
        for result in results:
            _write_down_alone(result)
        jobs = []
    sender.forget(results)
    sender.start(jobs)
    return jobs


def _write_down_and_claim(sender: Sender, results: Sequence[Result], room: int) -> list[Job]:
    busy = sender.busy - Counter(result.job.destination_id for result in results)
    with unit_of_work():
        notices = recording.record(results)
        jobs = claiming.claim(room - busy.total(), busy, sender.seconds)
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


def _masked(job: Job, answer: bytes) -> bytes:
    """A receiver that echoes what it got must not bring a secret into the log."""
    values = [job.headers[name].encode() for name in job.secret_headers if name in job.headers]
    for value in sorted(values, key=len, reverse=True):
        answer = answer.replace(value, MASK.encode())
    return answer


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
