"""What people call the columns of a file."""

from collections.abc import Mapping, Sequence

from portal.contacts.csv_reading import compared

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
_KNOWN = {name: kind for kind, names in COLUMNS.items() for name in names}


def places(columns: Sequence[str]) -> dict[str, str]:
    """The file's column for each thing that we know; the others are the account's own fields."""
    found: dict[str, str] = {}
    for column in columns:
        kind = _KNOWN.get(compared(column))
        if kind is not None:
            found.setdefault(kind, column)
    return found
