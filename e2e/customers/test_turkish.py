"""The main job in Turkish: from the choice at the foot of the page to a message that is sent, mails included."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.browser.forms import post
from e2e.messages.test_compose import NUMBER
from e2e.pages.dialog import Dialog
from e2e.running.mail import mail_to
from e2e.running.people import Customer
from e2e.running.stack import Stack
from portal.translations import catalogue


def tr(sentence: str) -> str:
    """A label as it reads in Turkish; one without a translation is no test of it."""
    translated = str(catalogue("tr").gettext(sentence))
    assert translated != sentence, f"no Turkish for {sentence!r}"
    return translated


@pytest.mark.signup_policy("verified")
def test_from_sign_up_to_a_message(page: Page, context: BrowserContext, customer: Customer, stack: Stack) -> None:
    main = page.get_by_role("main")
    page.goto(stack.url)
    page.get_by_role("contentinfo").get_by_role("button", name="Türkçe").click()
    expect(page.locator("html")).to_have_attribute("lang", "tr")

    main.get_by_role("link", name=tr("Create an account"), exact=True).click()
    page.wait_for_url("**/signup", wait_until="domcontentloaded")  # with its script, which guesses the time zone
    typed = {
        "Company": customer.company,
        "First name": "İpek",
        "Last name": "Işık",
        "Work email": customer.email,
        "Password": customer.password,
    }
    for label, value in typed.items():
        main.get_by_label(tr(label), exact=True).fill(value)
    main.get_by_role("button", name=tr("Create account"), exact=True).click()
    expect(page).to_have_title(re.compile(re.escape(tr("Check your email"))))

    mail = mail_to(stack, customer.email)
    assert mail["subject"] == tr("Confirm your email address")
    assert "İpek" in mail["text"]
    page.goto(mail["links"][0])
    main.get_by_role("button", name=tr("Confirm email address"), exact=True).click()
    expect(main.get_by_role("link", name=tr("Go to channels"), exact=True)).to_be_visible()
    overview = page.url

    main.get_by_role("link", name=tr("Go to channels"), exact=True).click()
    page.wait_for_url("**/channels/")  # with its scripts: they open the window
    with page.expect_popup() as opened:
        main.get_by_role("button", name=tr("Connect WhatsApp"), exact=True).click()
    Dialog(opened.value).connect("Kadıköy")
    expect(page.locator("#attempt")).to_have_attribute("data-state", "confirmed")
    expect(main.get_by_role("row").filter(has_text="Kadıköy")).to_contain_text(tr("Connected"))

    [account] = [row for row in stack.connexease.accounts() if row["contact_email"] == customer.email]
    post(
        context,
        f"{overview}tokens/gateway/new",
        name="Mağaza",
        key=stack.connexease.issue_gateway_key(account["uuid"]),
    )
    page.goto(f"{overview}messages/new")
    main.get_by_label(tr("To"), exact=True).fill(NUMBER)
    main.get_by_label(tr("Message"), exact=True).fill("Siparişiniz yolda, İpek")
    main.get_by_role("button", name=tr("Review message"), exact=True).click()
    main.get_by_role("button", name=tr("Send message"), exact=True).click()
    expect(main.get_by_text(tr("Accepted"), exact=True).first).to_be_visible()
    sent = [row["body"] for row in stack.connexease.gateway_messages() if row["account"] == account["uuid"]]
    assert [body["text"]["body"] for body in sent] == ["Siparişiniz yolda, İpek"]
