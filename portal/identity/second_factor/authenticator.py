"""The authenticator app (TOTP): setting it up, checking its codes, switching it off."""

import time
from collections.abc import Sequence
from datetime import timedelta
from hmac import compare_digest
from uuid import UUID

import pyotp
import segno
import sqlalchemy as sa
from pydantic import SecretStr
from sqlmodel import col, select

from portal import audit
from portal.brand.current import brand
from portal.db.queue import wake
from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.extensions import session, vault
from portal.i18n import _
from portal.identity import sessions
from portal.identity.second_factor import recovery_codes as recovery
from portal.mail import outbox
from portal.models import Authenticator, MailKind, Person, now
from portal.secrets.crypto import VaultError
from portal.secrets.stored import authenticator_place

STEP = 30
"""Seconds that a code is shown."""
SKEW = 1
"""Steps that the phone's clock may be ahead or behind."""
PENDING_FOR = timedelta(hours=1)
"""How long an app that was never confirmed is remembered."""


class HasOneAlready(DomainError):
    """Whoever knows only the password sets no app up in place of one that counts."""

    def __init__(self) -> None:
        super().__init__(_("An authenticator app has been set up in the meantime. Log in with its code."))


class WrongCode(DomainError):
    """What was typed is no code that counts now."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or _("This code is wrong or has expired. Enter the one shown now."), "code")


def of(person: Person) -> Authenticator | None:
    """The app that makes the person's codes, if they have set one up."""
    query = select(Authenticator).where(
        Authenticator.person_id == person.id, col(Authenticator.confirmed_at).is_not(None)
    )
    return session().exec(query.order_by(col(Authenticator.confirmed_at).desc())).first()


def who_has_one(people: Sequence[Person]) -> set[UUID]:
    """Which of these people have set an app up."""
    wanted = [person.id for person in people]
    query = select(Authenticator.person_id).where(
        col(Authenticator.person_id).in_(wanted), col(Authenticator.confirmed_at).is_not(None)
    )
    return set(session().exec(query))


def begin(person: Person, secret: SecretStr | None = None) -> Authenticator:
    """A new app for a person; it counts from the first code on that they type, in place of the one before.

    Args:
        secret: what the app makes its codes from; a fresh one when none is given.
    """
    row = Authenticator(person_id=person.id, sealed_secret="")
    row.sealed_secret = vault().seal(secret or SecretStr(pyotp.random_base32()), authenticator_place(row))
    session().add(row)
    session().commit()
    return row


def pending(person: Person, authenticator_id: UUID) -> Authenticator | None:
    """An app that was begun, not long ago, and not yet confirmed."""
    row = session().get(Authenticator, authenticator_id)
    if row is None or row.person_id != person.id or row.confirmed_at is not None:
        return None
    return row if row.created_at > now() - PENDING_FOR else None


def secret_of(row: Authenticator) -> SecretStr:
    """What the app makes its codes from."""
    return vault().open(row.sealed_secret, authenticator_place(row))


def uri(person: Person, row: Authenticator) -> str:
    """The address that an app understands, with the secret in it."""
    totp = pyotp.TOTP(secret_of(row).get_secret_value(), interval=STEP)
    return totp.provisioning_uri(name=person.email, issuer_name=brand().name)


def picture(address: str) -> str:
    """An address as a QR code: SVG, without anything that a strict Content-Security-Policy forbids."""
    code = segno.make(address, error="m", micro=False)
    return code.svg_inline(border=3, dark="#000", light="#fff", svgclass=None, lineclass=None, omitsize=True)


def confirm(person: Person, authenticator_id: UUID, code: str, *, as_first: bool = False) -> list[str]:
    """Take an app as the person's, by its first code. Returns fresh recovery codes, to be shown once.

    Args:
        as_first: they have shown no more than their password, so that it may take no other app's place.

    Raises:
        HasOneAlready: it would.
        DomainError: the code is wrong, or the app was not begun or is confirmed already.
    """
    session().commit()
    session().get(Person, person.id, with_for_update=True, populate_existing=True)
    if as_first and of(person) is not None:
        session().rollback()
        raise HasOneAlready
    row = pending(person, authenticator_id)
    if row is None:
        session().rollback()
        raise DomainError(_("This page was open for too long. Start again."))
    step = _step_of(row, recovery.plain(code))
    if step is None:
        session().rollback()
        raise WrongCode
    _delete_apps(person, col(Authenticator.id) != row.id)
    row.confirmed_at, row.last_step = now(), step
    session().add(row)
    codes = recovery.make(person)
    audit.record(person, None, "person.totp_enrolled", person.email)
    _commit_and_tell(person, "on")
    return codes


