"""Each catalogue holds every sentence of the portal, whole and with its placeholders, and no other."""

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from portal import translations
from tests.support.sources import messages, pseudo
from tests.support.sources.messages import texts, untranslated

FILES = sorted(file for folder in translations.folders for file in folder.glob("*.po"))
each_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")


def read(file: Path | bytes) -> Catalog:
    return read_po(io.BytesIO(file if isinstance(file, bytes) else file.read_bytes()))


def sources(message: Message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id)


@each_file
def test_a_catalogue_is_up_to_date(file: Path) -> None:
    """After a change of sentences: `make translations`, then translate what is empty."""
    assert {(m.id, m.context) for m in read(file)} == {(m.id, m.context) for m in read(messages.updated(file))}


@each_file
def test_every_sentence_is_translated(file: Path) -> None:
    assert [each.id for each in untranslated(read(file))] == []


def test_a_plural_form_without_its_translation_counts_as_missing() -> None:
    catalogue = Catalog(locale="tr")
    catalogue.add(("%(num)d key", "%(num)d keys"), ("%(num)d anahtar", "%(num)d anahtar"))
    empty = catalogue.add(("%(num)d link", "%(num)d links"))
    half = catalogue.add(("%(num)d row", "%(num)d rows"), ("", "%(num)d satır"))
    assert untranslated(catalogue) == [empty, half]


@each_file
def test_placeholders_and_edges_are_those_of_the_source(file: Path) -> None:
    wrong = []
    for message in read(file):
        for index, text in enumerate(texts(message)) if message.id else ():
            source = sources(message)[min(index, len(sources(message)) - 1)]
            wanted, found = _placeholders(source), _placeholders(text)
            # The form for one may leave the number out, and so may a language that has one form for all.
            is_same = wanted - {"%(num)d"} == found - {"%(num)d"} and (
                found <= _placeholders(sources(message)[-1])
            )
            is_edged = (source != source.strip()) == (text != text.strip())
            if not is_same or not is_edged or re.search("<[a-z/]", text):
                wrong.append((source, text))
    assert wrong == []


def _placeholders(text: str) -> set[str]:
    """Those of a text; it does not matter how often each occurs, nor where a sentence begins with the vendor."""
    return {found.lower() for found in _PLACEHOLDER.findall(text)}


@pytest.mark.parametrize("language", [pseudo.LONG, pseudo.MIRRORED])
def test_a_pseudo_language_keeps_what_is_put_in(language: str) -> None:
    assert "%(name)s" in pseudo.pseudo("Hello %(name)s, 100%% sure", language)


def test_every_language_names_itself() -> None:
    assert translations.languages()["en"] == "English"
