"""Where the gateway reports what becomes of messages: an address of the account's own, and its secret.

The customer enters both in the gateway's dashboard; there is no call that would do it for them.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from portal import audit
from portal.errors import DomainError
from portal.extensions import session, settings, vault
from portal.i18n import _
from portal.identity.mailed_links import fingerprint
from portal.messages.reports.parsing import KINDS
from portal.models import Account, Delivery, DeliveryKind, Person, PortalWebhook, WebhookPurpose
from portal.secrets.crypto import VaultError
from portal.secrets.stored import portal_webhook_place
from portal.webhooks import portal_webhooks


@dataclass(frozen=True)
class Callback:
    """An account's receiver, as a page shows it: everything but the secret."""

    address: str
    last_event_at: datetime | None


def of(account: Account) -> Callback | None:
    """The account's receiver, if somebody made it."""
    hook = _hook(account)
    if hook is None:
        return None
    return Callback(f"{settings().public_url}/hooks/gateway/{hook.key}", _last_event_at(account))


def make(person: Person, account: Account) -> None:
    """Make the receiver, once."""
    if _hook(account) is not None:
        return
    portal_webhooks.make(account, WebhookPurpose.GATEWAY)
    audit.record(person, account, "callback.made")
    try:
        session().commit()
    except IntegrityError:  # somebody else, at the same moment
        session().rollback()


def reveal(person: Person, account: Account) -> SecretStr:
    """The secret in clear, for one of the account's own people.

    Raises:
        DomainError: there is none, or the vault cannot open it.
    """
    hook = _hook(account)
    if hook is None:
        raise DomainError(_("Status events aren't set up yet."))
    try:
        secret = vault().open(hook.sealed_secret, portal_webhook_place(hook))
    except VaultError:
        raise DomainError(_("The vault can't open this secret. Create a new one.")) from None
    audit.record(person, account, "callback.revealed")
    session().commit()
    return secret


def renew(person: Person, account: Account) -> None:
    """Put a new secret in the place of the old one, which opens nothing any more; the address stays."""
    hook = _hook(account)
    if hook is None:
        return
    secret = SecretStr(secrets.token_urlsafe(32))
    hook.secret_hash = fingerprint(secret.get_secret_value())
    hook.sealed_secret = vault().seal(secret, portal_webhook_place(hook))
    session().add(hook)
    audit.record(person, account, "callback.renewed")
    session().commit()


def _hook(account: Account) -> PortalWebhook | None:
    query = select(PortalWebhook).where(
        PortalWebhook.account_id == account.id, PortalWebhook.purpose == WebhookPurpose.GATEWAY
    )
    return session().exec(query).first()


def _last_event_at(account: Account) -> datetime | None:
    """When the newest event of each kind came, of which the latest; each is found at the end of its index."""
    newest = [
        sa.select(sa.func.max(col(DeliveryKind.delivery_id)))
        .where(col(DeliveryKind.account_id) == account.id, col(DeliveryKind.kind) == kind)
        .scalar_subquery()
        for kind in KINDS
    ]
    query = sa.select(sa.func.max(col(Delivery.received_at))).where(col(Delivery.id).in_(newest))
    latest: datetime | None = session().execute(query).scalar_one()
    return latest
