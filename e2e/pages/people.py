"""Who belongs: an account's settings, the staff's people, and the page behind an invitation."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from e2e.pages.account import OverviewPage
from e2e.pages.base import PortalPage


class PeoplePage(PortalPage):
    """A list of people and a form that invites more."""

    title = "People"

    def row(self, text: str) -> Locator:
        return self.main.get_by_role("listitem").filter(has_text=text)

    def invite(self, email: str, role: str) -> None:
        """Send invitation. `role` is the word that the choice begins with."""
        self.main.get_by_label("Email address").fill(email)
        choice = self.main.get_by_label("Role")
        choice.select_option(
            label=choice.get_by_role("option").filter(has_text=re.compile(f"^{role}:")).inner_text()
        )
        self.button("Send invitation").click()
        expect(self.status.filter(has_text=f"invitation to {email}")).to_be_visible()

    def invite_in_vain(self, email: str) -> None:
        self.main.get_by_label("Email address").fill(email)
        self.button("Send invitation").click()
        expect(self.alert).to_be_visible()

    def open(self, name: str) -> PersonPage:
        self.link(name).click()
        return PersonPage(self.page, name)


class SettingsPage(PeoplePage):
    title = "Settings"


class PersonPage(PortalPage):
    """One person, for whoever rules over them."""

    def unfold(self, name: str) -> None:
        """Unfold what takes somebody's access away: it asks once more."""
        self.main.locator("summary").get_by_text(name, exact=True).click()

    def press(self, name: str) -> None:
        self.button(name).click()


class InvitationPage(PortalPage):
    title = "You're invited"

    def join(self, first_name: str, last_name: str, password: str) -> Page:
        self.main.get_by_label("First name").fill(first_name)
        self.main.get_by_label("Last name").fill(last_name)
        self.main.get_by_label("Password").fill(password)
        self.button("Join").click()
        return self.page

    def join_account(self, first_name: str, last_name: str, password: str, company: str) -> OverviewPage:
        return OverviewPage(self.join(first_name, last_name, password), company)

    def join_in_vain(self) -> InvitationPage:
        self.button("Join").click()
        expect(self.alert).to_be_visible()
        return InvitationPage(self.page)
