"""Contacts: made by what people write, by hand and from a file; found, changed, merged, taken away, erased."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from portal.contacts.importing import views
from portal.models import (
    AuditEntry,
    ConsentEntry,
    Contact,
    ContactImport,
    ContactImportWrong,
    Delivery,
    InboundMessage,
    Message,
    Role,
    now,
)
from tests.integration.messages.conftest import RECIPIENT, Sender, make_sender
from tests.integration.messages.test_gateway_reports import Gateway, status
from tests.integration.messages.test_mixed_events import body, inbound, receive
from tests.support.application.browser import Page
from tests.support.application.pages import select, texts
from tests.support.application.portal import Portal
from tests.support.suite.marks import both_databases


def root(sender: Sender) -> str:
    return f"/accounts/{sender.account_id}/contacts/"


def wrote(number: str = "", user_id: str = "", text: str = "Hello", name: str = "", **more: Any) -> Any:
    """An event that tells what somebody wrote."""
    who = {"profile": {"name": name}} if name else {}
    ids = ({"wa_id": number.removeprefix("+")} if number else {}) | ({"user_id": user_id} if user_id else {})
    sent = {"from": number.removeprefix("+") or None, "from_user_id": user_id or None, "text": {"body": text}}
    return inbound(who | ids, **({"id": f"wamid.{number}{user_id}{text}"[:90]} | sent | more))


def add(sender: Sender, **typed: str) -> Page:
    browser = sender.browser
    return browser.submit(browser.get(f"{root(sender)}new"), "Add contact", **typed)


def found(sender: Sender, **arguments: str) -> list[str]:
    page = sender.browser.get(root(sender), query_string=arguments)
    assert page.status == 200, page.text
    return [row.text_content() for row in page.select("#log tbody th a")]


def take(sender: Sender, text: str | bytes, tag: str = "", intent: str = "") -> Page:
    """Bring a file, and see what became of it."""
    data = text if isinstance(text, bytes) else text.encode()
    fields = {"file": (io.BytesIO(data), "people.csv"), "tag": tag, "intent": intent}
    return sender.browser.follow(sender.browser.post(f"{root(sender)}import", fields))


def people(portal: Portal) -> list[tuple[str, str, str]]:
    return [(row.number, row.user_id, row.name) for row in portal.rows(Contact)]


@both_databases
def test_who_writes_becomes_a_contact_once(portal, control) -> None:
    gateway = Gateway(make_sender(portal, control))
    kept = receive(gateway, wrote("+905301112233", name="Ayşe"))
    receive(gateway, wrote("+905301112233", text="Again"))
    receive(gateway, wrote(user_id="US.1", name="Mehmet"))
    receive(gateway, wrote(user_id="US.2"))
    assert people(portal) == [("+905301112233", "", "Ayşe"), ("", "US.1", "Mehmet"), ("", "US.2", "")]
    assert kept.state == "processed"
    assert found(gateway.sender) == ["US.2", "Mehmet", "Ayşe"]


@both_databases
def test_two_that_turn_out_to_be_one_are_merged_and_nobody_by_nothing(portal, control) -> None:
    gateway = Gateway(make_sender(portal, control))
    receive(gateway, wrote("+905301112233", name="Ayşe"))
    receive(gateway, wrote(user_id="US.1", text="STOP"))
    receive(gateway, wrote(user_id="US.2"))
    receive(gateway, wrote("+905301112233", "US.1", text="It is me"))
    assert people(portal) == [("+905301112233", "US.1", "Ayşe"), ("", "US.2", "")]
    [ayse, _other] = portal.rows(Contact)
    assert ayse.out_of == "marketing"
    assert {row.contact_id for row in portal.rows(InboundMessage) if row.text != "Hello"} == {ayse.id}


def test_a_status_that_names_both_joins_them_and_makes_no_contact(sender: Sender, gateway: Gateway) -> None:
    receive(gateway, wrote("+905301112233"))
    gateway.report(status("wamid.x", "read", to="+905301112233", recipient_user_id="US.9"))
    gateway.report(status("wamid.y", "read", to="+905309998877", recipient_user_id="US.8"))
    assert people(sender.portal) == [("+905301112233", "US.9", "")]


def test_a_new_number_brings_along_what_somebody_wants(sender: Sender, gateway: Gateway) -> None:
    receive(gateway, wrote("+905301112233", text="DUR"))
    moved = {"type": "system", "system": {"type": "user_changed_number", "wa_id": "905309998877"}}
    receive(gateway, wrote("+905301112233", **moved))
    [row] = sender.portal.rows(Contact)
    assert (row.number, row.out_of) == ("+905309998877", "marketing")
    assert {entry.number for entry in sender.portal.rows(ConsentEntry)} == {"+905301112233", "+905309998877"}


def test_a_new_user_id_is_the_same_person(sender: Sender, gateway: Gateway) -> None:
    receive(gateway, wrote(user_id="US.1", text="STOP"))
    told = {"user_id_update": [{"user_id": {"previous": "US.1", "current": "US.2"}}]}
    receive(gateway, ("user_id_update", told))
    [row] = sender.portal.rows(Contact)
    assert (row.user_id, row.out_of) == ("US.2", "marketing")


def test_what_connexease_tells_of_a_conversation_counts_too(sender: Sender) -> None:
    portal, uuid = sender.portal, sender.uuid
    [channel] = [sender.control.create_channel(uuid, name="Shop")]
    hook = sender.control.webhooks(uuid)[0]
    payload = {"content": "Merhaba", "customer": {"name": "Ali", "phone_number": "+905301112233"}}
    told = {"hook": "message.created", "account": {"uuid": uuid}, "payload": payload, "channel": channel}
    path = hook["callback_url"].removeprefix("http://localhost")
    for agent in ({}, {"agent": {"name": "Zeynep"}, "content": "STOP"}):
        sent = told | {"payload": payload | agent}
        answer = portal.app.test_client().post(path, json=sent, headers=hook["headers"])
        assert answer.status_code == 200
        portal.work()
    assert people(portal) == [("+905301112233", "", "Ali")]
    assert [row.text for row in portal.rows(InboundMessage)] == ["Merhaba"]


def test_one_message_that_both_tell_of_is_kept_once(sender: Sender, gateway: Gateway) -> None:
    hook = sender.control.webhooks(sender.uuid)[0]
    payload = {"content": "Merhaba", "customer": {"phone_number": "+905301112233"}}
    sent = {"hook": "message.created", "account": {"uuid": sender.uuid}, "payload": payload}
    path = hook["callback_url"].removeprefix("http://localhost")
    sender.portal.app.test_client().post(path, json=sent, headers=hook["headers"])
    sender.portal.work()
    [row] = sender.portal.rows(InboundMessage)
    receive(gateway, wrote("+905301112233", text="Merhaba", timestamp=str(int(row.at.timestamp()))))
    [row] = sender.portal.rows(InboundMessage)
    assert row.wamid.startswith("wamid.")


# --- by hand -----------------------------------------------------------------------------------------


def test_somebody_is_added_changed_and_found(sender: Sender) -> None:
    typed = {"name": "Ayşe Yılmaz", "language": "tr", "tags": "VIP,  Izmir ", "own": "City: Izmir\nPlan: Gold"}
    page = add(sender, number="0532 123 45 67", **typed)
    assert page.status == 303, page.text
    shown = sender.browser.get(page.goes_to)
    for words in ("+90 532 123 45 67", "Ayşe Yılmaz", "VIP", "Plan", "Gold", "Accepts all messages"):
        assert words in shown.text
    edit = sender.browser.get(f"{page.goes_to}/edit")
    assert edit.values("Save contact")["own"] == "City: Izmir\nPlan: Gold"
    again = sender.browser.submit(edit, "Save contact", name="Ayse Kaya", tags="VIP")
    assert again.status == 303
    for words in ("ayşe", "KAYA", "vip", "gold", "izm", "+90 532 123", "0532 123 45 67", "905321234567", "532123"):
        assert found(sender, q=words) == ["Ayse Kaya"], words
    assert found(sender, q="Yılmaz") == []
    assert found(sender, tag="vip") == ["Ayse Kaya"]
    assert found(sender, tag="Izmir") == []
    assert [e.action for e in sender.portal.rows(AuditEntry)][-2:] == ["contact.added", "contact.changed"]
    assert all(RECIPIENT not in e.target for e in sender.portal.rows(AuditEntry))


@both_databases
def test_the_list_is_read_page_by_page_and_is_the_accounts_own(portal, control) -> None:
    sender = make_sender(portal, control)
    other, other_id = portal.customer(contact_email="other@tenant.example.com", name="Other Ltd")
    lines = "\n".join(f"+9053012{number:05},Person {number},all" for number in range(60))
    assert take(sender, f"phone,name,tags\n{lines}").status == 200
    for arguments in ({}, {"q": "person"}, {"tag": "ALL"}, {"q": "90530120"}):
        page = sender.browser.get(root(sender), query_string=arguments)
        assert len(page.select("#log tbody th a")) == 50, arguments
        older = sender.browser.get(page.select_one("a[rel=next]").attrib["href"])
        assert [row.text_content() for row in older.select("#log tbody th a")][-1] == "Person 0"
    assert found(sender, q="person 7") == ["Person 7"]
    assert "No contacts yet" in other.get(f"/accounts/{other_id}/contacts/").text
    contact = portal.rows(Contact)[0]
    assert other.get(f"/accounts/{other_id}/contacts/{contact.id}").status == 404
    assert other.get(f"/accounts/{other_id}/conversations/{contact.id}").status == 404


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({}, "number"),
        ({"number": "12"}, "number"),
        ({"number": RECIPIENT, "own": "no colon"}, "own"),
        ({"number": RECIPIENT, "tags": "x" * 41}, "tags"),
        ({"number": RECIPIENT, "name": "x" * 101}, "name"),
    ],
)
def test_what_is_refused_stands_at_its_field(sender: Sender, typed: dict[str, str], field: str) -> None:
    page = add(sender, **typed)
    assert (page.status, list(page.errors)) == (422, [field])
    assert sender.portal.rows(Contact) == []


def test_nobody_is_added_twice(sender: Sender) -> None:
    add(sender, number=RECIPIENT, name="Ayşe")
    add(sender, user_id="US.1", name="Mehmet")
    assert "Ayşe" in add(sender, number="0532 123 45 67").errors["number"]
    assert "Mehmet" in add(sender, number="+905301112233", user_id="US.1").errors["user_id"]
    assert len(sender.portal.rows(Contact)) == 2


def test_who_may_see_contacts(sender: Sender) -> None:
    add(sender, number=RECIPIENT)
    for role, status_ in ((Role.OPERATOR, 200), (Role.DEVELOPER, 403), (Role.MEMBER, 403)):
        browser = sender.portal.member(sender.account_id, role=role)
        assert browser.get(root(sender)).status == status_
        overview = browser.get(f"/accounts/{sender.account_id}/")
        assert ("Contacts" in overview.text) == (status_ == 200)


# --- two that are one, by hand -----------------------------------------------------------------------


def press_merge(sender: Sender, contact: Contact, words: str) -> Page:
    """Look for the other contact, look at what results, and confirm it."""
    address = f"{root(sender)}{contact.id}/merge"
    page = sender.browser.get(address, query_string={"q": words})
    preview = sender.browser.get(page.select_one("tbody a").attrib["href"])
    return (
        preview if preview.select_one(".alert") is not None else sender.browser.submit(preview, "Merge contacts")
    )


@both_databases
def test_two_contacts_are_merged_by_hand(portal: Portal, control: Any) -> None:
    gateway = Gateway(make_sender(portal, control))
    sender = gateway.sender
    receive(gateway, wrote(user_id="US.1", text="Where is my order?", name="Mehmet K."))
    add(sender, number=RECIPIENT, name="Mehmet Kaya", tags="VIP", own="City: Izmir")
    sender.send()
    [hidden, known] = portal.rows(Contact)
    preview = sender.browser.get(f"{root(sender)}{known.id}/merge", query_string={"other": hidden.id})
    assert ["WhatsApp user ID", "–", "US.1", "US.1"] in [
        [cell.text_content().strip() for cell in select(row, "th, td")] for row in preview.select("tbody tr")
    ]
    assert press_merge(sender, known, "mehmet").status == 303
    [contact] = portal.rows(Contact)
    assert (contact.id, contact.number, contact.user_id, contact.name) == (
        known.id,
        RECIPIENT,
        "US.1",
        "Mehmet Kaya",
    )
    assert (contact.tags, contact.fields) == (["VIP"], {"City": "Izmir"})
    thread = sender.browser.get(f"/accounts/{sender.account_id}/conversations/{contact.id}")
    assert "Where is my order?" in thread.text
    assert "Your order is on its way." in thread.text
    assert portal.rows(AuditEntry)[-1].action == "contact.merged"
    assert found(sender, q="US.1") == found(sender, q="0532 123") == ["Mehmet Kaya"]


def test_whoever_is_out_as_one_of_two_is_out_as_both(sender: Sender, gateway: Gateway) -> None:
    at = int(now().timestamp())
    receive(gateway, wrote(user_id="US.1", text="STOP", name="Ali", timestamp=str(at - 3600)))
    receive(gateway, wrote(RECIPIENT, text="START", name="Ali", timestamp=str(at - 60)))  # as the other
    [hidden, known] = sender.portal.rows(Contact)
    assert (hidden.out_of, known.out_of) == ("marketing", None)
    assert press_merge(sender, known, "ali").status == 303
    [contact] = sender.portal.rows(Contact)
    assert contact.out_of == "marketing"
    page = sender.browser.get(f"{root(sender)}{contact.id}")
    assert "One of two contacts that were merged had opted out" in page.text
    later = str(at + 3600)  # it counts from when it comes in
    receive(gateway, wrote(RECIPIENT, "US.1", text="START", timestamp=later, id="wamid.later"))
    assert sender.portal.one(Contact).out_of is None


def test_what_cannot_be_merged_stays_two(sender: Sender) -> None:
    add(sender, number=RECIPIENT, name="Ayşe")
    add(sender, number="+905301112233", name="Ayşe")
    add(sender, user_id="US.1", name="Fatma")
    [first, _second, third] = sender.portal.rows(Contact)
    assert "Both contacts have a phone number" in press_merge(sender, first, "ayşe").text
    address = f"{root(sender)}{first.id}/merge"
    stale = sender.browser.get(address, query_string={"other": third.id})
    sender.portal.sql("UPDATE contact SET changed_at = :at", at=now())
    page = sender.browser.submit(stale, "Merge contacts")
    assert page.status == 422
    assert "changed in another window" in page.text
    assert sender.browser.get(address, query_string={"other": 999}).status == 404
    assert len(sender.portal.rows(Contact)) == 3


# --- a file ------------------------------------------------------------------------------------------

HEAD = "Telefon;Ad Soyad;Etiketler;Şehir;Opted out;Opted in since"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1254"])
def test_a_file_as_spreadsheets_write_it(sender: Sender, encoding: str) -> None:
    text = f"{HEAD}\r\n0530 111 22 33;Şeyma Gül;VIP,Yeni;İzmir;;\r\n;;;;;\r\n'+905301112244;Ali;;;;\r\n"
    page = take(sender, text.encode(encoding), tag="spring")
    assert "Added 2" in page.text, page.text
    [seyma, ali] = sender.portal.rows(Contact)
    assert (seyma.number, seyma.name, seyma.tags) == ("+905301112233", "Şeyma Gül", ["VIP", "Yeni", "spring"])
    assert (seyma.fields, ali.number) == ({"Şehir": "İzmir"}, "+905301112244")
    again = take(sender, text.encode(encoding), tag="spring")
    assert "Already known 2" in again.text
    assert len(sender.portal.rows(Contact)) == 2


def test_wrong_rows_are_told_and_the_others_taken_in(sender: Sender) -> None:
    rows = [
        "12;A;;;;",
        ";B;;;;",
        "05301112233;C;;;perhaps;",
        "05301112233;D;;;;2999-01-01",
        "05301112233;E;;;;soon",
        "05301112244;F;;;x;01.02.2026",
    ]
    page = take(sender, "\n".join([HEAD, *rows]))
    shown = [texts(row).split()[0] for row in page.select("table tbody tr")]
    assert shown == ["2", "3", "4", "5", "6"]
    assert [(row.name, row.out_of) for row in sender.portal.rows(Contact)] == [("F", "marketing")]


@pytest.mark.parametrize(
    "text", ["", "\n\n", "name;city\nA;B", b"\x00\x01\xff\xfe", "phone\n", "phone\n" + "1\n" * 100_001]
)
def test_a_file_that_is_none_is_refused(sender: Sender, text: str | bytes) -> None:
    page = take(sender, text)
    assert page.status == 422
    assert "file" in page.errors
    assert sender.portal.rows(Contact) == []


def test_wrong_rows_are_taken_along_with_their_own_cells(sender: Sender) -> None:
    page = take(sender, f"{HEAD}\n12;=1+1;;;;\n05301112244;Ali;;;;\n05301112255;B;;;;;more\n")
    address = page.select_one("a[download]").attrib["href"]
    text = sender.browser.get(address).response.get_data(as_text=True).removeprefix("\ufeff")
    lines = list(csv.reader(io.StringIO(text)))
    assert lines[0] == [*HEAD.split(";"), "Row", "Column", "Reason"]
    assert [(line[0], line[1], line[-3], line[-2]) for line in lines[1:]] == [
        ("12", "'=1+1", "2", "Telefon"),
        ("05301112255", "B", "4", ""),
    ]
    assert "country code" in lines[1][-1]
    assert sender.portal.rows(AuditEntry)[-1].action == "contact.rows_exported"
    add(sender, number=RECIPIENT)
    contact = sender.portal.rows(Contact)[-1]
    erase = sender.browser.get(f"{root(sender)}{contact.id}")
    sender.browser.submit(erase, "Erase contact")  # whoever is erased may stand in a file
    assert sender.browser.get(address).status == 404
    sender.portal.sql("UPDATE contact_import SET ended_at = :past", past=now() - timedelta(days=8))
    sender.portal.sweep()
    assert sender.portal.rows(ContactImport) == sender.portal.rows(ContactImportWrong) == []
    assert len(sender.portal.rows(Contact)) == 1


def test_what_takes_longer_than_a_request_is_done_by_the_worker(sender: Sender, monkeypatch) -> None:
    monkeypatch.setattr(views, "AT_ONCE", 0)
    lines = "\n".join(f"+9053012{number:05}" for number in range(250))
    page = take(sender, f"phone\n{lines}\n12\n", intent="once")
    assert "Done with 0 of 251 rows" in page.text
    assert page.select_one("#import").attrib["data-poll"] == page.path
    assert take(sender, f"phone\n{lines}\n12\n", intent="once").path == page.path
    sender.portal.work()
    page = sender.browser.get(page.path)
    assert "Added 250" in page.text
    assert "Not imported 1" in page.text
    [entry] = [each for each in sender.portal.rows(AuditEntry) if each.action == "contact.imported"]
    assert (entry.details, entry.actor) == ({"added": 250, "changed": 0, "wrong": 1}, "jane@acme.example.com")


def test_nobody_is_erased_while_an_import_might_bring_them_back(sender: Sender, monkeypatch) -> None:
    monkeypatch.setattr(views, "AT_ONCE", 0)
    add(sender, number=RECIPIENT)
    take(sender, f"phone\n{RECIPIENT}\n")
    contact = f"{root(sender)}{sender.portal.one(Contact).id}"
    sender.browser.submit(sender.browser.get(contact), "Erase contact")
    page = sender.browser.get(contact)
    assert "Contacts are being imported, and this person may be in the file." in page.text
    sender.portal.work()
    sender.browser.submit(page, "Erase contact")
    assert sender.portal.rows(Contact) == []


@both_databases
def test_an_import_that_is_killed_anywhere_takes_in_each_row_once(
    portal: Portal, control: Any, victim: Any, database_url: str, monkeypatch
) -> None:
    """Each process dies (SIGKILL) a little later than the one before it, and the next goes on where that was."""
    monkeypatch.setattr(views, "AT_ONCE", 0)
    sender = make_sender(portal, control)
    rows = [f"+9053012{number:05},{'x' if number % 7 == 0 else ''}" for number in range(250)]
    take(sender, "phone,opted out\n" + "\n".join([*rows, "12,", rows[0]]))
    ends = []
    for boundary in range(1, 12):
        ends.append(victim(database_url, portal.one(ContactImport).id, boundary, "contact_import"))
        portal.sql("UPDATE contact_import SET claimed_until = NULL")
    assert ends.count("killed") > 5
    portal.sweep()
    job = portal.one(ContactImport)
    assert (job.state, job.read_rows, job.added, job.same, job.wrong) == ("finished", 252, 250, 1, 1)
    assert job.opted_out == 37
    assert len(portal.rows(Contact)) == 250
    assert sum(row.out_of == "marketing" for row in portal.rows(Contact)) == 36
    assert len(portal.rows(ContactImportWrong)) == 1


def test_what_is_exported_can_be_imported(sender: Sender) -> None:
    take(sender, f"{HEAD}\n0530 111 22 33;=cmd();VIP;İzmir;everything;\n05301112244;Ali;;;;")
    file = sender.browser.get(f"{root(sender)}export.csv").response.get_data()
    assert file.decode().splitlines()[0].endswith('"Şehir"')
    assert b'"\'=cmd()"' in file
    before = [(row.number, row.name, row.tags, row.out_of) for row in sender.portal.rows(Contact)]
    page = take(sender, file)
    assert "Not imported 0" in page.text
    assert [(row.number, row.name, row.tags, row.out_of) for row in sender.portal.rows(Contact)] == before


# --- erasing -----------------------------------------------------------------------------------------


@both_databases
def test_an_erased_person_is_gone_and_stays_out(portal, control) -> None:
    gateway = Gateway(make_sender(portal, control))
    sender = gateway.sender
    receive(gateway, wrote(RECIPIENT, "US.1", text="Secret words"))
    receive(gateway, wrote(user_id="US.1", text="STOP"))
    row = sender.send()
    gateway.report(status(row.wamid, "delivered"))
    [contact] = portal.rows(Contact)
    page = sender.browser.get(f"{root(sender)}{contact.id}")
    assert sender.browser.submit(page, "Erase contact").status == 303
    assert (portal.rows(Contact), portal.rows(InboundMessage)) == ([], [])
    [message] = portal.rows(Message)
    assert (message.recipient, message.payload) == ("", None)
    assert all(b"Secret" not in event.body and b"STOP" not in event.body for event in portal.rows(Delivery))
    assert found(sender, q="905321234567") == []
    entries = portal.rows(ConsentEntry)
    assert all(RECIPIENT not in repr(entry) and "US.1" not in repr(entry) for entry in entries)
    # The opt-out was under the user id alone, and still holds for the number.
    add(sender, number=RECIPIENT)
    assert portal.rows(Contact)[0].out_of == "marketing"
    assert b"erased" in sender.browser.get(f"{root(sender)}consent.csv").response.get_data()


def test_a_body_of_nothing_breaks_nothing(sender: Sender, gateway: Gateway) -> None:
    for value in (
        {"messages": [{}]},
        {"messages": [{"from": 7, "type": [], "text": "x"}]},
        {"user_id_update": [1]},
    ):
        gateway.post(body(("messages", value)))
        sender.portal.work()
    assert sender.portal.rows(Contact) == []
