"""A channel is green only after a round trip: a message from its number went out, and its status event came back."""

from typing import Any

import pytest
from lxml.html import HtmlElement

from portal.models import AuditEntry, Channel, Message
from tests.integration.messages.conftest import Sender, make_sender
from tests.integration.messages.test_gateway_reports import Gateway, event, status
from tests.integration.messages.test_trial import begin, go_on, lines
from tests.support.application.pages import select
from tests.support.suite.marks import both_databases

NUMBER = "905550000000"


@pytest.fixture
def gateway(sender: Sender) -> Gateway:
    return with_channels(sender)


def with_channels(sender: Sender) -> Gateway:
    for name in ("Shop", "Service"):
        sender.control.create_channel(sender.uuid, name=name)
    sender.browser.get(f"/accounts/{sender.account_id}/channels/")
    return Gateway(sender)


def round_trip(gateway: Gateway, word: str = "sent", number: str = NUMBER) -> None:
    """A check whose status event names the number that the message came from."""
    sender = gateway.sender
    begin(sender, wants_real="y")
    sender.portal.work()
    real = [row for row in sender.portal.rows(Message) if not row.is_fake][-1]
    body: Any = event(status(real.wamid, word))
    body["entry"][0]["changes"][0]["value"]["metadata"] = {"display_phone_number": number}
    gateway.post(body)
    sender.portal.work()
    go_on(sender)


def choose(sender: Sender, name: str) -> None:
    page = sender.browser.get(f"{sender.root}check")
    [button] = [each for each in page.select("button[name=channel]") if name in each.text_content()]
    sender.browser.post(_form_of(button).attrib["action"], {"channel": button.attrib["value"]})


def _form_of(button: HtmlElement) -> HtmlElement:
    return next(button.iterancestors("form"))


def chips(sender: Sender) -> dict[str, str]:
    """What the list of channels says of each."""
    page = sender.browser.get(f"/accounts/{sender.account_id}/channels/")
    rows = [row for row in page.select("#channels tbody tr") if row.find("th") is not None]
    return {row.find("th").text: select(row, ".chip")[0].text_content() for row in rows}


def channel(sender: Sender, name: str) -> Channel:
    return next(row for row in sender.portal.rows(Channel) if row.name == name)


def test_connected_by_the_list_proves_nothing(sender: Sender, gateway: Gateway) -> None:
    assert chips(sender) == {"Shop": "Connected", "Service": "Connected"}
    page = sender.browser.get(f"/accounts/{sender.account_id}/channels/")
    assert page.select(".chip-success") == []
    assert "Not tested yet" in page.text
    assert page.select_one("#channels a[href$='/messages/check']") is not None


@both_databases
def test_a_person_says_once_which_channel_a_number_is(portal, control) -> None:
    sender = make_sender(portal, control)
    gateway = with_channels(sender)
    round_trip(gateway)
    assert lines(sender) == [*["Works"] * 4, "To do"]
    assert "The message came from +90 555 000 00 00" in sender.browser.get(f"{sender.root}check").text
    assert chips(sender) == {"Shop": "Connected", "Service": "Connected"}, "nothing is guessed"
    choose(sender, "Service")
    assert lines(sender) == ["Works"] * 5
    assert chips(sender) == {"Shop": "Connected", "Service": "Works"}
    assert portal.rows(AuditEntry)[-1].action == "channel.number_said"
    portal.sql("UPDATE channel SET proven_at = NULL")
    round_trip(gateway)
    assert lines(sender) == ["Works"] * 5
    assert chips(sender)["Service"] == "Works"


def test_the_number_may_move_to_another_channel(sender: Sender, gateway: Gateway) -> None:
    round_trip(gateway)
    choose(sender, "Shop")
    page = sender.browser.get(f"{sender.root}check")
    assert page.select("button[name=channel]") == []
    round_trip(gateway, number="905550000001")
    choose(sender, "Shop")
    assert channel(sender, "Shop").number == "+905550000001"
    assert chips(sender) == {"Shop": "Works", "Service": "Connected"}


def test_a_message_that_failed_proves_no_channel(sender: Sender, gateway: Gateway) -> None:
    round_trip(gateway, "failed")
    assert lines(sender) == ["Works", "To do", "Works", "Works", "Not checked"]


def test_what_was_disconnected_has_to_be_proven_anew(sender: Sender, gateway: Gateway) -> None:
    round_trip(gateway)
    choose(sender, "Shop")
    uuid = str(channel(sender, "Shop").connexease_uuid)
    refresh = f"/accounts/{sender.account_id}/channels/refresh"
    sender.control.change_channel(uuid, connected=False)
    sender.browser.post(refresh)
    assert chips(sender)["Shop"] == "Disconnected"
    assert lines(sender)[-1] == "To do"
    sender.control.change_channel(uuid, connected=True)
    sender.browser.post(refresh)
    assert chips(sender)["Shop"] == "Connected"


def test_the_getting_started_list_says_how_each_line_stands(sender: Sender, gateway: Gateway) -> None:
    def said() -> list[str]:
        page = sender.browser.get(f"/accounts/{sender.account_id}/")
        return [chip.text_content() for chip in page.select(".check-lines .chip")]

    assert said() == ["Not checked"] * 5
    begin(sender)
    sender.portal.work()
    assert said() == ["Works", *["Not checked"] * 4]
    assert (
        sender.browser.get(f"/accounts/{sender.account_id}/").select_one("a", text="Check the connection")
        is not None
    )


def test_nobody_names_a_channel_of_another_account(sender: Sender, gateway: Gateway) -> None:
    round_trip(gateway)
    page = sender.browser.get(f"{sender.root}check")
    action = _form_of(page.select("button[name=channel]")[0]).attrib["action"]
    elsewhere = "00000000-0000-4000-8000-000000000000"
    assert sender.browser.post(action, {"channel": elsewhere}).status in (302, 303)
    assert sender.browser.post(action, {"channel": "no"}).status == 404
    assert {row.number for row in sender.portal.rows(Channel)} == {""}
