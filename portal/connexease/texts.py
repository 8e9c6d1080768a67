"""Sentences for people: ours, marked for translation, and the vendor's, made safe to show."""

import re
from collections.abc import Iterable, Mapping

from pydantic import SecretStr

HIDDEN = "[hidden]"
SHORTEST_SECRET = 4  # hiding shorter values would eat ordinary words
TEXT_LIMIT = 300

# C0, C1, lone surrogates (no encoder takes them) and the marks that turn the reading direction around.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


VENDOR = {"vendor": "Connexease", "Vendor": "Connexease"}
_sources: dict[str, re.Pattern[str] | None] = {}
"""Every marked sentence, and what one looks like once its values stand in it."""


def gettext_noop(text: str) -> str:
    """Mark `text` as a source string: extraction finds it, whoever shows it translates it (`source_of`)."""
    parts = re.split(r"%\((\w+)\)s", text)
    names = [VENDOR.get(part) or f"(?P<{part}>.*)" for part in parts[1::2]]
    plain = [re.escape(part) for part in parts[::2]]
    pattern = "".join(part for pair in zip(plain, [*names, ""], strict=True) for part in pair)
    _sources[text] = re.compile(pattern, re.DOTALL) if names else None
    return text


def filled(text: str, values: Mapping[str, object]) -> str:
    """A marked sentence with its values, and with the vendor's name; anything else as it is."""
    return text % {**VENDOR, **values} if text in _sources and _sources[text] is not None else text


def source_of(sentence: str) -> tuple[str, dict[str, str]] | None:
    """The marked sentence that this one was made of, and the values in it; none when it is somebody else's."""
    if sentence in _sources:
        return sentence, {}
    matches = ((text, pattern.fullmatch(sentence)) for text, pattern in _sources.items() if pattern is not None)
    return next(((text, found.groupdict()) for text, found in matches if found), None)


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
