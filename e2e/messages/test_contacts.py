"""Contacts, consent and conversations in a real browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, Page, expect

from e2e.browser.forms import post
from e2e.browser.reloading import reload_until
from e2e.messages.test_compose import visit
from e2e.pages.compose import ComposePage
from e2e.pages.messages import StatusEventsPage
from e2e.running.people import PASSWORD, Member
from e2e.running.stack import Stack
from e2e.states.look import look

AYSE, MEHMET = "905301112233", "905301112244"
FILE = "Phone number;Name;Tags;City;Opted out\n0532 123 45 67;Mehmet Kaya;VIP;Ankara;\n12;Nobody;;;\n"


def rows(page: Page) -> Locator:
    return page.locator("#log tbody tr")


def test_what_people_write(
    page: Page, context: BrowserContext, member: Member, stack: Stack, folder: str | None
) -> None:
    connexease, account = stack.connexease, member.account_url
    page.goto(f"{account}contacts/")
    look(page, "contacts-none", folder)
    key = connexease.issue_gateway_key(member.connexease_uuid)
    post(context, f"{account}tokens/gateway/new", name="Shop gateway", key=key)
    page.goto(f"{account}messages/status-events")
    events = StatusEventsPage(page).make()
    address = events.address.inner_text()
    connexease.set_gateway_callback(member.connexease_uuid, address, events.reveal(PASSWORD))
    page.goto(f"{account}conversations/")
    look(page, "conversations-none", folder)
    for sender, name, text in (
        (AYSE, "Ayşe", "STOP"),
        (MEHMET, "Mehmet", "Hello"),
        (MEHMET, "Mehmet", "Where is my order? " * 6),
    ):
        connexease.mixed_event(member.connexease_uuid, **{"from": sender, "name": name, "text": text})
    reload_until(page, page.get_by_text("Where is my order").first.is_visible)
    look(page, "conversations", folder)
    a_conversation_is_answered(page, f"{account}conversations/", folder)
    opting_out_stops_marketing(page, member, folder)


def a_conversation_is_answered(page: Page, conversations: str, folder: str | None) -> None:
    page.get_by_role("link", name="Mehmet").click()
    page.get_by_label("Message", exact=True).fill("It left this morning.")
    page.get_by_role("button", name="Review message").click()
    expect(page.get_by_text("Free text until")).to_be_visible()
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    page.goto(conversations)
    page.get_by_role("link", name="Mehmet").click()
    expect(page.locator(".thread > li").last).to_contain_text("It left this morning.")
    look(page, "conversation", folder)


def opting_out_stops_marketing(page: Page, member: Member, folder: str | None) -> None:
    page.goto(f"{member.account_url}contacts/")
    expect(page.get_by_role("link", name="Ayşe")).to_be_visible()
    look(page, "contacts", folder)
    page.get_by_role("link", name="Ayşe").click()
    expect(page.get_by_text("Opted out of marketing")).to_be_visible()
    page.get_by_text("Record their choice").click()
    look(page, "contact", folder)
    composer: ComposePage = visit(page, member, "?type=template")
    composer.field("To").fill(f"+{AYSE}")
    expect(page.get_by_text("Free text until")).to_be_visible()
    composer.field("Template name").fill("spring_sale")
    composer.field("Language").fill("tr")
    composer.review_in_vain()
    expect(page.get_by_role("alert")).to_contain_text("opted out of marketing on")
    look(page, "compose-opted-out", folder)


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
