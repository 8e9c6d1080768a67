"""Each room holds its own templates, names them by itself, and keeps none that nobody renders."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, meta

from portal.app import template_folders

PORTAL = Path(__file__).resolve().parents[3] / "portal"
FOLDERS = template_folders()
SHARED = {"base.html", "components", "errors"}
"""What `web` holds for every page."""
ENDINGS = (".html", ".txt")
MAILS = {f"mail/{file.name}" for file in PORTAL.glob("mail/templates/mail/[!_]*.txt")}
"""Rendered by the kind of the mail."""
ENVIRONMENT = Environment(loader=FileSystemLoader(FOLDERS), extensions=["jinja2.ext.i18n"], autoescape=True)


_TAG = re.compile(r"<(?:code|pre|kbd|samp)\b[^>]*>|<[a-z0-9]+\s[^<>]*class=\"[^\"]*\b(?:address|number)\b[^>]*>")
"""What holds technical names: triggers, keys, identifiers, addresses."""


def names_below(folder: Path) -> list[str]:
    return [file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()]


NAMES = sorted(name for folder in FOLDERS for name in names_below(folder))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_a_room_names_its_templates_by_itself(folder: Path) -> None:
    room = folder.parent.name
    assert {name.partition("/")[0] for name in names_below(folder)} == (SHARED if room == "web" else {room})


def named_by(template: str) -> set[str]:
    """The templates that this one extends, includes or imports."""
    source = ENVIRONMENT.loader.get_source(ENVIRONMENT, template)[0]  # type: ignore[union-attr]
    return {name for name in meta.find_referenced_templates(ENVIRONMENT.parse(source)) if name}


def texts_of(file: Path) -> Iterator[str]:
    code = file.read_text()
    for node in ast.walk(ast.parse(code)) if any(end in code for end in ENDINGS) else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(ENDINGS):
            yield node.value


def test_every_template_that_is_named_is_there_and_no_other() -> None:
    of_code = (text for file in PORTAL.rglob("*.py") if "sandbox" not in file.parts for text in texts_of(file))
    of_templates = {name for template in NAMES for name in named_by(template)}
    named = {text for text in of_code if "/" in text and " " not in text} | of_templates | MAILS
    texts = " ".join(file.read_text() for folder in FOLDERS for file in folder.rglob("*.html"))
    handed_on = {name for name in set(NAMES) - named if f'"{name}"' in texts or f"'{name}'" in texts}
    assert sorted(named | handed_on) == NAMES


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".html")])
def test_no_browser_translates_what_is_the_same_in_every_language(name: str) -> None:
    source = ENVIRONMENT.loader.get_source(ENVIRONMENT, name)[0]  # type: ignore[union-attr]
    assert [tag for tag in _TAG.findall(source) if 'translate="no"' not in tag] == []
