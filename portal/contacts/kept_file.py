"""A CSV file that somebody brought: looked at while it comes, kept in pieces, and read from any row on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel

from portal.contacts import csv_reading
from portal.contacts.csv_reading import Line
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _

MOST_ROWS = 100_000
MB = 1_000_000
MOST_BYTES = 30 * MB
LARGEST = 2 * MOST_BYTES
"""What is above the limit is refused at its field, as far as that goes."""
PART = 256 * 1024
_DIGITS_OF_A_NUMBER = 9


@dataclass(frozen=True)
class Seen:
    """What a look at a file brought."""

    size: int
    encoding: str
    separator: str
    columns: list[str]
    rows: int


def look(file: BinaryIO) -> Seen:
    """Read a file once through, without keeping any of it.

    Raises:
        DomainError: it is no table of people, at `file`.
    """
    size = sum(map(len, _pieces(file)))
    if size == 0:
        raise DomainError(_("Choose a CSV file."), "file")
    if size > MOST_BYTES:
        raise DomainError(
            _("This file is too large. Choose one of up to %(most)d MB.", most=MOST_BYTES // MB), "file"
        )
    encoding = csv_reading.encoding_of(_pieces(file))
    separator = csv_reading.separator_of(next(_pieces(file)), encoding)
    lines = csv_reading.lines(_pieces(file), encoding, separator)
    columns = csv_reading.header(next(lines, None))
    if any(_is_number(name) for name in columns):
        raise DomainError(
            _("The first row holds a phone number. Add a row above it that names the columns, then try again."),
            "file",
        )
    return Seen(size, encoding, separator, columns, _counted(lines))


@dataclass(frozen=True)
class Shelf:
    """Where files are kept: a table of pieces, and its column that says what a file belongs to."""

    model: type[SQLModel]
    owner: str

    def keep(self, owner_id: UUID, file: BinaryIO) -> None:
        """Keep a file, in place of another one. The caller commits."""
        self.forget(owner_id)
        for number, body in enumerate(_pieces(file)):
            session().execute(sa.insert(self._table), {self.owner: owner_id, "number": number, "body": body})

    def forget(self, owner_id: UUID) -> None:
        """Take a file away. The caller commits."""
        session().execute(sa.delete(self._table).where(self._table.c[self.owner] == owner_id))

    def has(self, owner_id: UUID) -> bool:
        """Whether a file is there."""
        return self._piece(owner_id, 0) is not None

    def lines(
        self, owner_id: UUID, encoding: str, separator: str, offset: int = 0, number: int = 0
    ) -> Iterator[Line]:
        """The rows of a file, without the one that names the columns.

        Args:
            offset: 0, or the end of a row that was read.
            number: of that row.
        """
        found = csv_reading.lines(self._kept(owner_id, offset), encoding, separator, offset, number)
        if offset == 0:
            next(found, None)
        return found

    def _kept(self, owner_id: UUID, offset: int) -> Iterator[bytes]:
        """The file from a place on, one piece in memory at a time."""
        number, skipped = divmod(offset, PART)
        while (body := self._piece(owner_id, number)) is not None:
            yield body[skipped:]
            number, skipped = number + 1, 0

    def _piece(self, owner_id: UUID, number: int) -> bytes | None:
        query = sa.select(self._table.c.body).where(
            self._table.c[self.owner] == owner_id, self._table.c.number == number
        )
        found: Any = session().execute(query).scalar_one_or_none()
        return None if found is None else bytes(found)

    @property
    def _table(self) -> sa.Table:
        return SQLModel.metadata.tables[str(self.model.__tablename__)]


def _counted(lines: Iterator[Line]) -> int:
    rows = 0
    for rows, _line in enumerate(lines, start=1):
        if rows > MOST_ROWS:
            raise DomainError(
                _("This file has too many rows. Split it into files of up to %(most)d rows.", most=MOST_ROWS),
                "file",
            )
    if rows == 0:
        raise DomainError(_("This file has no rows below its header. Add one row for each person."), "file")
    return rows


def _is_number(name: str) -> bool:
    digits = sum(character.isdigit() for character in name)
    return digits >= _DIGITS_OF_A_NUMBER and not any(character.isalpha() for character in name)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(PART):
        yield piece
