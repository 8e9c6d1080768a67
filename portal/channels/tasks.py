"""What the worker does for attempts to connect a channel."""

from portal.channels import confirmation
from portal.db.task_registry import swept

swept(confirmation.expire, confirmation.overdue)
