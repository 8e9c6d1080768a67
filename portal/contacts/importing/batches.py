"""Importing a file, batch after batch: the first ones while whoever brought it waits, the rest in the worker.

People, counts, wrong rows and the place where the next batch begins are one transaction, written only if the
place is still where the batch began. So an import that is killed anywhere takes in and counts each row once.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from portal import audit
from portal.contacts import kept_file
from portal.contacts.book import Book
from portal.contacts.consent import ledger
from portal.contacts.consent.ledger import Told
from portal.contacts.csv_reading import Line
from portal.contacts.importing import columns, rows
from portal.contacts.importing.rows import Good, WrongCellError
from portal.contacts.kept_file import Shelf
from portal.db import account_lock, leases
from portal.db.engine import storable
from portal.db.queue import wake
from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.models import (
    Account,
    ConsentSource,
    ContactImport,
    ContactImportPart,
    ContactImportWrong,
    ContactSource,
    ImportState,
    Person,
    Wish,
    now,
)

TASK = "contact_import"
SHELF = Shelf(ContactImportPart, "import_id")
AT_ONCE = 100
"""Rows of a batch: whoever sends or receives for the account waits for one."""
SECONDS = 5.0
"""As long one turn of the worker's thread lasts."""


@dataclass
class _Looked:
    """What some rows say."""

    good: list[Good] = field(default_factory=list)
    wrong: list[dict[str, Any]] = field(default_factory=list)


def begin(
    person: Person, account: Account, file: BinaryIO, file_name: str = "", tag: str = "", *, intent: str
) -> ContactImport:
    """Keep a file that is to be imported. The same form once more is the same import.

    Raises:
        DomainError: nothing of it can be read, at `file`.
    """
    seen = kept_file.look(file)
    known = columns.places(seen.columns)
    if columns.NUMBER not in known and columns.USER not in known:
        raise DomainError(_("No column holds phone numbers. Name one “Phone number” in the first row."), "file")
    made = ContactImport(
        account_id=account.id,
        intent=intent,
        person_id=person.id,
        tag=tag,
        file_name=storable(file_name, 200),
        encoding=seen.encoding,
        separator=seen.separator,
        columns=seen.columns,
        rows=seen.rows,
        next_attempt_at=now(),
    )
    with unit_of_work():
        try:
            session().add(made)
            session().flush()
            SHELF.keep(made.id, file)
            session().commit()
        except IntegrityError:  # the same form, a moment ago
            session().rollback()
            made = session().exec(select(ContactImport).where(ContactImport.intent == intent)).one()
            if made.account_id != account.id:
                raise DomainError(_("This form was already submitted. Fill in a new one.")) from None
    return made


def find(account: Account, import_id: UUID) -> ContactImport | None:
    """One of the account's imports."""
    query = select(ContactImport).where(ContactImport.id == import_id, ContactImport.account_id == account.id)
    return session().exec(query).first()


def due() -> Sequence[UUID]:
    """Imports that wait for the worker."""
    query = select(ContactImport.id).where(
        ContactImport.state == ImportState.RUNNING,
        col(ContactImport.next_attempt_at) <= now(),
        leases.is_free(ContactImport),
    )
    return session().exec(query.limit(100)).all()


def carry_on(import_id: UUID, seconds: float = SECONDS) -> None:
    """Take in the next rows for some seconds, and go on later where some remain."""
    is_running = col(ContactImport.state) == ImportState.RUNNING
    job = leases.take(ContactImport, import_id, is_running)
    if job is not None and not _carry_on(job, time.monotonic() + seconds):
        wake(TASK, str(import_id))


def _carry_on(job: ContactImport, until: float) -> bool:
    """Whether nothing is left to do, or it is no longer ours to do."""
    lines = SHELF.lines(job.id, job.encoding, job.separator, job.read_bytes, job.position)
    while time.monotonic() < until:
        some = list(islice(lines, AT_ONCE))
        if not _keep(job, some) or not some:
            return True
    return not _let_go(job)


def _keep(seen: ContactImport, lines: Sequence[Line]) -> bool:
    """Take a batch in, or end the import where there is none; whether it was still ours."""
    import_id, account_id, position = seen.id, seen.account_id, seen.position
    looked = _looked(seen, session().get_one(Account, account_id).time_zone, lines)
    with unit_of_work():
        account_lock.take(account_id)
        job = session().get_one(ContactImport, import_id, populate_existing=True)
        if job.state != ImportState.RUNNING or job.position != position:
            return False
        person = session().get(Person, job.person_id) if job.person_id else None
        if lines:
            _take_in(job, looked, person.email if person else "")
            job.position, job.read_bytes, job.claimed_until = lines[-1].number, lines[-1].end, leases.until()
            job.read_rows += len(lines)
        else:
            _end(job, person)
        session().add(job)
        session().commit()
    return True


def _looked(job: ContactImport, zone: str, lines: Sequence[Line]) -> _Looked:
    found, places = _Looked(), columns.places(job.columns)
    for line in lines:
        try:
            if len(line.cells) > len(job.columns):
                raise WrongCellError("", rows.MORE_CELLS)
            pairs = zip(job.columns, line.cells, strict=False)
            cells = {name: text for name, text in pairs if name and text}
            found.good.append(rows.look(cells, places, zone, job.tag))
        except WrongCellError as wrong:
            why = {"column": wrong.column[:100], "problem": wrong.problem}
            found.wrong.append({"import_id": job.id, "number": line.number, **why})
    return found


def _take_in(job: ContactImport, looked: _Looked, by: str) -> None:
    book, told = Book(job.account_id, [row.details.who for row in looked.good]), []
    for row in looked.good:
        is_new = book.find(row.details.who) is None
        known = book.take_in(row.details.who, ContactSource.IMPORT)
        changed = book.fill(known, row.details, replace=False)
        job.added += is_new
        job.changed += changed and not is_new
        job.same += not changed and not is_new
        for scope, wish, at in row.told:
            job.opted_out += wish == Wish.OUT
            job.opted_in += wish == Wish.IN
            told.append(Told(row.details.who, scope, wish, ConsentSource.IMPORT, at, noted_by=by))
    book.save()
    ledger.add(job.account_id, told)
    job.wrong += len(looked.wrong)
    if looked.wrong:
        session().execute(sa.insert(ContactImportWrong), looked.wrong)


def _end(job: ContactImport, person: Person | None) -> None:
    job.state, job.ended_at = ImportState.FINISHED, now()
    job.next_attempt_at = job.claimed_until = None
    if not job.wrong:
        SHELF.forget(job.id)
    counted = {"added": job.added, "changed": job.changed, "wrong": job.wrong}
    audit.record(person, job.account_id, "contact.imported", "", **counted)


def _let_go(seen: ContactImport) -> bool:
    """Leave the rest to whoever comes next; whether it was still ours."""
    with unit_of_work():
        freed = session().execute(
            sa.update(ContactImport)
            .where(col(ContactImport.id) == seen.id, col(ContactImport.state) == ImportState.RUNNING)
            .values(claimed_until=None)
            .execution_options(synchronize_session=False)
        )
        session().commit()
    return bool(freed.rowcount)  # type: ignore[attr-defined]
