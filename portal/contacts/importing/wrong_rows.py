"""The rows of a file that were not taken in: some of them on a page, all of them as a file to be corrected."""

from collections.abc import Iterator, Sequence
from itertools import islice

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
    import_id = job.id

    def part(place: tuple[int, int] | None) -> csv_export.Part[tuple[int, int]]:
        job, (offset, number) = session().get_one(ContactImport, import_id), place or (0, 0)
        rows: list[list[object]] = [] if place else [[*job.columns, _("Row"), _("Column"), _("Reason")]]
        lines = list(islice(SHELF.lines(job.id, job.encoding, job.separator, offset, number), AT_ONCE))
        wrong = {row.number: row for row in _after(job, number, AT_ONCE)} if lines else {}
        rows += [_cells(job, line, wrong[line.number]) for line in lines if line.number in wrong]
        return rows, (lines[-1].end, lines[-1].number) if lines else None

    return csv_export.in_parts(part)


def _after(job: ContactImport, number: int, most: int) -> Sequence[ContactImportWrong]:
    query = select(ContactImportWrong).where(
        ContactImportWrong.import_id == job.id, col(ContactImportWrong.number) > number
    )
    return session().exec(query.order_by(col(ContactImportWrong.number)).limit(most)).all()


def _cells(job: ContactImport, line: Line, row: ContactImportWrong) -> list[object]:
    width = len(job.columns)
    return [*[*line.cells, *[""] * width][:width], row.number, row.column, word(row.problem)]
