"""The pages of Connexease's list of accounts, one at a time.

A page is asked for by its number: the reseller's token goes nowhere but to the configured host, and a page that
is broken does not hide those behind it. A list that moves while it is read may show an account twice or skip it;
therefore the list alone never says that an account is gone (see `portal.mirror.account_sync`).
"""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from portal.connexease import errors as cx
from portal.connexease import schemas
from portal.connexease.http.paging import MOST_PAGES
from portal.db.engine import storable
from portal.extensions import connexease, session
from portal.mirror import account_sync, facets, projection, search_index, snapshot
from portal.models import Account, MirroredAccount, MirrorRun, now

IN_A_ROW = 3
"""So many broken pages one after the other, and Connexease is given a pause."""


def read_next(run: MirrorRun) -> None:
    """Read one page and move the run on; the caller commits.

    Raises:
        ConnexeaseError: it cannot go on now.
    """
    number = run.broken_pages[0] if run.is_second_try else run.page
    session().commit()  # no transaction stays open while another machine is asked
    try:
        page = connexease().reseller.accounts_page(number)
    except cx.NotFound:
        if number == 1:
            raise
        _end(run)  # the list became shorter while it was read
        return
    except (cx.RateLimited, cx.Unauthorized):
        raise
    except cx.ConnexeaseError:
        if not _left_for_later(run, number):
            raise
        return
    _store(run, page.results)
    _move_on(run, number, page)


def _left_for_later(run: MirrorRun, number: int) -> bool:
    """Leave a broken page for the end, if it is known that others follow and not all of them are broken."""
    if run.is_second_try:
        _second_try_done(run, number, is_read=False)
        return True
    before = {number - place for place in range(1, IN_A_ROW)}
    if number > run.pages or before <= set(run.broken_pages):
        return False
    run.broken_pages, run.page = [*run.broken_pages, number], number + 1
    if number == run.pages:
        _end(run)
    return True


def _move_on(run: MirrorRun, number: int, page: schemas.Page[schemas.Account]) -> None:
    if run.is_second_try:
        _second_try_done(run, number, is_read=True)
        return
    first = str(page.results[0].uuid) if page.results else ""
    run.page_size = max(run.page_size, len(page.results))
    run.pages = max(number, -(-page.count // run.page_size)) if run.page_size else number
    is_endless = number >= MOST_PAGES or (number > 1 and first and first == run.previous_first)
    run.previous_first = first
    if page.next is None:
        _end(run)
    elif is_endless:
        _begin_reading(run, is_complete=False)
    else:
        run.page = number + 1


def _end(run: MirrorRun) -> None:
    if run.broken_pages and not run.is_second_try:
        run.is_second_try = True
    elif run.is_second_try:
        _second_try_done(run, run.broken_pages[0], is_read=True)
    else:
        _begin_reading(run, is_complete=True)


def _second_try_done(run: MirrorRun, number: int, *, is_read: bool) -> None:
    """Take a page off those to be tried once more; one that failed again is kept as its negative."""
    rest = [other for other in run.broken_pages if other != number]
    run.broken_pages = rest if is_read else [*rest, -number]
    if not any(other > 0 for other in run.broken_pages):
        run.broken_pages = sorted(-other for other in run.broken_pages)
        _begin_reading(run, is_complete=not run.broken_pages)
    else:
        run.broken_pages = sorted(run.broken_pages, key=lambda other: (other < 0, abs(other)))


def _begin_reading(run: MirrorRun, *, is_complete: bool) -> None:
    run.is_complete = is_complete
    account_sync.begin(run)


def _store(run: MirrorRun, listed: Sequence[schemas.Account]) -> None:
    """Note a page's accounts. Another process may make one of them known at the same time."""
    try:
        _note(run, listed)
        session().commit()
    except IntegrityError:
        session().rollback()
        session().refresh(run)
        _note(run, listed)


def _note(run: MirrorRun, listed: Sequence[schemas.Account]) -> None:
    by_uuid = {account.uuid: account for account in listed}
    known = _known(by_uuid)
    for account_id in _unprojected([uuid for uuid in by_uuid if uuid not in known]):
        projection.project_now(account_id)
    known |= _known([uuid for uuid in by_uuid if uuid not in known])
    for row in known.values():
        account = by_uuid[row.connexease_uuid]
        run.listed += row.seen_run != run.id
        names = (row.name, row.contact_email) if row.account_id is None else (_name(account), _email(account))
        if names != (_name(account), _email(account)) or row.gone_at or row.is_active != account.is_active:
            _change(row.id, account)
    session().execute(
        sa.update(MirroredAccount)
        .where(col(MirroredAccount.connexease_uuid).in_(known))
        .values(seen_at=now(), seen_run=run.id)
        .execution_options(synchronize_session=False)
    )
    _add(run, [account for uuid, account in by_uuid.items() if uuid not in known])


def _known(uuids: Collection[UUID]) -> dict[UUID, sa.Row[Any]]:
    table = MirroredAccount.__table__.c  # type: ignore[attr-defined]
    columns = (table.id, table.connexease_uuid, table.account_id, table.name, table.contact_email)
    query = sa.select(*columns, table.is_active, table.gone_at, table.seen_run)
    rows = session().execute(query.where(table.connexease_uuid.in_(list(uuids))))
    return {row.connexease_uuid: row for row in rows}


def _unprojected(uuids: Sequence[UUID]) -> list[UUID]:
    """Accounts of ours that the list does not have yet."""
    query = sa.select(col(Account.id)).where(col(Account.connexease_uuid).in_(uuids))
    return list(session().execute(query).scalars())


def _change(mirrored_id: int, listed: schemas.Account) -> None:
    query = select(MirroredAccount).where(MirroredAccount.id == mirrored_id).with_for_update()
    row = session().exec(query.execution_options(populate_existing=True)).one()
    row.gone_at, row.is_active = None, listed.is_active
    if row.account_id is None:
        row.name, row.contact_email = _name(listed), _email(listed)
        snapshot.count(row)
    else:
        facets.mark(row)
    search_index.put(session(), [row])
    session().add(row)


def _add(run: MirrorRun, listed: Sequence[schemas.Account]) -> None:
    rows = [
        MirroredAccount(
            connexease_uuid=account.uuid,
            name=_name(account),
            contact_email=_email(account),
            is_active=account.is_active,
            seen_at=now(),
            seen_run=run.id or 0,
        )
        for account in listed
    ]
    for row in rows:
        snapshot.count(row)
    session().add_all(rows)
    session().flush()
    search_index.put(session(), rows)
    run.new += len(rows)
    run.listed += len(rows)


def _name(account: schemas.Account) -> str:
    return storable(account.name, 255)


def _email(account: schemas.Account) -> str:
    return storable(account.contact_email, 254)
