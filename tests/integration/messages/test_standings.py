"""What WhatsApp says of an account, its numbers and its templates reaches the people who can act on it."""

from typing import Any

import pytest

from portal.models import Standing, TemplateListing
from tests.integration.messages.conftest import Sender, make_sender
from tests.integration.messages.test_composer import template, write
from tests.integration.messages.test_gateway_reports import Gateway
from tests.integration.messages.test_mixed_events import body
from tests.integration.messages.test_templates import add_token, calls, open_form
from tests.support.suite.marks import both_databases

AT = 1_790_000_000
FAR = 4_000_000_000


@pytest.fixture
def gateway(sender: Sender) -> Gateway:
    return Gateway(sender)


def tell(gateway: Gateway, field: str, value: dict[str, Any], at: int | None = AT) -> None:
    told = body((field, value))
    if at is not None:
        told["entry"][0]["time"] = at
    gateway.post(told)
    gateway.sender.portal.work()


def alerts(gateway: Gateway) -> list[str]:
    page = gateway.sender.browser.get(f"/accounts/{gateway.sender.account_id}/")
    return [" ".join(alert.text_content().split()) for alert in page.select(".alert")]


def restricted(until: int | None = None) -> dict[str, Any]:
    what: dict[str, Any] = {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING"}
    return {"event": "ACCOUNT_RESTRICTION", "restriction_info": [what | ({"expiration": until} if until else {})]}


def ban(state: str) -> dict[str, Any]:
    return {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": state, "waba_ban_date": "December 3, 2026"}}


PHONE = {"display_phone_number": "905550000000"}
NOTICES = {
    "disabled": ("account_update", ban("DISABLE"), "Meta disabled your WhatsApp account"),
    "will be disabled": ("account_update", ban("SCHEDULE_FOR_DISABLE"), "on December 3, 2026"),
    "restricted": ("account_update", restricted(FAR), "you can't start conversations. This ends"),
    "violation": (
        "account_update",
        {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "ADULT"}},
        "broke a rule: adult",
    ),
    "review": ("account_review_update", {"decision": "REJECTED"}, "and didn't approve it"),
    "quality": (
        "phone_number_quality_update",
        {**PHONE, "event": "FLAGGED"},
        "quality of +90 555 000 00 00 is low",
    ),
    "limit": (
        "phone_number_quality_update",
        {**PHONE, "event": "DOWNGRADE", "current_limit": "TIER_1K"},
        "to 1,000 people a day",
    ),
    "name": (
        "phone_number_name_update",
        {**PHONE, "decision": "REJECTED", "requested_verified_name": "Acme"},
        "didn't approve the display name “Acme”",
    ),
}


@pytest.mark.parametrize("name", NOTICES)
def test_a_notice_says_what_happened_and_what_to_do(gateway: Gateway, name: str) -> None:
    field, value, words = NOTICES[name]
    tell(gateway, field, value, None)
    [alert] = alerts(gateway)
    assert words in alert
    assert "just now" in alert


def test_what_is_well_again_says_nothing(gateway: Gateway) -> None:
    tell(gateway, "account_update", ban("DISABLE"))
    tell(gateway, "account_update", ban("REINSTATE"), AT + 1)
    tell(gateway, "account_update", restricted(AT + 60))
    tell(gateway, "phone_number_quality_update", {**PHONE, "event": "FLAGGED"})
    tell(gateway, "phone_number_quality_update", {**PHONE, "event": "UNFLAGGED"}, AT + 1)
    tell(gateway, "account_update", {"event": "VERIFIED_ACCOUNT"})
    assert alerts(gateway) == []


@both_databases
def test_an_older_event_that_comes_late_changes_nothing(portal, control) -> None:
    gateway = Gateway(make_sender(portal, control))
    tell(gateway, "account_update", ban("REINSTATE"), AT + 1)
    tell(gateway, "account_update", ban("DISABLE"))
    assert alerts(gateway) == []
    tell(gateway, "account_update", ban("DISABLE"), AT + 2)
    assert len(alerts(gateway)) == 1
    assert len(portal.rows(Standing)) == 1


@pytest.mark.parametrize("value", [{}, {"event": 7}, {"event": "ACCOUNT_RESTRICTION", "restriction_info": "x"}])
def test_whatever_comes_breaks_nothing(gateway: Gateway, value: dict[str, Any]) -> None:
    for field in ("account_update", "phone_number_quality_update", "message_template_status_update"):
        tell(gateway, field, value)
    assert gateway.sender.browser.get(f"/accounts/{gateway.sender.account_id}/").status == 200


def test_a_templates_new_state_is_in_the_list_and_read_again(sender: Sender, gateway: Gateway) -> None:
    sender.control.create_channel(sender.uuid, name="Shop")
    add_token(sender)
    sender.control.clear_requests()
    open_form(sender)
    assert calls(sender) == 1
    paused = {"event": "PAUSED", "message_template_name": "welcome", "message_template_language": "tr"}
    tell(gateway, "message_template_status_update", paused)
    assert sender.portal.one(TemplateListing).tried_at is None
    page = open_form(sender)
    assert calls(sender) == 2
    [said] = page.select("#templates .chip")
    assert said.text_content() == "Paused"
    assert "welcome" in next(each for each in said.iterancestors() if "form-check" in each.classes).text_content()
    tell(gateway, "message_template_status_update", paused | {"event": "APPROVED"}, AT + 1)
    assert open_form(sender).select("#templates .chip") == []


def test_a_message_with_a_paused_template_is_warned_of(sender: Sender, gateway: Gateway) -> None:
    paused = {"event": "PAUSED", "message_template_name": "order_ready", "message_template_language": "tr"}
    tell(gateway, "message_template_status_update", paused)
    for language, is_warned in (("tr", True), ("en", False)):
        page = write(sender, **template(name="order_ready", language=language))
        review = sender.browser.get(page.goes_to)
        assert ("WhatsApp says of this template: Paused" in review.text) == is_warned


def test_the_vendors_own_events(sender: Sender, gateway: Gateway, control) -> None:
    control.set_gateway_callback(sender.uuid, "http://127.0.0.1:9/", "secret")
    news = {"account_update": ban("DISABLE")}
    [sent] = control.mixed_event(sender.uuid, template="welcome", template_event="REJECTED", news=news)
    gateway.post(sent["body"])
    sender.portal.work()
    assert {row.state for row in sender.portal.rows(Standing)} == {"REJECTED", "DISABLE"}
    page = sender.browser.get(f"/accounts/{sender.account_id}/")
    assert "Template welcome (tr): Rejected" in page.select_one("section[aria-labelledby=events]").text_content()
