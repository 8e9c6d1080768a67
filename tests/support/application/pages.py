"""Whether an HTML answer is one that we may send: what every page has to keep, checked on every answer."""

import re
from collections import Counter
from functools import cache

from flask import Flask
from lxml.cssselect import CSSSelector
from lxml.etree import XPath
from lxml.html import HtmlElement, document_fromstring, tostring
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
_READ = XPath(".//text()[not(ancestor::script or ancestor::style or ancestor::template)]", smart_strings=False)
INHERITABLE = ":inherited"
FIELDS = ("input", "select", "textarea")
UNNAMED_INPUTS = {"hidden", "submit", "button", "image", "reset"}


def check(app: Flask, html: str, path: str) -> HtmlElement:
    """Refuse whatever no page of ours may contain; the answer as lxml reads it."""
    root, is_page = document_fromstring(html), "<html" in html
    text = root.text_content()
    for unrendered in ("{{", "{%", "%("):
        assert unrendered not in text or unrendered not in _own_text(root), f"{path} shows {unrendered}"
    tags = list(root.iter("*"))
    names = Counter(tag.attrib["id"] for tag in tags if "id" in tag.attrib)
    assert not [name for name, times in names.items() if times > 1], f"{path} has ids twice"
    if is_page:
        _check_page(root, path)
    for tag in tags:
        if tag.tag == "form":
            _check_form(app, tag, path)
        _check_attributes(app, tag, path, names if is_page else None)
    _check_labels(tags, names, path)
    return root


def texts(tag: HtmlElement) -> str:
    """What can be read in it, a space between two pieces."""
    return " ".join(_READ(tag))


def select(tag: HtmlElement, css: str, text: str | None = None) -> list[HtmlElement]:
    """What the selector finds in it, of which perhaps only those with exactly this text."""
    found = _selector(css)(tag)
    return [each for each in found if text is None or each.text_content() == text]


def select_one(tag: HtmlElement, css: str, text: str | None = None) -> HtmlElement | None:
    """The first that `select` finds."""
    return next(iter(select(tag, css, text)), None)


@cache
def _selector(css: str) -> CSSSelector:
    return CSSSelector(css, translator="html")


def forms(root: HtmlElement) -> list[HtmlElement]:
    """Those that are seen in a page's main part."""
    main = root.find(".//main")
    return [form for form in (root if main is None else main).iter("form") if "hidden" not in form.attrib]


def values(form: HtmlElement) -> dict[str, str]:
    """What stands in the fields."""
    return {tag.get("name"): _value(tag) for tag in form.iter("input", "textarea") if tag.get("name")}


def chosen(form: HtmlElement) -> dict[str, str]:
    """What a browser would send of the lists."""
    lists = ((tag, list(tag.iter("option"))) for tag in form.iter("select") if tag.get("name"))
    return {tag.get("name"): _first_chosen(options) for tag, options in lists if options}


def pressed(form: HtmlElement, button: str) -> dict[str, str]:
    """What a browser would send of the button with this text."""
    named = [tag for tag in form.iter("button") if tag.get("name") and button in texts(tag)] if button else []
    return {tag.get("name"): tag.get("value", "") for tag in named}


def _first_chosen(options: list[HtmlElement]) -> str:
    return str(next((option for option in options if "selected" in option.attrib), options[0]).get("value", ""))


def _value(tag: HtmlElement) -> str:
    """As a browser reads it: the first line break of a textarea is none."""
    if tag.tag == "textarea":
        return str(tag.text_content()).removeprefix("\r").removeprefix("\n")
    return str(tag.get("value", ""))


def _own_text(root: HtmlElement) -> str:
    """Without what others wrote, such as a template whose values have names: it is shown as they wrote it."""
    return "".join(root.xpath("//text()[not(ancestor::*[@dir='auto' or self::script or self::style])]"))


_FIXED = re.compile(
    r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"
    r"|\b(?:channel|message|conversation|customer|agent|feedback|gateway)\.[a-z]\w+"
    r"|\bwamid\.\S+|\b(?:pk|sk)_\w{6,}|https?://\w\S+"
)
"""Names that are the same in every language: UUIDs, triggers, keys, addresses."""


_TRANSLATED = XPath(
    "//body//text()[not(ancestor::*[@translate='no' or self::script or self::style"
    # a sentence for a screen reader, beside the name itself
    " or contains(concat(' ', normalize-space(@class), ' '), ' visually-hidden ')])]",
    smart_strings=False,
)


