"""What every page of the portal has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from playwright.sync_api import Locator, Page, expect

if TYPE_CHECKING:
    from e2e.pages.auth import LogInPage


class PortalPage:
    """A page, recognised by its title."""

    title: ClassVar[str] = ""

    def __init__(self, page: Page, title: str | None = None) -> None:
        self.page = page
        expect(page).to_have_title(re.compile(rf"^{re.escape(title or self.title)} · "))

    @property
    def main(self) -> Locator:
        """What is neither header nor footer."""
        return self.page.get_by_role("main")

    def heading(self, name: str) -> Locator:
        """A heading by its words."""
        return self.main.get_by_role("heading", name=name)

    def button(self, name: str) -> Locator:
        """A button of the page itself by its whole name."""
        return self.main.get_by_role("button", name=name, exact=True)

    def link(self, name: str) -> Locator:
        """A link of the page itself by its whole name."""
        return self.main.get_by_role("link", name=name, exact=True)

    @property
    def status(self) -> Locator:
        """What the page says about what was just done."""
        return self.main.get_by_role("status")

    @property
    def alert(self) -> Locator:
        """What the page says went wrong."""
        return self.main.get_by_role("alert")

    def open_menu(self, person: str) -> Locator:
        """Open the header's menu, which bears the person's name."""
        banner = self.page.get_by_role("banner")
        banner.get_by_role("button", name=person).click()
        return banner

    def log_out(self, person: str) -> LogInPage:
        """Log out by the header's menu."""
        from e2e.pages.auth import LogInPage  # noqa: PLC0415 - the pages lead to each other

        self.open_menu(person).get_by_role("button", name="Log out").click()
        return LogInPage(self.page)
