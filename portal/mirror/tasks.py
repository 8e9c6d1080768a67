"""What the worker does to keep the mirror fresh."""

from uuid import UUID

from portal.db.task_registry import swept, woken
from portal.mirror import account_sync, activity, aging, projection, runs

woken("mirror", lambda run_id: runs.advance(int(run_id)))
woken("read_account", lambda account_id: account_sync.read_account(UUID(account_id)))
swept(projection.project, projection.missing)
swept(activity.fold, lambda: activity.SOURCES)
swept(aging.age, lambda: [None])
swept(runs.begin_when_due, lambda: [None])
swept(runs.advance, runs.due)
