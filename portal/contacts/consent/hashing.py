"""What stands in the ledger in the place of somebody who was erased: a hash, by a key of the account's own.

A phone number alone can be found by trying all of them, so the hash needs a key, which is sealed like any secret.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from uuid import UUID

from pydantic import SecretStr
from sqlmodel import select

from portal.db import first_come
from portal.extensions import session, vault
from portal.models import ConsentSettings
from portal.secrets.stored import consent_place

_ERASED = "erased:"
Hash = Callable[[str], str]


def settings_of(account_id: UUID) -> ConsentSettings:
    """The account's row, to write to. The caller has locked the account, and commits."""
    first_come.insert(ConsentSettings, [{"account_id": account_id}])
    query = select(ConsentSettings).where(ConsentSettings.account_id == account_id)
    return session().exec(query.execution_options(populate_existing=True)).one()


def known(account_id: UUID) -> Hash | None:
    """The account's hash; none while nobody of it was erased.

    Raises:
        VaultError: its key does not open.
    """
    row = session().exec(select(ConsentSettings).where(ConsentSettings.account_id == account_id)).first()
    return _hash(vault().open(row.sealed_hash_key, consent_place(row))) if row and row.sealed_hash_key else None


def made(account_id: UUID) -> Hash:
    """The account's hash, with a new key where it has none. The caller has locked the account, and commits."""
    found = known(account_id)
    if found is not None:
        return found
    row, key = settings_of(account_id), SecretStr(secrets.token_hex(32))
    row.sealed_hash_key = vault().seal(key, consent_place(row))
    session().add(row)
    session().flush()
    return _hash(key)


def is_erased(text: str) -> bool:
    """Whether this is a hash already."""
    return text.startswith(_ERASED)


def _hash(key: SecretStr) -> Hash:
    secret = key.get_secret_value().encode()

    def hashed(text: str) -> str:
        return _ERASED + hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()

    return hashed
