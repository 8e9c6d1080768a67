"""Reading a CSV file as spreadsheets write them: with commas, semicolons or tabs, in any of their encodings."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from portal.contact import folded
from portal.db.engine import storable
from portal.errors import DomainError
from portal.i18n import _

_SEPARATORS = ";,\t"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
MOST_COLUMNS = 60


@dataclass(frozen=True)
class Row:
    """One line of a file: its number as a spreadsheet counts, and the cell of each column."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """A file that was read."""

    columns: Sequence[str]
    rows: Sequence[Row]


def read(body: bytes, most: int) -> Table:
    """The file as a table. Its first line names the columns; lines without anything are left out.

    Raises:
        DomainError: it is no table, or has more than `most` rows, at `file`.
    """
    lines = _lines(_decoded(body))
    columns = next(lines, (0, []))[1]
    names = [" ".join(name.split())[:100] for name in columns]
    if not any(names) or len(names) > MOST_COLUMNS:
        raise DomainError(
            _("The first row doesn't name the columns. Add a header row and save the sheet as CSV."), "file"
        )
    rows: list[Row] = []
    for number, cells in lines:
        if len(rows) == most:
            raise DomainError(
                _("This file has too many rows. Split it into files of up to %(most)d rows.", most=most), "file"
            )
        pairs = zip(names, cells, strict=False)
        rows.append(Row(number, {name: text for name, text in pairs if name and text}))
    return Table([name for name in names if name], rows)


def compared(column: str) -> str:
    """A column's name as names are compared."""
    return " ".join(folded(column).replace("_", " ").split())


def _decoded(body: bytes) -> str:
    if body.startswith(_UTF16):
        return body.decode("utf-16", "replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1254", "replace")


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each line that holds something, with its number."""
    first, _end, rest = text.partition("\n")
    skipped = 0
    if first.strip().casefold().startswith("sep=") and len(first.strip()) == 5:  # Excel's own hint
        separator, text, skipped = first.strip()[4], rest, 1
    else:
        separator = max(_SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for number, cells in enumerate(reader, start=1 + skipped):
            plain = [_plain(cell) for cell in cells]
            if any(plain):
                yield number, plain
    except csv.Error:
        raise DomainError(
            _("We couldn't read this file as CSV. Save the sheet as CSV and try again."), "file"
        ) from None


def _plain(cell: str) -> str:
    """A cell without the space around it and without the apostrophe that keeps spreadsheets from computing it."""
    text = storable(cell).strip()
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in "=+-@" else text
