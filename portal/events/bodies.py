"""Reading bodies that may be anything: laid out to look at, and as words to search by."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from portal.db.words import words_in

READ = 256 * 1024
"""Bytes of a body whose words are found; of a larger one its beginning."""
FOLDED = 48 * 1024
"""Characters of a body that a page shows; of a longer one its beginning."""
DEEPEST_INDENT = 30
"""Levels. A hostile body nests so deep that its indentation alone would fill the memory."""

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_JOINERS = "\u200c\u200d"  # invisible, and part of what they stand in: emoji, Persian


@dataclass(frozen=True)
class Shown:
    """A body as a page shows it.

    `kind`: "json" is laid out; "deep" is JSON too deeply nested for that; "text" is not JSON; "empty".
    """

    kind: Literal["json", "deep", "text", "empty"]
    text: str
    has_replacements: bool = False
    """Whether something that is no text stands there as U+FFFD."""
    is_cut: bool = False
    """Whether it is only the beginning."""


def show(body: bytes) -> Shown:
    """The body to look at. Every number and every key of JSON stays as it was sent, in its order."""
    if not body.strip():
        return Shown("empty", "")
    try:
        text = _json_text(body)
    except RecursionError:
        return _as_text("deep", _loosely(body))
    except ValueError:
        return _as_text("text", _loosely(body))
    shown, is_cut = _beginning(_laid_out(text))
    return Shown("json", shown, is_cut=is_cut)


def words_of(body: bytes) -> list[str]:
    """The words of a body, each once: those of its keys and values when it is JSON."""
    if (
        b"\\" not in body and b"\0" not in body
    ):  # nothing is escaped, and nothing in UTF-16: no need to take it apart
        return words_in(_loosely(body[:READ]))
    if len(body) > READ:
        return words_in(" ".join(map(_loose_value, _TOKEN.findall(_loosely(body[:READ])))))
    try:
        text = _json_text(body)
    except (ValueError, RecursionError):
        return words_in(_loosely(body))
    return words_in(" ".join(_value(token) for token in _TOKEN.findall(text)))


def _json_text(body: bytes) -> str:
    """The text of a JSON body.

    Raises:
        ValueError: it is not JSON, or no text at all.
        RecursionError: it is nested too deeply to know.
    """
    text = body.decode(json.detect_encoding(body))
    json.loads(text, parse_int=str, parse_float=str)
    return text


def _loosely(body: bytes) -> str:
    return body.decode(errors="replace")


def _beginning(parts: Iterable[str]) -> tuple[str, bool]:
    """As much of a text as a page shows, and whether there is more."""
    taken, length = [], 0
    for part in parts:
        taken.append(part)
        length += len(part)
        if length > FOLDED:
            return "".join(taken)[:FOLDED], True
    return "".join(taken), False


def _as_text(kind: Literal["deep", "text"], text: str) -> Shown:
    text, is_cut = _beginning([text])
    shown = "".join(char if _is_shown(char) or char in "\n\t" else "\ufffd" for char in text.replace("\r\n", "\n"))
    return Shown(kind, shown, has_replacements="\ufffd" in shown, is_cut=is_cut)


def _laid_out(text: str) -> Iterator[str]:
    depth, before = 0, ""
    for found in _TOKEN.finditer(text):
        token = found[0]
        if token in ("}", "]"):
            depth -= 1
            if before not in ("{", "["):
                yield _line(depth)
        elif before in ("{", "[", ","):
            yield _line(depth)
        yield ": " if token == ":" else _readable(token)
        if token in ("{", "["):
            depth += 1
        before = token


def _line(depth: int) -> str:
    return "\n" + "  " * min(depth, DEEPEST_INDENT)


def _readable(token: str) -> str:
    """A token with its escapes resolved, except those of characters that cannot be seen or that turn the line."""
    if not token.startswith('"'):
        return token
    plain = json.dumps(json.loads(token), ensure_ascii=False)
    return "".join(char if _is_shown(char) else json.dumps(char)[1:-1] for char in plain)


def _is_shown(char: str) -> bool:
    return char.isprintable() or char in _JOINERS


def _value(token: str) -> str:
    if not token.startswith('"'):
        return token
    return json.loads(token) if "\\" in token else token[1:-1]


def _loose_value(token: str) -> str:
    """The same of a text that may be no JSON at all."""
    try:
        return str(_value(token))
    except ValueError:
        return token
