"""Whether an HTML answer is one that we may send: what every page has to keep, checked on every answer."""

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
    soup = BeautifulSoup(html, "html.parser")
    for unrendered in ("{{", "{%", "%("):
        assert unrendered not in soup.get_text(), f"{path} shows {unrendered}"
    if soup.find("html") is not None:
        _check_page(soup, path)
    ids = Counter(tag["id"] for tag in soup.find_all(id=True))
    assert not [name for name, times in ids.items() if times > 1], f"{path} has ids twice"
    for form in soup.find_all("form"):
        _check_form(app, form, path)
    _check_labels(soup, path)
    _check_inline(soup, path)
    _check_htmx(app, soup, path)
    return soup


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
    if method == "POST" or form.get("hx-post"):
        token = form.find("input", attrs={"name": "csrf_token"})
        assert token is not None, f"{path} has a form without a CSRF token"
        assert token.get("value"), f"{path} has an empty CSRF token"


def _resolves(app: Flask, address: str, method: str, path: str) -> None:
    try:
        app.url_map.bind("localhost").match(address.partition("?")[0], method=method)
    except HTTPException as error:
        raise AssertionError(f"{path} leads to {method} {address}, where there is nothing") from error


def _check_labels(soup: BeautifulSoup, path: str) -> None:
    ids = {str(tag["id"]) for tag in soup.find_all(id=True)}
    labelled = set()
    for label in soup.find_all("label"):
        goal = label.get("for")
        if goal is None:
            assert label.find(["input", "select", "textarea"]), f"{path}: {label} belongs to nothing"
            continue
        assert goal in ids, f"{path}: {label} points to nothing"
        labelled.add(goal)
    for field in soup.find_all(["input", "select", "textarea"]):
        if field.name == "input" and field.get("type") in UNNAMED_INPUTS:
            continue
        named = field.get("id") in labelled or field.get("aria-label") or field.get("aria-labelledby")
        assert named or field.find_parent("label"), f"{path}: {field} has no label"
    for tag in soup.find_all(attrs={"aria-describedby": True}):
        for name in str(tag["aria-describedby"]).split():
            assert name in ids, f"{path}: {name} describes {tag} but is not there"


def _check_inline(soup: BeautifulSoup, path: str) -> None:
    """Nothing that a strict Content-Security-Policy would block."""
    for tag in soup.find_all(True):
        assert not tag.has_attr("style"), f"{path} has an inline style: {tag}"
        assert not [name for name in tag.attrs if name.startswith("on")], f"{path} has an inline handler: {tag}"
        assert not str(tag.get("href", "")).casefold().startswith("javascript:"), f"{path}: {tag}"
    assert not soup.find_all("style"), f"{path} has a style element"
    for script in soup.find_all("script"):
        inline = not script.get("src") and script.get("type") not in ("application/json", "text/template")
        assert not inline, f"{path} has an inline script"


def _check_htmx(app: Flask, soup: BeautifulSoup, path: str) -> None:
    for tag in soup.find_all(True):
        for name, value in tag.attrs.items():
            if not name.startswith("hx-"):
                continue
            known = name.removesuffix(INHERITABLE) in HX_NAMES or name.startswith("hx-status:")
            assert known, f"{path} uses {name}, which htmx 4 does not know"
            if name in ("hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete"):
                _resolves(app, str(value), name.removeprefix("hx-").upper(), path)
            if name == "hx-target" and str(value).startswith("#") and soup.find("html") is not None:
                assert soup.find(id=str(value)[1:]), f"{path}: {value} is not there to be swapped"
