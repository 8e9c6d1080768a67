"""What the worker does for access tokens and their keys."""

from uuid import UUID

from portal.db.task_registry import swept, woken
from portal.vault import keys, reminders, revoking, snapshot

woken("credential", lambda credential_id: revoking.finish(UUID(credential_id)))
swept(revoking.finish, revoking.due)
swept(revoking.revoke_replaced, revoking.overdue)
swept(keys.forget_unshown, keys.unshown)
swept(snapshot.read_again, snapshot.unread)
swept(reminders.remind, reminders.due)
