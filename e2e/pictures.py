"""Take the pictures that README and docs show, from the demo's data: `make pictures`."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import BrowserContext, Page, sync_playwright

from e2e.browser.cdn import serving_htmx
from e2e.browser.watch import Watch, htmx_file
from e2e.running.demo import RunningDemo, running_demo
from portal.demo.logins import ADMIN, AYSE, PASSWORD, SELIN, Login
from portal.sandbox.client import SandboxControl
from tests.support.suite.chromium import installed

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "pictures"
AS_ROOT = ["--no-sandbox"] if os.geteuid() == 0 else []
"""Chromium has no sandbox of its own for root."""
SIZE = {"width": 1280, "height": 800}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PICTURES: dict[str, tuple[Login, str]] = {
    "overview": (AYSE, ""),
    "messages": (AYSE, "messages/"),
    "events": (AYSE, "events/"),
    "webhooks": (SELIN, "webhooks/"),
    "channels": (SELIN, "channels/"),
    "staff": (ADMIN, ""),
}
"""Each with who looks, and at which page of theirs."""


def main() -> None:
    """Start a demo in a scratch folder and take every picture."""
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_demo(Path(folder) / "demo") as demo,
        serving_htmx(htmx_file()) as arguments,
        sync_playwright() as playwright,
        playwright.chromium.launch(**installed(), args=[*AS_ROOT, *arguments]) as browser,
    ):
        for who in dict.fromkeys(who for who, _page in PICTURES.values()):
            watch = Watch()
            with watch.over(browser.new_context(viewport=SIZE), "reachable") as context:
                _take(context, demo, who)
            watch.check()


def _take(context: BrowserContext, demo: RunningDemo, who: Login) -> None:
    page = context.new_page()
    home = log_in(page, demo, who)
    for name, (_who, path) in PICTURES.items():
        if _who == who:
            page.goto(home + path)
            page.wait_for_load_state("networkidle")
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                _save(page.screenshot(caret="initial"), FOLDER / f"{name}-{scheme}.png")


def _save(picture: bytes, file: Path) -> None:
    """Pages have few colours: with 256 of them a picture looks the same and is a third as large."""
    with Image.open(io.BytesIO(picture)) as image:
        few = image.convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(file, optimize=True)


def log_in(page: Page, demo: RunningDemo, who: Login) -> str:
    """Log in as a person does; the address of their first page."""
    page.goto(f"{demo.url}/login")
    page.locator("#email").fill(who.email)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    if who.has_code:
        page.locator("#code").fill(SandboxControl(demo.sandbox_url).phone_codes()[who.email])
        page.keyboard.press("Enter")
    page.wait_for_url("**/staff/" if who is ADMIN else "**/accounts/*/")
    return page.url


if __name__ == "__main__":
    main()
