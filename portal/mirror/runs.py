"""A run of the mirror: the pages of the list, then each account's channels, webhooks and tokens.

A run is a row that says how far it has come. Whoever claims it works on it for a short while, commits that and
wakes the next; a process that is killed leaves a row that another one takes up. Connexease may ask for a pause
at any time, and gets it. Accounts that take longer than half of `MIRROR_INTERVAL_MINUTES` are left to the next
run, which reads the list again and goes on with those that were read longest ago.
"""

import logging
import time
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from portal import audit
from portal.connexease import errors as cx
from portal.connexease.texts import gettext_noop
from portal.db import leases
from portal.db.queue import wake
from portal.db.unit_of_work import unit_of_work
from portal.extensions import session, settings
from portal.mirror import account_sync, list_sync
from portal.models import MirrorRun, Person, RunState, now

log = logging.getLogger(__name__)

SLICE = 10
"""Seconds that one process works on a run before it commits to another."""
FIRST_DELAY, LONGEST_DELAY = 5, 300
MOST_ATTEMPTS = 10
RUNS_KEPT = 200

GAVE_UP = gettext_noop("%(Vendor)s didn't answer for a long time.")
UNEXPECTED = gettext_noop("Something went wrong on our side. The worker's log has the details.")


def begin(actor: Person | None) -> MirrorRun:
    """Begin a run, or join the one that is under way; when that read the list a while ago, it soon makes way.

    Args:
        actor: who asked for it; none when it is its time.
    """
    active = _active()
    if active is not None and actor is not None and active.gives_way:
        active = _followed(active, actor)
    if active is not None:
        return active
    run = MirrorRun(asked_by=actor.email if actor else "")
    session().add(run)
    if actor is not None:
        audit.record(actor, None, "mirror.refresh_asked")
    try:
        session().commit()
    except IntegrityError:  # somebody else began one a moment ago
        session().rollback()
        return _active() or newest() or run
    wake("mirror", str(run.id))
    return run


def begin_when_due(_row: None = None) -> None:
    """Begin a run when the last one began long enough ago."""
    minutes = settings().mirror_interval_minutes
    last = newest()
    if minutes and (
        last is None or (last.active is None and last.started_at <= now() - timedelta(minutes=minutes))
    ):
        with unit_of_work():
            begin(None)


def newest() -> MirrorRun | None:
    """The run that began last."""
    return session().exec(select(MirrorRun).order_by(col(MirrorRun.id).desc()).limit(1)).first()


def due() -> list[int]:
    """The run that should be taken up now, if there is one."""
    query = sa.select(col(MirrorRun.id)).where(
        col(MirrorRun.active).is_not(None), col(MirrorRun.next_attempt_at) <= now(), leases.is_free(MirrorRun)
    )
    return list(session().execute(query).scalars())


def advance(run_id: int) -> None:
    """Work on a run for a while. Does nothing when it waits or another process is at it."""
    with unit_of_work():
        run = leases.take(MirrorRun, run_id, col(MirrorRun.active).is_not(None))
        if run is None:
            return
        try:
            _work(run, time.monotonic() + SLICE)
            _give_back(run, 0)
        except cx.RateLimited as error:
            _pause(_again(run, error.message), error.retry_after)
        except cx.Unauthorized as error:
            _fail(_again(run, error.message), error.message)
        except cx.ConnexeaseError as error:
            _try_later(_again(run, error.message), GAVE_UP)
        except Exception:
            log.exception("mirror run %s failed", run_id)
            _try_later(_again(run, UNEXPECTED), UNEXPECTED)


def _active() -> MirrorRun | None:
    return session().exec(select(MirrorRun).where(col(MirrorRun.active).is_not(None))).first()


def _followed(run: MirrorRun, actor: Person) -> MirrorRun | None:
    """End a run early, so that another follows it; none when it has ended by itself a moment ago."""
    session().refresh(run, with_for_update=True)
    if run.active is None:
        return None
    run.reads_until, run.followed_by = now(), actor.email
    session().add(run)
    audit.record(actor, None, "mirror.refresh_asked")
    session().commit()
    return run


def _work(run: MirrorRun, until: float) -> None:
    """Move on by one step at least: a machine that is busy may let the time pass before the first."""
    while True:
        if run.state == RunState.LISTING:
            list_sync.read_next(run)
        elif _is_over(run) or not account_sync.read_next(run):
            _finish(run)
            return
        run.attempts, run.problem_text = 0, ""
        run.claimed_until = leases.until()
        _save(run)
        if time.monotonic() >= until:
            return


def _is_over(run: MirrorRun) -> bool:
    session().refresh(run)  # somebody may have asked for another
    return run.has_used_its_time


def _finish(run: MirrorRun) -> None:
    session().refresh(run, with_for_update=True)
    run.state, run.active, run.finished_at, run.problem_text = RunState.DONE, None, now(), ""
    run.gone = account_sync.count_gone(run)  # a process that was killed may have marked some and not told
    run.waiting = account_sync.count(run)
    if run.followed_by:
        session().flush()  # there is one at a time
        session().add(MirrorRun(asked_by=run.followed_by))
    session().execute(sa.delete(MirrorRun).where(col(MirrorRun.id) <= (run.id or 0) - RUNS_KEPT))


def _give_back(run: MirrorRun, delay: float) -> None:
    run.claimed_until = None
    run.next_attempt_at = None if run.active is None else now() + timedelta(seconds=delay)
    _save(run)
    goes_on = run if run.active is not None else _active()
    if goes_on is not None:
        wake("mirror", str(goes_on.id), delay=delay)


def _again(run: MirrorRun, problem: str) -> MirrorRun:
    """Half a transaction is dropped; what was committed stands."""
    session().rollback()
    session().refresh(run)
    run.problem_text = problem[:500]
    return run


def _pause(run: MirrorRun, seconds: float | None) -> None:
    """Pauses are no failures, and few of them count: enough to see that it always stops at the same account.

    None counts in a run that has come some way and used its time: it waits, because it was asked to, and ends.
    """
    if not run.has_used_its_time:
        run.attempts = max(run.attempts, min(run.attempts + 1, account_sync.PAUSES))
    _give_back(run, seconds or _delay(run))


def _try_later(run: MirrorRun, last_words: str) -> None:
    run.attempts += 1
    if run.attempts >= MOST_ATTEMPTS:
        _fail(run, last_words)
    else:
        _give_back(run, _delay(run))


def _fail(run: MirrorRun, problem: str) -> None:
    run.state, run.active, run.finished_at, run.problem_text = RunState.FAILED, None, now(), problem[:500]
    _give_back(run, 0)


def _delay(run: MirrorRun) -> float:
    return leases.delay(run.attempts, FIRST_DELAY, LONGEST_DELAY)


def _save(run: MirrorRun) -> None:
    session().add(run)
    session().commit()
