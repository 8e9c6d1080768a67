"""What the worker does for events that came in."""

from portal.db.task_registry import swept, woken
from portal.events import older, processing, retention

woken("delivery", lambda delivery_id: processing.process(int(delivery_id)))
swept(processing.process, processing.due)
swept(retention.prune, retention.overdue)
swept(older.note, older.left)
