"""An account's credentials: what Connexease lists, joined with what is in the vault."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from portal.channels.snapshot import note_try, uuid_of
from portal.connexease import errors as cx
from portal.connexease import schemas
from portal.db.engine import storable, writing
from portal.extensions import connexease, session
from portal.models import (
    Account,
    AuditEntry,
    Credential,
    CredentialKind,
    CredentialListing,
    CredentialStep,
    now,
)
from portal.vault import keys

EXPIRES_SOON = timedelta(days=60)
UNUSED_FOR = timedelta(days=90)


class Standing(StrEnum):
    """Where an access token stands, in the word that a list shows."""

    CREATING = "creating"
    LOST = "lost"
    REVOKING = "revoking"
    GONE = "gone"
    REVOKED = "revoked"
    EXPIRED = "expired"
    EXPIRES_SOON = "expires_soon"
    ACTIVE = "active"


LIVE = (Standing.ACTIVE, Standing.EXPIRES_SOON)
_OVER = (Standing.REVOKED, Standing.EXPIRED, Standing.GONE)
_OF_STEP = {
    CredentialStep.CREATING: Standing.CREATING,
    CredentialStep.REVOKING: Standing.REVOKING,
    CredentialStep.LOST: Standing.LOST,
}


@dataclass(frozen=True)
class KnownCredential:
    """One credential, as a page shows it."""

    row: Credential
    replaced_by: str = ""
    """What the token is called that was made in its place."""

    @property
    def id(self) -> UUID:
        return self.row.id

    @property
    def label(self) -> str:
        return keys.label(self.row)

    @property
    def standing(self) -> Standing:
        row = self.row
        if row.step in _OF_STEP:
            return _OF_STEP[row.step]
        if row.revoked_at is not None or not row.is_active:
            return Standing.REVOKED
        if row.gone_at is not None:
            return Standing.GONE
        if row.expires_at is not None and row.expires_at <= now():
            return Standing.EXPIRED
        if row.expires_at is not None and row.expires_at <= now() + EXPIRES_SOON:
            return Standing.EXPIRES_SOON
        return Standing.ACTIVE

    @property
    def is_live(self) -> bool:
        return self.standing in LIVE

    @property
    def is_kept(self) -> bool:
        """Whether its key is in the vault, to stay."""
        return self.row.sealed_key is not None and self.row.keep

    @property
    def was_made_elsewhere(self) -> bool:
        return self.row.created_by_id is None and self.row.kind == CredentialKind.ACCESS_TOKEN

    @property
    def is_unused(self) -> bool:
        """Whether the portal has not used a key that it keeps for `UNUSED_FOR`."""
        return (
            self.is_live
            and self.is_kept
            and (self.row.last_used_at or self.row.shown_at or self.row.created_at) < now() - UNUSED_FOR
        )

    def waits_for(self, person_id: UUID) -> bool:
        """Whether its new key still has to be shown to this person."""
        row = self.row
        return row.sealed_key is not None and row.shown_at is None and row.created_by_id == person_id


@dataclass(frozen=True)
class Snapshot:
    """All of an account's credentials, and how fresh Connexease's part of them is."""

    credentials: Sequence[KnownCredential]
    listing: CredentialListing

    @property
    def tokens(self) -> list[KnownCredential]:
        """Access tokens that still mean something, newest first."""
        return [credential for credential in self._tokens if credential.standing not in _OVER]

    @property
    def past_tokens(self) -> list[KnownCredential]:
        return [credential for credential in self._tokens if credential.standing in _OVER]

    @property
    def _tokens(self) -> list[KnownCredential]:
        found = [
            credential for credential in self.credentials if credential.row.kind == CredentialKind.ACCESS_TOKEN
        ]
        return sorted(found, key=_made_at, reverse=True)

    @property
    def gateway_keys(self) -> list[KnownCredential]:
        return [credential for credential in self.credentials if credential.row.kind == CredentialKind.GATEWAY_KEY]

    @property
    def is_current(self) -> bool:
        return not self.listing.problem_text and self.listing.read_at is not None

    def find(self, credential_id: UUID) -> KnownCredential | None:
        return next((credential for credential in self.credentials if credential.id == credential_id), None)


def known(account: Account) -> Snapshot:
    """What is known, without asking Connexease."""
    query = select(Credential).where(Credential.account_id == account.id).order_by(col(Credential.created_at))
    rows = list(session().exec(query))
    replacements = {row.replaces_id: keys.label(row) for row in rows if row.step == CredentialStep.LISTED}
    return Snapshot([KnownCredential(row, replacements.get(row.id, "")) for row in rows], _listing(account))


def current(account: Account, *, at_most: timedelta = timedelta()) -> Snapshot:
    """What Connexease holds now; when it cannot be asked, the last known state with its age.

    Args:
        at_most: how old a reading is good enough, for pages that ask again and again.
    """
    tried_at = _listing(account).tried_at
    if tried_at is None or tried_at < now() - at_most:
        with suppress(cx.ConnexeaseError), writing():  # noted in the listing
            read(account)
    return known(account)


def unread(limit: int = 20) -> list[UUID]:
    """Accounts that use the vault and whose list was not read for a day: reminders go by it."""
    query = select(CredentialListing.account_id).where(
        col(CredentialListing.tried_at) <= now() - timedelta(days=1)
    )
    return list(session().exec(query.order_by(col(CredentialListing.tried_at)).limit(limit)))


def read_again(account_id: UUID) -> None:
    """Read an account's list for the worker."""
    current(session().get_one(Account, account_id))


