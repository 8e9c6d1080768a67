"""What pages are made of: every class, element and attribute that a template, a script or Python's HTML may write."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment, nodes

from portal.app import template_folders

PORTAL = Path(__file__).resolve().parents[3] / "portal"
STATIC = PORTAL / "static"

SET_BY_OTHERS = {
    "htmx-request": "htmx",
    "open": "the browser",
    "b": "markup.py, by a variable",
    **dict.fromkeys(("select", "textarea", "list"), "WTForms"),
}
"""Classes, attributes and elements that none of our files writes as they are."""
HOLE = "\ufffc"
"""Stands where a template puts a value in."""


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

    def fits(self, selector: str) -> bool:
        """Whether some page may have what a selector names."""
        return not self.missing(selector)

    def missing(self, selector: str) -> list[str]:
        """What a selector names and no page has."""
        bare = re.sub(r":nth-[\w-]+\([^)]*\)|:not\([^)]*\)|::?[\w-]+", "", selector)
        places = re.sub(r"\[[^\]]*\]", "", bare)
        names = {
            **{f".{name}": self.has_class(name) for name in re.findall(r"\.([\w-]+)", places)},
            **{f"#{name}": name in self.ids for name in re.findall(r"#([\w-]+)", places)},
            **{f"[{name}]": name in self.attributes for name in re.findall(r"\[([\w-]+)", bare)},
            **{name: name in self.elements for name in re.findall(r"(?<![\w.#-])[a-z][a-z0-9]*(?![\w-])", places)},
        }
        return [name for name, is_used in names.items() if not is_used and name.strip(".[]") not in SET_BY_OTHERS]

    def has_class(self, name: str) -> bool:
        """Whether some page may have an element of this class."""
        return name in self.classes or any(self._fits(name, parts) for parts in self.parts)

    def _fits(self, name: str, parts: list[str]) -> bool:
        found = re.fullmatch("(.+)".join(map(re.escape, parts)), name)
        return bool(found) and all(value in self.values for value in found.groups())
