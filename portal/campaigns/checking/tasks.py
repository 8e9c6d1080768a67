"""What the worker does for the check of campaigns, and for their people once they are confirmed."""

from uuid import UUID

from portal.campaigns.checking import batches
from portal.campaigns.people import introducing
from portal.db.task_registry import swept, woken

woken(batches.TASK, lambda campaign_id: batches.check(UUID(campaign_id)))
swept(batches.check, batches.due)
woken(introducing.TASK, lambda campaign_id: introducing.introduce(UUID(campaign_id)))
swept(introducing.introduce, introducing.due)
