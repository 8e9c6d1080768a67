"""The rows of a file that were not taken in: some of them on a page, all of them as a file to be corrected."""

from collections.abc import Iterator, Sequence
from itertools import islice
from uuid import UUID

from flask import Flask, current_app
from flask_babel import force_locale, get_locale
from sqlmodel import col, select

from portal import audit
from portal.contacts.csv_reading import Line
from portal.contacts.importing.batches import SHELF
from portal.contacts.importing.rows import WORDS
from portal.extensions import session
from portal.i18n import _
from portal.models import Account, ContactImport, ContactImportWrong, Person
from portal.web import csv_export

AT_ONCE = 500
SHOWN = 100


def word(problem: str) -> str:
    """Why a row is wrong, in a sentence."""
    return str(WORDS.get(problem, problem))


def first(job: ContactImport) -> Sequence[ContactImportWrong]:
    """The first of them."""
    return _after(job, 0, SHOWN)


def export(person: Person, account: Account, job: ContactImport) -> Iterator[str]:
    """All of them with their own cells; that somebody took them away is in the history."""
    audit.record_at_once(person, account, "contact.rows_exported")
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return _lines(app, str(get_locale() or "en"), job.id)


def _lines(app: Flask, locale: str, import_id: UUID) -> Iterator[str]:
    """Each part is read by itself: nothing stays open while the reader takes its time, or goes away."""
    yield csv_export.BYTE_ORDER_MARK
    place, number, is_first = 0, 0, True
    while is_first or place:
        with app.app_context(), force_locale(locale):
            job = session().get_one(ContactImport, import_id)
            rows: list[list[object]] = [[*job.columns, _("Row"), _("Column"), _("Reason")]] if is_first else []
            lines = list(islice(SHELF.lines(job.id, job.encoding, job.separator, place, number), AT_ONCE))
            wrong = {row.number: row for row in _after(job, number, AT_ONCE)} if lines else {}
            rows += [_cells(job, line, wrong[line.number]) for line in lines if line.number in wrong]
            place, number = (lines[-1].end, lines[-1].number) if lines else (0, 0)
            is_first = False
        yield csv_export.written(rows)


def _after(job: ContactImport, number: int, most: int) -> Sequence[ContactImportWrong]:
    query = select(ContactImportWrong).where(
        ContactImportWrong.import_id == job.id, col(ContactImportWrong.number) > number
    )
    return session().exec(query.order_by(col(ContactImportWrong.number)).limit(most)).all()


def _cells(job: ContactImport, line: Line, row: ContactImportWrong) -> list[object]:
    width = len(job.columns)
    return [*[*line.cells, *[""] * width][:width], row.number, row.column, word(row.problem)]
