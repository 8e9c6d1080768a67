"""Looking again at a page that does not change by itself."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import Page

from tests.support.patience import patient


def reload_until(page: Page, is_so: Callable[[], bool]) -> None:
    """Load the page again until it shows what the worker has done."""
    deadline = time.monotonic() + patient(20)
    while True:
        page.reload()
        if is_so():
            return
        assert time.monotonic() < deadline, page.get_by_role("main").inner_text()
        page.wait_for_timeout(50)
