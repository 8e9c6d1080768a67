"""What the worker does for webhooks."""

from uuid import UUID

from portal.db.task_registry import swept, woken
from portal.webhooks import reconcile

woken("webhook", lambda webhook_id: reconcile.push(UUID(webhook_id)))
swept(reconcile.push, reconcile.due)
