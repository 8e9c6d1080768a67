"""Finding out what became of an attempt to connect a channel.

An attempt is confirmed by a verified `channel.created` or by Connexease's channel list, whichever comes first.
So a blocked window, a lost opener, a reload or a silent dialog all end in a named state.
"""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from portal import audit
from portal.channels import snapshot
from portal.channels.attempts import move
from portal.connexease import errors as cx
from portal.connexease import schemas
from portal.db.engine import writing
from portal.extensions import session
from portal.models import (
    OPEN_STATES,
    STOPPED,
    STOPPED_BLOCKED,
    Account,
    AttemptState,
    OnboardingAttempt,
    Person,
    now,
)

LOOK_EVERY = timedelta(seconds=2)
"""How often the channel list is read for one attempt, however many pages ask."""
AFTER_CLOSING = timedelta(seconds=45)
"""How long a window that looks closed may still turn out to be open, or its event be on the way."""
AFTER_EXPIRY = timedelta(minutes=10)
"""A dialog that was opened in time may be finished a while after its token has run out."""
TIME_TO_REPORT = timedelta(seconds=10)
"""How long a new channel waits for one of several open windows to say that it is its own."""
LATE = timedelta(hours=1)
"""How long after its beginning an attempt that ended in silence may still be confirmed."""


def look(attempt: OnboardingAttempt, account: Account) -> None:
    """Ask Connexease's channel list, if it is time to, and end an attempt that waited long enough."""
    with writing():
        session().commit()  # what was read so far must not be the start of a transaction that writes
        _look(attempt, account)


def _look(attempt: OnboardingAttempt, account: Account) -> None:
    if not is_settled(attempt) and _may_look(attempt):
        try:
            listed = snapshot.refresh(account)
        except cx.ConnexeaseError:
            pass  # the next look asks again; until then the attempt stays what it is
        else:
            _confirm_by_list(attempt, listed)
            session().commit()
    _end_if_waited_long_enough(attempt)


def is_settled(attempt: OnboardingAttempt) -> bool:
    """Whether nothing more can be learnt about this attempt."""
    if attempt.state in OPEN_STATES:
        return False
    return attempt.state == AttemptState.CONFIRMED or not _may_still_be_confirmed(attempt)


def confirm_by_event(account: Account, channel_uuid: UUID) -> None:
    """A verified `channel.created` names this channel: confirm the attempt that brought it. The caller commits."""
    if (attempt := _attempt_that_brought(account, channel_uuid)) is not None:
        _confirm(attempt, channel_uuid, "event")


def overdue(limit: int = 200) -> list[UUID]:
    """Attempts whose waiting may be over."""
    query = (
        sa.select(col(OnboardingAttempt.id))
        .where(
            col(OnboardingAttempt.state).in_(OPEN_STATES),
            sa.or_(
                col(OnboardingAttempt.expires_at) < now(),
                col(OnboardingAttempt.closed_at) < now() - AFTER_CLOSING,
                col(OnboardingAttempt.requested_at) < now() - LATE,
            ),
        )
        .limit(limit)
    )
    return list(session().execute(query).scalars())


def expire(attempt_id: UUID) -> None:
    """Look a last time and end an attempt that nobody watches any more."""
    attempt = session().get_one(OnboardingAttempt, attempt_id)
    look(attempt, session().get_one(Account, attempt.account_id))


def _may_look(attempt: OnboardingAttempt) -> bool:
    """Claim the next look, so that two pages that poll do not both ask Connexease."""
    claimed = session().execute(
        sa.update(OnboardingAttempt)
        .where(
            col(OnboardingAttempt.id) == attempt.id,
            sa.or_(
                col(OnboardingAttempt.checked_at).is_(None),
                col(OnboardingAttempt.checked_at) < now() - LOOK_EVERY,
            ),
        )
        .values(checked_at=now())
        .execution_options(synchronize_session=False)
    )
    session().commit()
    session().refresh(attempt)
    return bool(claimed.rowcount)  # type: ignore[attr-defined]


def _confirm_by_list(attempt: OnboardingAttempt, listed: Iterable[schemas.Channel]) -> None:
    connected = {channel.uuid for channel in listed if channel.data.connected}
    if attempt.reported_status == "ok" and attempt.reported_channel in connected:
        _confirm(attempt, attempt.reported_channel, "list")
    elif attempt.reconnects is not None:
        brought_back = attempt.was_connected is False or attempt.reported_status == "ok"
        if attempt.reconnects in connected and brought_back:
            _confirm(attempt, attempt.reconnects, "list")
    else:
        account = session().get_one(Account, attempt.account_id)
        for new in sorted(connected - {UUID(known) for known in attempt.known_channels}):
            brought_by = _attempt_that_brought(account, new)
            if brought_by is not None and brought_by.id == attempt.id:
                _confirm(attempt, new, "list")
                return


