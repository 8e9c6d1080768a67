"""What the worker counts for the staff's charts."""

from portal.db.task_registry import swept
from portal.staff.dashboard import counters

swept(counters.count, counters.due)
