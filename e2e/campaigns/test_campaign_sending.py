"""A campaign under way in a real browser: it moves by itself, is paused, pauses itself, and ends."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect

from e2e.browser.forms import post
from e2e.running.people import Member
from e2e.running.stack import Stack
from e2e.states.look import look


def test_a_campaign_from_its_beginning_to_its_end(
    page: Page, context: BrowserContext, member: Member, stack: Stack, folder: str | None
) -> None:
    connexease = stack.connexease
    key = connexease.issue_gateway_key(member.connexease_uuid)
    post(context, f"{member.account_url}tokens/gateway/new", name="Shop gateway", key=key)
    connexease.set(statuses=[], rate_per_second=3)  # so slowly that it is still under way when it is paused
    account = member.account_url.rstrip("/").rpartition("/")[2]
    numbers = [f"+90532{place:06}1" for place in range(60)]
    made = stack.ask("campaign", account=account, numbers=numbers, name="Autumn sale")
    address = f"{member.account_url}campaigns/{made['id']}/"
    page.goto(address)
    expect(page.locator("#progress-words")).not_to_contain_text("Done with 0 of 60")  # it moves by itself
    page.get_by_role("button", name="Pause campaign").click()
    expect(page.get_by_role("button", name="Resume campaign")).to_be_visible()
    look(page, "campaign-paused", folder)
    # The balance runs out: it pauses itself, and says why.
    page.reload()
    connexease.set(balance=0.0)
    page.get_by_role("button", name="Resume campaign").click()
    expect(page.get_by_text("Your balance at the gateway is too low.")).to_be_visible()
    look(page, "campaign-paused-by-itself", folder)
    connexease.set(balance=None, rate_per_second=20)
    connexease.fault("gateway", "/v1/wa/message", times=2, code="502")
    page.get_by_role("button", name="Resume campaign").click()
    expect(page.get_by_role("button", name="Pause campaign")).to_be_visible()
    look(page, "campaign-running", folder)
    expect(page.get_by_text("Done with 60 of 60 people")).to_be_visible()
    expect(page.get_by_text("Finished", exact=True)).to_be_visible()
    look(page, "campaign-finished", folder)
    sends = connexease.gateway_sends()
    assert [sends.get(number, 0) for number in numbers].count(1) == 58
    page.get_by_role("link", name="Not sent").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    look(page, "campaign-rows", folder)
    page.goto(address)
    page.get_by_role("button", name="Send again to 2 people").click()
    page.wait_for_url(lambda url: made["id"] not in url)
