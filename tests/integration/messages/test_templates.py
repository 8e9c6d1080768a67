"""The account's templates: read with a token of the vault, kept, and filled in."""

import json
from datetime import timedelta
from typing import Any

import pytest

from portal.models import AuditEntry, Credential, CredentialKind, Message, TemplateListing, now
from tests.integration.messages.conftest import Sender, make_sender
from tests.integration.messages.test_composer import send, template, write
from tests.support.application.browser import Page
from tests.support.application.pages import select, select_one
from tests.support.suite.marks import both_databases

LIST = {"path": "/templates/", "method": "GET"}


@pytest.fixture
def writer(sender: Sender) -> Sender:
    """Somebody with an access token and two channels."""
    for name in ("Shop", "Service"):
        sender.control.create_channel(sender.uuid, name=name)
    add_token(sender)
    sender.control.clear_requests()
    return sender


def add_token(sender: Sender, name: str = "Templates") -> Credential:
    sender.browser.post(f"/accounts/{sender.account_id}/tokens/new", {"name": name, "keep": "y", "intent": name})
    return next(row for row in sender.portal.rows(Credential) if row.name == name)


def open_form(sender: Sender, query: str = "?type=template") -> Page:
    return sender.browser.get(f"{sender.root}new{query}")


def look(sender: Sender, *, htmx: bool = True, **typed: Any) -> Page:
    """What a button or a choice in the template's part brings."""
    if htmx:
        address = f"{sender.root}preview?part=template&look={typed.get('look', '')}"
        return sender.browser.post(address, {"kind": "template"} | typed, htmx=True)
    return write(sender, **(template(name=None, language=None) | typed))


def names(page: Page) -> list[str]:
    return [label.text_content() for label in page.select("#templates label > bdi")]


def value_of(page: Page, name: str) -> str:
    [option] = [tag for tag in page.select("#templates .form-check") if name in tag.text_content()]
    return select_one(option, "input").attrib["value"]


def calls(sender: Sender) -> int:
    return len([call for call in sender.control.requests("GET") if call["path"] == "/templates/"])


def test_the_list_is_read_when_a_template_is_written(writer: Sender) -> None:
    open_form(writer, "")
    assert calls(writer) == 0
    page = open_form(writer)
    assert names(page) == [
        "order_update",
        "appointment_reminder",
        "welcome",
        "verification_code",
        "points_balance",
        "Another template, entered by hand",
    ]
    assert "Last updated just now" in page.text
    [call] = writer.control.requests("GET", "/templates/")
    assert call["query"] == "is_active=true"
    open_form(writer)
    assert calls(writer) == 1
    listing = writer.portal.one(TemplateListing)
    assert listing.problem_text == ""


def test_it_is_read_again_when_it_is_old_or_somebody_asks(writer: Sender) -> None:
    open_form(writer)
    writer.portal.sql("UPDATE template_listing SET tried_at = :then", then=now() - timedelta(minutes=16))
    open_form(writer)
    assert calls(writer) == 2
    for htmx in (True, False):
        page = look(writer, htmx=htmx, look="refresh")
        assert page.status == 200
        assert "order_update" in names(page)
    assert calls(writer) == 4


def test_the_history_has_one_line_for_a_day_of_reading(writer: Sender) -> None:
    for _ in range(3):
        look(writer, look="refresh")
    used = [entry for entry in writer.portal.rows(AuditEntry) if entry.action == "key.used"]
    assert [(entry.target, entry.details["purpose"]) for entry in used] == [("Templates", "templates")]
    [token] = [row for row in writer.portal.rows(Credential) if row.kind == CredentialKind.ACCESS_TOKEN]
    assert token.last_used_at is not None


def test_a_template_of_the_list_that_names_its_values(writer: Sender) -> None:
    chosen = value_of(open_form(writer), "points_balance")
    page = look(writer, look="choose", template=chosen)
    assert page.select("[name^='names-']") == [], "the list says the names"
    send(writer, **template(template=chosen, **{"values-0": "Ay", "values-1": "5"}))
    [call] = writer.calls()
    [body] = json.loads(call["body"])["template"]["components"]
    assert [(part["parameter_name"], part["text"]) for part in body["parameters"]] == [
        ("first_name", "Ay"),
        ("points", "5"),
    ]
    message = writer.portal.one(Message)
    assert (message.state, message.preview) == ("accepted", "points_balance: Hi Ay, you have 5 points.")


