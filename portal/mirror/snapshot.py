"""What an account holds at Connexease - channels, webhooks, tokens - whether or not it is set up here.

For an account that is set up here its own tables tell; of the others the mirror keeps what Connexease listed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.channels import snapshot
from portal.connexease import errors as cx
from portal.connexease import schemas
from portal.connexease.reseller import Reseller
from portal.db.engine import storable
from portal.extensions import connexease, session
from portal.mirror import facts, search_index
from portal.mirror.facts import Facts
from portal.models import Account, Channel, MirroredAccount, now
from portal.vault import snapshot as vault
from portal.webhooks import snapshot as webhooks
from portal.webhooks.drift import plain

MOST_KEPT = 500
"""Of each kind, of one account."""


@dataclass(frozen=True)
class ChannelSnapshot:
    """A channel, with the names that the pages' own chips go by."""

    connexease_uuid: UUID
    name: str
    backend: str
    is_active: bool | None
    is_connected: bool | None
    gone_at: datetime | None = None

    @property
    def label(self) -> str:
        return self.name or str(self.connexease_uuid)


@dataclass(frozen=True)
class WebhookSnapshot:
    """A webhook without the values of its headers."""

    callback_url: str
    triggers: list[str]
    channels: int
    is_active: bool
    header_names: list[str]
    is_portals: bool = False


@dataclass(frozen=True)
class TokenSnapshot:
    """An access token without its key."""

    name: str
    is_active: bool
    created_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None

    @property
    def is_live(self) -> bool:
        return self.is_active and self.revoked_at is None and (self.expires_at is None or self.expires_at > now())

    @property
    def expires_soon(self) -> bool:
        return self.is_live and self.expires_at is not None and self.expires_at <= now() + vault.EXPIRES_SOON


@dataclass(frozen=True)
class AccountSnapshot:
    """All of it."""

    channels: list[ChannelSnapshot] = field(default_factory=list)
    webhooks: list[WebhookSnapshot] = field(default_factory=list)
    tokens: list[TokenSnapshot] = field(default_factory=list)


def of(row: MirroredAccount) -> AccountSnapshot:
    """What the account holds, as far as is known; nobody is asked."""
    if row.account_id is not None:
        return _of_account(session().get_one(Account, row.account_id))
    kept = row.listed
    return AccountSnapshot(
        [ChannelSnapshot(UUID(each["uuid"]), **_without(each, "uuid")) for each in kept.get("channels", [])],
        [WebhookSnapshot(**each) for each in kept.get("webhooks", [])],
        [TokenSnapshot(**_with_instants(each)) for each in kept.get("tokens", [])],
    )


def read(row: MirroredAccount) -> None:
    """Ask Connexease for what an account holds that exists only there; a part that cannot be read stays as it was.

    Raises:
        ConnexeaseError: some of it could not be read, which is noted.
    """
    mirrored_id, uuid = row.id, row.connexease_uuid
    session().commit()  # no transaction stays open while another machine is asked
    if uuid is None:
        return
    found, problems = _ask(connexease().reseller, uuid)
    current = session().get(MirroredAccount, mirrored_id, with_for_update=True, populate_existing=True)
    if current is not None and current.account_id is None:
        current.listed = {**current.listed, **found}
        current.problem_text = problems[0].message[:500] if problems else ""
        if not problems:
            current.read_at = now()
        session().add(current)
        if count(current):
            search_index.put(session(), [current])
    session().commit()
    if problems:
        raise problems[0]


def count(row: MirroredAccount) -> bool:
    """Count what is kept of an account that exists only at Connexease; whether the search index has to follow."""
    found, at = Facts(), now()
    known = of(row)
    for channel in known.channels:
        is_connected = channel.is_connected is not False and channel.is_active is not False
        found.note_channel(channel.connexease_uuid, channel.name, is_connected=is_connected)
    found.webhooks = sum(webhook.is_active for webhook in known.webhooks)
    for token in known.tokens:
        if token.is_active and token.revoked_at is None:
            found.note_token(token.expires_at, at)
    return facts.apply(row, found)


def _ask(reseller: Reseller, uuid: UUID) -> tuple[dict[str, Any], list[cx.ConnexeaseError]]:
    asks: dict[str, tuple[Callable[[UUID], Iterable[Any]], Callable[[Any], dict[str, Any]]]] = {
        "channels": (reseller.channels, _channel),
        "webhooks": (reseller.webhooks, _webhook),
        "tokens": (reseller.access_tokens, _token),
    }
    found: dict[str, Any] = {}
    problems: list[cx.ConnexeaseError] = []
    for name, (ask, keep) in asks.items():
        try:
            found[name] = [keep(listed) for listed in list(ask(uuid))[:MOST_KEPT]]
        except cx.ConnexeaseError as error:
            problems.append(error)
            if isinstance(error, cx.NotFound | cx.RateLimited | cx.Unauthorized):
                return found, [error]
    return found, problems


def _channel(listed: schemas.Channel) -> dict[str, Any]:
    return {
        "uuid": str(listed.uuid),
        "name": storable(listed.name, 255),
        "backend": storable(listed.backend, 64),
        "is_active": listed.is_active,
        "is_connected": listed.data.connected,
    }


def _webhook(listed: schemas.Webhook) -> dict[str, Any]:
    return {
        "callback_url": storable(listed.callback_url, 2000),
        "triggers": [storable(trigger, 100) for trigger in listed.triggers],
        "channels": len(listed.channels),
        "is_active": listed.is_active,
        "header_names": sorted(storable(name, 200) for name in plain(listed.data)),
    }


def _token(listed: schemas.AccessToken) -> dict[str, Any]:
    moments = {"created_at": listed.created_at, "expires_at": listed.expires_at, "revoked_at": listed.revoked_at}
    return {
        "name": storable(listed.name, 200),
        "is_active": listed.is_active,
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }


def _with_instants(kept: dict[str, Any]) -> dict[str, Any]:
    moments = ("created_at", "expires_at", "revoked_at")
    return kept | {name: datetime.fromisoformat(kept[name]) for name in moments if kept[name]}


def _without(kept: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in kept.items() if key != name}


def _of_account(account: Account) -> AccountSnapshot:
    known = vault.known(account).tokens
    return AccountSnapshot(
        [_channel_snapshot(channel) for channel in snapshot.channels_of(account)],
        [_webhook_snapshot(hook) for hook in webhooks.known(account).at_connexease],
        [
            TokenSnapshot(
                each.label, each.row.is_active, each.row.issued_at, each.row.expires_at, each.row.revoked_at
            )
            for each in known
        ],
    )


def _channel_snapshot(row: Channel) -> ChannelSnapshot:
    return ChannelSnapshot(
        row.connexease_uuid, row.name, row.backend, row.is_active, row.is_connected, row.gone_at
    )


def _webhook_snapshot(hook: webhooks.KnownWebhook) -> WebhookSnapshot:
    return WebhookSnapshot(
        hook.callback_url,
        hook.triggers,
        len(hook.channels),
        is_active=hook.is_active,
        header_names=hook.header_names,
        is_portals=hook.is_portals,
    )
