"""Contacts, consent and conversations in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from e2e.browser.forms import post
from e2e.browser.reloading import reload_until
from e2e.pages.compose import ComposePage
from e2e.pages.messages import StatusEventsPage
from e2e.running.people import PASSWORD, Member
from e2e.running.stack import Stack
from e2e.states.look import look
from e2e.test_compose import visit

AYSE = "905301112233"
FILE = "Phone number;Name;Tags;City;Opted out\n0532 123 45 67;Mehmet Kaya;VIP;Ankara;\n12;Nobody;;;\n"


@pytest.fixture
def written(page: Page, context: BrowserContext, member: Member, stack: Stack) -> Member:
    """Somebody to whom the gateway reports what people write."""
    key = stack.connexease.issue_gateway_key(member.connexease_uuid)
    post(context, f"{member.account_url}tokens/gateway/new", name="Shop gateway", key=key)
    page.goto(f"{member.account_url}messages/status-events")
    events = StatusEventsPage(page).make()
    address = events.address.inner_text()
    stack.connexease.set_gateway_callback(member.connexease_uuid, address, events.reveal(PASSWORD))
    return member


def rows(page: Page) -> Locator:
    return page.locator("#log tbody tr")


def test_opting_out_by_a_word_stops_marketing(
    written: Member, page: Page, stack: Stack, folder: str | None
) -> None:
    connexease, contacts = stack.connexease, f"{written.account_url}contacts/"
    page.goto(contacts)
    look(page, "contacts-none", folder)
    connexease.mixed_event(written.connexease_uuid, **{"from": AYSE, "name": "Ayşe", "text": "STOP"})
    reload_until(page, page.get_by_role("link", name="Ayşe").is_visible)
    look(page, "contacts", folder)
    page.get_by_role("link", name="Ayşe").click()
    expect(page.get_by_text("Opted out of marketing")).to_be_visible()
    page.get_by_text("Record their choice").click()
    look(page, "contact", folder)
    composer: ComposePage = visit(page, written, "?type=template")
    composer.field("To").fill(f"+{AYSE}")
    expect(page.get_by_text("Free text until")).to_be_visible()
    composer.field("Template name").fill("spring_sale")
    composer.field("Language").fill("tr")
    composer.review_in_vain()
    expect(page.get_by_role("alert")).to_contain_text("opted out of marketing on")
    look(page, "compose-opted-out", folder)


def test_a_conversation_is_answered(written: Member, page: Page, stack: Stack, folder: str | None) -> None:
    connexease, conversations = stack.connexease, f"{written.account_url}conversations/"
    page.goto(conversations)
    look(page, "conversations-none", folder)
    for words in ("Hello", "Where is my order? " * 6):
        connexease.mixed_event(written.connexease_uuid, **{"from": AYSE, "name": "Ayşe", "text": words})
    reload_until(page, page.get_by_text("Where is my order").first.is_visible)
    look(page, "conversations", folder)
    page.get_by_role("link", name="Ayşe").click()
    page.get_by_label("Message", exact=True).fill("It left this morning.")
    page.get_by_role("button", name="Review message").click()
    expect(page.get_by_text("Free text until")).to_be_visible()
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    page.goto(conversations)
    page.get_by_role("link", name="Ayşe").click()
    expect(page.locator(".thread > li").last).to_contain_text("It left this morning.")
    look(page, "conversation", folder)


def test_a_file_with_a_wrong_row(member: Member, page: Page, tmp_path: Path, folder: str | None) -> None:
    file = tmp_path / "people.csv"
    file.write_text(FILE, encoding="utf-16")
    page.goto(f"{member.account_url}contacts/import")
    look(page, "contacts-import", folder)
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Import file").click()
    expect(page.get_by_role("heading", name="Rows that weren't imported")).to_be_visible()
    look(page, "contacts-imported", folder)
    page.goto(f"{member.account_url}contacts/")
    page.get_by_label("Search").fill("0532 123")
    page.get_by_label("Search").press("Enter")
    expect(rows(page)).to_have_count(1)
    page.get_by_role("link", name="Add contact").click()
    page.get_by_label("WhatsApp user ID").fill("US.1")
    page.get_by_label("Name", exact=True).fill("Mehmet K.")
    page.get_by_role("button", name="Add contact").click()
    page.get_by_role("link", name="Merge").click()
    page.get_by_label("Find the other contact").fill("Mehmet")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("link", name="Mehmet Kaya")).to_be_visible()
    look(page, "contact-merge-found", folder)
    page.get_by_role("link", name="Mehmet Kaya").click()
    expect(page.get_by_role("heading", name="What results")).to_be_visible()
    look(page, "contact-merge", folder)
    page.get_by_role("button", name="Merge contacts").click()
    expect(page.get_by_text("Contacts merged.")).to_be_visible()
    page.goto(f"{member.account_url}contacts/")
    expect(rows(page)).to_have_count(1)
    page.get_by_role("link", name="Add contact").click()
    page.get_by_role("button", name="Add contact").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter a phone number or a WhatsApp user ID.")
    look(page, "contact-refused", folder)
    for name, path in (("contacts-words", "opting-out"), ("consent-by-number", "note")):
        page.goto(f"{member.account_url}contacts/{path}")
        look(page, name, folder)
