"""Each account's channels, webhooks and tokens, a few accounts at a time, those asked for longest ago first.

A run that has used its time leaves the others to the next. What could not be read has had its turn like what
could, so nobody comes first twice while others wait.

An account that is set up here is read by the services that keep its pages, so that there is one picture of it.
Of the others the mirror keeps what Connexease lists: never the value of a header.

An account is gone when the whole list was read without it and Connexease says that it has no such account.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from uuid import UUID

import sqlalchemy as sa
from flask import Flask, current_app
from sqlmodel import col, select

from portal.channels import snapshot
from portal.connexease import errors as cx
from portal.db.engine import writing
from portal.extensions import connexease, session, settings
from portal.mirror import facets, search_index
from portal.mirror import snapshot as mirror_snapshot
from portal.models import Account, MirroredAccount, MirrorRun, RunState, now
from portal.vault import snapshot as tokens
from portal.webhooks import snapshot as webhooks

log = logging.getLogger(__name__)

OF_EACH = 5
"""Accounts that each thread gets before it is committed how far the run has come."""
ENOUGH_TO_TELL = 5
"""When so many accounts are asked for and Connexease answers none, it is hardly because of the accounts."""
PAUSES = 3
"""So many stops at the same accounts, and it is looked whether it is because of them."""
BEFORE_ALL = -1
"""The turn of an account that may be gone."""


class Outcome(Enum):
    """What came of reading one account."""

    READ = "read"
    GONE = "gone"
    FAILED = "failed"
    LEFT = "left"
    """Connexease asked for a pause: it comes first after that."""


@dataclass(frozen=True)
class Result:
    """One account, after it was asked for."""

    outcome: Outcome
    error: cx.ConnexeaseError | None = None


def begin(run: MirrorRun) -> None:
    """Let a run that has read the list go on with the accounts, for half of the time from one run to the next.

    So the list is read when it is time, however many accounts there are, and Connexease has time for others.
    """
    minutes = settings().mirror_interval_minutes
    run.state, run.reads_until = RunState.READING, now() + timedelta(minutes=minutes) / 2 if minutes else None
    if run.is_complete:
        _put_first_what_may_be_gone(run)
    run.total = count(run)


def count(run: MirrorRun) -> int:
    """How many accounts the run has not come to."""
    query = sa.select(sa.func.count()).select_from(MirroredAccount).where(*_to_read(run))
    return int(session().execute(query).scalar_one())


def count_gone(run: MirrorRun) -> int:
    """How many accounts were found gone since the run began."""
    is_gone = col(MirroredAccount.gone_at) >= run.started_at
    return int(session().execute(sa.select(sa.func.count()).where(is_gone)).scalar_one())


def next_turns(run: MirrorRun, limit: int) -> list[int]:
    """The accounts whose turn it is."""
    turns = (col(MirroredAccount.asked_run), col(MirroredAccount.id))
    query = sa.select(col(MirroredAccount.id)).where(*_to_read(run)).order_by(*turns).limit(limit)
    return list(session().execute(query).scalars())


def read_next(run: MirrorRun) -> bool:
    """Read the next few accounts and move the run on; false when there are none left.

    Raises:
        ConnexeaseError: it cannot go on now.
    """
    ids = next_turns(run, settings().mirror_concurrency * OF_EACH)
    session().commit()
    if not ids:
        return False
    results = _read_all(run, ids)
    is_silent = len(results) >= ENOUGH_TO_TELL and all(_is_silence(result.error) for result in results)
    if is_silent and (run.attempts < PAUSES or not _is_answered()):
        raise results[-1].error  # type: ignore[misc]  # it is one, or it would not be silence
    results = _told_apart(run, results)
    _take_in(run, ids, results)
    session().add(run)
    session().commit()
    urgent = next((result.error for result in results if result.outcome == Outcome.LEFT and result.error), None)
    if urgent is not None:
        raise urgent
    return True


def read_account(account_id: UUID) -> None:
    """Read one account that has just got its place here; the next run reads what cannot be read now."""
    with writing(), suppress(cx.ConnexeaseError):  # noted in its lists
        _read_own(account_id)


def read_now(row: MirroredAccount) -> bool:
    """Read one account for somebody who looks at it; when it cannot be read whole, the row says why."""
    try:
        _read(row)
    except cx.ConnexeaseError:
        return False
    return True


def _put_first_what_may_be_gone(run: MirrorRun) -> None:
    """Once: what was asked for since the list last had it, and is there, waits for its turn like the others."""
    was_not_asked_since = col(MirroredAccount.asked_run) <= col(MirroredAccount.seen_run)
    session().execute(
        sa.update(MirroredAccount)
        .where(*_to_read(run), col(MirroredAccount.seen_run) < run.id, was_not_asked_since)
        .values(asked_run=BEFORE_ALL)
        .execution_options(synchronize_session=False)
    )


def _to_read(run: MirrorRun) -> Sequence[sa.ColumnElement[bool]]:
    return (
        col(MirroredAccount.asked_run) < run.id,
        col(MirroredAccount.connexease_uuid).is_not(None),
        col(MirroredAccount.gone_at).is_(None),
    )


def _read_all(run: MirrorRun, ids: Sequence[int]) -> list[Result]:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    run_id, is_complete, stop = run.id or 0, run.is_complete, threading.Event()

    def read_one(mirrored_id: int) -> Result:
        if stop.is_set():
            return Result(Outcome.LEFT)
        with app.app_context(), writing():
            result = _read_one(mirrored_id, run_id if is_complete else None)
        if result.outcome == Outcome.LEFT:
            stop.set()
        return result

    with ThreadPoolExecutor(settings().mirror_concurrency, thread_name_prefix="mirror") as pool:
        return list(pool.map(read_one, ids))


def _told_apart(run: MirrorRun, results: list[Result]) -> list[Result]:
    """What stops at one account alone, while Connexease lists them all, does not hold up the others."""
    held_up = [_holds_up(run, place, result) for place, result in enumerate(results)]
    if not any(held_up) or not _is_answered():
        return results
    return [
        Result(Outcome.FAILED, result.error) if is_held_up else result
        for result, is_held_up in zip(results, held_up, strict=True)
    ]


def _holds_up(run: MirrorRun, place: int, result: Result) -> bool:
    if result.outcome != Outcome.LEFT:
        return False
    has_waited = place == 0 and run.attempts >= PAUSES
    return isinstance(result.error, cx.Unauthorized) or (isinstance(result.error, cx.RateLimited) and has_waited)


def _is_answered() -> bool:
    """Whether it is neither the reseller's token nor too many requests."""
    try:
        connexease().reseller.accounts_page(1)
    except (cx.Unauthorized, cx.RateLimited):
        return False
    return True


