"""What the worker does for events that came in."""

from portal.db.task_registry import drained, swept
from portal.events import older, processing, retention

# While one batch is read in Python, PostgreSQL works at the other.
drained(processing.process_waiting, may_wait=True, threads=2)
swept(processing.process, processing.due)
swept(retention.prune, retention.overdue)
swept(older.note, older.left)
