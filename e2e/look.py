"""How every state is looked at: axe, light and dark, at both widths; with `--shots DIR` a picture of each.

It is looked at in two languages that nobody speaks, into which the page's words are turned where they stand:
written from right to left where there is room, and half as long again, with accents, where there is little. What
holds in them holds in English; that no sentence is left in English is for `tests/integration/test_i18n.py` to say.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Page

from e2e.answers import answer_of

Scheme = Literal["light", "dark"]
LOOKS: tuple[tuple[int, Scheme, str], ...] = ((1280, "light", "mirrored"), (390, "dark", "long"))
"""Each width, scheme and pseudo-language once. Pictures are taken in English, of all widths and schemes."""

SPEAK = Path(__file__).with_name("pseudo.js").read_text()
CUT_OFF = """
() => [...document.querySelectorAll('body *')].filter(element => {
  const style = getComputedStyle(element), box = element.getBoundingClientRect()
  if (style.overflowX !== 'hidden' && style.overflowX !== 'clip') return false
  if (box.width < 8 || box.height < 8 || style.textOverflow === 'ellipsis') return false
  return element.scrollWidth > element.clientWidth + 1
}).map(element => element.outerHTML.slice(0, 120))
"""
"""Elements that hide a part of their words. Those that end in an ellipsis do so on purpose."""

RUN_AXE = "() => axe.run({resultTypes: ['violations']}).then(({violations}) => ({violations}))"
"""The many checks that pass stay in the browser: to hand them over takes as long as to make them."""


def look(page: Page, name: str, folder: str | None) -> None:
    """Assert that axe finds nothing and that nothing is wider than the window."""
    page.bring_to_front()
    if folder:
        _take_pictures(page, name, Path(folder))
    for width, scheme, language in LOOKS:
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate(SPEAK, language)
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE_SCRIPT)
        found = AxeResults(answer_of(page, RUN_AXE))
        assert found.violations_count == 0, f"{width}, {scheme}, {language}:\n{found.generate_report()}"
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{width}, {language}: the page is {overflow} pixels wider than the window"
        assert page.evaluate(CUT_OFF) == [], f"{width}, {language}: words are cut off"
    page.evaluate(SPEAK, "own")  # a journey may go on from here


def _take_pictures(page: Page, name: str, folder: Path) -> None:
    for width, _scheme, _language in LOOKS:
        page.set_viewport_size({"width": width, "height": 844})
        for _width, scheme, _language in LOOKS:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            file = folder / f"{name}-{width}-{scheme}.png"
            # To hide the caret, Playwright would add a style, which the page's own policy refuses once htmx swaps.
            page.screenshot(path=file, full_page=True, caret="initial")
