"""Attempts to connect a channel through Connexease's dialog.

The attempt lives here, on the server. What the browser reports (opened, a message, closed) are hints; the
attempt's end is found out in `portal.channels.confirmation`.
"""

from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlmodel import col, select

from portal import audit
from portal.channels import snapshot
from portal.connexease import errors as cx
from portal.db.engine import storable
from portal.errors import DomainError
from portal.extensions import connexease, session, settings, vault
from portal.i18n import _, translated
from portal.models import (
    BLOCKED,
    OPEN_STATES,
    STOPPED,
    STOPPED_BLOCKED,
    Account,
    AttemptState,
    OnboardingAttempt,
    Person,
    now,
)
from portal.secrets.crypto import VaultError
from portal.secrets.stored import attempt_place

CANCELLED_WORDS = frozenset({"cancel", "cancelled", "canceled", "closed", "close", "aborted", "dismissed"})
"""Words that a dialog may use for "the user went away": the vendor does not state its words [assumed]."""


def begin(person: Person, account: Account, reconnects: UUID | None = None) -> OnboardingAttempt:
    """Start an attempt: note it, remember what is connected now, and ask Connexease for the dialog.

    Args:
        reconnects: the existing channel's UUID at Connexease; none for a new one.

    Raises:
        DomainError: the channel is not the account's, or Connexease gives no dialog. The attempt has failed.
    """
    channel = snapshot.own_channel(account, reconnects) if reconnects else None
    attempt = OnboardingAttempt(account_id=account.id, person_id=person.id, reconnects=reconnects)
    session().add(attempt)
    audit.record(
        person,
        account,
        "channel.reconnect_requested" if channel else "channel.connect_requested",
        channel.label if channel else "",
    )
    session().commit()
    _remember_what_is_connected(attempt, account)
    if channel is not None and channel.gone_at is not None:
        _fail(attempt, "gone", channel.label)
        raise DomainError(_gone())
    fetch_dialog(attempt, account)
    return attempt


def fetch_dialog(attempt: OnboardingAttempt, account: Account) -> None:
    """Ask for a dialog address, or for a fresh one when the last has expired.

    Raises:
        DomainError: Connexease gives none, or one that we do not trust. The attempt has failed.
    """
    session().commit()
    try:
        onboarding = connexease().reseller.request_onboarding(
            snapshot.uuid_of(account), type="whatsapp", channel_uuid=attempt.reconnects
        )
    except cx.ConnexeaseError as error:
        _fail(attempt, "request", error.message)
        is_gone = isinstance(error, cx.Rejected) and "channel_uuid" in error.fields
        raise DomainError(_gone() if is_gone else _cannot_open(error)) from None
    if onboarding.origin not in settings().connexease_dialog_origins:
        _fail(attempt, "origin", onboarding.origin)
        raise DomainError(
            _("We don't trust the address of the connection window, so we didn't open it. Contact us.")
        )
    attempt.sealed_url = vault().seal(SecretStr(onboarding.onboarding_url), attempt_place(attempt))
    attempt.expires_at = onboarding.expires_at
    session().add(attempt)
    session().commit()


def dialog_url(attempt: OnboardingAttempt) -> str | None:
    """The dialog's address while its token is good; none afterwards."""
    if attempt.sealed_url is None or attempt.expires_at is None or attempt.expires_at <= now():
        return None
    try:
        return vault().open(attempt.sealed_url, attempt_place(attempt)).get_secret_value()
    except VaultError:
        return None


def find(account: Account, attempt_id: UUID) -> OnboardingAttempt | None:
    """One of the account's attempts."""
    query = select(OnboardingAttempt).where(
        OnboardingAttempt.id == attempt_id, OnboardingAttempt.account_id == account.id
    )
    return session().exec(query).first()


def current(account: Account, person: Person) -> OnboardingAttempt | None:
    """The attempt that this person's channel page shows: the newest that has not ended."""
    query = (
        select(OnboardingAttempt)
        .where(
            OnboardingAttempt.account_id == account.id,
            OnboardingAttempt.person_id == person.id,
            col(OnboardingAttempt.state).in_(OPEN_STATES),
        )
        .order_by(col(OnboardingAttempt.requested_at).desc())
    )
    return session().exec(query).first()


