"""An account's set-up and its overview."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect

from e2e.pages.base import PortalPage

if TYPE_CHECKING:
    from e2e.pages.channels import ChannelsPage
    from e2e.pages.signup import DetailsPage

SET_UP = re.compile(r"/setup$")


class SetupPage(PortalPage):
    """How far the set-up has come. It is over in a moment, so the title is not asserted: `wait_until_ready` is."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.wait_for_url(re.compile(r"/accounts/[0-9a-f-]{36}/(setup)?$"), wait_until="commit")

    def wait_until_ready(self, company: str) -> OverviewPage:
        """The page moves on by itself."""
        expect(self.page).not_to_have_url(SET_UP)
        return OverviewPage(self.page, company)

    def correct_details(self) -> DetailsPage:
        from e2e.pages.signup import DetailsPage  # noqa: PLC0415 - the pages lead to each other

        self.link("Correct details").click()
        return DetailsPage(self.page)


class OverviewPage(PortalPage):
    """The account's name is the title."""

    def go_to_channels(self) -> ChannelsPage:
        from e2e.pages.channels import ChannelsPage  # noqa: PLC0415 - the pages lead to each other

        self.link("Go to channels").click()
        self.page.wait_for_url("**/channels/", wait_until="domcontentloaded")  # its scripts open the popup
        return ChannelsPage(self.page)
