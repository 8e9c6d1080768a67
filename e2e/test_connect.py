"""The main job: sign up, connect a number through the popup, see it connected."""

from playwright.sync_api import expect

from e2e.marks import both_ways
from e2e.pages import FrontPage
from e2e.running.people import Customer

pytestmark = both_ways


def test_a_newcomer_signs_up_and_connects_a_number(front: FrontPage, customer: Customer, stack) -> None:
    form = front.create_account()
    form.fill(customer)
    overview = form.create_account().wait_until_ready(customer.company)
    channels = overview.go_to_channels()
    expect(channels.heading("No number connected yet")).to_be_visible()

    dialog = channels.connect()
    channels.expect_state("opened", "Continue in the connection window")
    dialog.connect("Shop")

    dialog.wait_until_closed()
    channels.expect_state("confirmed", "Shop is connected")
    channels.expect_channel("Shop")
    assert [c["name"] for c in stack.connexease.channels(_uuid(stack, customer))] == ["Shop"]


def _uuid(stack, customer: Customer) -> str:
    accounts = [a for a in stack.connexease.accounts() if a["contact_email"] == customer.email]
    assert len(accounts) == 1
    return accounts[0]["uuid"]
