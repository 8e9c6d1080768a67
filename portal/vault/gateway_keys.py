"""The account's gateway API keys: pasted in by the customer, used for sending messages."""

import re
from collections.abc import Sequence
from contextlib import suppress

import sqlalchemy as sa
from pydantic import SecretStr
from sqlmodel import col, select

from portal import audit
from portal.db import account_lock
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.models import Account, Credential, CredentialKind, HandOver, KeyPace, KeyTrial, Person, now
from portal.secrets.crypto import VaultError
from portal.vault import handovers, keys

PUBLISHABLE = "pb_"
"""The one kind of key that is known to send nothing. Of all others, the first letters say nothing."""
SHORTEST, LONGEST = 8, 500


def problem_with(text: str) -> str | None:
    """What is wrong with something pasted as a gateway key, in a sentence that never quotes it."""
    if text.startswith(PUBLISHABLE):
        return _(
            "A key that starts with pb_ is for web pages and can't send messages. Copy the secret key instead."
        )
    if not re.fullmatch(r"[!-~]+", text):
        return _("This has spaces or characters that a key can't have. Copy only the key and paste it again.")
    if not SHORTEST <= len(text) <= LONGEST:
        return _("This isn't a complete key. Copy it again from the gateway's dashboard.")
    return None


def add(person: Person, account: Account, name: str, key: SecretStr, *, is_trial: bool = False) -> Credential:
    """Keep a key.

    Args:
        is_trial: whether it is for trying out, as the person says.

    Raises:
        DomainError: it is not one, or the vault has it already.
    """
    _refuse(account, key)
    row = Credential(
        account_id=account.id,
        kind=CredentialKind.GATEWAY_KEY,
        name=name,
        is_trial=is_trial,
        created_by_id=person.id,
        created_by=person.email,
    )
    _put(row, key)
    audit.record(person, account, "gateway_key.added", keys.label(row))
    session().commit()
    return row


def replace(person: Person, account: Account, row: Credential, key: SecretStr) -> None:
    """Put a new key in the place of an old one: what uses it goes on with the new one.

    Raises:
        DomainError: it is not one, or the vault has it already.
    """
    _refuse(account, key)
    _put(row, key)
    handovers.withdraw_open(row)  # they were made for the old one
    audit.record(person, account, "gateway_key.replaced", keys.label(row))
    session().commit()


def say_use(person: Person, account: Account, row: Credential, *, is_trial: bool) -> None:
    """Note what a key is for, as the person says."""
    row.is_trial, row.is_trial_guessed = is_trial, False
    session().add(row)
    action = "gateway_key.for_trying_out" if is_trial else "gateway_key.for_real"
    audit.record(person, account, action, keys.label(row))
    session().commit()


def remove(person: Person, account: Account, row: Credential) -> None:
    """Erase a key from the vault. At the gateway it stays good until it is deleted there."""
    audit.record(person, account, "gateway_key.removed", keys.label(row))
    session().execute(sa.delete(HandOver).where(col(HandOver.credential_id) == row.id))
    session().execute(sa.delete(KeyTrial).where(col(KeyTrial.credential_id) == row.id))
    session().execute(sa.delete(KeyPace).where(col(KeyPace.credential_id) == row.id))
    session().delete(row)
    session().commit()


def _put(row: Credential, key: SecretStr) -> None:
    keys.seal(row, key)
    row.shown_at = now()
    row.last_used_at = None
    row.echoes_callback_data = row.proven_at = None  # what was found out is about the key that was here before
    session().add(row)


def _refuse(account: Account, key: SecretStr) -> None:
    if problem := problem_with(key.get_secret_value()):
        raise DomainError(problem, "key")
    account_lock.take(account.id)  # no index can say that two sealed keys are the same
    query = select(Credential).where(
        Credential.account_id == account.id, Credential.kind == CredentialKind.GATEWAY_KEY
    )
    for other in session().exec(query):
        with suppress(keys.NoKey, VaultError):  # one that does not open is in nobody's way
            if keys.open_key(other).get_secret_value() == key.get_secret_value():
                name = keys.label(other)
                raise DomainError(_("This key is already in the vault as “%(name)s”.", name=name), "key")


def usable(account: Account) -> Sequence[Credential]:
    """The account's keys that messages can be sent with."""
    query = select(Credential).where(
        Credential.account_id == account.id,
        Credential.kind == CredentialKind.GATEWAY_KEY,
        col(Credential.sealed_key).is_not(None),
        col(Credential.keep),
    )
    return session().exec(query.order_by(col(Credential.created_at))).all()


def names(account: Account) -> dict[str, str]:
    """The same, as a list to choose from."""
    return {str(row.id): keys.label(row) for row in usable(account)}
