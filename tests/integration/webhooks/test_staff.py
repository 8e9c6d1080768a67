"""Staff help with webhooks, and cannot have what a customer's customers write sent to themselves."""

from dataclasses import replace

import pytest

from portal.models import StaffRole
from tests.integration.webhooks.conftest import Customer
from tests.support.application.portal import DETAILS

OWNER = DETAILS["contact_email"]
TELLING = [
    "message.created",
    "message.state_changed",
    "conversation.created",
    "customer.updated",
    "feedback.received",
]


@pytest.fixture
def support(customer: Customer) -> Customer:
    """Somebody of the support on the customer's pages."""
    return replace(customer, browser=customer.portal.staff(StaffRole.SUPPORT))


@pytest.mark.parametrize("role", [StaffRole.SUPPORT, StaffRole.ADMIN])
@pytest.mark.parametrize("htmx", [False, True])
def test_staff_make_no_webhook_that_carries_what_customers_write(
    customer: Customer, role: StaffRole, htmx: bool
) -> None:
    staff = replace(customer, browser=customer.portal.staff(role))
    page = staff.save(triggers=[*TELLING, "channel.updated"], htmx=htmx)
    assert page.status == 422
    assert set(page.errors) == {"triggers-field"}
    assert "only the account's own team" in page.errors["triggers-field"]
    assert all(name in page.errors["triggers-field"] for name in TELLING)
    assert "channel.updated" not in page.errors["triggers-field"]
    assert customer.at_connexease() == []


def test_staff_neither_add_such_triggers_nor_lead_them_to_another_host(
    customer: Customer, support: Customer
) -> None:
    customer.save()
    row = customer.only_row().id
    assert set(support.save(webhook=row, triggers=["message.created", "customer.updated"]).errors) == {
        "triggers-field"
    }
    elsewhere = support.save(webhook=row, callback_url="https://elsewhere.example.net/hook")
    assert set(elsewhere.errors) == {"callback_url"}
    both = support.save(
        webhook=row, callback_url="https://elsewhere.example.net/hook", triggers=["channel.updated"]
    )
    assert set(both.errors) == {"callback_url"}
    (held,) = customer.at_connexease()
    assert (held["callback_url"], held["triggers"]) == ("https://receiver.example.com/hook", ["message.created"])


def test_staff_change_switch_and_set_right_all_the_same(customer: Customer, support: Customer) -> None:
    customer.save()
    row = customer.only_row().id
    fixed = "https://receiver.example.com/hook/right"
    assert (
        support.save(webhook=row, callback_url=fixed, triggers=["message.created", "channel.updated"]).status
        == 303
    )
    assert support.act("switch", off="1").status == 303
    assert support.act("switch", on="1").status == 303
    (held,) = customer.at_connexease()
    assert (held["callback_url"], held["is_active"]) == (fixed, True)
    assert set(held["triggers"]) == {"message.created", "channel.updated"}
    assert support.save(webhook=row, triggers=["channel.updated"], callback_url=fixed).status == 303
    assert (
        support.save(webhook=row, triggers=["channel.updated"], callback_url="https://b.example.com/").status
        == 303
    )


def test_staff_make_webhooks_about_the_account_and_its_channels(customer: Customer, support: Customer) -> None:
    assert support.save(triggers=["agent.status_changed"], channels=[]).status == 303
    assert support.save(triggers=["channel.updated"], callback_url="https://c.example.com/").status == 303
    assert len(customer.at_connexease()) == 2


def test_the_owners_are_told_what_staff_did_and_not_what_was_refused(
    customer: Customer, support: Customer
) -> None:
    customer.save(triggers=["channel.updated"])
    row, before = customer.only_row().id, len(customer.portal.mails(OWNER))
    support.save(triggers=["message.created"], callback_url="https://c.example.com/")
    assert len(customer.portal.mails(OWNER)) == before
    support.save(webhook=row, triggers=["channel.updated"], callback_url="https://c.example.com/?key=planted")
    [changed, *_rest] = customer.portal.mails(OWNER)
    assert "Our support changed one of your webhooks" in changed["subject"]
    assert "support@reseller.example.com" in changed["text"]
    assert "c.example.com" in changed["text"]
    assert "planted" not in changed["text"]
    assert customer.root in changed["links"][0]
    support.save(triggers=["agent.status_changed"], channels=[])
    assert "Our support created a webhook for you" in customer.portal.mails(OWNER)[0]["subject"]
    assert len(customer.portal.mails(OWNER)) == before + 2


def test_whoever_belongs_to_the_account_does_all_of_it(customer: Customer) -> None:
    customer.save()
    moved = "https://moved.example.com/hook"
    done = customer.save(
        webhook=customer.only_row().id, callback_url=moved, triggers=["message.created", *TELLING]
    )
    assert done.status == 303
    assert customer.at_connexease()[0]["callback_url"] == moved
