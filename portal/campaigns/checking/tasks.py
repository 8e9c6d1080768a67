"""What the worker does for the check of campaigns."""

from uuid import UUID

from portal.campaigns.checking import batches
from portal.db.task_registry import swept, woken

woken(batches.TASK, lambda campaign_id: batches.check(UUID(campaign_id)))
swept(batches.check, batches.due)