def check(person: Person, code: str) -> bool:
    """Take a code of the person's app, or one of their recovery codes; each counts once.

    Returns:
        Whether it was a recovery code.

    Raises:
        WrongCode: it is none, or was used before.
    """
    session().commit()
    typed = recovery.plain(code)
    if not (len(typed) == 6 and typed.isascii() and typed.isdigit()):
        if not recovery.spend(person, typed):
            session().rollback()
            raise WrongCode
        _commit_and_tell(person, "recovery")
        return True
    row = of(person)
    step = _step_of(row, typed) if row else None
    if row is None or step is None:
        raise WrongCode
    newer = sa.or_(col(Authenticator.last_step).is_(None), col(Authenticator.last_step) < step)
    if not _update(sa.update(Authenticator).where(col(Authenticator.id) == row.id, newer).values(last_step=step)):
        raise WrongCode(_("This code was already used. Wait for the next one."))
    session().commit()
    return False


def recovery_codes(person: Person) -> list[str]:
    """Fresh recovery codes, to be shown once; those before count no longer."""
    session().commit()
    session().get(Person, person.id, with_for_update=True, populate_existing=True)
    codes = recovery.make(person)
    audit.record(person, None, "person.recovery_codes_made", person.email)
    session().commit()
    return codes


def remove(person: Person) -> None:
    """Do without codes from now on.

    Raises:
        DomainError: staff cannot.
    """
    if person.is_staff:
        raise DomainError(_("Our staff always log in with a code. Set up another app instead."))
    _forget(person)
    audit.record(person, None, "person.totp_removed", person.email)
    _commit_and_tell(person, "off")


def reset(actor: Person | None, person: Person, accounts: Sequence[UUID | None] = (None,)) -> None:
    """Take somebody's app and recovery codes away who lost them, and end their sessions.

    Whoever must have an app sets a new one up at the next log-in.

    Args:
        accounts: whose history says so; the staff's audit log always does.
    """
    _forget(person)
    sessions.end_all(person.id)
    for account_id in accounts:
        audit.record(actor, account_id, "person.totp_reset", person.email)
    _commit_and_tell(person, "reset")


def unconfirmed() -> list[int]:
    """Whether there are apps that were begun long ago and never confirmed."""
    query = select(Authenticator.id).where(_is_forgotten()).limit(1)
    return [1] if session().exec(query).first() else []


def prune(_one: int) -> None:
    """Forget apps that were begun and never confirmed."""
    with unit_of_work():
        session().execute(sa.delete(Authenticator).where(_is_forgotten()))
        session().commit()


def _is_forgotten() -> sa.ColumnElement[bool]:
    return sa.and_(col(Authenticator.confirmed_at).is_(None), col(Authenticator.created_at) <= now() - PENDING_FOR)


def _step_of(row: Authenticator, code: str) -> int | None:
    """The time step that a code belongs to, if it is one of those that count now."""
    try:
        totp = pyotp.TOTP(secret_of(row).get_secret_value(), interval=STEP)
    except VaultError:
        raise DomainError(
            _("We can't check codes right now. Use a recovery code, and tell us about it."), "code"
        ) from None
    current = int(time.time()) // STEP
    matching = [s for s in range(current - SKEW, current + SKEW + 1) if compare_digest(totp.generate_otp(s), code)]
    return max(matching, default=None)


def _forget(person: Person) -> None:
    session().commit()
    session().get(Person, person.id, with_for_update=True, populate_existing=True)
    _delete_apps(person)
    recovery.forget(person)


def _delete_apps(person: Person, *conditions: sa.ColumnElement[bool]) -> None:
    session().execute(
        sa.delete(Authenticator)
        .where(col(Authenticator.person_id) == person.id, *conditions)
        .execution_options(synchronize_session="fetch")
    )


def _update(statement: sa.Update) -> bool:
    done = session().execute(statement.execution_options(synchronize_session=False))
    if not done.rowcount:  # type: ignore[attr-defined]
        session().rollback()
        return False
    return True


def _commit_and_tell(person: Person, what: str) -> None:
    """Commit, and mail the person what was done: they should know of it when it was not them."""
    mailed = outbox.promise(MailKind.SECOND_FACTOR, person.email, what=what)
    session().commit()
    wake("mail", str(mailed.id))
