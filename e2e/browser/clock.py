"""A page's clock that stands still, so that nothing depends on how long the machine takes."""

from __future__ import annotations

from playwright.sync_api import Page

AHEAD = 3600
"""Seconds; a clock can only be stopped at a time to come, and this one goes on until it is."""


def stop_clock(page: Page) -> None:
    """Stop the clock that `page.clock.install()` put in place. It is that of the page's whole browser context."""
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + AHEAD)
