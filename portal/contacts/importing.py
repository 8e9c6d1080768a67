"""Contacts from a CSV file: each good row is taken in, and each wrong one is told with its reason.

A file can opt people out at once. It opts somebody in only with a date, which counts in the ledger like any other:
an old list brings back nobody who has opted out since.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from portal import audit
from portal.contact import folded
from portal.contacts import csv_reading, ledger
from portal.contacts.book import MOST_FIELDS, Book, Details
from portal.contacts.csv_reading import Row, Table, compared
from portal.contacts.ledger import Told
from portal.contacts.people import read
from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.models import Account, ConsentSource, ContactSource, Person, Scope, Wish, now

MOST_ROWS = 5000
AT_ONCE = 250
MOST_SHOWN = 100
NUMBER, USER, NAME, LANGUAGE, TAGS, OUT, IN_SINCE = "number", "user", "name", "language", "tags", "out", "in"
COLUMNS: Mapping[str, Sequence[str]] = {
    NUMBER: (
        *("number", "phone", "phone number", "mobile", "whatsapp", "whatsapp number", "gsm", "tel", "wa id"),
        *("numara", "telefon", "telefon numarasi", "cep", "cep telefonu"),
    ),
    USER: ("user id", "whatsapp user id", "kullanici kimligi"),
    NAME: ("name", "full name", "ad", "isim", "ad soyad"),
    LANGUAGE: ("language", "dil"),
    TAGS: ("tags", "tag", "etiketler", "etiket"),
    OUT: ("opted out", "opt out", "izin yok"),
    IN_SINCE: ("opted in since", "izin tarihi"),
}
"""What people call the columns that we know, as `compared` has it."""
_NO = ("", "no", "n", "0", "false", "hayir", "-")
_MARKETING = ("marketing", "yes", "y", "1", "true", "x", "evet", "pazarlama")
_EVERYTHING = ("everything", "all", "hepsi", "tumu")
_DATES = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y", "%d.%m.%Y %H:%M", "%d/%m/%Y")


@dataclass(frozen=True)
class Wrong:
    """A row that was not taken in."""

    row: int
    column: str
    why: str


@dataclass
class Result:
    """What became of a file."""

    added: int = 0
    changed: int = 0
    same: int = 0
    opted_out: int = 0
    opted_in: int = 0
    wrong: list[Wrong] = field(default_factory=list)

    @property
    def wrong_shown(self) -> list[Wrong]:
        return self.wrong[:MOST_SHOWN]


@dataclass(frozen=True)
class _Good:
    details: Details
    told: tuple[tuple[Scope, Wish, datetime | None], ...]


class _WrongCellError(Exception):
    def __init__(self, column: str, why: str) -> None:
        super().__init__(why)
        self.column, self.why = column, why


def take(person: Person, account: Account, body: bytes, tag: str = "") -> Result:
    """Take in a file. Once more, it changes nothing.

    Args:
        tag: one that everybody in the file gets.

    Raises:
        DomainError: nothing of it can be read, at `file`.
    """
    table = csv_reading.read(body, MOST_ROWS)
    places = _places(table)
    result = Result()
    good = [each for row in table.rows if (each := _read(row, places, account, tag, result))]
    with unit_of_work():
        for start in range(0, len(good), AT_ONCE):
            ledger.lock(account.id)
            _write(person, account, good[start : start + AT_ONCE], result)
            session().commit()
        counted = {"added": result.added, "changed": result.changed, "wrong": len(result.wrong)}
        audit.record(person, account, "contact.imported", "", **counted)
        session().commit()
    return result


def _places(table: Table) -> dict[str, str]:
    """The file's column for each thing that we know; the others are the account's own fields.

    Raises:
        DomainError: nothing names a person.
    """
    known = {name: kind for kind, names in COLUMNS.items() for name in names}
    found: dict[str, str] = {}
    for column in table.columns:
        kind = known.get(compared(column))
        if kind is not None:
            found.setdefault(kind, column)
    if NUMBER not in found and USER not in found:
        raise DomainError(_("No column holds phone numbers. Name one “Phone number” in the first row."), "file")
    return found


def _read(row: Row, places: dict[str, str], account: Account, tag: str, result: Result) -> _Good | None:
    try:
        return _Good(_details(row, places, account, tag), _told(row, places, account.time_zone))
    except _WrongCellError as wrong:
        result.wrong.append(Wrong(row.number, wrong.column, wrong.why))
        return None


def _details(row: Row, places: dict[str, str], account: Account, tag: str) -> Details:
    cells = {kind: row.cells.get(column, "") for kind, column in places.items()}
    typed, number = cells.get(NUMBER, ""), ""
    if typed:
        try:
            number = read(typed, account.time_zone, "number")
        except DomainError as error:
            raise _WrongCellError(places[NUMBER], error.message) from None
    user_id = cells.get(USER, "")[:160]
    if not (number or user_id):
        raise _WrongCellError(places.get(NUMBER) or places[USER], _("This row has no phone number."))
    tags = [*cells.get(TAGS, "").replace(";", ",").split(","), tag]
    own = {name[:40]: text[:500] for name, text in row.cells.items() if name not in places.values()}
    return Details(
        number,
        user_id,
        cells.get(NAME, "")[:100],
        cells.get(LANGUAGE, "")[:16],
        tuple(short for each in tags if (short := each.strip()[:40])),
        dict(list(own.items())[:MOST_FIELDS]),
    )


def _told(row: Row, places: dict[str, str], zone: str) -> tuple[tuple[Scope, Wish, datetime | None], ...]:
    told: list[tuple[Scope, Wish, datetime | None]] = []
    if since := row.cells.get(places.get(IN_SINCE, ""), ""):
        told.append((Scope.MARKETING, Wish.IN, _date(since, zone, places[IN_SINCE])))
    out = folded(row.cells.get(places.get(OUT, ""), ""))
    if out in _MARKETING:
        told.append((Scope.MARKETING, Wish.OUT, None))
    elif out in _EVERYTHING:
        told.append((Scope.EVERYTHING, Wish.OUT, None))
    elif out not in _NO:
        raise _WrongCellError(places[OUT], _("Enter “marketing”, “everything” or nothing."))
    return tuple(told)


def _date(text: str, zone: str, column: str) -> datetime:
    for form in _DATES:
        try:
            at = datetime.strptime(text, form).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        if datetime(2000, 1, 1, tzinfo=UTC) <= at <= now():
            return at
    raise _WrongCellError(column, _("Enter a past date, for example 2026-03-31."))


def _write(person: Person, account: Account, rows: Sequence[_Good], result: Result) -> None:
    book = Book(account.id, [row.details.who for row in rows])
    told = []
    for row in rows:
        is_new = book.find(row.details.who) is None
        known = book.take_in(row.details.who, ContactSource.IMPORT)
        changed = book.fill(known, row.details, replace=False)
        result.added += is_new
        result.changed += changed and not is_new
        result.same += not changed and not is_new
        for scope, wish, at in row.told:
            result.opted_out += wish == Wish.OUT
            result.opted_in += wish == Wish.IN
            told.append(Told(row.details.who, scope, wish, ConsentSource.IMPORT, at, noted_by=person.email))
    book.save()
    ledger.add(account.id, told)
