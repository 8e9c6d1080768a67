"""What the worker does for messages."""

from uuid import UUID

from portal.db.task_registry import swept, woken
from portal.messages import retention
from portal.messages.sending import gateway_call
from portal.messages.trial import trials

woken("message", lambda message_id: gateway_call.send(UUID(message_id)))
swept(gateway_call.send, gateway_call.due)
woken("key_trial", lambda trial_id: trials.advance(UUID(trial_id)))
swept(trials.advance, trials.due)
swept(retention.prune, retention.overdue)
