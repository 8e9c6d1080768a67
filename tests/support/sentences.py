"""Every sentence of the portal that people read, as its translators get it."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.messages.extract import extract_from_dir

PORTAL = Path(__file__).parents[2] / "portal"
METHODS = [
    ("sandbox/**", "ignore"),
    ("**.py", "python"),
    ("**.html", "jinja2"),
    ("**.txt", "jinja2"),
    ("**.jinja", "jinja2"),
]
KEYWORDS = {"_": None, "_l": None, "_n": (1, 2), "gettext": None, "gettext_noop": None, "ngettext": (1, 2)}
OPTIONS = {"**.html": {"silent": "false"}, "**.txt": {"silent": "false"}}


@dataclass(frozen=True)
class Sentence:
    """One message, or one of its plural forms. `file` is relative to the folder of the portal."""

    file: str
    line: int
    text: str


@cache
def sentences() -> tuple[Sentence, ...]:
    """All of them but the sandbox's, which no customer reads."""
    found = extract_from_dir(PORTAL, METHODS, OPTIONS, keywords=KEYWORDS)
    return tuple(
        Sentence(file, line, text)
        for file, line, message, _comments, _context in found
        for text in ((message,) if isinstance(message, str) else message)
    )
