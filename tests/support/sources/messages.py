"""Every message of the portal, as gettext's tools find them in code and templates; `make translations` brings the
catalogues up to date with them.
"""

import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir, extract_python
from babel.messages.pofile import read_po, write_po

import portal
from portal.translations import folders

PACKAGE = Path(portal.__file__).parent
_CHANGING = re.compile(
    rb'(?m)^"(Project-Id|Report-Msgid|POT-Creation|PO-Revision|Last-Translator|Language-Team|Generated)[^"]*"\n'
)
"""Lines of a catalogue's head that tell nobody anything and would change with each run."""
KEYWORDS = {"_": None, "_l": None, "_n": (1, 2), "gettext": None, "ngettext": (1, 2), "gettext_noop": None}
OPTIONS = {"**/templates/**.*": {"trimmed": "true", "silent": "false"}}
_CALLED = re.compile(rb"\b(?:" + "|".join(KEYWORDS).encode() + rb")\s*\(")


def _of_code(file: IO[bytes], keywords: Any, tags: Any, options: Any) -> Iterator[Any]:
    """Only what calls gettext is taken apart, which takes long."""
    code = file.read()
    return extract_python(io.BytesIO(code), keywords, tags, options) if _CALLED.search(code) else iter(())


METHODS = [("sandbox/**", "ignore"), ("**.py", _of_code), ("**/templates/**.*", "jinja2")]


@cache
def template() -> Catalog:
    """All messages, without translations."""
    catalogue = Catalog(charset="utf-8")
    found = extract_from_dir(
        PACKAGE, METHODS, OPTIONS, KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
    )
    for file, _line, message, comments, context in sorted(found, key=lambda each: (each[0], each[1])):
        catalogue.add(message, None, [(f"portal/{file}", 0)], auto_comments=comments, context=context)
    return catalogue


def updated(file: Path) -> bytes:
    """A catalogue with every message that there is, and none that is gone; what is new waits for its translation."""
    with file.open("rb") as source:
        catalogue = read_po(source, locale=file.stem)
    catalogue.update(template(), no_fuzzy_matching=True)
    written = io.BytesIO()
    write_po(written, catalogue, width=115, ignore_obsolete=True, sort_by_file=True, include_lineno=False)
    return _CHANGING.sub(b"", written.getvalue())


def texts(message: Message) -> list[str]:
    """A message's translations: one, or one for each plural form."""
    return [message.string] if isinstance(message.string, str) else list(message.string)


def untranslated(catalogue: Catalog) -> list[Message]:
    """Messages without a translation, or without that of a plural form, and those whose translation is a guess."""
    return [each for each in catalogue if each.id and (each.fuzzy or not all(texts(each)))]


def main() -> None:
    for file in (file for folder in folders for file in sorted(folder.glob("*.po"))):
        file.write_bytes(updated(file))
        print(f"{file.name}: {len(untranslated(read_po(io.BytesIO(file.read_bytes()))))} messages to translate")


if __name__ == "__main__":
    main()
