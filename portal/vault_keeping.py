"""Every column that holds sealed secrets, and where each of its secrets lives.

A secret opens only for the place that it was sealed for, so a column's place is defined here and nowhere else.
"""

from uuid import UUID

from portal.models import Credential, OnboardingAttempt, PortalWebhook, Webhook
from portal.vault_crypto import Place


def attempt_place(row: OnboardingAttempt) -> Place:
    """Where the address of a dialog lives."""
    return _place("onboarding_attempt.sealed_url", row.account_id, row.id)


def credential_place(row: Credential) -> Place:
    """Where the key of an access token or of the gateway lives."""
    return _place("credential.sealed_key", row.account_id, row.id)


def portal_webhook_place(row: PortalWebhook) -> Place:
    """Where the secret header of a webhook of the portal's own lives."""
    return _place("portal_webhook.sealed_secret", row.account_id, row.key)


def webhook_place(row: Webhook) -> Place:
    """Where the headers of a webhook live."""
    return _place("webhook.sealed_headers", row.account_id, row.id)


def _place(column: str, account_id: UUID, record: UUID | str) -> Place:
    return Place(column, str(account_id), str(record))
