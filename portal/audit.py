"""Everything that a person did to an account, in order."""

from typing import Any
from uuid import UUID

from flask import has_request_context, request

from portal.database import storable
from portal.extensions import session
from portal.models import Account, AuditEntry, Person

PORTAL = "portal"


def record(
    actor: Person | None, account: Account | UUID | None, action: str, target: str = "", **details: Any
) -> None:
    """Add an entry to the audit log, in the transaction that does the thing itself.

    Args:
        actor: who did it; none when the portal itself did.
        account: what it was done to.
        action: a dotted name such as `channel.connect_requested`; the templates turn it into a sentence.
        target: what it concerned, in words that a person knows; never a secret.
        details: more facts, never a secret.
    """
    if actor is not None and actor.is_staff and account is not None:
        details["as_staff"] = True  # the customer sees that it was not one of their own
    session().add(
        AuditEntry(
            actor_id=actor.id if actor else None,
            actor=actor.email if actor else PORTAL,
            account_id=account.id if isinstance(account, Account) else account,
            action=action,
            target=storable(target, 254),
            details=details,
            address=(request.remote_addr or "") if has_request_context() else "",
        )
    )