def report_opened(attempt: OnboardingAttempt) -> None:
    """The browser opened the dialog. Coming late, after its end, it says nothing new."""
    if attempt.state not in OPEN_STATES:
        return
    attempt.opened_at = attempt.opened_at or now()
    attempt.closed_at, attempt.problem = None, ""
    move(attempt, (AttemptState.REQUESTED,), AttemptState.OPENED)


def report_blocked(attempt: OnboardingAttempt) -> None:
    """The browser did not let us open a window: the page offers the dialog as a link."""
    if attempt.state == AttemptState.REQUESTED:
        attempt.problem = BLOCKED
        _save(attempt)


def report_closed(attempt: OnboardingAttempt) -> None:
    """The window looks closed. Under some browser rules an open one does too, so this is only noted."""
    attempt.closed_at = attempt.closed_at or now()
    _save(attempt)


def report_message(attempt: OnboardingAttempt, status: str, channel_uuid: UUID | None) -> None:
    """The dialog said how it ended. "ok" still waits for its confirmation, and nothing said later undoes it."""
    if attempt.reported_status == "ok" or attempt.state == AttemptState.CONFIRMED:
        return
    attempt.reported_status, attempt.reported_channel = storable(status, 64), channel_uuid
    if status == "ok":
        movable = (*OPEN_STATES, AttemptState.FAILED, AttemptState.CANCELLED, AttemptState.EXPIRED)
        move(attempt, movable, AttemptState.REPORTED)
    elif status.strip().casefold() in CANCELLED_WORDS:
        move(attempt, OPEN_STATES, AttemptState.CANCELLED)
    else:
        attempt.problem = "dialog"
        move(attempt, OPEN_STATES, AttemptState.FAILED)


def stop(person: Person, account: Account, attempt: OnboardingAttempt) -> None:
    """The person says that they gave up."""
    if attempt.state in OPEN_STATES:
        audit.record(person, account, "channel.attempt_stopped")
    attempt.problem = STOPPED_BLOCKED if attempt.problem in (BLOCKED, STOPPED_BLOCKED) else STOPPED
    move(attempt, OPEN_STATES, AttemptState.CANCELLED)


def _remember_what_is_connected(attempt: OnboardingAttempt, account: Account) -> None:
    """What is there before the dialog opens, so that what is new afterwards can be told."""
    try:
        listed = snapshot.refresh(account)
    except cx.ConnexeaseError:
        attempt.known_channels = [str(c.connexease_uuid) for c in snapshot.channels_of(account)]
    else:
        attempt.known_channels = [str(channel.uuid) for channel in listed]
        if attempt.reconnects is not None:
            attempt.was_connected = any(c.uuid == attempt.reconnects and c.data.connected for c in listed)
    _save(attempt)


def move(attempt: OnboardingAttempt, origins: tuple[AttemptState, ...], goal: AttemptState) -> None:
    """Change the state, unless it moved somewhere else meanwhile."""
    _save(attempt)
    values: dict[str, object] = {"state": goal}
    if goal not in OPEN_STATES:
        values |= {"ended_at": now(), "sealed_url": None}
    session().execute(
        sa.update(OnboardingAttempt)
        .where(col(OnboardingAttempt.id) == attempt.id, col(OnboardingAttempt.state).in_(origins))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    session().commit()
    session().refresh(attempt)


def _save(attempt: OnboardingAttempt) -> None:
    session().add(attempt)
    session().commit()


def _fail(attempt: OnboardingAttempt, problem: str, text: str) -> None:
    attempt.problem, attempt.problem_text = problem, text[:500]
    move(attempt, OPEN_STATES, AttemptState.FAILED)


def _gone() -> str:
    """Of a channel that is to be connected again, and is not there any more."""
    return _("%(Vendor)s no longer has this channel. Use “Connect WhatsApp” to connect its number as a new one.")


def _cannot_open(error: cx.ConnexeaseError) -> str:
    if isinstance(error, cx.NotFound):
        return _("%(Vendor)s doesn't know this account or channel. Contact us.")
    if isinstance(error, cx.Unauthorized):
        return _("%(Vendor)s refused our credentials. Contact us.")
    if isinstance(error, cx.RateLimited):
        return _("%(Vendor)s is busy. Wait a minute, then try again.")
    if isinstance(error, cx.Rejected):
        texts = [*error.messages, *(text for texts in error.fields.values() for text in texts)]
        return _("%(Vendor)s refused this: %(reason)s", reason=translated(" ".join(texts) or error.message))
    return _("%(Vendor)s didn't answer, so there is no connection window to open. Try again in a minute.")
