"""A campaign in a real browser: from a file with wrong rows to its confirmation."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import BrowserContext, Page, expect

from e2e.browser.forms import post
from e2e.running.people import Member
from e2e.running.stack import Stack
from e2e.states.look import look

FILE = (
    "Telefon;Name;Order number;Day\n"
    "0532 123 45 01;Ayşe Yılmaz;10482;Friday\n"
    "+90 532 123 45 02;Mehmet Kaya;10483;Saturday\n"
    "9,05E+11;Elif Demir;10484;Monday\n"
    "0532 123 45 03;Can Öz;;Monday\n"
    "05321234501;Ayşe Yılmaz;10485;Friday\n"
)


def test_a_file_with_wrong_rows_is_checked_and_confirmed(
    page: Page, context: BrowserContext, member: Member, stack: Stack, folder: str | None, tmp_path: Path
) -> None:
    root = f"{member.account_url}campaigns/"
    stack.connexease.create_channel(member.connexease_uuid, name="Shop")
    key = stack.connexease.issue_gateway_key(member.connexease_uuid)
    post(context, f"{member.account_url}tokens/gateway/new", name="Shop gateway", key=key)
    post(context, f"{member.account_url}tokens/new", name="Templates", keep="y", intent="campaigns")
    page.goto(root)
    look(page, "campaigns-none", folder)
    page.get_by_role("link", name="Create your first campaign").click()
    expect(page.get_by_label("Tag", exact=True)).to_be_hidden()
    page.get_by_label("Your contacts").check()
    expect(page.get_by_label("CSV file", exact=True)).to_be_hidden()
    page.get_by_label("People in a CSV file").check()
    look(page, "campaign-new", folder)
    page.get_by_label("Name", exact=True).fill("Order updates")
    file = tmp_path / "orders.csv"
    file.write_text(FILE, "cp1254")
    page.get_by_label("CSV file", exact=True).set_input_files(file)
    page.get_by_role("button", name="Continue to message").click()

    page.get_by_label("order_update").check()
    expect(page.locator("#sources-0")).to_have_value("1")  # the columns are found by their names
    expect(page.locator("#number_column")).to_have_value("0")
    expect(page.locator("#preview")).to_contain_text("Hi Ayşe Yılmaz, your order 10482 is on its way.")
    expect(page.get_by_label("Text for everyone Name", exact=True)).to_be_hidden()
    page.locator("#sources-2").select_option(label="Same text for everyone")
    page.get_by_label("Text for everyone Day", exact=True).fill("Tuesday")
    expect(page.locator("#preview")).to_contain_text("It should arrive on Tuesday.")
    look(page, "campaign-message", folder)
    page.get_by_role("button", name="Check rows").last.click()

    expect(page.get_by_role("heading", name="2 people can get this message")).to_be_visible()
    expect(page.get_by_text("The spreadsheet rounded this number")).to_be_visible()
    look(page, "campaign-check", folder)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download wrong rows").click()
    assert "Elif Demir" in Path(download.value.path()).read_text("utf-8-sig")
    page.get_by_role("link", name="Continue to confirmation").click()
    # Nobody is asleep, at whatever time this runs.
    quiet = datetime.now(ZoneInfo(member.customer.time_zone)) + timedelta(hours=12)
    page.get_by_label("Quiet hours from (optional)").fill(f"{quiet:%H:%M}")
    page.get_by_role("button", name="Send to 2 people").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter both times")
    page.get_by_label("Quiet hours until (optional)").fill(f"{quiet + timedelta(minutes=1):%H:%M}")
    expect(page.get_by_role("button", name="Send to 2 people")).to_be_visible()
    look(page, "campaign-confirm", folder)
    page.get_by_role("button", name="Send to 2 people").click()
    page.wait_for_url(lambda address: not address.endswith("/confirm"))
    expect(page.get_by_text("Done with 2 of 2 people")).to_be_visible()  # the worker has sent it
    page.goto(root)
    expect(page.locator("tbody tr")).to_contain_text("Order updates")
    look(page, "campaigns", folder)
