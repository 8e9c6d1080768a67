"""Which column fills which field of a template, by their names: a guess that a person can change."""

import re
from collections.abc import Sequence

from portal.contacts.csv_reading import compared
from portal.contacts.importing.columns import COLUMNS, NUMBER
from portal.messages.template_list import Listed

_OF_NUMBERS = ("phone", "mobile", "whatsapp", "msisdn", "gsm", "telefon", "numara", "tel", "cep")
_WORDLESS = re.compile(r"\W*(?:value|deger|variable|degisken)?\W*[0-9]*\W*")
"""What tells nothing: `$1`, `{{1}}`, `Value 1`."""


def number_column(columns: Sequence[str]) -> int | None:
    """The column of the phone numbers."""
    names = [compared(column) for column in columns]
    exact = [names.index(name) for name in COLUMNS[NUMBER] if name in names]
    parts = [place for place, name in enumerate(names) if any(word in name for word in _OF_NUMBERS)]
    return min(exact) if exact else next(iter(parts), None)


def columns_for(listed: Listed, columns: Sequence[str], number: int | None) -> list[int | None]:
    """For each of a template's values the column with its name; one after the other where no name tells."""
    free = [place for place, name in enumerate(columns) if name and place != number]
    wanted = [compared(name or label) for name, label in zip(listed.names, listed.labels, strict=True)]
    if all(_WORDLESS.fullmatch(name) for name in wanted):
        return [free[place] if place < len(free) else None for place in range(len(wanted))]
    return [column_called(name, columns, free) for name in wanted]


def column_called(wanted: str, columns: Sequence[str], free: Sequence[int]) -> int | None:
    """The column with a name, or with the likest to it."""
    names = {place: compared(columns[place]) for place in free}
    same = [place for place, name in names.items() if name == wanted]
    alike = [place for place, name in names.items() if set(name.split()) & set(wanted.split())]
    known = next((words for words in COLUMNS.values() if wanted in words), ())
    synonyms = [place for place, name in names.items() if name in known]
    return next(iter([*same, *synonyms, *alike]), None)
