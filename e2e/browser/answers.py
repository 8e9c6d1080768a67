"""What a page's own script waits for, such as an answer of the portal."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.support.suite.patience import patient

SLOWEST = patient(60_000)
"""Milliseconds; `page.evaluate` waits without end for a promise that comes to nothing."""


def answer_of(page: Page, script: str, argument: Any = None) -> Any:
    """What the promise comes to that the function returns."""
    # In a list, so that it is never taken for a condition that does not hold yet.
    told = page.wait_for_function(f"async argument => [await ({script})(argument)]", arg=argument, timeout=SLOWEST)
    return told.json_value()[0]


def go_round(page: Page) -> None:
    """Wait for an answer of the portal, which comes after whatever the page had begun before."""
    answer_of(page, "() => fetch('/healthz').then(() => null)")
