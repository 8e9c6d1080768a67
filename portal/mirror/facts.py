"""Counts and dates of an account for its row in the list, from its own tables or from what Connexease lists."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlmodel import col

from portal.db.engine import storable
from portal.mirror import facets, search_index, search_words
from portal.models import (
    Account,
    Channel,
    ChannelListing,
    Credential,
    CredentialKind,
    CredentialListing,
    Membership,
    MirroredAccount,
    Person,
    Provisioning,
    Step,
    Webhook,
    WebhookListing,
)

Listing = type[ChannelListing] | type[WebhookListing] | type[CredentialListing]
LISTINGS: tuple[Listing, ...] = (ChannelListing, WebhookListing, CredentialListing)


@dataclass
class Facts:
    """One account, counted."""

    channels: int = 0
    channels_disconnected: int = 0
    webhooks: int = 0
    tokens: int = 0
    token_expires_at: datetime | None = None
    channel_names: list[str] = field(default_factory=list)
    channel_uuids: list[UUID | str] = field(default_factory=list)

    def note_channel(self, uuid: UUID | str, name: str, *, is_connected: bool | None) -> None:
        self.channels += 1
        self.channels_disconnected += is_connected is False
        self.channel_names.append(name)
        self.channel_uuids.append(uuid)

    def note_token(self, expires_at: datetime | None, at: datetime) -> None:
        if expires_at is None or expires_at > at:
            self.tokens += 1
            self.token_expires_at = min(filter(None, (self.token_expires_at, expires_at)), default=None)


def of_account(session: Session, account: Account, at: datetime) -> Facts:
    """Count what an account's own tables say."""
    facts = Facts()
    for uuid, name, connected, active in _ask(session, _CHANNELS, account):
        facts.note_channel(uuid, name, is_connected=connected is not False and active is not False)
    facts.webhooks = sum(bool((state or {}).get("is_active")) for (state,) in _ask(session, _WEBHOOKS, account))
    for (expires_at,) in _ask(session, _TOKENS, account):
        facts.note_token(expires_at, at)
    return facts


def people_of(session: Session, account: Account) -> str:
    """The words that the account's own people are found by: their names and the addresses they log in with."""
    return " ".join(word for row in _ask(session, _PEOPLE, account) for word in row)


def freshness(session: Session, account: Account) -> tuple[datetime | None, str]:
    """When the oldest of the account's three lists was read, and what stopped a try."""
    found = sorted(_ask(session, _FRESHNESS, account), key=lambda row: row[0])
    read = [read_at for _place, read_at, _problem in found if read_at is not None]
    problem = next((problem for _place, _read_at, problem in found if problem), "")
    return (min(read) if len(read) == len(LISTINGS) else None), problem


def _ask(session: Session, query: Any, account: Account) -> Sequence[Any]:
    """Beside the session, which has been flushed: it would take as long again for rows that are only counted."""
    return session.connection().execute(query, {"account": account.id}).all()


# Made once, because they are asked at most commits.
_ACCOUNT: sa.BindParameter[Any] = sa.bindparam("account")
_CHANNELS = sa.select(
    col(Channel.connexease_uuid), col(Channel.name), col(Channel.is_connected), col(Channel.is_active)
).where(col(Channel.account_id) == _ACCOUNT, col(Channel.gone_at).is_(None))
_WEBHOOKS = sa.select(col(Webhook.seen)).where(
    col(Webhook.account_id) == _ACCOUNT,
    col(Webhook.gone_at).is_(None),
    col(Webhook.portal_webhook_id).is_(None),
)
_TOKENS = sa.select(col(Credential.expires_at)).where(
    col(Credential.account_id) == _ACCOUNT,
    col(Credential.kind) == CredentialKind.ACCESS_TOKEN,
    col(Credential.connexease_uuid).is_not(None),
    col(Credential.is_active),
    col(Credential.revoked_at).is_(None),
    col(Credential.gone_at).is_(None),
)
_PEOPLE = (
    sa.select(col(Person.first_name), col(Person.last_name), col(Person.email))
    .join(Membership, col(Membership.person_id) == col(Person.id))
    .where(col(Membership.account_id) == _ACCOUNT)
    .order_by(col(Membership.created_at))
)
_FRESHNESS = sa.union_all(
    *(
        sa.select(sa.literal(place), col(listing.read_at), col(listing.problem_text)).where(
            col(listing.account_id) == _ACCOUNT
        )
        for place, listing in enumerate(LISTINGS)
    )
)


def apply_account(session: Session, row: MirroredAccount, account: Account, at: datetime) -> None:
    """Bring a row up to what an account's own tables say."""
    set_up = session.get(Provisioning, account.id)
    row.account_id, row.connexease_uuid = account.id, account.connexease_uuid
    row.name, row.contact_email, row.phone = account.name, account.contact_email, account.contact_phone_number
    row.step = set_up.step if set_up else Step.READY
    row.listed = {}
    row.read_at, row.problem_text = freshness(session, account)
    contact = f"{account.contact_name} {account.contact_lastname} {account.billing_email}"
    if apply(row, of_account(session, account, at), f"{contact} {people_of(session, account)}"):
        search_index.put(session, [row])


def apply(row: MirroredAccount, facts: Facts, more: str = "") -> bool:
    """Put counted facts into a row.

    Args:
        more: other words to find it by.

    Returns:
        Whether its entry in the search index has to follow.
    """
    row.channels, row.channels_disconnected = facts.channels, facts.channels_disconnected
    row.webhooks, row.tokens, row.token_expires_at = facts.webhooks, facts.tokens, facts.token_expires_at
    row.name_key = search_words.name_key(row.name)
    texts = [row.name, row.contact_email, more, *facts.channel_names]
    uuids = [row.account_id, row.connexease_uuid, *facts.channel_uuids]
    before = (row.terms, row.marks)
    row.terms = storable(search_words.terms_of(texts, uuids, row.phone))
    facets.mark(row)
    return (row.terms, row.marks) != before
