"""The portal's stylesheets hold nothing that no page uses, and nothing that depends on left and right."""

import re

import pytest

from tests.support.sources import bootstrap
from tests.support.sources.markup import PORTAL, STATIC, Used

SHEETS = ("tokens", "base", "components", "pages")
"""Our own; the cut of Bootstrap's comes before them."""


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
    assert {file.stem for file in STATIC.rglob("*.css")} == {"bootstrap", *SHEETS}
    page = (PORTAL / "web" / "templates" / "base.html").read_text()
    assert "{% for sheet in (" + ", ".join(f'"{sheet}"' for sheet in ("bootstrap", *SHEETS)) + ") %}" in page


def test_every_rule_is_used(used: Used) -> None:
    unused = {
        f"{sheet}.css: {selector}: {name}" for sheet, selector in SELECTORS for name in used.missing(selector)
    }
    assert len(SELECTORS) > 400
    assert sorted(unused) == []


def test_what_no_page_has_is_noticed(used: Used) -> None:
    assert used.has_class("chip-success")
    assert not used.has_class("chip-purple")
    assert not used.has_class("marquee")


def test_the_cut_of_bootstrap_is_what_the_pages_use(used: Used) -> None:
    assert bootstrap.SHEET.read_text() == bootstrap.cut(used), "`make styles` writes it"


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