def left_to_translators(root: HtmlElement) -> list[str]:
    """Technical names that a browser which translates the page would change."""
    return [text.strip() for text in _TRANSLATED(root) if _FIXED.search(text)]


def _check_page(root: HtmlElement, path: str) -> None:
    title = root.findtext(".//title")
    assert title is not None
    assert title.strip(" ·"), f"{path} has no title"
    assert not title.startswith(" ·"), f"{path} has an empty title"
    headings = root.findall(".//h1")
    assert len(headings) == 1, f"{path} has {len(headings)} h1"
    assert root.get("lang"), f"{path} does not say its language"
    assert len(root.findall(".//main")) == 1, f"{path} has no single main"


def _check_form(app: Flask, form: HtmlElement, path: str) -> None:
    method = form.get("method", "get").upper()
    address = form.get("action") or form.get("hx-post") or ""
    assert address, f"{path} has a form that goes nowhere: {_shown(form)}"
    _resolves(app, address, method, path)
    if form.get("hx-post"):
        _resolves(app, form.get("hx-post"), "POST", path)
    needs_token = address != "/language"  # it changes nothing but the language that a visitor reads
    if needs_token and (method == "POST" or form.get("hx-post")):
        token = form.find(".//input[@name='csrf_token']")
        assert token is not None, f"{path} has a form without a CSRF token"
        assert token.get("value"), f"{path} has an empty CSRF token"


def _resolves(app: Flask, address: str, method: str, path: str) -> None:
    try:
        app.url_map.bind("localhost").match(address.partition("?")[0], method=method)
    except HTTPException as error:
        raise AssertionError(f"{path} leads to {method} {address}, where there is nothing") from error


def _check_labels(tags: list[HtmlElement], ids: Counter[str], path: str) -> None:
    labelled = set()
    for label in (tag for tag in tags if tag.tag == "label"):
        goal = label.get("for")
        if goal is None:
            assert next(label.iter(*FIELDS), None) is not None, f"{path}: {_shown(label)} belongs to nothing"
            continue
        assert goal in ids, f"{path}: {_shown(label)} points to nothing"
        labelled.add(goal)
    for tag in tags:
        for name in tag.get("aria-describedby", "").split():
            assert name in ids, f"{path}: {name} describes {_shown(tag)} but is not there"
        if tag.tag not in FIELDS or (tag.tag == "input" and tag.get("type") in UNNAMED_INPUTS):
            continue
        named = tag.get("id") in labelled or tag.get("aria-label") or tag.get("aria-labelledby")
        within = next(tag.iterancestors("label"), None) is not None
        assert named or within, f"{path}: {_shown(tag)} has no label"


def _check_attributes(app: Flask, tag: HtmlElement, path: str, ids: Counter[str] | None) -> None:
    """Nothing that a strict Content-Security-Policy would block, and only what htmx knows.

    `ids` are the page's; a partial's targets may lie outside of it.
    """
    assert tag.tag != "style", f"{path} has a style element"
    if tag.tag == "script":
        inline = not tag.get("src") and tag.get("type") not in ("application/json", "text/template")
        assert not inline, f"{path} has an inline script"
    for name, value in tag.attrib.items():
        assert name != "style", f"{path} has an inline style: {_shown(tag)}"
        assert not name.startswith("on"), f"{path} has an inline handler: {_shown(tag)}"
        runs = name == "href" and value.casefold().startswith("javascript:")
        assert not runs, f"{path}: {_shown(tag)}"
        if name.startswith("hx-"):
            _check_htmx(app, name, value, path, ids)


def _check_htmx(app: Flask, name: str, value: str, path: str, ids: Counter[str] | None) -> None:
    known = name.removesuffix(INHERITABLE) in HX_NAMES or name.startswith("hx-status:")
    assert known, f"{path} uses {name}, which htmx 4 does not know"
    if name in ("hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete"):
        _resolves(app, value, name.removeprefix("hx-").upper(), path)
    if name == "hx-target" and value.startswith("#") and ids is not None:
        assert value[1:] in ids, f"{path}: {value} is not there to be swapped"


def _shown(tag: HtmlElement) -> str:
    return str(tostring(tag, encoding="unicode", with_tail=False))