def _take_in(run: MirrorRun, ids: Sequence[int], results: Sequence[Result]) -> None:
    """Count what came. What was left keeps its turn."""
    outcomes = [result.outcome for result in results]
    had_their_turn = [each for each, outcome in zip(ids, outcomes, strict=True) if outcome != Outcome.LEFT]
    chosen = col(MirroredAccount.id).in_(had_their_turn)
    # Locked in the order that whoever changes several accounts at once locks them in.
    session().execute(
        sa.select(col(MirroredAccount.id))
        .where(chosen)
        .order_by(col(MirroredAccount.account_id), col(MirroredAccount.id))
        .with_for_update()
    )
    session().execute(
        sa.update(MirroredAccount)
        .where(chosen)
        .values(asked_run=run.id)
        .execution_options(synchronize_session=False)
    )
    run.read += outcomes.count(Outcome.READ)
    run.gone += outcomes.count(Outcome.GONE)
    run.unread += outcomes.count(Outcome.FAILED)
    if outcomes[0] != Outcome.LEFT:
        run.attempts = 0


def _read_one(mirrored_id: int, complete_run: int | None) -> Result:
    row = session().get(MirroredAccount, mirrored_id)
    if row is None:
        return Result(Outcome.READ)
    may_be_gone = complete_run is not None and row.seen_run != complete_run
    try:
        _read(row)
        return Result(Outcome.READ)
    except (cx.RateLimited, cx.Unauthorized) as error:
        if isinstance(error, cx.RateLimited) or error.status != 403:
            return Result(Outcome.LEFT, error)
        return Result(Outcome.FAILED, error)
    except cx.NotFound as error:
        if may_be_gone:
            _mark_gone(mirrored_id)
            return Result(Outcome.GONE)
        return Result(Outcome.FAILED, error)
    except cx.ConnexeaseError as error:
        return Result(Outcome.FAILED, error)
    except Exception:
        log.exception("account %s in the list could not be read", mirrored_id)
        return Result(Outcome.FAILED)


def _read(row: MirroredAccount) -> None:
    _read_own(row.account_id) if row.account_id is not None else mirror_snapshot.read(row)


def _read_own(account_id: UUID) -> None:
    """Read an account that is set up here; what cannot be read does not keep the rest from it."""
    account = session().get_one(Account, account_id)
    reads: tuple[Callable[[Account], object], ...] = (snapshot.refresh, webhooks.read, tokens.read)
    problems = []
    for read in reads:
        try:
            read(account)
        except (cx.NotFound, cx.RateLimited, cx.Unauthorized):
            raise
        except cx.ConnexeaseError as error:
            problems.append(error)
    if problems:
        raise problems[0]


def _mark_gone(mirrored_id: int) -> None:
    session().rollback()
    query = select(MirroredAccount).where(MirroredAccount.id == mirrored_id).with_for_update()
    row = session().exec(query.execution_options(populate_existing=True)).first()
    if row is not None and row.gone_at is None:
        row.gone_at = now()
        facets.mark(row)
        search_index.put(session(), [row])
        session().add(row)
    session().commit()


def _is_silence(error: cx.ConnexeaseError | None) -> bool:
    return isinstance(error, cx.Unavailable) and not isinstance(error, cx.BadAnswer)
