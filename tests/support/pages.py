"""Whether an HTML answer is one that we may send: what every page has to keep, checked on every answer."""

import re
from collections import Counter

from bs4 import BeautifulSoup, Tag
from flask import Flask
from werkzeug.exceptions import HTTPException

# htmx 4.0.1's own names, read from its source. Names of htmx 2 that are gone (hx-vars, hx-ext, hx-disinherit,
# hx-disabled-elt, hx-history, hx-params, hx-prompt, hx-request ...) are not among them.
HX_NAMES = frozenset(
    {
        *("hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete", "hx-query", "hx-action", "hx-method"),
        *("hx-target", "hx-swap", "hx-swap-oob", "hx-select", "hx-select-oob", "hx-trigger", "hx-sync"),
        *("hx-include", "hx-vals", "hx-headers", "hx-encoding", "hx-confirm", "hx-validate", "hx-indicator"),
        *("hx-disable", "hx-ignore", "hx-preserve", "hx-push-url", "hx-replace-url", "hx-boost", "hx-config"),
        *("hx-partial", "hx-morph-skip", "hx-morph-skip-children", "hx-history-elt"),
    }
)
INHERITABLE = ":inherited"
UNNAMED_INPUTS = {"hidden", "submit", "button", "image", "reset"}


def check(app: Flask, html: str, path: str) -> BeautifulSoup:
    """Parse the answer and refuse whatever no page of ours may contain."""
    soup, is_page = _parsed(html)
    text = soup.get_text()
    for unrendered in ("{{", "{%", "%("):
        assert unrendered not in text or unrendered not in _own_text(soup), f"{path} shows {unrendered}"
    tags = soup.find_all(True)
    names = Counter(tag["id"] for tag in tags if "id" in tag.attrs)
    assert not [name for name, times in names.items() if times > 1], f"{path} has ids twice"
    if is_page:
        _check_page(soup, path)
    for tag in tags:
        if tag.name == "form":
            _check_form(app, tag, path)
        _check_inline(tag, path)
        _check_htmx(app, tag, path, names if is_page else None)
    _check_labels(tags, names, path)
    return soup


def _parsed(html: str) -> tuple[BeautifulSoup, bool]:
    """The answer, and whether it is a whole page: of a fragment the parser would make one."""
    soup, is_page = BeautifulSoup(html, "lxml"), "<html" in html
    for name in () if is_page else ("html", "head", "body"):
        if (made := soup.find(name)) is not None:
            made.unwrap()
    return soup, is_page


def _own_text(soup: BeautifulSoup) -> str:
    """Without what others wrote, such as a template whose values have names: it is shown as they wrote it."""
    return "".join(text for text in soup.strings if text.find_parent(dir="auto") is None)


_FIXED = re.compile(
    r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"
    r"|\b(?:channel|message|conversation|customer|agent|feedback|gateway)\.[a-z]\w+"
    r"|\bwamid\.\S+|\b(?:pk|sk)_\w{6,}|https?://\w\S+"
)
"""Names that are the same in every language: UUIDs, triggers, keys, addresses."""


def left_to_translators(soup: BeautifulSoup) -> list[str]:
    """Technical names that a browser which translates the page would change."""
    return [
        str(text).strip()
        for text in (soup.body or soup).find_all(string=_FIXED)
        if text.find_parent(attrs={"translate": "no"}) is None
        and text.find_parent(class_="visually-hidden")
        is None  # a sentence for a screen reader, beside the name itself
        and text.find_parent(["script", "style"]) is None
    ]


def _check_page(soup: BeautifulSoup, path: str) -> None:
    assert soup.title is not None
    assert soup.title.get_text().strip(" ·"), f"{path} has no title"
    assert not soup.title.get_text().startswith(" ·"), f"{path} has an empty title"
    assert len(soup.find_all("h1")) == 1, f"{path} has {len(soup.find_all('h1'))} h1"
    assert soup.html is not None
    assert soup.html.get("lang"), f"{path} does not say its language"
    assert len(soup.find_all("main")) == 1, f"{path} has no single main"


def _check_form(app: Flask, form: Tag, path: str) -> None:
    method = str(form.get("method", "get")).upper()
    address = str(form.get("action") or form.get("hx-post") or "")
    assert address, f"{path} has a form that goes nowhere: {form}"
    _resolves(app, address, method, path)
    if form.get("hx-post"):
        _resolves(app, str(form["hx-post"]), "POST", path)
    needs_token = address != "/language"  # it changes nothing but the language that a visitor reads
    if needs_token and (method == "POST" or form.get("hx-post")):
        token = form.find("input", attrs={"name": "csrf_token"})
        assert token is not None, f"{path} has a form without a CSRF token"
        assert token.get("value"), f"{path} has an empty CSRF token"


def _resolves(app: Flask, address: str, method: str, path: str) -> None:
    try:
        app.url_map.bind("localhost").match(address.partition("?")[0], method=method)
    except HTTPException as error:
        raise AssertionError(f"{path} leads to {method} {address}, where there is nothing") from error


def _check_labels(tags: list[Tag], ids: Counter[str], path: str) -> None:
    labelled = set()
    for label in (tag for tag in tags if tag.name == "label"):
        goal = label.get("for")
        if goal is None:
            assert label.find(["input", "select", "textarea"]), f"{path}: {label} belongs to nothing"
            continue
        assert goal in ids, f"{path}: {label} points to nothing"
        labelled.add(goal)
    for tag in tags:
        for name in str(tag.attrs.get("aria-describedby", "")).split():
            assert name in ids, f"{path}: {name} describes {tag} but is not there"
        if tag.name not in ("input", "select", "textarea"):
            continue
        if tag.name == "input" and tag.get("type") in UNNAMED_INPUTS:
            continue
        named = tag.get("id") in labelled or tag.get("aria-label") or tag.get("aria-labelledby")
        assert named or tag.find_parent("label"), f"{path}: {tag} has no label"


def _check_inline(tag: Tag, path: str) -> None:
    """Nothing that a strict Content-Security-Policy would block."""
    assert "style" not in tag.attrs, f"{path} has an inline style: {tag}"
    assert tag.name != "style", f"{path} has a style element"
    assert not [name for name in tag.attrs if name.startswith("on")], f"{path} has an inline handler: {tag}"
    assert not str(tag.attrs.get("href", "")).casefold().startswith("javascript:"), f"{path}: {tag}"
    if tag.name == "script":
        inline = not tag.get("src") and tag.get("type") not in ("application/json", "text/template")
        assert not inline, f"{path} has an inline script"


def _check_htmx(app: Flask, tag: Tag, path: str, ids: Counter[str] | None) -> None:
    """`ids` are the page's; a partial's targets may lie outside of it."""
    for name, value in tag.attrs.items():
        if not name.startswith("hx-"):
            continue
        known = name.removesuffix(INHERITABLE) in HX_NAMES or name.startswith("hx-status:")
        assert known, f"{path} uses {name}, which htmx 4 does not know"
        if name in ("hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete"):
            _resolves(app, str(value), name.removeprefix("hx-").upper(), path)
        if name == "hx-target" and str(value).startswith("#") and ids is not None:
            assert str(value)[1:] in ids, f"{path}: {value} is not there to be swapped"
