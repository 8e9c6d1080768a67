"""The portal's stylesheets hold nothing that no page uses, and nothing that depends on left and right."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from portal.app import template_folders

PORTAL = Path(__file__).resolve().parents[2] / "portal"
STATIC = PORTAL / "static"
SHEETS = ("tokens", "base", "components", "pages")

SET_BY_OTHERS = {"htmx-request": "htmx", "open": "the browser", "b": "markup.py, by a variable"}
"""Classes, attributes and elements that none of our files writes as they are."""
HOLE = "\ufffc"
"""Stands where a template puts a value in."""


# --- what pages are made of -------------------------------------------------------------------------


class Markup(HTMLParser):
    """The elements and attributes of pieces of HTML, the values of attributes in words."""

    def __init__(self) -> None:
        super().__init__()
        self.elements = {"html", "body"}
        self.attributes: dict[str, set[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).update((value or "").split())

    handle_startendtag = handle_starttag


def is_sentence(node: nodes.Node) -> bool:
    """Whether gettext is called: what it is given is for people to read."""
    return (
        isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in ("_", "ngettext")
    )


def texts_of_code(node: nodes.Node) -> Iterator[str]:
    """The texts in a template's code, sentences left out."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Const) and isinstance(child.value, str):
            yield child.value
        if not is_sentence(child):
            yield from texts_of_code(child)


def html_of(node: nodes.Node) -> Iterator[str]:
    """A template's own HTML, all branches one after the other, with holes for what is put in."""
    if isinstance(node, nodes.Output):
        for part in node.nodes:
            yield part.data if isinstance(part, nodes.TemplateData) else HOLE
    else:
        for child in node.iter_child_nodes():
            yield from html_of(child)


class Used:
    """Whatever a selector may name: of the templates, of the scripts, and of HTML that Python writes."""

    def __init__(self) -> None:
        markup, code, python, scripts = Markup(), [], [], []
        environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
        for file in sorted(file for folder in template_folders() for file in folder.rglob("*.html")):
            tree = environment.parse(file.read_text())
            markup.feed(re.sub(f"{HOLE}+", HOLE, "".join(html_of(tree))))
            code += texts_of_code(tree)
            markup.close()
        for file in PORTAL.rglob("*.py"):
            if "sandbox" not in file.parts:
                found = [
                    node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant)
                ]
                python += [text for text in found if isinstance(text, str)]
        for text in (*python, *code):
            markup.feed("".join(re.findall(r"<[a-z][^<>]*>", text)))
        for file in STATIC.rglob("*.js"):
            scripts += re.findall(r'"([^"\n]*)"', file.read_text())
        self.elements = markup.elements
        self.attributes = markup.attributes
        self.ids = markup.attributes["id"]
        self.words = {word for text in (*code, *scripts) for word in text.split()}
        # Where a value becomes a part of a class, any word may be it.
        values = self.words | {text for text in python if " " not in text}
        written = {name for name in markup.attributes["class"] if HOLE not in name}
        self.parts = [name.split(HOLE) for name in markup.attributes["class"] if HOLE in name and name != HOLE]
        self.values = values
        self.classes = written | self.words

    def has_class(self, name: str) -> bool:
        return name in self.classes or any(self._fits(name, parts) for parts in self.parts)

    def _fits(self, name: str, parts: list[str]) -> bool:
        found = re.fullmatch("(.+)".join(map(re.escape, parts)), name)
        return bool(found) and all(value in self.values for value in found.groups())


@pytest.fixture(scope="module")
def used() -> Used:
    return Used()


# --- what the sheets say ----------------------------------------------------------------------------


def read(sheet: str) -> str:
    """A sheet without comments, and without what stands in quotation marks."""
    text = re.sub(r"/\*.*?\*/", "", (STATIC / "css" / f"{sheet}.css").read_text(), flags=re.S)
    return re.sub(r'"[^"]*"', '""', text)


def selectors(sheet: str) -> list[str]:
    text = re.sub(r"@keyframes [^{]+\{([^{}]*\{[^{}]*\})*\s*\}|@media [^{]+\{", "", read(sheet))
    return [" ".join(found.split()) for found in re.findall(r"([^{};]+)\{", text)]


def declarations(sheet: str) -> list[tuple[str, str]]:
    return re.findall(r"([\w-]+):\s*([^;{}]+);", read(sheet))


