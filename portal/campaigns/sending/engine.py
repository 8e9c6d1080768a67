"""Sending campaigns: rows claimed, called by a few threads, and written down, again and again.

One thread writes down what came of the calls that ended and claims the next rows, both in one transaction. Others
call, each at its instant; just before it they have written down that the call begins, as many as come together in
one commit (see `portal.campaigns.sending.beginning`). So of a process that is killed, the rows whose calls had not
begun are sent later, and the few whose calls had are unknown: nobody repeats them.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from flask import current_app

from portal.campaigns.sending import claiming, ending, recording, stops
from portal.campaigns.sending.beginning import Beginning
from portal.campaigns.sending.claiming import Claimed, Job
from portal.campaigns.sending.recording import Ended
from portal.connexease import errors as cx
from portal.connexease.gateway import Gateway
from portal.db import account_lock
from portal.db.unit_of_work import unit_of_work
from portal.extensions import connexease, db, session
from portal.messages.sending import results
from portal.messages.sending.results import Result
from portal.models import Mail, MessageState

THREADS = 48
"""Calls at the same time, in one worker."""
TURN = 0.1
"""Seconds between two turns, while calls are under way."""
PATIENCE = 10.0
"""Seconds after which a call that was not begun is put back: long before its claim runs out."""
LOOK_BACK_EVERY = 1.0
"""Seconds between two looks at what became of a campaign's last messages."""
LONGEST_AHEAD = 0.25
"""Seconds: what is claimed ahead is unknown where the worker is killed, so it is not much."""
JUST_BEFORE = 0.05
"""Seconds before its instant that a call is noted down as begun."""
SHARP = 40
"""Calls a second above which the last few of what is allowed are left free, for those that arrive late."""

log = logging.getLogger(__name__)


class Begun:
    """When calls with a key began lately: a second holds no more than are allowed, whatever held them up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_key: dict[UUID, deque[float]] = {}
        self._held: dict[UUID, float] = {}

    def wait(self, job: Job, before: float = 0) -> bool:
        """Wait for a call's turn; whether it may still be made.

        Args:
            before: so many seconds before its turn, which is not taken yet.
        """
        most = int(job.per_second * 0.975) if job.per_second >= SHARP else job.per_second
        while True:
            with self._lock:
                at = time.monotonic()
                if at - job.claimed_at > PATIENCE or self._held.get(job.credential_id, 0) > job.claimed_at:
                    return False
                begun = self._by_key.setdefault(job.credential_id, deque())
                while begun and begun[0] <= at - 1:
                    begun.popleft()
                pause = max(job.starts_at - at, begun[0] + 1 - at if len(begun) >= most else 0) - before
                if pause <= 0:
                    begun.extend(() if before else (at,))
                    return True
            time.sleep(min(pause, TURN))

    def hold(self, credential_id: UUID) -> None:
        """Make no more of the calls with this key that were claimed until now."""
        with self._lock:
            self._held[credential_id] = time.monotonic()


class Sender:
    """The threads that call, and what came of it until it is written down."""

    def __init__(self, gateway: Gateway, engine: sa.Engine) -> None:
        self._gateway = gateway
        self._beginning = Beginning(engine)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="campaign")
        self._begun = Begun()
        self._changed = threading.Condition()
        self._ended: list[Ended] = []
        self.under_way = 0
        """Calls that are claimed and not written down yet."""
        self.looked_back: dict[UUID, float] = {}
        self.period = TURN
        """Seconds from one turn to the next, lately."""
        self.turned_at = 0.0
        self.turn_lasts = 0.0
        """Seconds that a turn itself takes, lately."""

    @property
    def room(self) -> int:
        """How many more calls may be claimed."""
        return THREADS - self.under_way

    def note_turn(self) -> None:
        """A turn begins: where the machine is busy they come less often, and each claims for longer."""
        at = time.monotonic()
        if self.under_way:
            self.period = self.period * 0.7 + min(at - self.turned_at, LONGEST_AHEAD) * 0.3
        self.turned_at = at

    @property
    def ahead(self) -> timedelta:
        """How far ahead calls are claimed: a little longer than until the next turn."""
        return timedelta(seconds=min(self.period * 1.3, LONGEST_AHEAD))

    def start(self, jobs: Sequence[Job]) -> None:
        """Call these, each at its instant."""
        self.under_way += len(jobs)
        for job in jobs:
            self._threads.submit(self._call, job)

    def take(self, wait: float) -> list[Ended]:
        """What has ended; it is waited for a moment, but no longer than until all have."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._ended) >= self.under_way, wait)
            return [*self._ended]

    def forget(self, ended: Sequence[Ended]) -> None:
        """These are written down."""
        written = {each.job.message_id for each in ended}
        with self._changed:
            self._ended = [each for each in self._ended if each.job.message_id not in written]
        self.under_way -= len(ended)

    def close(self) -> None:
        """Wait for what was begun."""
        self._threads.shutdown()

    def _call(self, job: Job) -> None:
        result: Result | None = None
        try:
            is_begun = self._begun.wait(job, JUST_BEFORE) and self._beginning.begin(job.message_id)
            result = self._result(job) if is_begun and self._begun.wait(job) else None
            if result is not None and (stops.is_passing(result) or stops.of_result(result)):
                self._begun.hold(job.credential_id)
        except Exception:  # else it would be awaited without end, and its place taken for good
            log.exception("message %s", job.message_id)
        with self._changed:
            self._ended.append(Ended(job, result))
            self._changed.notify()

    def _result(self, job: Job) -> Result:
        try:
            send = self._gateway.send
            return results.of_success(send(job.key, job.message, job.mmlite, job.is_fake, is_one_of_many=True))
        except cx.ConnexeaseError as error:
            log.info("message %s: %s", job.message_id, type(error).__name__)
            return results.of_error(error)
        except Exception:  # it may have left us all the same
            log.exception("message %s", job.message_id)
            return Result(MessageState.UNKNOWN, results.NO_ANSWER)


