"""What the worker does for events that came in."""

from portal.db.task_registry import drained, swept
from portal.events import retention
from portal.events.processing import batches, older

# While one batch is read in Python, PostgreSQL works at the other.
drained(batches.process_waiting, may_wait=True, threads=2)
swept(batches.process, batches.due)
swept(retention.prune, retention.overdue)
swept(older.note, older.left)
