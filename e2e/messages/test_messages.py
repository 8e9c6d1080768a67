"""What becomes of messages, seen in a real browser: the log and a message's page keep up by themselves."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect

from e2e.browser.forms import post
from e2e.messages.test_compose import visit
from e2e.pages.compose import ComposePage
from e2e.pages.messages import MessagePage, MessagesPage
from e2e.running.people import PASSWORD, Member
from e2e.running.stack import Stack
from e2e.states.look import look

SEND = ("/v1/wa/message", "POST")
NUMBER = "+90 532 123 45 67"


def log(page: Page, member: Member) -> MessagesPage:
    page.goto(f"{member.account_url}messages/")
    return MessagesPage(page)


def send(page: Page, member: Member, words: str, number: str = NUMBER) -> MessagePage:
    composer = visit(page, member)
    composer.field("To").fill(number)
    composer.field("Message").fill(words)
    composer.review().send()
    return MessagePage(page)


def add_key(context: BrowserContext, member: Member, stack: Stack) -> None:
    key = stack.connexease.issue_gateway_key(member.connexease_uuid)
    post(context, f"{member.account_url}tokens/gateway/new", name="Shop gateway", key=key)


def test_states_arrive_by_themselves(
    page: Page, context: BrowserContext, stack: Stack, member: Member, folder: str | None
) -> None:
    connexease, messages = stack.connexease, log(page, member)
    look(page, "messages-none", folder)
    add_key(context, member, stack)
    events = messages.status_events()
    look(page, "status-events-none", folder)
    address = events.make().address.inner_text()
    look(page, "status-events", folder)
    connexease.set_gateway_callback(member.connexease_uuid, address, events.reveal(PASSWORD))
    look(page, "status-events-secret", folder)
    connexease.set(statuses=["sent"])
    message = send(page, member, "Your order is ready")
    message.expect_state("Sent", "WhatsApp has the message")
    [sent] = [each for each in connexease.gateway_messages() if each["account"] == member.connexease_uuid]
    connexease.report_statuses(sent["wamid"], "read", "delivered")
    message.expect_state("Read")
    expect(message.timeline).to_contain_text("Delivered")
    other = context.new_page()
    listed = log(other, member)
    expect(listed.rows).to_have_count(1)
    connexease.set(statuses=[])
    send(page, member, "Another")
    listed = MessagesPage(other)
    expect(listed.newer).to_be_visible()
    expect(listed.rows).to_have_count(1)
    listed.newer.click()
    expect(listed.rows.nth(0)).to_contain_text("Accepted")
    ours = [each for each in connexease.gateway_messages() if each["account"] == member.connexease_uuid]
    wamid = next(each["wamid"] for each in ours if each["body"]["text"]["body"] == "Another")
    connexease.report_statuses(wamid, "failed")
    expect(listed.rows.nth(0)).to_contain_text("Failed")
    listed.open(NUMBER).expect_state("Failed", "WhatsApp can't deliver to this number")


def test_a_message_is_not_sent_and_another_may_have_been(
    page: Page, context: BrowserContext, stack: Stack, member: Member, folder: str | None
) -> None:
    connexease = stack.connexease
    add_key(context, member, stack)
    connexease.fault("gateway", *SEND, code="BILL_001")
    message = send(page, member, "No money")
    message.expect_state("Not sent", "Top up your balance")
    look(page, "message-refused", folder)
    composer: ComposePage = message.send_again()
    expect(composer.field("Message")).to_have_value("No money")
    expect(composer.field("To")).to_have_value(NUMBER.replace(" ", ""))

    connexease.fault("reset_after", *SEND)
    message = send(page, member, "Who knows")
    message.expect_state("Unknown", "We won't send it again automatically")
    look(page, "message-unknown", folder)
    message.settle("Mark as arrived").expect_state("Delivered")

    listed = log(page, member)
    expect(listed.rows).to_have_count(2)
    listed.choose("State", "Not sent")
    expect(listed.rows).to_have_count(1)
    look(page, "messages-filtered", folder)
