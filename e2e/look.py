"""How every state is looked at: axe, light and dark, at both widths; with `--shots DIR` a picture of each."""

from __future__ import annotations

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def look(page: Page, name: str, folder: str | None) -> None:
    """Assert that axe finds nothing and that nothing is wider than the window."""
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = Axe().run(page)
            assert found.violations_count == 0, f"{width}, {scheme}:\n{found.generate_report()}"
            if folder:
                page.screenshot(path=Path(folder) / f"{name}-{width}-{scheme}.png", full_page=True)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{width}: the page is {overflow} pixels wider than the window"
