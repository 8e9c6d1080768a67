"""Mail to an account's owners: once a year about each token that is still good, and once before it expires."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal.db.engine import writing
from portal.db.queue import wake
from portal.extensions import session
from portal.identity.memberships import owners_of
from portal.mail import outbox
from portal.models import Account, Credential, CredentialKind, CredentialStep, Mail, MailKind, now
from portal.vault import keys, snapshot
from portal.vault.snapshot import EXPIRES_SOON, KnownCredential

YEAR = timedelta(days=365)
FRESH = timedelta(hours=1)
"""How old our picture of Connexease's list may be when somebody is reminded."""


def due(limit: int = 100) -> list[UUID]:
    """Tokens whose owners should hear of them now."""
    at = now()
    is_good = sa.and_(
        col(Credential.kind) == CredentialKind.ACCESS_TOKEN,
        col(Credential.step) == CredentialStep.LISTED,
        col(Credential.is_active),
        col(Credential.gone_at).is_(None),
        col(Credential.expires_at) > at,
    )
    expires = sa.and_(
        col(Credential.expires_at) <= at + EXPIRES_SOON, col(Credential.expiry_reminded_at).is_(None)
    )
    since = sa.func.coalesce(col(Credential.reminded_at), col(Credential.issued_at), col(Credential.created_at))
    query = sa.select(col(Credential.id)).where(is_good, sa.or_(expires, since <= at - YEAR)).limit(limit)
    return list(session().execute(query).scalars())


def remind(credential_id: UUID) -> None:
    """Promise the mail to every owner, once. What Connexease lists now decides."""
    found = session().get_one(Credential, credential_id)
    snapshot.current(session().get_one(Account, found.account_id), at_most=FRESH)
    with writing():
        row = session().get_one(Credential, credential_id, with_for_update=True, populate_existing=True)
        kind = _kind_of(row)
        if kind is None:
            session().rollback()
            return
        row.reminded_at = now()
        if kind == MailKind.TOKEN_EXPIRES:
            row.expiry_reminded_at = now()
        mails = [outbox.promise(kind, to, credential=str(row.id)) for to in owners_of(row.account_id)]
        session().add(row)
        session().commit()
        for mailed in mails:
            wake("mail", str(mailed.id))


def _kind_of(row: Credential) -> MailKind | None:
    if not KnownCredential(row).is_live or row.expires_at is None:
        return None
    if row.expires_at <= now() + EXPIRES_SOON and row.expiry_reminded_at is None:
        return MailKind.TOKEN_EXPIRES
    if (row.reminded_at or row.issued_at or row.created_at) <= now() - YEAR:
        return MailKind.TOKEN_REVIEW
    return None


@outbox.writes(MailKind.TOKEN_EXPIRES)
@outbox.writes(MailKind.TOKEN_REVIEW)
def _write(mailed: Mail) -> outbox.Context | None:
    row = session().get(Credential, UUID(mailed.context["credential"]))
    if row is None or not KnownCredential(row).is_live:
        return None
    return {"credential": row, "label": keys.label(row), "account": session().get_one(Account, row.account_id)}