def advance() -> int:
    """Write down what ended and begin what is due; how much there was, or is under way still."""
    sender: Sender | None = current_app.extensions.get("campaigns")
    ended = (
        sender.take(max(TURN / 10, TURN - sender.turn_lasts)) if sender is not None and sender.under_way else []
    )
    session().rollback()
    accounts = {each.job.account_id: None for each in ended} | dict.fromkeys(claiming.accounts_with_work())
    if not accounts:
        return sender.under_way if sender is not None else 0
    sender = sender or _sender()
    done = 0
    sender.note_turn()
    for account_id in accounts:
        done += _turn(sender, account_id, [each for each in ended if each.job.account_id == account_id])
    sender.turn_lasts = sender.turn_lasts * 0.7 + (time.monotonic() - sender.turned_at) * 0.3
    if not done and not sender.under_way:
        return 0
    if not sender.under_way:
        time.sleep(TURN / 10)
    return done + sender.under_way


def look(_campaign_id: UUID) -> None:
    """What a campaign that was just confirmed needs: nothing, as `advance` asks all the time what is due."""


def finish() -> None:
    """Write down what is still under way, and begin nothing more."""
    sender: Sender | None = current_app.extensions.pop("campaigns", None)
    if sender is not None:
        sender.close()
        ended = sender.take(0)
        for account_id in {each.job.account_id for each in ended}:
            mine = [each for each in ended if each.job.account_id == account_id]
            _write_down_and_claim(sender, account_id, mine, 0)


def _turn(sender: Sender, account_id: UUID, ended: Sequence[Ended]) -> int:
    try:
        claimed = _write_down_and_claim(sender, account_id, ended, sender.room)
    except Exception:
        log.exception("%d calls could not be written down at once", len(ended))
        for each in ended:
            _write_down_alone(sender, account_id, each)
        claimed = Claimed()
    sender.forget(ended)
    sender.start(claimed.jobs)
    return len(ended) + len(claimed.jobs) + claimed.is_more


def _write_down_and_claim(sender: Sender, account_id: UUID, ended: Sequence[Ended], room: int) -> Claimed:
    with unit_of_work():
        account_lock.take(account_id)
        mails = recording.record(ended)
        mails += _look_back(sender, ended)
        claimed = claiming.claim(account_id, room, sender.ahead) if room > 0 else Claimed()
        session().commit()
    ending.wake([*mails, *claimed.mails])
    return claimed


def _look_back(sender: Sender, ended: Sequence[Ended]) -> list[Mail]:
    mails: list[Mail] = []
    for campaign_id in dict.fromkeys(each.job.campaign_id for each in ended):
        at = time.monotonic()
        if at - sender.looked_back.get(campaign_id, 0) >= LOOK_BACK_EVERY:
            sender.looked_back[campaign_id] = at
            mails += recording.look_back(campaign_id)
    return mails


def _write_down_alone(sender: Sender, account_id: UUID, ended: Ended) -> None:
    """What cannot be written down either is unknown, when its claim has run out."""
    try:
        _write_down_and_claim(sender, account_id, [ended], 0)
    except Exception:
        log.exception("what came of message %s could not be written down", ended.job.message_id)


def _sender() -> Sender:
    sender = Sender(connexease().gateway, db.engine)
    current_app.extensions["campaigns"] = sender
    return sender
