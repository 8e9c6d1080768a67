"""What the worker does for accounts that are being set up."""

from uuid import UUID

from portal.customers.provisioning import state_machine
from portal.db.task_registry import swept, woken

woken("provision", lambda account_id: state_machine.advance(UUID(account_id)))
swept(state_machine.advance, state_machine.due)
