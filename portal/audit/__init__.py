"""The audit log: everything that a person did to an account, in order, as a chain that shows tampering.

An entry is noted where the thing is done and written when its transaction commits, as the last of all: only
then is it chained to the entry before it (see `portal.audit.chain`), so that whoever does something else
meanwhile waits for no more than that one commit, and nobody who holds the chain waits for anything else.
"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import has_request_context, request
from sqlalchemy import event
from sqlalchemy.orm import SessionTransaction
from sqlmodel import Session

from portal.audit import chain
from portal.db.engine import storable
from portal.db.unit_of_work import unit_of_work
from portal.extensions import session
from portal.models import Account, Membership, Person, now

PORTAL = "portal"
_NOTED = "audit"


@dataclass(frozen=True)
class _Noted:
    """What an entry will say, and the savepoints that it goes away with."""

    values: dict[str, Any]
    savepoints: tuple[SessionTransaction, ...]


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
    if actor is not None and actor.is_staff and account is not None and not _belongs_to(actor, account):
        details["as_staff"] = True  # the customer sees that it was not one of their own
    values = {
        "at": now(),
        "actor_id": actor.id if actor else None,
        "actor": actor.email if actor else PORTAL,
        "account_id": account.id if isinstance(account, Account) else account,
        "action": action,
        "target": storable(target, 254),
        "details": _storable(json.loads(json.dumps(details))),
        "address": (request.remote_addr or "")[:64] if has_request_context() else "",
    }
    if not session().in_transaction():
        session().begin()  # a rollback must reach what is noted here
    savepoints = _with_parents(session().get_nested_transaction())
    session().info.setdefault(_NOTED, []).append(_Noted(values, savepoints))


def record_at_once(actor: Person, account: Account | UUID | None, action: str, target: str = "") -> None:
    """Add an entry in a transaction of its own, for a request that reads: it writes before it reads on."""
    with unit_of_work():
        record(actor, account, action, target)
        session().commit()


def _belongs_to(actor: Person, account: Account | UUID) -> bool:
    account_id = account.id if isinstance(account, Account) else account
    return session().get(Membership, (actor.id, account_id)) is not None


def _storable(value: Any) -> Any:
    """Facts as both databases keep them, and therefore as they are read again."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(name): _storable(item) for name, item in value.items()}
    return [_storable(item) for item in value] if isinstance(value, list) else value


def _with_parents(transaction: Any) -> tuple[SessionTransaction, ...]:
    found = []
    while transaction is not None:
        found.append(transaction)
        transaction = transaction.parent
    return tuple(found)


def _write(session: Session) -> None:
    """Before the commit: chain what was noted, once everything else has been written."""
    if session.get_nested_transaction() is not None or not session.info.get(_NOTED):
        return
    session.flush()
    noted: list[_Noted] = session.info.pop(_NOTED)
    chain.append(session.connection(), [each.values for each in noted])


def _forget_savepoint(session: Session, ended: SessionTransaction) -> None:
    if noted := session.info.get(_NOTED):
        session.info[_NOTED] = [each for each in noted if ended not in each.savepoints]


def _forget(session: Session, ended: SessionTransaction) -> None:
    if ended.parent is None:
        session.info.pop(_NOTED, None)


event.listen(Session, "before_commit", _write)
event.listen(Session, "after_soft_rollback", _forget_savepoint)
event.listen(Session, "after_transaction_end", _forget)
