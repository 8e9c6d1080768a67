"""What the pages of webhooks share."""

from uuid import UUID

from flask import abort, flash

from portal.channels import snapshot
from portal.db.engine import writing
from portal.i18n import _
from portal.models import Account, Webhook
from portal.webhooks import snapshot as webhook_snapshot
from portal.webhooks.snapshot import KnownWebhook, Snapshot

ROOT = "/accounts/<uuid:account_id>/webhooks/"


def current(account: Account) -> Snapshot:
    """What Connexease holds now, as far as it can be asked."""
    with writing():
        return webhook_snapshot.current(account)


def webhook_or_404(known: Snapshot, webhook_id: UUID) -> KnownWebhook:
    """One of the account's webhooks."""
    found = known.find(webhook_id)
    if found is None:
        abort(404)
    return found


def names(account: Account) -> dict[UUID, str]:
    """What the account's channels are called."""
    return {channel.connexease_uuid: channel.label for channel in snapshot.channels_of(account)}


def say_saved(row: Webhook) -> None:
    """What became of a change."""
    if row.is_pending:
        flash(
            _("%(Vendor)s hasn't confirmed the change. We're checking, and the list will show the result."),
            "warning",
        )
    else:
        flash(_("The webhook was saved."))
