"""Fields of JSON that may be anything: what is not of the expected kind is read as empty."""

from typing import Any

from portal.db.engine import storable


def dict_of(value: Any, name: str) -> dict[str, Any]:
    """The object at this name."""
    inner = value.get(name) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def list_of(value: Any, name: str) -> list[Any]:
    """The list at this name."""
    inner = value.get(name) if isinstance(value, dict) else None
    return inner if isinstance(inner, list) else []


def text_of(value: Any, name: str, limit: int) -> str:
    """The text or whole number at this name, as text that a database takes."""
    inner = value.get(name) if isinstance(value, dict) else None
    if isinstance(inner, bool) or not isinstance(inner, str | int):
        return ""
    return storable(str(inner), limit).strip()


def line_of(value: Any, name: str, limit: int) -> str:
    """The same in one line to look at: what cannot be seen is left out, and what is too long is cut."""
    return one_line(text_of(value, name, 4 * limit), limit)


def one_line(text: str, limit: int) -> str:
    """Text in one line, cut with an ellipsis where it is too long."""
    shown = text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)
    words = " ".join(shown.split())
    return words if len(words) <= limit else f"{words[: limit - 1].rstrip()}…"
