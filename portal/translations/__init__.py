"""The portal's sentences in other languages: a file for each, and English where none has the sentence."""

import io
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from wtforms.i18n import messages_path

SOURCE = "en"
folders = [Path(__file__).parent]
"""Where the files lie, named by their language: `tr.po`."""


@cache
def languages() -> dict[str, str]:
    """Every language that there is, by its code, and what it calls itself."""
    codes = [SOURCE, *sorted(file.stem for folder in folders for file in folder.glob("*.po"))]
    return {code: _own_name(Locale.parse(code)) for code in codes}


@cache
def catalogue(language: str) -> NullTranslations:
    """The sentences of a language. Reading 2,000 of them takes a tenth of a second, once in a process."""
    for folder in folders:
        if (file := folder / f"{language}.po").is_file():
            compiled = io.BytesIO()
            with file.open("rb") as source:
                write_mo(compiled, read_po(source, locale=language))
            compiled.seek(0)
            return Translations(compiled)
    return NullTranslations()


@cache
def of_forms(language: str) -> NullTranslations:
    """WTForms' own sentences in a language. Flask-WTF would read their file for each request."""
    return Translations.load(messages_path(), [language], domain="wtforms")


def _own_name(locale: Locale) -> str:
    name = locale.get_display_name(locale) or str(locale)
    return name[:1].upper() + name[1:]
