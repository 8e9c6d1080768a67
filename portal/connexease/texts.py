"""Sentences for people: ours, marked for translation, and the vendor's, made safe to show."""

import re
from collections.abc import Iterable

from pydantic import SecretStr

HIDDEN = "[hidden]"
SHORTEST_SECRET = 4  # hiding shorter values would eat ordinary words
TEXT_LIMIT = 300

# C0, C1, lone surrogates (no encoder takes them) and the marks that turn the reading direction around.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


def gettext_noop(text: str) -> str:
    """Mark `text` as a source string: extraction finds it, whoever shows it translates it."""
    return text


def hide(text: str, secrets: Iterable[SecretStr]) -> str:
    """Replace every secret that occurs in `text`; a server may repeat what it was sent."""
    values = (secret.get_secret_value() for secret in secrets)
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= SHORTEST_SECRET:
            text = text.replace(value, HIDDEN)
    return text


def tidy(text: str, secrets: Iterable[SecretStr] = (), limit: int = TEXT_LIMIT) -> str:
    """Make foreign text one bounded line without control characters or any of `secrets`."""
    secrets = tuple(secrets)
    visible = hide(_UNSAFE.sub(" ", hide(text, secrets)), secrets)
    line = " ".join(visible.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
