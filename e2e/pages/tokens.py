"""The token vault's pages."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from e2e.browser.answers import answer_of
from e2e.pages.base import PortalPage

_ANYTHING = re.compile(".")


class VaultPage(PortalPage):
    """What the vault's pages have in common."""

    def field(self, label: str) -> Locator:
        return self.main.get_by_label(label, exact=True)

    def expect_refusal(self, label: str, sentence: str) -> None:
        """The field is marked, described by the sentence, and named in the summary, which has the focus."""
        expect(self.field(label)).to_have_attribute("aria-invalid", "true")
        expect(self.field(label)).to_have_accessible_description(re.compile(re.escape(sentence)))
        expect(self.alert.filter(has_text=sentence)).to_be_focused()


class TokensPage(VaultPage):
    title = "Tokens and keys"

    def row(self, name: str) -> Locator:
        """The row of a token or gateway key."""
        link = self.page.get_by_role("link", name=name, exact=True)
        return self.page.locator("#tokens").get_by_role("row").filter(has=link)

    def new(self) -> TokenForm:
        self.link("New access token").click()
        return TokenForm(self.page)

    def add_gateway_key(self) -> GatewayKeyForm:
        self.link("Add API key").click()
        return GatewayKeyForm(self.page)

    def open(self, name: str) -> TokenPage:
        self.row(name).get_by_role("link", name=name, exact=True).click()
        return TokenPage(self.page, name)

    def show_past(self, count: int) -> TokensPage:
        """Show what is over as well; the link comes when there is something."""
        self.link(f"Show {count} revoked or expired token{'s' if count != 1 else ''}").click()
        expect(self.link("Hide past tokens")).to_be_visible()
        return self

    @property
    def history(self) -> Locator:
        return self.main.get_by_role("region", name="Key activity")


class TokenForm(VaultPage):
    title = "New access token"

    def fill(self, name: str, *, keep: bool = True) -> TokenForm:
        self.field("Name").fill(name)
        self.main.get_by_role("checkbox", name="Keep the key in the vault").set_checked(keep)
        return self

    def make(self) -> NewKeyPage:
        self.button("Create token").click()
        return NewKeyPage(self.page)

    def make_unconfirmed(self, name: str) -> TokenPage:
        """Connexease does not answer."""
        self.button("Create token").click()
        return TokenPage(self.page, name)

    def make_in_vain(self) -> TokenForm:
        self.button("Create token").click()
        expect(self.alert).to_be_focused()
        return self


class SecretPage(VaultPage):
    """A page that shows a secret, with a button that copies it."""

    label = "Key"

    @property
    def secret(self) -> str:
        """What is shown."""
        expect(self.field(self.label)).to_have_text(_ANYTHING)
        return self.field(self.label).inner_text()

    def copy(self) -> str:
        """Press the button, and say what is on the clipboard then."""
        with self.page.expect_response("**/copied") as told:
            self.button("Copy").click()
        assert told.value.ok
        return str(answer_of(self.page, "() => navigator.clipboard.readText()"))


class NewKeyPage(SecretPage):
    title = "Your new key"

    def done(self, name: str) -> TokenPage:
        self.link("I've copied it").click()
        return TokenPage(self.page, name)


