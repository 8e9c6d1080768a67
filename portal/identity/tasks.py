"""What the worker forgets of logins, apps for codes and changes of address."""

from portal.db.task_registry import swept
from portal.identity import email_change, second_factor, sessions

swept(sessions.prune, sessions.overdue)
swept(second_factor.prune, second_factor.unconfirmed)
swept(email_change.prune, email_change.overdue)