@pytest.mark.parametrize("htmx", [False, True])
def test_search_and_channel(writer: Sender, htmx: bool) -> None:
    open_form(writer)
    assert names(look(writer, htmx=htmx, look="find", find="YOUR order"))[:-1] == ["order_update"]
    assert names(look(writer, htmx=htmx, look="find", find="nothing like it")) == [
        "Another template, entered by hand"
    ]
    chosen = value_of(open_form(writer), "welcome")
    assert names(look(writer, htmx=htmx, look="find", find="YOUR order", template=chosen))[:-1] == [
        "order_update",
        "welcome",
    ]
    shop, _service = writer.control.channels(writer.uuid)
    assert len(names(look(writer, htmx=htmx, look="find", channel=shop["uuid"]))) == 6
    assert len(names(look(writer, htmx=htmx, look="find", channel="elsewhere"))) == 1


def test_a_template_asks_for_its_own_values(writer: Sender) -> None:
    form = open_form(writer)
    without_script = {button.attrib["value"] for button in form.select("noscript button[name=look]")}
    assert without_script == {"choose", "preview"}
    chosen = value_of(form, "order_update")
    page = look(writer, look="choose", template=chosen, **{"values-0": "Deniz"})
    assert [label.text_content() for label in page.select(".value-row label")] == ["Name", "Order number", "Day"]
    assert page.select_one("[name='values-0']").text_content().strip() == "Deniz"
    preview = writer.browser.post(
        f"{writer.root}preview", {"kind": "template", "template": chosen, "values-0": "*Deniz*"}, htmx=True
    )
    bubble = preview.select_one(".bubble")
    assert bubble is not None
    assert (
        bubble.text_content().split()
        == "Hi Deniz, your order Order number is on its way. It should arrive on Day.".split()
    )
    assert [mark.text_content() for mark in select(bubble, "mark")] == ["Order number", "Day"]
    assert select_one(bubble, "b") is not None


def test_what_is_missing_is_named(writer: Sender) -> None:
    chosen = value_of(open_form(writer), "order_update")
    page = write(
        writer, **template(template=chosen, **{"values-0": "Deniz", "values-1": " ", "values-2": "Friday"})
    )
    assert page.status == 422
    assert page.errors == {"values-1": "Enter “Order number”. WhatsApp doesn't accept empty values."}
    link = select_one(page.summary, "a[href='#values-1']")
    assert link is not None
    assert link.text_content().startswith("Order number: Enter")
    assert page.values()["values-2"] == "Friday"


def test_a_template_of_the_list_is_sent(writer: Sender) -> None:
    chosen = value_of(open_form(writer), "order_update")
    values = {f"values-{n}": value for n, value in enumerate(("Deniz", "$1", "Friday"))}
    review = writer.browser.get(write(writer, **template(template=chosen, name="other", **values)).goes_to)
    assert "Hi Deniz, your order $1 is on its way. It should arrive on Friday." in review.text
    back = writer.browser.get(review.select_one("a", text="Edit message").attrib["href"])
    assert back.select_one(f"#template-{chosen}[checked]") is not None
    assert back.values()["values-1"] == "$1"
    writer.browser.submit(review)
    [call] = writer.calls()
    assert json.loads(call["body"])["template"] == {
        "name": "order_update",
        "language": {"code": "en_US"},
        "components": [
            {"type": "body", "parameters": [{"type": "text", "text": v} for v in ("Deniz", "$1", "Friday")]}
        ],
    }


TWINS = ("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222")


def listed(uuid: str = TWINS[0], content: str = "Hello $1", *placeholders: str) -> dict[str, Any]:
    """A template as Connexease's list has it."""
    return {
        "uuid": uuid,
        "account": None,
        "channels": [],
        "namespace": "n",
        "element_name": "order_update",
        "is_active": True,
        "content": content,
        "params": {"fields": [{"label": f"L{place}", "placeholder": place} for place in placeholders or ("$1",)]},
    }


def list_only(sender: Sender, *templates: dict[str, Any]) -> None:
    sender.control.fault("status", **LIST, status=200, body=list(templates), times=None)


def bubble(page: Page) -> str:
    [chat] = page.select(".chat")
    return " ".join(chat.text_content().split())


