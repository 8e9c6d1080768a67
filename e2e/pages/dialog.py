"""Connexease's dialog, in the popup or in a tab."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Error, Locator, Page, expect


class Dialog:
    """The window in which the customer connects a number."""

    def __init__(self, page: Page) -> None:
        self.page = page
        expect(page).to_have_title(re.compile("Connexease sandbox"))

    @property
    def heading(self) -> Locator:
        return self.page.get_by_role("heading", level=1)

    def press(self, button: str) -> None:
        """Choose how it ends."""
        with self._closing():
            self.page.get_by_role("button", name=button, exact=True).click()

    def press_enter(self) -> None:
        """Send what the field with the focus belongs to."""
        with self._closing():
            self.page.keyboard.press("Enter")

    @contextmanager
    def _closing(self) -> Iterator[None]:
        """The window may close while something is still being pressed."""
        try:
            yield
        except Error:
            if not self.page.is_closed():
                raise

    def connect(self, name: str) -> None:
        """Connect a number under this name."""
        self.page.get_by_label("Channel name").fill(name)
        self.press("Connect WhatsApp")

    def wait_until_closed(self) -> None:
        """The portal closes the window once it has spoken."""
        if not self.page.is_closed():
            self.page.wait_for_event("close")
