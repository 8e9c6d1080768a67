"""The desired state of a webhook, written down before Connexease is asked for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from portal.connexease import schemas
from portal.errors import DomainError
from portal.i18n import _
from portal.models import Webhook
from portal.webhooks import snapshot
from portal.webhooks.drift import Headers, plain, seal_headers
from portal.webhooks.rules.headers import Header, looks_secret
from portal.webhooks.rules.subscriptions import Subscription


@dataclass(frozen=True)
class DesiredWebhook:
    """A webhook as somebody wants it."""

    callback_url: str
    triggers: Sequence[str]
    channels: Sequence[UUID]
    is_active: bool = True
    headers: Sequence[Header] = field(default=(), repr=False)

    def subscription(self, row: Webhook | None = None) -> Subscription:
        return Subscription(self.triggers, self.channels, row.id if row else None)


def set_desired(row: Webhook, desired: DesiredWebhook, stored: Headers) -> None:
    """Write down what is wanted; triggers that we do not know stay.

    Args:
        stored: the headers that there are, for those of which the wish names no value.
    """
    unknown = snapshot.KnownWebhook(row, None).unknown_triggers if row.seen else []
    row.wanted = {
        "callback_url": desired.callback_url,
        "triggers": list(dict.fromkeys([*desired.triggers, *unknown])),
        "channels": [str(channel) for channel in desired.channels],
        "is_active": desired.is_active,
    }
    by_name = {name.casefold(): value for name, value in stored.items()}
    values = {
        header.name: header.value if header.value is not None else by_name[header.name.casefold()]
        for header in desired.headers
        if header.value is not None or header.name.casefold() in by_name
    }
    row.secret_headers = [header.name for header in desired.headers if header.is_secret]
    seal_headers(row, values)


def desire_observed(row: Webhook, listed: Sequence[schemas.Webhook]) -> None:
    """Start from what Connexease holds, so that a small change does not undo what was changed elsewhere."""
    webhook = next((webhook for webhook in listed if webhook.uuid == row.connexease_uuid), None)
    if webhook is None:
        raise DomainError(_("%(Vendor)s no longer lists this webhook."))
    secret_headers = row.secret_headers
    set_desired(
        row, DesiredWebhook(webhook.callback_url, webhook.triggers, webhook.channels, webhook.is_active), {}
    )
    headers = plain(webhook.data)
    row.secret_headers = [name for name in headers if name in secret_headers or looks_secret(name)]
    seal_headers(row, headers)
    snapshot.see(row, webhook)


def seen_subscription(row: Webhook) -> Subscription:
    """What Connexease was last seen to deliver to a webhook."""
    return snapshot.KnownWebhook(row, None).subscription