@both_databases
def test_one_of_several_with_a_name(portal: Any, control: Any) -> None:
    """A template has one name in all its languages; what was chosen is shown wherever the message is."""
    sender = make_sender(portal, control)
    add_token(sender)
    list_only(sender, listed(TWINS[0], "Merhaba $1"), listed(TWINS[1], "Hello $1"))
    open_form(sender)
    written = write(sender, **template(template=TWINS[1], language="en", **{"values-0": "Deniz"}))
    review = sender.browser.get(written.goes_to)
    assert bubble(review) == "Hello Deniz"
    back = sender.browser.get(review.select_one("a", text="Edit message").attrib["href"])
    assert back.select_one(f"#template-{TWINS[1]}[checked]") is not None
    detail = sender.browser.get(sender.browser.submit(review).goes_to)
    assert bubble(detail) == "Hello Deniz"
    assert "order_update: Hello Deniz" in sender.browser.get(sender.root).text
    again = open_form(sender, f"?again={sender.portal.one(Message).id}")
    assert again.select_one(f"#template-{TWINS[1]}[checked]") is not None
    assert sender.portal.one(TemplateListing).languages == {TWINS[1]: "en"}


def test_another_one_of_the_name_is_another_message(sender: Sender) -> None:
    """What goes out is the same; what the person saw is not."""
    add_token(sender)
    list_only(sender, listed(TWINS[0], "Merhaba $1"), listed(TWINS[1], "Hello $1"))
    open_form(sender)
    typed = template(language="en", intent="one", **{"values-0": "Deniz"})
    review = sender.browser.get(write(sender, **typed, template=TWINS[1]).goes_to)
    write(sender, **typed, template=TWINS[0])
    assert "changed in another window" in sender.browser.submit(review).text


def test_nobody_knows_which_one_of_the_name(sender: Sender) -> None:
    add_token(sender)
    list_only(sender, listed(TWINS[0], "Merhaba $1"), listed(TWINS[1], "Hello $1"))
    open_form(sender)
    review = sender.browser.get(write(sender, **template(**{"values-0": "Deniz"})).goes_to)
    assert "We don't know this template's text." in bubble(review)
    sender.control.clear_faults()
    list_only(sender, listed())
    look(sender, look="refresh")
    assert bubble(sender.browser.get(review.path)) == "Hello Deniz"


@both_databases
def test_a_template_that_is_edited_later(portal: Any, control: Any) -> None:
    """A message shows the text that its sender saw; whoever still looks at it sees what will arrive."""
    sender = make_sender(portal, control)
    add_token(sender)

    def edit(*templates: dict[str, Any]) -> None:
        sender.control.clear_faults()
        list_only(sender, *templates)
        look(sender, look="refresh")

    edit(listed(TWINS[0], "Hello $1"))
    sent = sender.browser.get(write(sender, **template(template=TWINS[0], **{"values-0": "Deniz"})).goes_to)
    edit(listed(TWINS[0], "Hi $1"))
    sent = sender.browser.get(sent.path)
    assert bubble(sent) == "Hi Deniz"
    edit(listed(TWINS[0], "Hello again $1"))  # while somebody looks at the review
    detail = sender.browser.get(sender.browser.submit(sent).goes_to)
    edit()
    assert bubble(sender.browser.get(detail.path)) == "Hi Deniz"
    assert "order_update: Hi Deniz" in sender.browser.get(sender.root).text


def test_a_template_by_hand_that_is_listed_later(sender: Sender) -> None:
    sent = send(sender, **template(**{"values-0": "Deniz"})).goes_to
    add_token(sender)
    list_only(sender, listed())
    look(sender, look="refresh")
    assert "We don't know this template's text." in bubble(sender.browser.get(sent))


def test_more_fields_than_the_form_has_room_for(sender: Sender) -> None:
    add_token(sender)
    for count, offered in ((60, ["order_update", "Another template, entered by hand"]), (61, [])):
        places = [f"${number}" for number in range(1, count + 1)]
        list_only(sender, listed(TWINS[0], " ".join(places), *places))
        look(sender, look="refresh")
        page = open_form(sender, f"?type=template&template={TWINS[0]}")
        assert page.status == 200
        assert names(page) == offered
        sender.control.clear_faults()


