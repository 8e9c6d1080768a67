"""How every state is looked at: axe, light and dark, at both widths; with `--shots DIR` a picture of each."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Page

LOOKS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((1280, "light"), (390, "dark"))
"""Each width and each scheme once; pictures are taken of all four."""

RUN_AXE = "axe.run({resultTypes: ['violations']}).then(({violations}) => ({violations}))"
"""The many checks that pass stay in the browser: to hand them over takes as long as to make them."""


def look(page: Page, name: str, folder: str | None) -> None:
    """Assert that axe finds nothing and that nothing is wider than the window."""
    page.bring_to_front()
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE_SCRIPT)
        found = AxeResults(page.evaluate(RUN_AXE))
        assert found.violations_count == 0, f"{width}, {scheme}:\n{found.generate_report()}"
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{width}: the page is {overflow} pixels wider than the window"
        for _width, shown in LOOKS if folder else ():
            page.emulate_media(color_scheme=shown, reduced_motion="reduce")
            file = Path(folder or "") / f"{name}-{width}-{shown}.png"
            # To hide the caret, Playwright would add a style, which the page's own policy refuses once htmx swaps.
            page.screenshot(path=file, full_page=True, caret="initial")
