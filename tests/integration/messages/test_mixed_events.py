"""One event of the gateway may tell of several things and of several numbers: each is acted on, and found."""

import csv
import io
from typing import Any

import pytest
from sqlmodel import SQLModel

from portal.events import export
from portal.events.processing import older
from portal.messages.reports import recognition
from portal.models import ConsentEntry, Delivery, DeliveryKind, MessageStatus, ReadPosition, Role, StaffRole
from tests.integration.messages.conftest import RECIPIENT, Sender, make_sender
from tests.integration.messages.test_gateway_reports import Gateway, event, status
from tests.support.application.browser import Browser
from tests.support.suite.marks import both_databases

AYSE = {"profile": {"name": "Ayşe"}, "wa_id": "905301112233"}
HIDDEN = {"profile": {"name": "Mehmet"}, "user_id": "US.13AbZ9"}
WROTE = {"from": "905301112233", "id": "wamid.in", "timestamp": "1790000000", "type": "text"}
STOPS = {"wa_id": "905301112233", "detail": "User requested to stop", "category": "marketing_messages"}


@pytest.fixture
def gateway(sender: Sender) -> Gateway:
    return Gateway(sender)


def body(*changes: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """An event whose parts stand in entries of their own."""
    entries = [
        {"id": str(at), "changes": [{"field": name, "value": value}]} for at, (name, value) in enumerate(changes)
    ]
    return {"object": "whatsapp_business_account", "entry": entries}


def receive(gateway: Gateway, *changes: tuple[str, dict[str, Any]]) -> Delivery:
    assert gateway.post(body(*changes)).status_code == 200
    gateway.sender.portal.work()
    return gateway.sender.portal.rows(Delivery)[-1]


def inbound(contact: dict[str, Any], **message: Any) -> tuple[str, dict[str, Any]]:
    return "messages", {"contacts": [contact], "messages": [{**WROTE, **message}]}


def log(gateway: Gateway, browser: Browser | None = None, **arguments: str) -> list[str]:
    """The lines of the event log."""
    page = (browser or gateway.sender.browser).get(
        f"/accounts/{gateway.sender.account_id}/events/", query_string=arguments
    )
    assert page.status == 200, page.text
    return [" ".join(row.text_content().split()) for row in page.select("table.events tbody th a")]


@both_databases
def test_each_part_is_acted_on_and_found_by_its_own_filter(portal, control) -> None:
    sender = make_sender(portal, control)
    gateway, row = Gateway(sender), sender.send()
    both = {
        "contacts": [AYSE],
        "messages": [{**WROTE, "text": {"body": "Hello"}}],
        "statuses": [status(row.wamid, "read")],
    }
    template = {"event": "APPROVED", "message_template_name": "order_ready", "message_template_language": "tr"}
    stop = {"user_preferences": [{**STOPS, "value": "stop", "timestamp": "1790000000"}]}
    kept = receive(
        gateway,
        ("messages", both),
        ("message_template_status_update", template),
        ("user_preferences", stop),
        ("account_update", {"event": "VERIFIED_ACCOUNT"}),
    )
    assert kept.state == "processed"
    assert sender.message(row.id).state == "read"
    assert [told.wish for told in portal.rows(ConsentEntry)] == ["out"]
    kinds = ("gateway.status", "gateway.message", "gateway.preference", "gateway.template", "gateway.account")
    for kind in kinds:
        assert len(log(gateway, trigger=kind)) == 1, kind
    assert log(gateway, trigger="gateway.other") == []
    assert {filed.kind for filed in portal.rows(DeliveryKind)} >= set(kinds)
    staff = portal.staff(StaffRole.ADMIN).get("/staff/events/", query_string={"trigger": "gateway.preference"})
    assert len(staff.select("table.events tbody tr")) == 1


def test_the_vendors_own_mix_of_a_person_without_a_number(sender: Sender, gateway: Gateway, control) -> None:
    row, uuid = sender.send(), control.accounts()[0]["uuid"]
    control.set_gateway_callback(uuid, "http://127.0.0.1:9/", "secret")
    person = {"user_id": "US.13AbZ9", "name": "Mehmet"}
    [sent] = control.mixed_event(
        uuid, statuses={row.wamid: "read"}, text="Hi", preference="resume", template="a", **person
    )
    assert "wa_id" not in str(sent["body"])
    gateway.post(sent["body"])
    sender.portal.work()
    assert sender.message(row.id).state == "read"
    [told] = sender.portal.rows(ConsentEntry)
    assert (told.number, told.user_id, told.wish) == ("", "US.13AbZ9", "in")
    assert log(gateway) == [
        "To US.13AbZ9: Read · Mehmet (US.13AbZ9): “Hi” · Mehmet (US.13AbZ9) wants marketing messages again and 1 more"
    ]


def test_parts_about_another_number_are_acted_on_too(sender: Sender, gateway: Gateway) -> None:
    row = sender.send()
    elsewhere = {"metadata": {"phone_number_id": "2"}, "statuses": [status(row.wamid, "delivered")]}
    receive(
        gateway,
        ("messages", {"metadata": {"phone_number_id": "1"}, "statuses": [status("x", "sent")]}),
        ("messages", elsewhere),
    )
    assert sender.message(row.id).state == "delivered"


LINES = {
    "text": (
        inbound(AYSE, text={"body": "Hello  there\nfriend"}),
        "Ayşe (+90 530 111 22 33): “Hello there friend”",
    ),
    "image": (inbound(AYSE, type="image", image={"id": "1"}), "Ayşe (+90 530 111 22 33) sent an image"),
    "long": (
        inbound(AYSE, text={"body": "word " * 40}),
        f"Ayşe (+90 530 111 22 33): “{('word ' * 40)[:89].strip()}…”",
    ),
    "hidden": (
        inbound(HIDDEN, **{"from": None, "from_user_id": "US.13AbZ9", "text": {"body": "Hi"}}),
        "Mehmet (US.13AbZ9): “Hi”",
    ),
    "status": (("messages", {"statuses": [status("w", "delivered")]}), "To +90 532 123 45 67: Delivered"),
    "hidden status": (
        ("messages", {"statuses": [{"id": "w", "status": "failed", "recipient_user_id": "US.13AbZ9"}]}),
        "To US.13AbZ9: Failed",
    ),
    "many": (
        (
            "messages",
            {"statuses": [status(f"w{number}", "sent", to=f"+90532123450{number}") for number in range(7)]},
        ),
        "To +90 532 123 45 00: Sent · To +90 532 123 45 01: Sent · To +90 532 123 45 02: Sent and 4 more",
    ),
    "template": (
        (
            "message_template_status_update",
            {"event": "PENDING_DELETION", "message_template_name": "a_b", "message_template_language": "tr"},
        ),
        "Template a_b (tr): Pending deletion",
    ),
    "stop": (
        (
            "user_preferences",
            {
                "contacts": [HIDDEN],
                "user_preferences": [{"user_id": "US.13AbZ9", "category": "marketing_messages", "value": "stop"}],
            },
        ),
        "Mehmet (US.13AbZ9) no longer wants marketing messages",
    ),
    "resume": (
        ("user_preferences", {"user_preferences": [{**STOPS, "value": "resume"}]}),
        "+90 530 111 22 33 wants marketing messages again",
    ),
    "nothing that fits": (("odd", {}), "gateway.other"),
}


def test_a_line_says_who_and_what(gateway: Gateway) -> None:
    for change, _line in LINES.values():
        receive(gateway, change)
    assert log(gateway)[::-1] == [line for _change, line in LINES.values()]


def test_who_may_not_read_messages_sees_what_kind_of_thing_it_is(portal, gateway: Gateway) -> None:
    for name in ("text", "hidden status", "stop", "template"):
        receive(gateway, LINES[name][0])
    expected = [
        "Template a_b (tr): Pending deletion",
        "A customer no longer wants marketing messages",
        "Message: Failed",
        "A customer wrote",
    ]
    developer = portal.member(gateway.sender.account_id, role=Role.DEVELOPER)
    assert log(gateway, developer) == expected
    assert log(gateway, developer, q="Hello") == []
    assert len(log(gateway, q="Hello")) == 1
    staff = portal.staff(StaffRole.ADMIN).get("/staff/events/")
    assert [" ".join(row.text_content().split()) for row in staff.select("table.events th a")] == expected


def test_the_lines_as_a_file(portal, gateway: Gateway, monkeypatch) -> None:
    monkeypatch.setattr(export, "AT_ONCE", 2)
    for name in ("text", "stop", "template"):
        receive(gateway, LINES[name][0])
    path = f"/accounts/{gateway.sender.account_id}/events/export.csv"
    written = gateway.sender.browser.get(path).response.text
    rows = list(csv.DictReader(io.StringIO(written.lstrip("\ufeff"))))
    assert [row["Event"] for row in rows] == log(gateway)
    assert [row["Trigger"] for row in rows] == ["gateway.template", "gateway.preference", "gateway.message"]
    developer = portal.member(gateway.sender.account_id, role=Role.DEVELOPER)
    assert "Mehmet" not in developer.get(path).response.text
    some = gateway.sender.browser.get(path, query_string={"trigger": "gateway.message"}).response.text
    assert len(some.splitlines()) == 2
    assert (
        "downloaded the event log"
        in gateway.sender.browser.get(f"/accounts/{gateway.sender.account_id}/history/").text
    )


@both_databases
def test_people_without_a_number_are_found_by_their_id_and_never_merged(portal, control) -> None:
    gateway = Gateway(make_sender(portal, control))
    other = {"profile": {"name": "Zeynep"}, "user_id": "US.77Q"}
    receive(gateway, LINES["hidden"][0])
    receive(gateway, inbound(other, **{"from": None, "from_user_id": "US.77Q", "text": {"body": "Hi"}}))
    assert log(gateway, q="US.13AbZ9") == ["Mehmet (US.13AbZ9): “Hi”"]
    assert log(gateway, q="Zeynep") == ["Zeynep (US.77Q): “Hi”"]
    wishes = [
        {"user_id": user, "category": "marketing_messages", "value": "stop"} for user in ("US.13AbZ9", "US.77Q")
    ]
    nobody = {"category": "marketing_messages", "value": "stop"}
    receive(gateway, ("user_preferences", {"user_preferences": [*wishes, nobody]}))
    assert sorted((told.number, told.user_id) for told in portal.rows(ConsentEntry)) == [
        ("", "US.13AbZ9"),
        ("", "US.77Q"),
    ]


def test_a_status_without_a_number_settles_no_message_that_has_none_left(sender: Sender, gateway: Gateway) -> None:
    """An erased message has an empty number, and so has a report about somebody who hides theirs."""
    row = sender.send()
    sender.portal.sql("UPDATE message SET recipient = '', wamid = NULL, state = 'unknown'")
    gateway.report({"id": "wamid.other", "status": "sent", "timestamp": str(int(row.created_at.timestamp()) + 1)})
    message = sender.message(row.id)
    assert sender.portal.run(recognition.hint, message) is None
    assert message.wamid is None


def test_an_opt_out_that_a_failed_message_tells_of_is_kept(sender: Sender, gateway: Gateway) -> None:
    row = sender.send()
    for _again in range(2):
        gateway.report(
            status(row.wamid, "failed", at=1_790_000_000, errors=[{"code": 131050, "title": "Opted out"}])
        )
    [told] = sender.portal.rows(ConsentEntry)
    assert (told.number, told.wish, told.source) == (RECIPIENT, "out", "refused_message")


@both_databases
def test_a_preference_is_kept_once_with_its_time_and_evidence(portal, control) -> None:
    gateway = Gateway(make_sender(portal, control))
    told = {**STOPS, "value": "stop", "timestamp": "1790000000"}
    value = {"metadata": {"display_phone_number": "905550000000"}, "user_preferences": [told]}
    first = receive(gateway, ("user_preferences", value))
    receive(gateway, ("user_preferences", {**value, "contacts": [AYSE]}))
    [row] = portal.rows(ConsentEntry)
    assert (row.number, row.scope, row.wish, row.detail, row.business_number, row.delivery_id) == (
        "+905301112233", "marketing", "out", "User requested to stop", "+905550000000", first.id,
    )  # fmt: skip
    assert int(row.at.timestamp()) == 1_790_000_000


def test_events_of_before_get_their_lines_from_the_worker(gateway: Gateway) -> None:
    portal = gateway.sender.portal
    for name in ("text", "stop"):
        receive(gateway, LINES[name][0])
    expected = log(gateway)
    portal.sql("UPDATE delivery SET about = NULL, hook = 'gateway.other'")
    portal.sql("DELETE FROM delivery_kind")
    portal.sql("DELETE FROM delivery_search")
    portal.sql("DELETE FROM read_position")
    portal.sweep()
    assert log(gateway) == expected
    assert len(log(gateway, trigger="gateway.preference")) == 1
    assert len(log(gateway, q="Hello")) == 1
    [position] = [row for row in portal.rows(ReadPosition) if row.name == older.POSITION]
    assert (position.position, list(portal.run(older.left))) == (0, [])


def test_what_is_forgotten_leaves_nothing_that_found_it(sender: Sender, gateway: Gateway) -> None:
    portal = sender.portal
    row = sender.send()
    receive(gateway, ("messages", {"statuses": [status(row.wamid, "read")], "messages": [WROTE]}))
    portal.sql("UPDATE delivery SET received_at = :past", past=row.created_at.replace(year=2020))
    portal.sweep()
    assert [portal.rows(table) for table in (Delivery, DeliveryKind)] == [[], []]
    assert portal.rows(MessageStatus)


def test_no_table_of_people_may_take_an_empty_number_for_a_person() -> None:
    unique = [
        {column.name for column in constraint.columns}
        for table in SQLModel.metadata.tables.values()
        for constraint in table.constraints
        if type(constraint).__name__ == "UniqueConstraint"
    ]
    assert not [names for names in unique if "number" in names and "user_id" not in names]
    assert event()["entry"]
