"""Reading a CSV file as spreadsheets write them, line by line and from any line on, however long it is.

With commas, semicolons or tabs; in UTF-8 with or without its mark, in UTF-16 and in Windows-1254; with what Excel
adds: `sep=;` above the header, `="0532…"`, an apostrophe before a number, empty columns and lines at the end.
"""

import codecs
import csv
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass

from portal.contact import folded
from portal.db.engine import storable
from portal.errors import DomainError
from portal.i18n import _

MOST_COLUMNS = 100
LONGEST_LINE = 1_000_000
"""Characters between two line breaks: more is no table."""
_SEPARATORS = ";,\t"
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""What an Excel or OpenDocument file begins with."""
_END = re.compile(r"\r\n|\n|\r")
_QUOTED = re.compile(r'"[^"]*"')
_LAST = "\ufdd0"
"""A line behind the last: where it does not come out as a line of its own, a quotation mark was never closed."""


@dataclass(frozen=True)
class Line:
    """One line of a table."""

    number: int
    """As a spreadsheet counts."""
    end: int
    """Bytes of the file up to the next one."""
    cells: list[str]
    """Without the empty ones at the end."""


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
    encoding = encoding_of([body])
    table = lines([body], encoding, separator_of(body, encoding))
    names = header(next(table, None))
    rows: list[Row] = []
    for line in table:
        if len(rows) == most:
            raise DomainError(
                _("This file has too many rows. Split it into files of up to %(most)d rows.", most=most), "file"
            )
        pairs = zip(names, line.cells, strict=False)
        rows.append(Row(line.number, {name: text for name, text in pairs if name and text}))
    return Table([name for name in names if name], rows)


def compared(column: str) -> str:
    """A column's name as names are compared."""
    return " ".join(folded(column).replace("_", " ").split())


def header(line: Line | None) -> list[str]:
    """What the first line calls the columns; one without a name is empty.

    Raises:
        DomainError: it names none, or too many, at `file`.
    """
    names = [" ".join(name.split())[:100] for name in (line.cells if line else [])]
    if not any(names) or len(names) > MOST_COLUMNS:
        raise DomainError(
            _("The first row doesn't name the columns. Add a header row and save the sheet as CSV."), "file"
        )
    return names


# --- how it is written -------------------------------------------------------------------------------


def encoding_of(pieces: Iterable[bytes]) -> str:
    """In which encoding a file is written. What is neither UTF-16 nor all of it UTF-8 is of Windows.

    Raises:
        DomainError: it is a workbook, at `file`.
    """
    decoder, is_first = codecs.getincrementaldecoder("utf-8")(), True
    try:
        for piece in pieces:
            if is_first and (encoding := _utf16(piece)):
                return encoding
            decoder.decode(piece)
            is_first = False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1254"
    return "utf-8"


def _utf16(piece: bytes) -> str:
    if piece.startswith(_WORKBOOKS):
        raise DomainError(_("This is a workbook, not a CSV file. Open it and save the sheet as CSV."), "file")
    marked = next((name for mark, name in _MARKS[1:] if piece.startswith(mark)), "")
    some = piece[:2000]
    low, high = some[0::2].count(0), some[1::2].count(0)
    if marked or max(low, high) * 4 < len(some):
        return marked
    return "utf-16-le" if high > low else "utf-16-be"


def separator_of(piece: bytes, encoding: str) -> str:
    """What parts the cells, as the first line of a file shows it."""
    text = _END.split(_QUOTED.sub("", piece.decode(encoding, "ignore").lstrip("\ufeff")), 1)[0].strip(" ")
    if text[:4].casefold() == "sep=" and len(text) == 5:  # Excel's own hint
        return text[4]
    return max(_SEPARATORS, key=text.count)


# --- its lines ---------------------------------------------------------------------------------------


def lines(
    pieces: Iterable[bytes], encoding: str, separator: str, offset: int = 0, number: int = 0
) -> Iterator[Line]:
    """Each line that holds something.

    Args:
        pieces: the file from `offset` on.
        offset: 0, or the end of a line that was read.
        number: of that line.

    Raises:
        DomainError: it cannot be read as a table, at `file`.
    """
    text = _Text(pieces, encoding, offset)
    reader = csv.reader(text, delimiter=separator)
    try:
        for cells in reader:
            if cells == [_LAST]:
                return
            plain = _trimmed([_plain(cell) for cell in cells])
            if plain and _LAST in plain[-1]:
                raise csv.Error
            number += 1
            if plain and not (number == 1 and _is_hint(cells)):
                yield Line(number, text.end, plain)
    except csv.Error:
        raise DomainError(
            _("We couldn't read row %(row)d. It's too long, or a quotation mark isn't closed.", row=number + 1),
            "file",
        ) from None


class _Text:
    """The lines of a file as text, and how many bytes of it were read."""

    def __init__(self, pieces: Iterable[bytes], encoding: str, offset: int) -> None:
        self._pieces, self._encoding, self.end = pieces, encoding, offset

    def __iter__(self) -> Iterator[str]:
        text, decoder = "", codecs.getincrementaldecoder(self._encoding)("replace")
        is_first = self.end == 0
        for piece in self._pieces:
            body = self._unmarked(piece) if is_first else piece
            text, is_first = (yield from self._whole_lines(text + decoder.decode(body))), False
        text += decoder.decode(b"", final=True)
        text = yield from self._whole_lines(f"{text}\n" if text.endswith("\r") else text)
        if text:
            self.end += _size(text, self._encoding)
            yield f"{text}\n"
        yield _LAST

    def _unmarked(self, piece: bytes) -> bytes:
        mark = next((mark for mark, name in _MARKS if name == self._encoding and piece.startswith(mark)), b"")
        self.end += len(mark)
        return piece[len(mark) :]

    def _whole_lines(self, text: str) -> Generator[str, None, str]:
        """Each line that ends in the text; what remains is returned."""
        place = 0
        for found in _END.finditer(text):
            if found.end() == len(text) and found[0] == "\r":  # the first half of an end, as far as anybody knows
                break
            self.end += _size(text[place : found.end()], self._encoding)
            yield text[place : found.end()]
            place = found.end()
        if len(text) - place > LONGEST_LINE:
            raise csv.Error
        return text[place:]


def _size(text: str, encoding: str) -> int:
    """Bytes that a text was decoded from."""
    if encoding == "utf-8":
        return len(text) if text.isascii() else len(text.encode())
    return len(text) if encoding == "cp1254" else len(text.encode("utf-16-le", "surrogatepass"))


def _is_hint(cells: Sequence[str]) -> bool:
    return cells[0].casefold() == "sep=" and not any(cells[1:])


def _trimmed(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _plain(cell: str) -> str:
    """A cell without the space around it and without what keeps spreadsheets from computing it."""
    text = storable(cell).strip()
    if len(text) > 3 and text[:2] == '="' and text[-1] == '"':
        return text[2:-1].replace('""', '"').strip()
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in "=+-@" else text