def test_fields_that_stand_for_nothing(sender: Sender) -> None:
    add_token(sender)
    list_only(sender, listed(TWINS[0], "Hello $1, $10", "", "$10", "$1", "$2", "$1"))
    page = open_form(sender, f"?type=template&template={TWINS[0]}")
    assert [label.text_content() for label in page.select(".value-row label")] == ["L$1", "L$10"]
    assert bubble(page) == "Hello L$1, L$10"


def test_the_language_is_remembered(writer: Sender) -> None:
    assert open_form(writer).values()["language"] == "tr"
    page = open_form(writer)
    welcome, code = value_of(page, "welcome"), value_of(page, "verification_code")
    write(writer, **template(template=welcome, language="de"))
    write(writer, **template(template=code, language="en_GB", **{"values-0": "1"}))
    assert open_form(writer).values()["language"] == "en_GB"
    assert (
        look(writer, look="choose", template=welcome, language="en_GB").select_one("#language").attrib["value"]
        == "de"
    )  # type: ignore[index]
    typed = look(writer, look="choose", template=welcome, language_of=welcome, language="fr")
    assert typed.select_one("#language").attrib["value"] == "fr"


@pytest.mark.parametrize(
    ("country", "language"), [("America/New_York", "en"), ("America/Sao_Paulo", "pt"), ("UTC", "en")]
)
def test_the_first_language_is_that_of_the_country(sender: Sender, country: str, language: str) -> None:
    sender.portal.sql("UPDATE account SET time_zone = :zone", zone=country)
    assert open_form(sender).values()["language"] == language


def test_without_a_token_it_is_written_by_hand(sender: Sender) -> None:
    page = open_form(sender)
    assert "Once the vault has an access token" in page.text
    assert "Template name" in page.text
    assert page.select_one("#templates") is None
    assert calls(sender) == 0
    assert look(sender, look="refresh").status == 200


def test_connexease_is_away(writer: Sender) -> None:
    writer.control.fault("status", **LIST, times=None, status=503)
    page = open_form(writer)
    assert "You can enter the template by hand." in page.text
    assert "hasn't been loaded yet" in page.text
    writer.control.clear_faults()
    look(writer, look="refresh")
    writer.control.fault("html", **LIST, times=None)
    page = look(writer, look="refresh")
    assert "You see the last list we loaded." in page.text
    assert "order_update" in names(page)
    writer.control.clear_faults()
    assert "as it was" not in look(writer, look="refresh").text


def test_a_token_that_connexease_does_not_accept(writer: Sender) -> None:
    open_form(writer)
    [token] = [row for row in writer.control.access_tokens() if row["account"] == writer.uuid]
    revoke(writer, token["uuid"])
    page = look(writer, look="refresh")
    assert "doesn't accept the access token" in page.text
    assert "order_update" in names(page)
    add_token(writer, "Another")
    assert "does not accept" not in look(writer, look="refresh").text


def revoke(sender: Sender, token: str) -> None:
    """Elsewhere, so that the portal does not know."""
    sender.portal.app.extensions["connexease"].reseller.revoke_access_token(
        sender.portal.account("jane@acme.example.com").connexease_uuid, token
    )


def test_a_token_that_the_portal_knows_to_be_over_is_not_used(writer: Sender) -> None:
    writer.portal.sql("UPDATE credential SET expires_at = :then WHERE kind = 'access_token'", then=now())
    assert "Once the vault has an access token" in open_form(writer).text
    assert calls(writer) == 0


@pytest.mark.parametrize("htmx", [False, True])
def test_asking_too_often(make_portal: Any, htmx: bool) -> None:
    portal = make_portal(throttle_factor=1)
    browser, account_id = portal.customer()
    uuid = str(portal.account("jane@acme.example.com").connexease_uuid)
    key = portal.control.issue_gateway_key(uuid)
    browser.post(f"/accounts/{account_id}/tokens/gateway/new", {"name": "Shop gateway", "key": key})
    sender = Sender(browser, portal, portal.control, account_id, uuid, key)
    add_token(sender)
    for _ in range(14):
        assert look(sender, htmx=htmx, look="refresh").status == 200
    assert calls(sender) == 12


@both_databases
def test_the_list_on_both_databases(sender: Sender) -> None:
    sender.control.create_channel(sender.uuid, name="Shop")
    add_token(sender)
    assert len(names(open_form(sender))) == 6
    assert write(sender, **template(language="de")).status == 303
    assert sender.portal.one(TemplateListing).languages == {"order_update": "de"}