def read(account: Account) -> list[schemas.AccessToken]:
    """Read Connexease's whole list and bring our picture up to it.

    Raises:
        ConnexeaseError: it could not be read; what was known stays, and the try is noted.
    """
    session().commit()
    started_at = now()
    try:
        listed = connexease().reseller.access_tokens(uuid_of(account))
    except cx.ConnexeaseError as error:
        note_try(_listing(account), error.message)
        raise
    try:
        _bring_up_to(account, listed, started_at)
    except IntegrityError:  # another request noted the same list a moment ago
        session().rollback()
    return listed


def see(row: Credential, listed: schemas.AccessToken, asked_at: datetime | None = None) -> None:
    """Note what Connexease says of a token.

    Args:
        asked_at: when it was asked; a revocation that was confirmed since then stands.
    """
    row.connexease_uuid = listed.uuid
    row.connexease_name = storable(listed.name, 200)
    row.issued_at, row.expires_at = listed.created_at, listed.expires_at
    if asked_at is None or row.revoked_at is None or row.revoked_at < asked_at:
        row.is_active, row.revoked_at = listed.is_active, listed.revoked_at
    row.seen_at, row.gone_at = now(), None
    if not listed.is_active and row.step == CredentialStep.LISTED:
        keys.erase(row)
    session().add(row)


def history(account: Account, limit: int = 20) -> list[AuditEntry]:
    """What happened with the account's keys, newest first."""
    is_ours = [col(AuditEntry.action).startswith(f"{kind}.") for kind in ("token", "key", "gateway_key")]
    query = select(AuditEntry).where(AuditEntry.account_id == account.id, is_ours[0] | is_ours[1] | is_ours[2])
    return list(session().exec(query.order_by(col(AuditEntry.id).desc()).limit(limit)))


def _bring_up_to(account: Account, listed: Sequence[schemas.AccessToken], started_at: datetime) -> None:
    rows = [
        credential.row
        for credential in known(account).credentials
        if credential.row.kind == CredentialKind.ACCESS_TOKEN
    ]
    by_uuid = {row.connexease_uuid: row for row in rows}
    # A new one may be what is being made right now; whose it is shows when that is settled.
    is_making = any(row.step == CredentialStep.CREATING for row in rows)
    for token in listed:
        if (row := by_uuid.get(token.uuid)) is None:
            if is_making:
                continue
            row = Credential(account_id=account.id, kind=CredentialKind.ACCESS_TOKEN, created_at=token.created_at)
        see(row, token, started_at)
    uuids = {token.uuid for token in listed}
    for row in rows:
        is_missing = row.connexease_uuid is not None and row.connexease_uuid not in uuids
        if is_missing and row.gone_at is None and row.created_at < started_at:
            row.gone_at = now()
            session().add(row)
    note_try(_listing(account), "")


def _listing(account: Account) -> CredentialListing:
    return session().get(CredentialListing, account.id) or CredentialListing(account_id=account.id)


def _made_at(credential: KnownCredential) -> datetime:
    return credential.row.issued_at or credential.row.created_at
