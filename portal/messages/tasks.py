"""What the worker does for messages."""

from uuid import UUID

from portal.db.task_registry import swept, woken
from portal.messages import retention
from portal.messages.sending import gateway_call

woken("message", lambda message_id: gateway_call.send(UUID(message_id)))
swept(gateway_call.send, gateway_call.due)
swept(retention.prune, retention.overdue)
