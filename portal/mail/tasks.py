"""What the worker does for mail."""

from uuid import UUID

from portal.db.task_registry import swept, woken
from portal.mail import outbox

woken("mail", lambda mail_id: outbox.send(UUID(mail_id)))
swept(outbox.send, outbox.due)
