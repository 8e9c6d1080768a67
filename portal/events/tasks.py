"""What the worker does for events that came in."""

from portal.db.task_registry import drained, swept
from portal.events import retention
from portal.events.processing import batches, older

drained(batches.process_waiting, may_wait=True)
swept(batches.process, batches.due)
swept(retention.prune, retention.overdue)
swept(older.note, older.left)
