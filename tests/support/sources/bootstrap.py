"""Bootstrap cut to what our pages use: `make styles` writes it, and a test says when that is due.

The whole is 232 KB, of which a visitor's browser would read one seventh for nothing else than to leave it out.
"""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import tinycss2

from tests.support.sources.markup import PORTAL, STATIC, Used

SHEET = STATIC / "css" / "bootstrap.css"
HEAD = "/* Bootstrap 5 (MIT), cut to what our pages use. Not to be changed by hand: `make styles` writes it. */\n"

Rule = tuple[str, list[str]]
"""A selector, or the head of an at-rule, and what stands in its braces."""


def cut(used: Used) -> str:
    """The sheet as it has to be now."""
    whole = (files("flask_bootstrap") / "static/bootstrap5/css/bootstrap.min.css").read_text()
    rules = list(_kept(tinycss2.parse_stylesheet(whole, skip_comments=True, skip_whitespace=True), used))
    others = "".join(file.read_text() for file in [*_own_sheets(), *PORTAL.rglob("*.html")])
    while True:
        text = HEAD + "".join(f"{head}{{{';'.join(parts)}}}\n" for head, parts in rules if parts)
        read_from = set(re.findall(r"var\((--[\w-]+)", text + others))
        lean = [(head, [part for part in parts if _is_read(part, read_from)]) for head, parts in rules]
        if lean == rules:
            return text
        rules = lean


def _kept(nodes: list[Any], used: Used) -> Iterator[Rule]:
    for node in nodes:
        if node.type == "qualified-rule":
            selectors = [selector for selector in _selectors(node.prelude) if used.fits(selector)]
            if selectors:
                yield ",".join(selectors), _declarations(node.content)
        elif node.type == "at-rule" and node.lower_at_keyword == "media":
            inner = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
            rules = [f"{head}{{{';'.join(parts)}}}" for head, parts in _kept(inner, used)]
            if rules:
                yield f"@media{tinycss2.serialize(node.prelude)}", ["".join(rules)]


def _selectors(prelude: list[Any]) -> list[str]:
    found: list[list[Any]] = [[]]
    for token in prelude:
        if token == ",":
            found.append([])
        else:
            found[-1].append(token)
    return [tinycss2.serialize(tokens).replace("/**/", "").strip() for tokens in found]


def _declarations(content: list[Any]) -> list[str]:
    nodes = tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)
    return [f"{node.name}:{tinycss2.serialize(node.value)}{'!important' * node.important}" for node in nodes]


def _is_read(part: str, read_from: set[str]) -> bool:
    return not part.startswith("--") or part.partition(":")[0] in read_from


def _own_sheets() -> list[Path]:
    return [file for file in STATIC.rglob("*.css") if file != SHEET]


if __name__ == "__main__":
    SHEET.write_text(cut(Used()))
