"""A snapshot of an account's channels, kept up to date by Connexease's list and its events."""

import logging
from datetime import timedelta
from functools import cache
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from portal.connexease import errors as cx
from portal.connexease import schemas
from portal.db import first_come
from portal.db.engine import writing
from portal.errors import DomainError
from portal.extensions import connexease, session
from portal.i18n import _
from portal.models import Account, Channel, ChannelListing, CredentialListing, WebhookListing, now

log = logging.getLogger(__name__)

STALE_AFTER = timedelta(seconds=30)
Listing = ChannelListing | WebhookListing | CredentialListing


def channels_of(account: Account) -> list[Channel]:
    """The channels that we know of, those that are gone last."""
    return list(session().execute(_channels_query(), {"account": account.id}).scalars())


@cache
def _channels_query() -> sa.Select[Any]:
    of_account = col(Channel.account_id) == sa.bindparam("account")
    order = col(Channel.gone_at).is_not(None), col(Channel.first_seen_at)
    return sa.select(Channel).where(of_account).order_by(*order)


def listing_of(account: Account) -> ChannelListing:
    """When the list was last read, and what stopped the last try."""
    return session().get(ChannelListing, account.id) or ChannelListing(account_id=account.id)


def is_unread(account: Account) -> bool:
    """Whether the list was never asked for: of an account that was taken over, nobody knows the channels yet."""
    return session().execute(_tried_query(), {"account": account.id}).scalar() is None


@cache
def _tried_query() -> sa.Select[Any]:
    of_account = col(ChannelListing.account_id) == sa.bindparam("account")
    return sa.select(col(ChannelListing.tried_at)).where(of_account)


def is_stale(account: Account) -> bool:
    """Whether looking at the picture should bring it up to date: it is old, or an event ran ahead of it."""
    tried = listing_of(account).tried_at
    if tried is None or tried < now() - STALE_AFTER:
        return True
    ahead = select(Channel.id).where(
        Channel.account_id == account.id, col(Channel.is_connected).is_(None), col(Channel.gone_at).is_(None)
    )
    return session().exec(ahead).first() is not None


def try_refresh(account: Account) -> None:
    """Refresh for a page view: when Connexease cannot be asked, the page says so and how old its picture is."""
    try:
        with writing():
            refresh(account)
    except cx.ConnexeaseError:
        log.info("the channel list of account %s could not be read", account.id)


def refresh(account: Account) -> list[schemas.Channel]:
    """Read every page of Connexease's list and bring the local picture up to it.

    Raises:
        ConnexeaseError: it could not be read; what was known stays, and the try is noted.
    """
    session().commit()  # no transaction stays open while another machine is asked
    try:
        listed = connexease().reseller.channels(uuid_of(account))
    except cx.ConnexeaseError as error:
        note_try(listing_of(account), error.message)
        raise
    for channel in listed:
        _store(account, channel)
    _mark_gone(account, {channel.uuid for channel in listed})
    note_try(listing_of(account), "")
    return listed


def heard_of(account_id: UUID, channel_uuid: UUID, name: str, backend: str) -> Channel:
    """Make sure that a channel which an event names is known. What the list said of it stays."""
    channel = find(account_id, channel_uuid) or _add(account_id, channel_uuid)
    channel.name = channel.name or name[:255]
    channel.backend = channel.backend or backend[:64]
    session().add(channel)
    return channel


def _store(account: Account, listed: schemas.Channel) -> None:
    channel = find(account.id, listed.uuid) or _add(account.id, listed.uuid)
    channel.name, channel.type, channel.backend = listed.name[:255], listed.type[:64], listed.backend[:64]
    channel.is_active, channel.is_connected = listed.is_active, listed.data.connected
    channel.seen_at, channel.gone_at = now(), None
    if not (listed.is_active and listed.data.connected):
        channel.proven_at = None
    session().add(channel)


def find(account_id: UUID, channel_uuid: UUID) -> Channel | None:
    """A channel by its UUID at Connexease, if the account has it."""
    query = select(Channel).where(Channel.account_id == account_id, Channel.connexease_uuid == channel_uuid)
    return session().exec(query).first()


def _add(account_id: UUID, channel_uuid: UUID) -> Channel:
    """A new row; when an event and the list bring the same channel at once, the second finds the first's."""
    channel = Channel(account_id=account_id, connexease_uuid=channel_uuid)
    try:
        with session().begin_nested():
            session().add(channel)
    except IntegrityError:
        found = find(account_id, channel_uuid)
        if found is None:
            raise
        return found
    return channel


def _mark_gone(account: Account, listed: set[UUID]) -> None:
    for channel in channels_of(account):
        if channel.connexease_uuid not in listed and channel.gone_at is None:
            channel.gone_at, channel.proven_at = now(), None
            session().add(channel)


def note_try(listing: Listing, problem: str) -> None:
    """Note that a list of Connexease's was read, or what stopped the try; the first try may be two at once."""
    if not sa.inspect(listing).persistent:
        first_come.insert(type(listing), [{"account_id": listing.account_id}])
        listing = cast(Listing, session().get_one(type(listing), listing.account_id))
    listing.tried_at, listing.problem_text = now(), problem[:500]
    if not problem:
        listing.read_at = listing.tried_at
    session().add(listing)
    session().commit()


def uuid_of(account: Account) -> UUID:
    """The account's UUID at Connexease; the pages of an account that has none are not reachable."""
    if account.connexease_uuid is None:
        raise LookupError("the account has no UUID at Connexease yet")
    return account.connexease_uuid


def own_channel(account: Account, channel_uuid: UUID) -> Channel:
    """One of the account's channels, by its UUID at Connexease.

    Raises:
        DomainError: the account has no such channel.
    """
    channel = find(account.id, channel_uuid)
    if channel is None:
        raise DomainError(
            _("This channel doesn't belong to this account. Reload the page and choose one from the list.")
        )
    return channel
