"""Revoking access tokens: the intent is kept until Connexease has confirmed it."""

import logging
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal import audit
from portal.channels.snapshot import uuid_of
from portal.connexease import errors as cx
from portal.db import leases
from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.extensions import connexease, session
from portal.i18n import _
from portal.models import Account, Credential, CredentialStep, LostEnding, Person, now
from portal.vault import handovers, issuing, keys, snapshot

log = logging.getLogger(__name__)

PENDING = (CredentialStep.CREATING, CredentialStep.REVOKING)


def revoke(person: Person | None, account: Account, row: Credential) -> None:
    """Revoke a token for good. Where Connexease does not confirm it, the worker goes on until it does.

    Args:
        person: none when its time had come after a rotation.

    Raises:
        DomainError: Connexease refused; the token is as it was.
    """
    if not snapshot.KnownCredential(row).is_live and row.gone_at is None:
        raise DomainError(_("This token is no longer active."))
    if row.connexease_uuid is None:
        raise DomainError(_("%(Vendor)s doesn't list this token."))
    audit.record(person, account, "token.revoke_requested", keys.label(row))
    row.step, row.revoke_at, row.attempts, row.problem_text = CredentialStep.REVOKING, None, 0, ""
    row.claimed_until = row.next_attempt_at = leases.until()
    session().add(row)
    session().commit()
    try:
        _call(account, row)
    except cx.Rejected as refusal:
        _take_back(row, refusal)
        raise issuing.not_done(refusal) from None
    except cx.NotFound:
        _gone(row)
    except cx.ConnexeaseError as error:
        leases.try_later(row, "credential", error.message)


# --- the worker's part -----------------------------------------------------------------------------


def due(limit: int = 100) -> list[UUID]:
    """Creations and revocations whose outcome is to be found out now."""
    query = (
        sa.select(col(Credential.id))
        .where(
            col(Credential.step).in_(PENDING),
            col(Credential.next_attempt_at) <= now(),
            leases.is_free(Credential),
        )
        .order_by(col(Credential.next_attempt_at))
        .limit(limit)
    )
    return list(session().execute(query).scalars())


def finish(credential_id: UUID) -> None:
    """Find out what became of a pending credential, or do it again."""
    with unit_of_work():
        row = leases.take(Credential, credential_id, col(Credential.step).in_(PENDING))
        if row is None:
            return
        account = session().get_one(Account, row.account_id)
        try:
            if row.step == CredentialStep.CREATING:
                issuing.settle(row, account)
            else:
                _call(account, row)
        except cx.ConnexeaseError as error:
            if row.step == CredentialStep.REVOKING and isinstance(error, cx.Rejected):
                _take_back(row, error)
            elif row.step == CredentialStep.REVOKING and isinstance(error, cx.NotFound):
                _gone(row)
            else:  # a creation stays open while its account's list cannot be read
                leases.try_later(row, "credential", error.message)
        except Exception:
            log.exception("credential %s", credential_id)
            session().rollback()
            session().refresh(row)
            leases.try_later(row, "credential", "")


def overdue(limit: int = 100) -> list[UUID]:
    """Tokens that were replaced and whose time is over."""
    query = sa.select(col(Credential.id)).where(
        col(Credential.revoke_at) <= now(), col(Credential.step) == CredentialStep.LISTED
    )
    return list(session().execute(query.limit(limit)).scalars())


def revoke_replaced(credential_id: UUID) -> None:
    """Revoke a token whose time is over since it was replaced."""
    with unit_of_work():
        row = session().get_one(Credential, credential_id)
        if row.revoke_at is None or row.revoke_at > now() or row.step != CredentialStep.LISTED:
            return
        if not snapshot.KnownCredential(row).is_live:
            row.revoke_at = None
            session().add(row)
            session().commit()
            return
        revoke(None, session().get_one(Account, row.account_id), row)


# --- the call --------------------------------------------------------------------------------------


def _call(account: Account, row: Credential) -> None:
    if row.connexease_uuid is None:
        raise LookupError("only a token that Connexease lists can be revoked")
    session().commit()
    connexease().reseller.revoke_access_token(uuid_of(account), row.connexease_uuid)
    row.is_active, row.revoked_at = False, row.revoked_at or now()
    _end(row)
    audit.record(None, account, "token.revoked", keys.label(row))
    session().commit()


def _take_back(row: Credential, refusal: cx.Rejected) -> None:
    """Connexease refused: the token stands as its list says; a lost one is listed as made elsewhere."""
    row.step = CredentialStep.LOST if row.ending is not None else CredentialStep.LISTED
    if row.ending is not None:
        row.ending, row.connexease_uuid = LostEnding.CANNOT_TELL, None
    row.problem_text, row.claimed_until, row.next_attempt_at = refusal.message[:500], None, None
    session().add(row)
    session().commit()


def _gone(row: Credential) -> None:
    """Connexease does not know it any more, so there is nothing left to revoke."""
    row.gone_at = now()
    _end(row)
    session().commit()


def _end(row: Credential) -> None:
    row.step = CredentialStep.LOST if row.ending is not None else CredentialStep.LISTED
    row.problem_text, row.attempts, row.claimed_until, row.next_attempt_at = "", 0, None, None
    keys.erase(row)
    handovers.withdraw_open(row)
