"""The list's row of an account follows the account's own tables, in the same transaction.

Whatever a session changed of an account is counted anew before the session commits, so that nobody who changes
one of these tables has to think of the list.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event
from sqlmodel import Session, SQLModel, col, select

from portal.db import dialect
from portal.db.unit_of_work import unit_of_work
from portal.extensions import session as current_session
from portal.mirror import facts, search_index
from portal.models import (
    Account,
    Channel,
    Credential,
    Membership,
    MirroredAccount,
    Person,
    Provisioning,
    Webhook,
    now,
)

FOLLOWED: dict[type[SQLModel], tuple[str, ...]] = {
    Account: (
        *("connexease_uuid", "name", "contact_email", "contact_phone_number"),
        *("contact_name", "contact_lastname", "billing_email"),
    ),
    Provisioning: ("step",),
    Channel: ("account_id", "connexease_uuid", "name", "is_connected", "is_active", "gone_at"),
    Webhook: ("account_id", "portal_webhook_id", "seen", "gone_at"),
    Credential: ("account_id", "kind", "connexease_uuid", "is_active", "expires_at", "revoked_at", "gone_at"),
    Membership: ("account_id", "person_id", "created_at"),
    **dict.fromkeys(facts.LISTINGS, ("read_at", "problem_text")),
}
"""What of each table the list counts (`portal.mirror.facts`). Most commits change something else: a claim."""
FOUND_BY = ("first_name", "last_name", "email")
"""What of a person finds the accounts that they belong to."""
_TOUCHED = "accounts to project"


def missing(limit: int = 500) -> list[UUID]:
    """Accounts that the list does not have: those from before there was one."""
    query = (
        sa.select(col(Account.id))
        .outerjoin(MirroredAccount, col(MirroredAccount.account_id) == col(Account.id))
        .where(col(MirroredAccount.id).is_(None))
        .limit(limit)
    )
    return list(current_session().execute(query).scalars())


def project(account_id: UUID) -> None:
    """Bring the row of one account up to its tables, in a transaction of its own."""
    with unit_of_work():
        project_now(account_id)
        current_session().commit()


def project_now(account_id: UUID) -> None:
    """The same in the transaction at hand."""
    _project(current_session(), account_id)


@contextmanager
def put_off() -> Iterator[None]:
    """Count no account inside: for whoever changes very much at once, and calls `project_all` afterwards."""
    event.remove(Session, "before_commit", _project_touched)
    try:
        yield
    finally:
        _project_before_commit()


def project_all() -> None:
    """Bring every row up to its account's tables."""
    for account_id in current_session().execute(sa.select(col(Account.id))).scalars().all():
        project(account_id)


def follow(account_id: UUID) -> None:
    """Count an account anew before the session commits: for an UPDATE, which no row of the session shows."""
    current_session().info.setdefault(_TOUCHED, set()).add(account_id)


def _collect(session: Session, _context: Any) -> None:
    touched: set[UUID] = session.info.setdefault(_TOUCHED, set())
    touched.update(_account_of(row) for row in (*session.new, *session.deleted) if type(row) in FOLLOWED)
    for row in session.dirty:
        if isinstance(row, Person) and _has_other(row, FOUND_BY):
            touched.update(_accounts_of(session, row))
        elif _has_other(row, FOLLOWED.get(type(row), ())):
            touched.add(_account_of(row))


def _account_of(row: Any) -> UUID:
    return row.id if isinstance(row, Account) else row.account_id


def _has_other(row: SQLModel, names: Sequence[str]) -> bool:
    """Whether one of these is about to change."""
    state = sa.inspect(row)
    return any(state.attrs[name].history.has_changes() for name in names)


def _accounts_of(session: Session, person: Person) -> list[UUID]:
    query = sa.select(col(Membership.account_id)).where(col(Membership.person_id) == person.id)
    return list(session.connection().execute(query).scalars())


def _project_touched(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    touched: set[UUID] = session.info.pop(_TOUCHED, set())
    for account_id in sorted(touched):  # always in the same order, so that two sessions do not wait for each other
        _project(session, account_id)


def _project_before_commit() -> None:
    # Before the audit log, which is the last that a transaction writes.
    event.listen(Session, "before_commit", _project_touched, insert=True)


def _project(session: Session, account_id: UUID) -> None:
    account = session.get(Account, account_id)
    if account is None:
        return
    facts.apply_account(session, _row_of(session, account), account, now())
    session.flush()


def _row_of(session: Session, account: Account) -> MirroredAccount:
    """The account's row, locked: what is counted afterwards nobody else counts at the same time."""
    own = _locked(session, _OF_ACCOUNT, account.id)
    listed = None
    if account.connexease_uuid is not None and (own is None or own.connexease_uuid != account.connexease_uuid):
        listed = _locked(session, _OF_THERE, account.connexease_uuid)
    if own is None and listed is not None:
        listed.created_at = min(listed.created_at, account.created_at)
        listed.last_activity_at = max(listed.last_activity_at, account.created_at)
        return listed
    if own is not None and listed is not None:
        own.seen_at, own.seen_run, own.is_active = listed.seen_at, listed.seen_run, listed.is_active
        search_index.forget(session, [listed.id])
        session.delete(listed)
        session.flush()
    return own or _made(session, account)


def _made(session: Session, account: Account) -> MirroredAccount:
    """A new row; when two sessions make it at once, the second finds the first's."""
    row = MirroredAccount(
        account_id=account.id, created_at=account.created_at, last_activity_at=account.created_at
    )
    adding = dialect.insert(session, MirroredAccount).values(**row.model_dump(exclude={"id"}))
    session.execute(adding.on_conflict_do_nothing())
    made = _locked(session, _OF_ACCOUNT, account.id)
    if made is None:
        raise LookupError("the list has no row for an account")
    return made


def _locked(session: Session, query: Any, key: UUID) -> MirroredAccount | None:
    return session.execute(query, {"key": key}).scalars().first()


def _by(column: Any) -> Any:
    """Finds a row and locks it; made once, because it is asked at most commits."""
    query = select(MirroredAccount).where(col(column) == sa.bindparam("key")).with_for_update()
    return query.execution_options(populate_existing=True)


_OF_ACCOUNT = _by(MirroredAccount.account_id)
_OF_THERE = _by(MirroredAccount.connexease_uuid)


event.listen(Session, "after_flush", _collect)
_project_before_commit()
