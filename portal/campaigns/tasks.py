"""What the worker does for campaigns."""

from uuid import UUID

from portal.campaigns import retention
from portal.campaigns.sending import engine
from portal.db.task_registry import drained, swept, woken
from portal.messages import retention as of_messages
from portal.messages.threads import erasing

woken("campaign", lambda campaign_id: engine.look(UUID(campaign_id)))
drained(engine.advance, engine.finish)
swept(retention.erase, retention.overdue)
swept(retention.forget_file, retention.old_files)
of_messages.also(retention.forget_messages)
erasing.also(retention.forget_person)
