"""Two languages that nobody speaks: what is cut off, left in English or laid out for one direction shows in them.

Esperanto stands for a language with accents that takes half as much room again, Hebrew for one that is written from
right to left. Each sentence stands between brackets, its placeholders as they are.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from portal import translations
from tests.support.sources.messages import template

LONG, MIRRORED = "eo", "he"
OPEN, CLOSE = "\N{LEFT WHITE SQUARE BRACKET}", "\N{RIGHT WHITE SQUARE BRACKET}"
_PLACEHOLDER = re.compile(r"(%\(\w+\)[sd]|%%)")
_ACCENTED = str.maketrans("aceghijlnorstuyzACEGHIJLNORSTUYZ", "áĉéĝĥíĵĺñóŕŝţúýžÁĈÉĜĤÍĴĹÑÓŔŜŢÚÝŽ")


def pseudo(text: str, language: str) -> str:
    """A sentence as the language has it."""
    if language == MIRRORED:
        return f"{OPEN}\u200f{text}{CLOSE}"
    parts = _PLACEHOLDER.split(text)
    letters = "".join(parts[::2])
    accented = "".join(part if index % 2 else part.translate(_ACCENTED) for index, part in enumerate(parts))
    return f"{OPEN}{accented}{_padding(len(letters))}{CLOSE}"


def _padding(letters: int) -> str:
    """Half as many letters again, in words of a usual length; a label of one short word grows by as much."""
    words = "lorem ipsum dolor sit amet consetetur sadipscing elitr sed diam nonumy eirmod tempor invidunt"
    wanted = (letters + 1) // 2
    return " " + (words * (wanted // len(words) + 1))[:wanted].strip() if wanted > 1 else ""


def write(folder: Path, language: str) -> None:
    """Write the catalogue of a pseudo-language."""
    catalogue = Catalog(locale=language, charset="utf-8")
    for message in template():
        if not message.id:
            continue
        texts = [message.id] if isinstance(message.id, str) else list(message.id)
        forms = [pseudo(texts[min(index, len(texts) - 1)], language) for index in range(catalogue.num_plurals)]
        catalogue.add(
            message.id, forms[0] if isinstance(message.id, str) else tuple(forms), context=message.context
        )
    with (folder / f"{language}.po").open("wb") as file:
        write_po(file, catalogue)


@contextmanager
def spoken(folder: Path, *only: str) -> Iterator[None]:
    """The portal of this process speaks the pseudo-languages too."""
    for language in only or (LONG, MIRRORED):
        write(folder, language)
    translations.folders.append(folder)
    _forget()
    try:
        yield
    finally:
        translations.folders.remove(folder)
        _forget()


def _forget() -> None:
    translations.languages.cache_clear()
    translations.catalogue.cache_clear()