class TokenPage(VaultPage):
    """All about one token or gateway key."""

    def __init__(self, page: Page, name: str) -> None:
        super().__init__(page, name)
        expect(page.locator("#token")).to_be_visible()
        self.name = name

    @property
    def facts(self) -> Locator:
        return self.main.get_by_role("region", name="Type")

    @property
    def password(self) -> Locator:
        return self.field("Your password")

    def reveal(self, password: str | None = None) -> RevealedPage:
        """Reveal the key; no password within ten minutes of the last one."""
        if password is None:
            expect(self.password).to_have_count(0)
        else:
            self.password.fill(password)
        self.button("Reveal key").click()
        return RevealedPage(self.page, self.name)

    def reveal_in_vain(self, password: str) -> TokenPage:
        self.password.fill(password)
        self.button("Reveal key").click()
        expect(self.alert).to_be_visible()
        return TokenPage(self.page, self.name)

    def rotate(self) -> RotateForm:
        self.link("Rotate token").click()
        return RotateForm(self.page)

    def revoke(self) -> RevokePage:
        self.link("Revoke token").click()
        return RevokePage(self.page)

    def hand_over(self) -> HandOverForm:
        self.link("Share by link").click()
        return HandOverForm(self.page)

    def handed_over(self, note: str) -> Locator:
        """What the page says of the link for somebody."""
        links = self.main.get_by_role("region", name="Shared links")
        return links.get_by_role("listitem").filter(has_text=note)

    def withdraw(self, note: str) -> TokenPage:
        self.handed_over(note).get_by_role("button", name="Withdraw").click()
        expect(self.status.filter(has_text="The link no longer works.")).to_be_visible()
        return TokenPage(self.page, self.name)

    def remove(self) -> RemovePage:
        self.link("Remove key").click()
        return RemovePage(self.page)

    def dismiss(self) -> TokensPage:
        self.button("Remove from list").click()
        return TokensPage(self.page)

    def all(self) -> TokensPage:
        self.link("All tokens and keys").click()
        return TokensPage(self.page)


class RevealedPage(SecretPage):
    def __init__(self, page: Page, name: str) -> None:
        super().__init__(page, name)
        expect(self.link("Hide key")).to_be_visible()
        self.name = name

    def hide(self) -> TokenPage:
        self.link("Hide key").click()
        return TokenPage(self.page, self.name)


class RotateForm(VaultPage):
    title = "Rotate token"

    def make(self, name: str, ends: str = "keep until I revoke it") -> NewKeyPage:
        self.field("Name").fill(name)
        self.field("Old token").select_option(ends)
        self.button("Create new token").click()
        return NewKeyPage(self.page)


class TypedPage(VaultPage):
    """Something final: the name is typed first."""

    action = ""

    def confirm(self, name: str) -> TokensPage:
        self.field("Type the name to confirm").fill(name)
        self.button(self.action).click()
        return TokensPage(self.page)

    def confirm_in_vain(self, name: str) -> None:
        self.field("Type the name to confirm").fill(name)
        self.button(self.action).click()
        expect(self.alert).to_be_visible()


class RevokePage(TypedPage):
    title = "Revoke token"
    action = "Revoke token"


class RemovePage(TypedPage):
    title = "Remove key"
    action = "Remove key"


class HandOverForm(VaultPage):
    title = "Share by link"

    def make(self, note: str, password: str | None, lifetime: str = "1 day") -> LinkPage:
        """Make a link; no password within ten minutes of the last one."""
        self.field("Recipient").fill(note)
        self.field("Link expires after").select_option(lifetime)
        if password is None:
            expect(self.field("Your password")).to_have_count(0)
        else:
            self.field("Your password").fill(password)
        self.button("Create link").click()
        return LinkPage(self.page, note)


class LinkPage(SecretPage):
    title = "Link to the key"

    def __init__(self, page: Page, note: str) -> None:
        super().__init__(page)
        self.label = f"For {note}"

    def done(self, name: str) -> TokenPage:
        self.link("I've copied it").click()
        return TokenPage(self.page, name)


class HandedOverPage(SecretPage):
    """Behind a link: before and after the button is pressed."""

    title = "A key for you"

    def show(self) -> HandedOverPage:
        self.button("Show key once").click()
        expect(self.field("Key")).to_be_visible()
        return HandedOverPage(self.page)

    def show_in_vain(self) -> LinkOverPage:
        self.button("Show key once").click()
        return LinkOverPage(self.page)


class LinkOverPage(PortalPage):
    title = "This link no longer works"


class GatewayKeyForm(VaultPage):
    title = "Add API key"

    def keep(self, key: str, name: str | None = None) -> None:
        """Paste a key; `name` is typed only where the form asks for one."""
        if name is not None:
            self.field("Name").fill(name)
        self.field("API key").fill(key)
        self.button("Save key").click()
