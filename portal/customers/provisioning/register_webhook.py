"""The step that registers the portal's own webhook, which tells of new channels."""

from uuid import UUID

from pydantic import SecretStr

from portal import audit
from portal.connexease import errors as cx
from portal.connexease import schemas
from portal.customers.provisioning import steps
from portal.extensions import session
from portal.models import Account, PortalWebhook, Provisioning, Step, now
from portal.webhooks import portal_webhooks


def register_webhook(row: Provisioning, account: Account) -> None:
    """Register it, unless an earlier call did."""
    hook = portal_webhooks.onboarding(account)
    if row.call_started_at is not None and _adopt_webhook(row, account, hook):
        return
    steps.begin(row)
    try:
        made = steps.reseller().create_webhook(_uuid(account), _new_webhook(hook))
    except cx.Rejected:
        if not _adopt_webhook(row, account, hook):
            _webhook_held_elsewhere(row, account, hook)
    else:
        _webhook_registered(row, account, hook, made.uuid)


def _adopt_webhook(row: Provisioning, account: Account, hook: PortalWebhook) -> bool:
    """Look whether an earlier call did register it; make sure that it is on and bears our secret."""
    for listed in steps.reseller().webhooks(_uuid(account)):
        if (
            listed.callback_url == portal_webhooks.callback_url(hook)
            and portal_webhooks.ONBOARDING_TRIGGER in listed.triggers
        ):
            change = schemas.WebhookChange(is_active=True, data=_headers(hook))
            steps.reseller().update_webhook(_uuid(account), listed.uuid, change)
            _webhook_registered(row, account, hook, listed.uuid)
            return True
    return False


def _webhook_held_elsewhere(row: Provisioning, account: Account, hook: PortalWebhook) -> None:
    # Channels are found by asking for the list as well, so the account works without the event.
    hook.held_elsewhere = True
    session().add(hook)
    audit.record(None, account, "webhook.held_elsewhere", portal_webhooks.ONBOARDING_TRIGGER)
    steps.go_on(row, Step.READY)


def _webhook_registered(row: Provisioning, account: Account, hook: PortalWebhook, uuid: UUID) -> None:
    hook.connexease_uuid, hook.registered_at, hook.held_elsewhere = uuid, now(), False
    session().add(hook)
    audit.record(None, account, "webhook.registered", portal_webhooks.ONBOARDING_TRIGGER)
    steps.go_on(row, Step.READY)


def _new_webhook(hook: PortalWebhook) -> schemas.NewWebhook:
    return schemas.NewWebhook(
        callback_url=portal_webhooks.callback_url(hook),
        triggers=[portal_webhooks.ONBOARDING_TRIGGER],
        channels=[],
        is_active=True,
        data=_headers(hook),
    )


def _headers(hook: PortalWebhook) -> schemas.WebhookData:
    secrets_to_send = {name: SecretStr(value) for name, value in portal_webhooks.headers(hook).items()}
    return schemas.WebhookData(headers=secrets_to_send)


def _uuid(account: Account) -> UUID:
    if account.connexease_uuid is None:
        raise LookupError("the account has no UUID at Connexease yet")
    return account.connexease_uuid
