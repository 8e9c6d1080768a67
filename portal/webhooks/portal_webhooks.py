"""The portal's own webhooks: their addresses, and the secret header that proves the sender."""

import secrets
from typing import Any

from pydantic import SecretStr
from sqlmodel import select

from portal.extensions import session, settings, vault
from portal.identity.mailed_links import fingerprint
from portal.models import Account, PortalWebhook, WebhookPurpose
from portal.secrets.stored import portal_webhook_place

SECRET_HEADER = "X-Portal-Secret"
ONBOARDING_TRIGGER = "channel.created"


def onboarding(account: Account) -> PortalWebhook:
    """The one that tells of new channels. Its address and secret are stored before Connexease hears of them."""
    query = select(PortalWebhook).where(
        PortalWebhook.account_id == account.id, PortalWebhook.purpose == WebhookPurpose.ONBOARDING
    )
    return session().exec(query).first() or make(account, WebhookPurpose.ONBOARDING)


def make(account: Account, purpose: WebhookPurpose, **facts: Any) -> PortalWebhook:
    """A new address with a secret of its own; not yet known to Connexease."""
    key, secret = secrets.token_urlsafe(24), secrets.token_urlsafe(32)
    hook = PortalWebhook(
        account_id=account.id,
        purpose=purpose,
        key=key,
        secret_hash=fingerprint(secret),
        sealed_secret="",
        **facts,
    )
    hook.sealed_secret = vault().seal(SecretStr(secret), portal_webhook_place(hook))
    session().add(hook)
    return hook


def all_of(account: Account) -> list[PortalWebhook]:
    """Every webhook that the portal holds at Connexease for this account."""
    query = select(PortalWebhook).where(
        PortalWebhook.account_id == account.id, PortalWebhook.purpose != WebhookPurpose.GATEWAY
    )
    return list(session().exec(query))


def callback_url(hook: PortalWebhook) -> str:
    """Where Connexease delivers this webhook's events."""
    return f"{settings().public_url}/hooks/connexease/{hook.key}"


def headers(hook: PortalWebhook) -> dict[str, str]:
    """The headers that Connexease is to send along: the secret, in clear, to be used and forgotten."""
    secret = vault().open(hook.sealed_secret, portal_webhook_place(hook))
    return {SECRET_HEADER: secret.get_secret_value()}
