"""The keys themselves: sealed into their row, opened from it, and shown."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlmodel import col

from portal import audit
from portal.errors import DomainError
from portal.extensions import session, vault
from portal.i18n import _
from portal.models import Account, Credential, CredentialKind, Person, now
from portal.secrets.stored import credential_place

SHORTEST_WITH_AN_END = 16
"""Of a shorter key nothing is told in clear."""


SHOWN_WITHIN = timedelta(hours=1)
"""How long a key that is not to be kept waits to be shown."""


class NoKey(DomainError):
    """The vault does not hold this key."""

    def __init__(self) -> None:
        super().__init__(_("This key isn't in the vault."))


def label(row: Credential) -> str:
    """What a person calls it: its name, else what else tells it apart."""
    if row.name:
        return row.name
    if row.connexease_name:
        return row.connexease_name
    return f"…{row.last_four}" if row.last_four else str(row.connexease_uuid or row.id)[:8]


def seal(row: Credential, key: SecretStr) -> None:
    """Put a key into its row. Nothing is written yet."""
    text = key.get_secret_value()
    row.sealed_key = vault().seal(key, credential_place(row))
    row.last_four = text[-4:] if len(text) >= SHORTEST_WITH_AN_END and text.isascii() else ""


def open_key(row: Credential) -> SecretStr:
    """The key in clear, to be used and forgotten.

    Raises:
        NoKey: it is not kept here.
    """
    if row.sealed_key is None:
        raise NoKey
    return vault().open(row.sealed_key, credential_place(row))


def kept_key(row: Credential) -> SecretStr:
    """The key in clear, if it is in the vault to stay.

    Raises:
        NoKey: it was to be shown once and not kept, or is not here at all.
    """
    if not row.keep:
        raise NoKey
    return open_key(row)


def forget_unshown(account_id: UUID) -> None:
    """Erase the keys that nobody came to see and that were not to be kept."""
    session().execute(
        sa.update(Credential)
        .where(col(Credential.account_id) == account_id, _is_unshown())
        .values(sealed_key=None)
        .execution_options(synchronize_session=False)
    )
    session().commit()


def unshown(limit: int = 100) -> list[UUID]:
    """Accounts with keys that `forget_unshown` erases."""
    query = sa.select(col(Credential.account_id)).where(_is_unshown()).distinct().limit(limit)
    return list(session().execute(query).scalars())


def _is_unshown() -> sa.ColumnElement[bool]:
    return sa.and_(
        col(Credential.sealed_key).is_not(None),
        col(Credential.keep).is_(False),
        col(Credential.shown_at).is_(None),
        col(Credential.created_at) <= now() - SHOWN_WITHIN,
    )


def erase(row: Credential) -> None:
    """Forget the key: it is worth nothing any more."""
    row.sealed_key, row.is_ours = None, False
    session().add(row)


def show_new(person: Person, row: Credential) -> SecretStr | None:
    """A key that was just made, once, to whoever made it; none when that is over.

    It stays in the vault only when that was asked for.
    """
    session().commit()  # on SQLite a transaction that began by reading could not write
    session().refresh(row)
    if row.created_by_id != person.id or row.sealed_key is None or row.shown_at is not None:
        return None
    key = open_key(row)
    first = session().execute(
        sa.update(Credential)
        .where(col(Credential.id) == row.id, col(Credential.shown_at).is_(None))
        .values(shown_at=now(), **({} if row.keep else {"sealed_key": None}))
        .execution_options(synchronize_session=False)
    )
    if not first.rowcount:  # type: ignore[attr-defined]
        session().rollback()
        return None
    audit.record(person, row.account_id, "key.shown", label(row))
    session().commit()
    session().refresh(row)
    return key


def reveal(person: Person, account: Account, row: Credential) -> SecretStr:
    """Open a key for one of the account's own people.

    Raises:
        NoKey: it is not kept here.
    """
    key = kept_key(row)
    audit.record(person, account, "key.revealed", label(row))
    session().commit()
    return key


def note_copied(person: Person, account: Account, row: Credential) -> None:
    """Somebody copied the key that was shown to them."""
    audit.record(person, account, "key.copied", label(row))
    session().commit()


def note_used(account: Account, row: Credential, purpose: str, person: Person | None = None) -> None:
    """The portal used the key; `purpose` is a word for the history, such as `templates`."""
    row.last_used_at = now()
    session().add(row)
    audit.record(person, account, "key.used", label(row), purpose=purpose)
    session().commit()


def of_the_portal(account_id: UUID) -> Credential | None:
    """The access token that the portal uses for this account, if one is in the vault."""
    query = sa.select(Credential).where(
        col(Credential.account_id) == account_id,
        col(Credential.kind) == CredentialKind.ACCESS_TOKEN,
        col(Credential.is_ours),
        col(Credential.sealed_key).is_not(None),
    )
    return session().execute(query.order_by(col(Credential.created_at).desc())).scalars().first()
