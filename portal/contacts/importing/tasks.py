"""What the worker does for imports of contacts."""

from uuid import UUID

from portal.contacts.importing import batches, retention
from portal.db.task_registry import swept, woken

woken(batches.TASK, lambda import_id: batches.carry_on(UUID(import_id)))
swept(batches.carry_on, batches.due)
swept(retention.forget, retention.old)
