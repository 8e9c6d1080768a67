"""What can happen at Connexease, whoever asked for it: the API, the dialog or a control call.

Every function works on the state it is handed; call them inside ``core.changing()``.
"""

from __future__ import annotations

import secrets
from typing import Any

from portal.sandbox.core import Core
from portal.sandbox.delivery.events import emit
from portal.sandbox.state import (
    AccessToken,
    Account,
    Channel,
    GatewayKey,
    OnboardingToken,
    State,
    hashed,
    new_uuid,
)

_FIVE_YEARS = 5 * 365 * 24 * 60 * 60
"""As in the guide's example: 2026-03-26 to 2031-03-25."""


def add_account(state: State, fields: dict[str, Any]) -> Account:
    account = Account(uuid=new_uuid(), **fields)
    state.accounts[account.uuid] = account
    return account


def add_accounts(state: State, count: int, prefix: str) -> list[Account]:
    """Many accounts at once, with names and addresses that are numbered on."""
    first = len(state.accounts) + 1
    return [
        add_account(
            state,
            {
                "name": f"{prefix} {number}",
                "contact_email": f"{prefix.lower().replace(' ', '.')}.{number}@example.com",
                "billing_email": f"billing.{number}@example.com",
                "time_zone": "Europe/Istanbul",
            },
        )
        for number in range(first, first + count)
    ]


def email_taken(state: State, address: str) -> bool:
    """Whether any reseller's account has this contact e-mail, whatever the case of its letters."""
    return any(account.contact_email.lower() == address.lower() for account in state.accounts.values())


def issue_access_token(state: State, account: str, now: float) -> tuple[AccessToken, str]:
    """A new access token and its key, which nobody can ask for again."""
    key = secrets.token_urlsafe(32)
    token = AccessToken(new_uuid(), account, hashed(key), now, now + _FIVE_YEARS)
    state.access_tokens[token.uuid] = token
    return token, key


def issue_onboarding(core: Core, account: str, channel: str | None) -> OnboardingToken:
    expires_at = int(core.now()) + core.settings.onboarding_lifetime
    token = OnboardingToken(new_uuid(), account, channel, expires_at)
    core.state.onboarding[token.token] = token
    return token


def issue_gateway_key(
    core: Core, account: str, *, staging: bool = False, publishable: bool = False, number: str = ""
) -> GatewayKey:
    """A new key. What it starts with is a setting, since the vendor's pages contradict each other.

    Args:
        publishable: for a browser SDK: it sends nothing.
        number: the business number that its messages come from.
    """
    settings = core.settings
    prefix = settings.staging_key_prefix if staging else settings.key_prefix
    prefix = settings.publishable_key_prefix if publishable else prefix
    key = GatewayKey(prefix + secrets.token_hex(24), account, core.now(), sends=not publishable)
    key.number = number or key.number
    core.state.gateway_keys[key.key] = key
    return key


def connect_channel(
    core: Core, token: OnboardingToken, name: str, *, announce: bool = True, hold: bool = False
) -> Channel:
    """Finish an onboarding: a new channel, or the old one connected again; announced by an event or not."""
    state = core.state
    account = state.accounts[token.account]
    known = state.channels.get(token.channel or "")
    if known is None:
        channel, hook = Channel(new_uuid(), account.uuid, name), "channel.created"
        state.channels[channel.uuid] = channel
    else:
        channel, hook = known, core.settings.reconnect_hook
        channel.connected = channel.is_active = True
    if announce and hook:
        emit(core, hook, account, channel, hold=hold)
    return channel
