"""One row of a file: what it says of a person, or why it is wrong.

A row can opt somebody out at once. It opts somebody in only with a date, which counts in the ledger like any
other: an old list brings back nobody who has opted out since.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from portal.contact import folded
from portal.contacts.book import MOST_FIELDS, Details
from portal.contacts.importing.columns import IN_SINCE, LANGUAGE, NAME, NUMBER, OUT, TAGS, USER
from portal.contacts.people import read
from portal.errors import DomainError
from portal.i18n import _l
from portal.models import Scope, Wish, now

NO_NUMBER, NOBODY, UNCLEAR, NO_DATE, MORE_CELLS = "no_number", "nobody", "unclear", "no_date", "more_cells"
WORDS = {
    NO_NUMBER: _l("Enter a phone number with its country code, for example +90 532 123 45 67."),
    NOBODY: _l("This row has no phone number."),
    UNCLEAR: _l("Enter “marketing”, “everything” or nothing."),
    NO_DATE: _l("Enter a past date, for example 2026-03-31."),
    MORE_CELLS: _l(
        "This row has more cells than the first row has names. Put quotation marks around cells with separators."
    ),
}
"""Why a row is wrong."""
_NO = ("", "no", "n", "0", "false", "hayir", "-")
_MARKETING = ("marketing", "yes", "y", "1", "true", "x", "evet", "pazarlama")
_EVERYTHING = ("everything", "all", "hepsi", "tumu")
_DATES = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y", "%d.%m.%Y %H:%M", "%d/%m/%Y")


@dataclass(frozen=True)
class Good:
    """What a row says of somebody."""

    details: Details
    told: tuple[tuple[Scope, Wish, datetime | None], ...]


class WrongCellError(Exception):
    """Why a row is not taken in: a key of `WORDS`."""

    def __init__(self, column: str, problem: str) -> None:
        super().__init__(problem)
        self.column, self.problem = column, problem


def look(cells: Mapping[str, str], places: Mapping[str, str], zone: str, tag: str) -> Good:
    """What a row says.

    Args:
        cells: by the name of their column.
        places: the column of each thing that we know.
        tag: one that everybody in the file gets.

    Raises:
        WrongCellError: it is wrong.
    """
    return Good(_details(cells, places, zone, tag), _told(cells, places, zone))


def _details(cells: Mapping[str, str], places: Mapping[str, str], zone: str, tag: str) -> Details:
    known = {kind: cells.get(column, "") for kind, column in places.items()}
    typed, number = known.get(NUMBER, ""), ""
    if typed:
        try:
            number = read(typed, zone, "number")
        except DomainError:
            raise WrongCellError(places[NUMBER], NO_NUMBER) from None
    user_id = known.get(USER, "")[:160]
    if not (number or user_id):
        raise WrongCellError(places.get(NUMBER) or places[USER], NOBODY)
    tags = [*known.get(TAGS, "").replace(";", ",").split(","), tag]
    own = {name[:40]: text[:500] for name, text in cells.items() if name not in places.values()}
    return Details(
        number,
        user_id,
        known.get(NAME, "")[:100],
        known.get(LANGUAGE, "")[:16],
        tuple(short for each in tags if (short := each.strip()[:40])),
        dict(list(own.items())[:MOST_FIELDS]),
    )


def _told(
    cells: Mapping[str, str], places: Mapping[str, str], zone: str
) -> tuple[tuple[Scope, Wish, datetime | None], ...]:
    told: list[tuple[Scope, Wish, datetime | None]] = []
    if since := cells.get(places.get(IN_SINCE, ""), ""):
        told.append((Scope.MARKETING, Wish.IN, _date(since, zone, places[IN_SINCE])))
    out = folded(cells.get(places.get(OUT, ""), ""))
    if out in _MARKETING:
        told.append((Scope.MARKETING, Wish.OUT, None))
    elif out in _EVERYTHING:
        told.append((Scope.EVERYTHING, Wish.OUT, None))
    elif out not in _NO:
        raise WrongCellError(places[OUT], UNCLEAR)
    return tuple(told)


def _date(text: str, zone: str, column: str) -> datetime:
    for form in _DATES:
        try:
            at = datetime.strptime(text, form).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        if datetime(2000, 1, 1, tzinfo=UTC) <= at <= now():
            return at
    raise WrongCellError(column, NO_DATE)
