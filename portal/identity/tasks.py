"""What the worker forgets of logins, apps for codes and changes of address."""

from portal.db.task_registry import swept
from portal.identity import email_change, sessions
from portal.identity.second_factor import authenticator

swept(sessions.prune, sessions.overdue)
swept(authenticator.prune, authenticator.unconfirmed)
swept(email_change.prune, email_change.overdue)
