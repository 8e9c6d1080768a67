"""Finding an account to look at or to help with."""

from contextlib import suppress
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from portal.extensions import session
from portal.models import Account


def accounts(wanted: str, limit: int = 50) -> list[Account]:
    """Accounts whose name, e-mail address or UUID matches, the newest first; all of them for an empty text."""
    query = select(Account).order_by(col(Account.created_at).desc()).limit(limit)
    if wanted := wanted.strip():
        text = f"%{wanted.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
        matches: list[sa.ColumnElement[bool]] = [
            col(Account.name).ilike(text, escape="!"),
            col(Account.contact_email).ilike(text, escape="!"),
        ]
        with suppress(ValueError):
            uuid = UUID(wanted)
            matches += [col(Account.id) == uuid, col(Account.connexease_uuid) == uuid]
        query = query.where(sa.or_(*matches))
    return list(session().exec(query))
