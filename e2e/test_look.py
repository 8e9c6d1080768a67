"""Every state of every page: axe finds nothing, nothing is wider than the window, and pictures on request."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

from e2e.browser import Watch
from e2e.stack import Stack
from e2e.states import STATES, Walk

WIDTHS = {"wide": (1280, 800), "narrow": (390, 844)}
SCHEMES = ("light", "dark")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.signup_policy(policy)) if policy != "open" else name
        for name, (policy, _way) in STATES.items()
    ],
)
def test_look(
    name: str, page: Page, context: BrowserContext, stack: Stack, watch: Watch, request: pytest.FixtureRequest
) -> None:
    watch.expect("status of 503")
    _policy, way = STATES[name]
    page.emulate_media(reduced_motion="reduce")
    way(Walk(page, context, stack))
    page.bring_to_front()
    folder = request.config.getoption("--shots")
    for width, (across, down) in WIDTHS.items():
        page.set_viewport_size({"width": across, "height": down})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            found = Axe().run(page)
            assert found.violations_count == 0, f"{width}, {scheme}:\n{found.generate_report()}"
            if folder:
                page.screenshot(path=Path(folder) / f"{name}-{width}-{scheme}.png", full_page=True)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{width}: the page is {overflow} pixels wider than the window"