def _attempt_that_brought(account: Account, channel_uuid: UUID) -> OnboardingAttempt | None:
    """Which attempt a channel came from: the one that reported it, else the newest that could have."""
    query = select(OnboardingAttempt).where(
        OnboardingAttempt.account_id == account.id, col(OnboardingAttempt.requested_at) > now() - LATE
    )
    recent = list(session().exec(query.order_by(col(OnboardingAttempt.requested_at).desc())))
    waiting = [attempt for attempt in recent if _could_have_brought(attempt, channel_uuid)]
    if any(attempt.confirmed_channel == channel_uuid for attempt in recent if attempt not in waiting):
        waiting = [attempt for attempt in waiting if attempt.reconnects == channel_uuid]
    if _is_too_early_to_say(waiting, account, channel_uuid):
        return None
    return min(waiting, key=lambda attempt: _unlikeliness(attempt, channel_uuid), default=None)


def _is_too_early_to_say(waiting: list[OnboardingAttempt], account: Account, channel_uuid: UUID) -> bool:
    """Two windows are open, neither has claimed the channel, and its message may still be on the way.

    Naming the wrong one would close a window that somebody is still using.
    """
    claims = (attempt.reported_channel or attempt.reconnects for attempt in waiting)
    if channel_uuid in claims or sum(attempt.state in OPEN_STATES for attempt in waiting) < 2:
        return False
    channel = snapshot.find(account.id, channel_uuid)
    return channel is not None and channel.first_seen_at > now() - TIME_TO_REPORT


def _could_have_brought(attempt: OnboardingAttempt, channel_uuid: UUID) -> bool:
    if attempt.state not in OPEN_STATES and not _may_still_be_confirmed(attempt):
        return False
    if attempt.reported_channel is not None:
        return attempt.reported_channel == channel_uuid
    if attempt.reconnects is not None:
        return attempt.reconnects == channel_uuid
    return str(channel_uuid) not in attempt.known_channels


def _unlikeliness(attempt: OnboardingAttempt, channel_uuid: UUID) -> tuple[bool, bool]:
    return (attempt.reported_channel != channel_uuid, attempt.state not in OPEN_STATES)


def _may_still_be_confirmed(attempt: OnboardingAttempt) -> bool:
    """An attempt that ended in silence may yet turn out well; one that the dialog or a person ended may not."""
    silent = attempt.state == AttemptState.EXPIRED or (
        attempt.state == AttemptState.CANCELLED
        and not attempt.reported_status
        and attempt.problem not in (STOPPED, STOPPED_BLOCKED)
    )
    return silent and attempt.requested_at > now() - LATE


def _confirm(attempt: OnboardingAttempt, channel_uuid: UUID, by: str) -> None:
    """Confirm once, whoever comes first; the caller commits."""
    account = session().get_one(Account, attempt.account_id)
    channel = snapshot.heard_of(account.id, channel_uuid, "", "")
    session().flush()
    confirmed = session().execute(
        sa.update(OnboardingAttempt)
        .where(col(OnboardingAttempt.id) == attempt.id, col(OnboardingAttempt.confirmed_channel).is_(None))
        .values(
            state=AttemptState.CONFIRMED,
            confirmed_channel=channel_uuid,
            confirmed_by=by,
            ended_at=now(),
            sealed_url=None,
            problem="",
        )
        .execution_options(synchronize_session=False)
    )
    session().refresh(attempt)
    if confirmed.rowcount:  # type: ignore[attr-defined]
        channel.proven_at = None  # another number may have been chosen
        session().add(channel)
        action = "channel.reconnected" if attempt.reconnects == channel_uuid else "channel.connected"
        person = session().get(Person, attempt.person_id)
        audit.record(person, account, action, channel.label, confirmed_by=by)


def _end_if_waited_long_enough(attempt: OnboardingAttempt) -> None:
    if attempt.state not in OPEN_STATES:
        return
    closed_long_ago = attempt.closed_at is not None and attempt.closed_at < now() - AFTER_CLOSING
    if closed_long_ago and attempt.state != AttemptState.REPORTED:
        move(attempt, (AttemptState.REQUESTED, AttemptState.OPENED), AttemptState.CANCELLED)
    elif _has_run_out(attempt):
        move(attempt, OPEN_STATES, AttemptState.EXPIRED)


def _has_run_out(attempt: OnboardingAttempt) -> bool:
    if attempt.expires_at is None:  # we were stopped while asking for the dialog
        return attempt.requested_at < now() - timedelta(minutes=2)
    grace = timedelta(0) if attempt.state == AttemptState.REQUESTED else AFTER_EXPIRY
    return attempt.expires_at + grace < now()
