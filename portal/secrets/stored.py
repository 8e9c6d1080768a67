"""Every column that holds sealed secrets, whether they open, and their move to the newest of `VAULT_KEYS`.

A secret opens only for the place that it was sealed for. A column's place is defined here and nowhere else, so
that who seals, who opens and who changes the keys agree on it to the letter.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel

from portal.db.engine import writing
from portal.extensions import db, vault
from portal.models import (
    AuditChain,
    Authenticator,
    ConsentSettings,
    Credential,
    Destination,
    OnboardingAttempt,
    PortalWebhook,
    Webhook,
)
from portal.secrets.crypto import Place, VaultError

BATCH = 100
"""Rows that are read at once: no transaction stays open while they are worked on."""


def authenticator_place(row: Authenticator) -> Place:
    """Where lies what a person's app makes its codes from."""
    return _place("authenticator.sealed_secret", row.person_id, row.id)


def attempt_place(row: OnboardingAttempt) -> Place:
    """Where the address of a dialog lives."""
    return _place("onboarding_attempt.sealed_url", row.account_id, row.id)


def chain_place(_row: AuditChain | None = None) -> Place:
    """Where the end of the audit log lives, which belongs to no account."""
    return Place("audit_chain.sealed_end", "", "1")


def consent_place(row: ConsentSettings) -> Place:
    """Where the key lives that an account's erased contacts are hashed with."""
    return _place("consent_settings.sealed_hash_key", row.account_id, row.id)


def credential_place(row: Credential) -> Place:
    """Where the key of an access token or of the gateway lives."""
    return _place("credential.sealed_key", row.account_id, row.id)


def destination_place(row: Destination) -> Place:
    """Where what a destination's events are signed with lives."""
    return _place("destination.sealed_secret", row.account_id, row.id)


def portal_webhook_place(row: PortalWebhook) -> Place:
    """Where the secret header of a webhook of the portal's own lives."""
    return _place("portal_webhook.sealed_secret", row.account_id, row.key)


def webhook_place(row: Webhook) -> Place:
    """Where the headers of a webhook live."""
    return _place("webhook.sealed_headers", row.account_id, row.id)


def _place(column: str, owner: UUID, record: UUID | str) -> Place:
    return Place(column, str(owner), str(record))


PLACES: dict[str, Callable[[Any], Place]] = {
    "audit_chain.sealed_end": chain_place,
    "authenticator.sealed_secret": authenticator_place,
    "consent_settings.sealed_hash_key": consent_place,
    "credential.sealed_key": credential_place,
    "destination.sealed_secret": destination_place,
    "onboarding_attempt.sealed_url": attempt_place,
    "portal_webhook.sealed_secret": portal_webhook_place,
    "webhook.sealed_headers": webhook_place,
}
"""Every sealed column, and how the place of one of its secrets is made from its row."""


@dataclass(frozen=True)
class Record:
    """One sealed secret, as it stood when it was read."""

    column: str
    id: UUID | int
    place: Place
    sealed: str = field(repr=False)

    @property
    def owner(self) -> str:
        """Whose it is: an account's, a person's, or the portal's own."""
        if not self.place.account:
            return "the portal's own"
        return f"{'person' if self.column.startswith('authenticator.') else 'account'} {self.place.account}"


@dataclass
class Findings:
    """What a pass over every record found."""

    opened: int = 0
    outdated: int = 0
    """How many of these an older key wraps."""
    closed: list[tuple[Record, str]] = field(default_factory=list)
    """What does not open, and why."""

    def note(self, record: Record) -> bool:
        """Open a record; whether it opens, and an older key wraps it."""
        try:
            vault().open(record.sealed, record.place)
        except VaultError as error:
            self.closed.append((record, str(error)))
            return False
        is_outdated = not vault().is_current(record.sealed)
        self.opened += 1
        self.outdated += is_outdated
        return is_outdated


def check() -> Findings:
    """Open every sealed record."""
    findings = Findings()
    for record in records():
        findings.note(record)
    return findings


def rotate() -> tuple[int, Findings]:
    """Re-wrap every record with the newest key, while others read and change them.

    It passes over all records until a pass finds nothing left; stopped halfway, the next run does the rest.

    Returns:
        How many were re-wrapped, and what the last pass found.
    """
    rewrapped = 0
    while True:
        findings = Findings()
        for record in records():
            if findings.note(record):
                rewrapped += rewrap(record)
        if not findings.outdated:
            return rewrapped, findings


def rewrap(record: Record) -> bool:
    """Wrap a record with the newest key, unless it was changed or removed since it was read.

    Each has a transaction of its own, so that none waits for one row while it holds another.
    """
    table, column = _table_and_column(record.column)
    swap = (
        sa.update(table)
        .where(table.c.id == record.id, column == record.sealed)
        .values({column: vault().rewrap(record.sealed, record.place)})
    )
    with writing(), db.engine.begin() as connection:
        return connection.execute(swap).rowcount == 1


def records() -> Iterator[Record]:
    """Every sealed record of every table."""
    for name, place_of in PLACES.items():
        _, column = _table_and_column(name)
        after: UUID | int | None = None
        while rows := _batch(name, after):
            for row in rows:
                yield Record(name, row.id, place_of(row), row._mapping[column])
            after = rows[-1].id


def _batch(name: str, after: UUID | int | None) -> Sequence[sa.Row[Any]]:
    table, column = _table_and_column(name)
    query = sa.select(table).where(column.is_not(None)).order_by(table.c.id).limit(BATCH)
    if after is not None:
        query = query.where(table.c.id > after)
    with db.engine.connect() as connection:
        return connection.execute(query).all()


def _table_and_column(name: str) -> tuple[sa.Table, sa.Column[Any]]:
    table_name, _, column_name = name.partition(".")
    table = SQLModel.metadata.tables[table_name]
    return table, table.c[column_name]