EVERYTHING = "\n".join(map(read, SHEETS))
SELECTORS = [(sheet, selector) for sheet in SHEETS for selector in selectors(sheet)]
DECLARATIONS = [(sheet, *declaration) for sheet in SHEETS for declaration in declarations(sheet)]


def test_the_base_page_links_every_sheet_tokens_first() -> None:
    assert {file.stem for file in STATIC.rglob("*.css")} == set(SHEETS)
    page = (PORTAL / "web" / "templates" / "base.html").read_text()
    assert "{% for sheet in (" + ", ".join(f'"{sheet}"' for sheet in SHEETS) + ") %}" in page


def test_every_rule_is_used(used: Used) -> None:
    unused = set()
    for sheet, selector in SELECTORS:
        bare = re.sub(r":nth-[\w-]+\([^)]*\)|::?[\w-]+", "", selector)
        names = {
            **{f".{name}": used.has_class(name) for name in re.findall(r"\.([\w-]+)", bare)},
            **{f"#{name}": name in used.ids for name in re.findall(r"#([\w-]+)", bare)},
            **{f"[{name}]": name in used.attributes for name in re.findall(r"\[([\w-]+)", bare)},
            **{name: name in used.elements for name in re.findall(r"(?<![\w.#\[-])[a-z][a-z0-9]*(?![\w-])", bare)},
        }
        gone = {name for name, is_used in names.items() if not is_used and name.strip(".[]") not in SET_BY_OTHERS}
        unused |= {f"{sheet}.css: {selector}: {name}" for name in gone}
    assert len(SELECTORS) > 400
    assert sorted(unused) == []


def test_what_no_page_has_is_noticed(used: Used) -> None:
    assert used.has_class("chip-success")
    assert not used.has_class("chip-purple")
    assert not used.has_class("marquee")


def test_every_custom_property_is_used_and_defined() -> None:
    defined = {name for _, name, _ in DECLARATIONS if name.startswith("--") and not name.startswith("--bs-")}
    read_from = {name for name in re.findall(r"var\((--[\w-]+)", EVERYTHING) if not name.startswith("--bs-")}
    assert defined == read_from


def test_dark_changes_colours_and_adds_none() -> None:
    light, dark = (
        set(re.findall(r"(--[\w-]+):", part)) for part in read("tokens").split("prefers-color-scheme: dark")
    )
    assert dark < light


def test_every_animation_is_used() -> None:
    named = set(re.findall(r"@keyframes ([\w-]+)", EVERYTHING))
    assert named == {value.split()[0] for _, name, value in DECLARATIONS if name == "animation"} - {"none"}


# --- directions -------------------------------------------------------------------------------------

FOUR_SIDES = {"margin", "padding", "inset", "border-width", "border-style", "border-color", "scroll-padding"}


def is_physical(name: str, value: str) -> bool:
    """Whether a declaration names a side of the screen, where it should name a side of the text."""
    if name.startswith("--"):
        return False
    if re.search(r"(^|-)(top|right|bottom|left)(-|$)", name):
        return True
    if name in ("text-align", "float", "clear", "caption-side") and value in ("left", "right"):
        return True
    while "(" in value:  # what a function holds has spaces of its own
        value = re.sub(r"[\w-]*\([^()]*\)", "x", value)
    parts = value.replace("!important", "").split()
    if name == "border-radius":
        return len(parts) > 1
    return name in FOUR_SIDES and len(parts) == 4


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("margin-left", "0"),
        ("left", "0"),
        ("border-top-color", "red"),
        ("text-align", "right"),
        ("padding", "0 1rem 0 2rem"),
        ("inset", "0 max(1rem, calc((100% - 2rem) / 2)) auto auto"),
        ("border-radius", "1rem 0 0 1rem"),
    ],
)
def test_a_side_of_the_screen_is_noticed(name: str, value: str) -> None:
    assert is_physical(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("margin-inline-start", "0"),
        ("inset-inline-end", "max(1rem, calc((100% - 2rem) / 2))"),
        ("border-start-end-radius", "1rem"),
        ("text-align", "start"),
        ("padding", "0 1rem 2rem"),
        ("inset", "-3px"),
    ],
)
def test_a_side_of_the_text_is_fine(name: str, value: str) -> None:
    assert not is_physical(name, value)


def test_properties_are_logical() -> None:
    assert [declaration for declaration in DECLARATIONS if is_physical(*declaration[1:])] == []
