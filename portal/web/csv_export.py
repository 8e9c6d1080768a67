"""CSV export whose cells no spreadsheet takes for a formula."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from flask import Flask, current_app
from flask_babel import force_locale, get_locale

Place = TypeVar("Place")
Part = tuple[Iterable[Sequence[object]], Place | None]
"""Some lines of a list, and the place where the next ones begin; none where these are the last."""

BYTE_ORDER_MARK = "\ufeff"
"""Excel takes UTF-8 for something else without it."""
_SIGN = "[=+\\-@\uff1d\uff0b\uff0d\uff20]"
"""What a formula begins with; some programs take the full-width ones for the same."""
_FORMULA = re.compile(rf"\s*{_SIGN}|[\t\r\n]")
_LATER_FORMULA = re.compile(rf"([;\t\r\n]\s*)(?={_SIGN})")
"""Where `;` parts the cells, as in Turkish or German, a program that reads on behind it begins a cell there."""
_PHONE_NUMBER = re.compile(r"\+[0-9]{7,15}")


def lines(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The list, a few lines at a time."""
    yield BYTE_ORDER_MARK
    batch: list[Sequence[object]] = [head]
    for row in rows:
        batch.append(row)
        if len(batch) == 100:
            yield written(batch)
            batch = []
    yield written(batch)


def in_parts(part: Callable[[Place | None], Part[Place]]) -> Iterator[str]:
    """A list of any size, made while it is sent, in the language of whoever asks for it now.

    Each part is read by itself: nothing stays open while the reader takes its time, or goes away.

    Args:
        part: reads the lines at a place; at none, the header and the first ones.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    locale = str(get_locale() or "en")

    def lines() -> Iterator[str]:
        yield BYTE_ORDER_MARK
        place, is_last = None, False
        while not is_last:
            with app.app_context(), force_locale(locale):
                rows, place = part(place)
                text = written(rows)
            yield text
            is_last = place is None

    return lines()


def written(rows: Iterable[Sequence[object]]) -> str:
    """Some lines of a list, each cell in quotes and harmless."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def harmless(cell: object) -> str:
    """A cell's text; what a spreadsheet would take for a formula gets an apostrophe in front.

    A phone number is none, though it begins with `+`.
    """
    text = "" if cell is None else str(cell)
    if _PHONE_NUMBER.fullmatch(text):
        return text
    text = _LATER_FORMULA.sub(r"\1'", text)
    return f"'{text}" if _FORMULA.match(text) else text
