"""What the sandbox remembers: one typed object per thing Connexease would hold."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

JSON = dict[str, Any]


def new_uuid() -> str:
    return str(uuid.uuid4())


def naive_utc(timestamp: float) -> str:
    """A moment as Connexease writes it: ISO 8601 with microseconds and without a zone."""
    moment = datetime.fromtimestamp(timestamp, UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="microseconds")


def hashed(key: str) -> str:
    """Access tokens are kept only like this; a random 256-bit key needs no salt."""
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass
class Account:
    uuid: str
    name: str
    contact_email: str
    billing_email: str
    time_zone: str
    contact_name: str = ""
    contact_lastname: str = ""
    contact_phone_number: str = ""
    is_active: bool = True
    foreign: bool = False
    """Belongs to another reseller: its e-mail is taken, but every call about it answers 404."""

    def wire(self) -> JSON:
        return {
            "uuid": self.uuid,
            "name": self.name,
            "is_active": self.is_active,
            "contact_email": self.contact_email,
        }


@dataclass
class Channel:
    uuid: str
    account: str
    name: str
    type: str = "whatsapp"
    backend: str = "whatsapp_cloud"
    is_active: bool = True
    connected: bool = True

    def wire(self) -> JSON:
        return {
            "uuid": self.uuid,
            "name": self.name,
            "type": self.type,
            "backend": self.backend,
            "is_active": self.is_active,
            "data": {"connected": self.connected},
        }


@dataclass
class Webhook:
    uuid: str
    account: str
    callback_url: str
    triggers: list[str]
    channels: list[str]
    is_active: bool = True
    headers: dict[str, str] | None = None

    def wire(self) -> JSON:
        return {
            "uuid": self.uuid,
            "callback_url": self.callback_url,
            "triggers": list(self.triggers),
            "channels": list(self.channels),
            "is_active": self.is_active,
            "data": {"headers": self.headers},
        }


@dataclass
class AccessToken:
    uuid: str
    account: str
    key_hash: str
    created_at: float
    expires_at: float
    revoked_at: float | None = None
    name: str = ""

    @property
    def is_active(self) -> bool:
        return self.revoked_at is None

    def wire(self) -> JSON:
        return {
            "uuid": self.uuid,
            "name": self.name,
            "is_active": self.is_active,
            "created_at": naive_utc(self.created_at),
            "expires_at": naive_utc(self.expires_at),
            "revoked_at": None if self.revoked_at is None else naive_utc(self.revoked_at),
        }


@dataclass
class OnboardingToken:
    token: str
    account: str
    channel: str | None
    expires_at: int
    outcome: str | None = None
    """What the dialog ended with; a token with an outcome is spent."""
    preset: str | None = None
    """The button that the dialog presses by itself, once a preset was bound to this token."""
    preset_name: str | None = None


SOME_NUMBER = "905550000000"
"""The business number of an account of which nothing else is said."""


@dataclass
class GatewayKey:
    key: str
    account: str
    created_at: float
    is_active: bool = True
    sends: bool = True
    """Whether messages can be sent with it; not with a publishable one of a browser SDK."""
    number: str = SOME_NUMBER
    """The business number that its messages come from."""


@dataclass
class GatewayCallback:
    """Where the gateway reports message statuses, as its dashboard would hold it."""

    account: str
    url: str
    secret: str


@dataclass
class GatewayMessage:
    wamid: str
    account: str
    to: str
    type: str
    body: JSON
    sent_at: float
    is_fake: bool = False
    mmlite: bool = False
    message_status: str = ""
    is_priced: bool = False
    """Whether a status said already what Meta charges."""
    sender: str = SOME_NUMBER
    """The business number that it came from."""


@dataclass
class Attempt:
    at: float
    url: str
    milliseconds: int
    status: int | None = None
    error: str = ""


@dataclass
class Delivery:
    """One event for one receiver. ``status`` is pending, held, delivered or given_up."""

    number: int
    kind: str
    """"webhook" or "gateway"."""
    target: str
    """UUID of the webhook, or of the account whose gateway callback is meant."""
    hook: str
    body: JSON
    created_at: float
    next_at: float
    status: str = "pending"
    copy_of: int | None = None
    attempts: list[Attempt] = field(default_factory=list)

    def wire(self) -> JSON:
        return asdict(self)


@dataclass
class Mail:
    number: int
    at: float
    sender: str
    to: list[str]
    subject: str
    text: str
    links: list[str]
    html: str = ""
    """Of a mail that comes in two forms, the one that most people see."""


@dataclass
class PhoneKey:
    """A key in the authenticator app of the page ``/phone``. What it makes is counted by the real clock."""

    number: int
    name: str
    issuer: str
    secret: str
    digits: int = 6
    period: int = 30


@dataclass
class State:
    accounts: dict[str, Account] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    access_tokens: dict[str, AccessToken] = field(default_factory=dict)
    onboarding: dict[str, OnboardingToken] = field(default_factory=dict)
    gateway_keys: dict[str, GatewayKey] = field(default_factory=dict)
    callbacks: dict[str, GatewayCallback] = field(default_factory=dict)
    messages: dict[str, GatewayMessage] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    phone_keys: list[PhoneKey] = field(default_factory=list)
    clock_offset: float = 0.0
    last_number: int = 0

    def next_number(self) -> int:
        self.last_number += 1
        return self.last_number

    def channels_of(self, account: str) -> list[Channel]:
        return [channel for channel in self.channels.values() if channel.account == account]

    def webhooks_of(self, account: str) -> list[Webhook]:
        return [webhook for webhook in self.webhooks.values() if webhook.account == account]

    def tokens_of(self, account: str) -> list[AccessToken]:
        return [token for token in self.access_tokens.values() if token.account == account]
