"""Looking again at a page that does not change by itself."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import Page

from tests.support.suite.patience import patient


def reload_until(page: Page, is_so: Callable[[], bool]) -> None:
    """Load the page again until it shows what the worker has done."""
    deadline, pause = time.monotonic() + patient(20), 100
    while True:
        page.reload()
        if is_so():
            return
        assert time.monotonic() < deadline, page.get_by_role("main").inner_text()
        page.wait_for_timeout(pause)
        pause = min(2 * pause, 1000)  # each load of a page costs the worker time that it is waited for
