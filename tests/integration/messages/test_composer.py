"""The form that a message is written in: what the gateway gets for it, what is refused, and what is kept."""

import json
from pathlib import Path
from typing import Any

import pytest
from lxml.html import tostring

from portal.models import Credential, Message, Role
from tests.integration.messages.conftest import RECIPIENT, Sender, make_sender
from tests.support.application.browser import Page
from tests.support.application.pages import select_one, texts

EXAMPLES = Path(__file__).parents[2] / "contract" / "vendor_examples.json"
HEAD = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": RECIPIENT}


def write(sender: Sender, *, htmx: bool = False, **typed: Any) -> Page:
    """Fill in the form and send it; a field that is none is left out, as an unticked box is."""
    shown = sender.browser.get(f"{sender.root}new").values()
    data = {
        "intent": shown["intent"],
        "mode_of": shown["mode_of"],
        "credential": str(sender.portal.rows(Credential)[0].id),
        "to": "0532 123 45 67",
        "kind": "text",
        "body": "Hello",
        **typed,
    }
    return sender.browser.post(
        f"{sender.root}new", {name: value for name, value in data.items() if value is not None}, htmx=htmx
    )


def send(sender: Sender, **typed: Any) -> Page:
    """Write a message, look at it and send it; the answer to the last."""
    written = write(sender, **typed)
    assert written.status == 303, written.errors
    review = sender.browser.get(written.goes_to)
    return sender.browser.submit(review)


def template(**typed: Any) -> dict[str, Any]:
    return {"kind": "template", "body": None, "name": "order_update", "language": "en_US"} | typed


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (
            {"body": "One\r\n*two* 😀", "link_preview": "y"},
            {"type": "text", "text": {"body": "One\n*two* 😀", "preview_url": True}},
        ),
        ({"body": "x" * 4096}, {"type": "text", "text": {"body": "x" * 4096, "preview_url": False}}),
        (
            {"kind": "image", "image_link": "https://files.invalid/a b.png", "caption": ""},
            None,
        ),
        (
            {"kind": "image", "image_link": " https://files.invalid/görsel.png#x ", "caption": "A\r\ncat"},
            {"type": "image", "image": {"link": "https://files.invalid/g%C3%B6rsel.png", "caption": "A\ncat"}},
        ),
        (
            {"kind": "image", "image_link": "https://files.invalid/a.png", "audio_link": "no", "body": ""},
            {"type": "image", "image": {"link": "https://files.invalid/a.png"}},
        ),
        (
            {"kind": "audio", "audio_link": "https://files.invalid/a.ogg?v=1"},
            {"type": "audio", "audio": {"link": "https://files.invalid/a.ogg?v=1"}},
        ),
        (
            template(),
            {"type": "template", "template": {"name": "order_update", "language": {"code": "en_US"}}},
        ),
        (
            template(
                **{
                    "language": "PT-br",
                    "header": "document",
                    "header_value": "https://files.invalid/a.pdf",
                    "values-0": "Deniz",
                    "values-1": "4711",
                    "values-2": "",
                    "buttons-0-number": "1",
                    "buttons-0-kind": "url",
                    "buttons-0-value": "4711",
                    "buttons-1-number": "2",
                    "buttons-1-kind": "quick_reply",
                    "buttons-1-value": "stop",
                }
            ),
            {
                "type": "template",
                "template": {
                    "name": "order_update",
                    "language": {"code": "pt_BR"},
                    "components": [
                        {
                            "type": "header",
                            "parameters": [
                                {"type": "document", "document": {"link": "https://files.invalid/a.pdf"}}
                            ],
                        },
                        {
                            "type": "body",
                            "parameters": [{"type": "text", "text": "Deniz"}, {"type": "text", "text": "4711"}],
                        },
                        {
                            "type": "button",
                            "sub_type": "url",
                            "index": "0",
                            "parameters": [{"type": "text", "text": "4711"}],
                        },
                        {
                            "type": "button",
                            "sub_type": "quick_reply",
                            "index": "1",
                            "parameters": [{"type": "payload", "payload": "stop"}],
                        },
                    ],
                },
            },
        ),
        (
            template(
                name="points_balance",
                **{"values-0": "Ay", "names-0": "{{first_name}}"} | {"values-1": "5", "names-1": "points"},
            ),
            {
                "type": "template",
                "template": {
                    "name": "points_balance",
                    "language": {"code": "en_US"},
                    "components": [
                        {
                            "type": "body",
                            "parameters": [
                                {"type": "text", "parameter_name": "first_name", "text": "Ay"},
                                {"type": "text", "parameter_name": "points", "text": "5"},
                            ],
                        }
                    ],
                },
            },
        ),
        (
            template(header="text", header_value="News"),
            {
                "type": "template",
                "template": {
                    "name": "order_update",
                    "language": {"code": "en_US"},
                    "components": [{"type": "header", "parameters": [{"type": "text", "text": "News"}]}],
                },
            },
        ),
    ],
)
def test_what_the_gateway_gets(sender: Sender, typed: dict[str, Any], expected: dict[str, Any] | None) -> None:
    if expected is None:
        assert write(sender, **typed).status == 422
        return
    assert "/messages/" in send(sender, **typed).goes_to
    [call] = sender.calls()
    assert json.loads(call["body"]) == HEAD | expected
    assert sender.portal.one(Message).state == "accepted"


def test_a_text_is_the_vendors_own_example(sender: Sender) -> None:
    [example] = [e for e in json.loads(EXAMPLES.read_text()) if e["name"] == "send message"]
    send(sender, body=example["request"]["text"]["body"], link_preview="y")
    [call] = sender.calls()
    assert json.loads(call["body"]) == example["request"] | {"to": RECIPIENT}
    assert call["query"] == ""


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ({"is_fake": "y"}, {"is_fake=true"}),
        (template(mmlite="y"), {"mmlite=true"}),
        (template(mmlite="y", is_fake="y"), {"mmlite=true", "is_fake=true"}),
        ({"mmlite": "y"}, set()),  # only a template goes that way
    ],
)
def test_the_ways_that_a_message_goes(sender: Sender, typed: dict[str, Any], query: set[str]) -> None:
    send(sender, **typed)
    [call] = sender.calls()
    assert set(filter(None, call["query"].split("&"))) == query


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"to": ""}, "to", "Enter the recipient's phone number"),
        ({"to": "0532"}, "to", "number is too short"),
        ({"body": " \n "}, "body", "Enter a message."),
        ({"body": "😀" * 4098}, "body", "2 characters too long"),
        ({"kind": "image", "image_link": ""}, "image_link", "Enter the URL"),
        ({"kind": "image", "image_link": "http://files.invalid/a.png"}, "image_link", "starts with https://"),
        ({"kind": "image", "image_link": "https://"}, "image_link", "Enter a full URL"),
        ({"kind": "image", "image_link": "https://a:b@files.invalid/a.png"}, "image_link", "password"),
        ({"kind": "image", "image_link": "https://files.invalid:0/"}, "image_link", "Enter a full URL"),
        ({"kind": "image", "image_link": "https://[/"}, "image_link", "Enter a full URL"),
        ({"kind": "image", "image_link": f"https://files.invalid/{'a' * 2000}"}, "image_link", "too long"),
        (
            {"kind": "image", "image_link": "https://f.invalid/", "caption": "x" * 1025},
            "caption",
            "This text is 1 character too long.",
        ),
        ({"kind": "audio", "audio_link": "javascript:alert(1)"}, "audio_link", "starts with https://"),
        (template(name=""), "name", "Choose a template"),
        (template(name="Order Update"), "name", "only lowercase letters"),
        (template(language="english"), "language", "Enter a language"),
        (template(header="image"), "header_value", "Enter the URL"),
        (template(header="text"), "header_value", "Enter the header text"),
        (template(**{"values-0": "", "values-1": "b"}), "values-0", "Enter “value 1”"),
        (
            template(**{"values-0": "a", "names-0": "n", "values-1": "b"}),
            "names-1",
            "names for all values or for none",
        ),
        (template(**{"names-0": "n"}), "values-0", "Enter “value 1”"),
        (
            template(**{"values-0": "Ay\r\nse"}),
            "values-0",
            "Enter one line, without line breaks, tabs or four spaces in a row.",
        ),
        (
            template(header="text", header_value="Ay\tse"),
            "header_value",
            "Enter one line, without line breaks, tabs or four spaces in a row.",
        ),
        (
            template(**{"buttons-0-kind": "copy_code", "buttons-0-value": "SAVE10SAVE10SAVE"}),
            "buttons",
            "no more than 15 characters",
        ),
        (
            template(**{f"buttons-{n}-{k}": "1" for n in (0, 1) for k in ("number", "value")}),
            "buttons",
            "only once",
        ),
        *(
            (template(**{"buttons-0-number": number, "buttons-0-value": "x"}), "buttons", "from 1 to 10")
            for number in ("0", "11", "-1", "²", "9" * 5000)
        ),
        ({"credential": ""}, "credential", "Choose one from the list."),
    ],
)
def test_what_is_refused_says_why_and_keeps_everything(
    sender: Sender, typed: dict[str, Any], field: str, says: str, htmx: bool
) -> None:
    page = write(sender, htmx=htmx, **typed)
    assert page.status == 422
    assert says in page.errors[field]
    assert says in page.summary.text_content()
    assert "autofocus" in page.summary.attrib
    assert page.select_one(f"#{field}") is not None
    values = page.values()
    kept = {name: value for name, value in typed.items() if isinstance(value, str) and name in values}
    unticked = {"kind", "mmlite"}
    for name, value in kept.items():
        tag = page.select_one(f"[name='{name}']")
        assert tag is not None
        if name not in unticked:
            shown = (
                tag.text_content().removeprefix("\n").removeprefix("\r\n")
                if tag.tag == "textarea"
                else values[name]
            )
            assert shown.strip() == value.replace("\r\n", "\n").strip()
    assert sender.portal.rows(Message) == []


@pytest.mark.parametrize("place", ["²", "9" * 5000, "-1"])
def test_a_place_that_no_form_has(sender: Sender, place: str) -> None:
    typed = template(**{f"values-{place}": "x", f"buttons-{place}-value": "x", "buttons-0-number": place})
    for path in ("new", "preview"):
        assert sender.browser.post(f"{sender.root}{path}", typed).status in (200, 422)
    assert write(sender, **typed).status == 303


def test_everything_that_is_wrong_is_said_at_once(sender: Sender) -> None:
    page = write(sender, **template(to="", name="?", language="", header="video"))
    assert set(page.errors) == {"to", "name", "language", "header_value"}


def test_a_link_of_a_file_that_is_odd_is_taken_as_what_it_is(sender: Sender) -> None:
    send(sender, kind="image", image_link="HTTPS://Bücher.invalid")
    assert json.loads(sender.calls()[0]["body"])["image"] == {"link": "https://xn--bcher-kva.invalid/"}


# --- the review --------------------------------------------------------------------------------------


def test_the_review_names_what_will_happen(sender: Sender) -> None:
    review = sender.browser.get(write(sender, body="*Hi* <i>").goes_to)
    for words in ("+90 532 123 45 67", "Türkiye", "Text", "Shop gateway", sender.key[-4:]):
        assert words in review.text
    assert "Real message" in review.text
    assert "trying out" not in review.text
    assert "0.001 USD" in review.text
    assert "24 hours" in review.text
    [bubble] = review.select(".bubble")
    assert tostring(select_one(bubble, "b"), encoding="unicode", with_tail=False) == "<b>Hi</b>"
    assert "<i>" in bubble.text_content()
    assert select_one(review.form(), "button").text_content() == "Send message"


def test_a_test_and_a_key_for_trying_out_are_named(portal, control) -> None:
    sender = make_sender(portal, control, is_trial=True)
    form = sender.browser.get(f"{sender.root}new")
    assert form.select_one("#is_fake[checked]") is not None
    review = sender.browser.get(write(sender, is_fake="y").goes_to)
    assert "The recipient won't get it" in review.text
    assert "Test key" in review.text
    assert "Send test message" in review.text


def test_a_doubtful_number_is_named(sender: Sender) -> None:
    review = sender.browser.get(write(sender, to="+1 555 010 9999").goes_to)
    assert "The number +1 555-010-9999 may not exist" in review.text


def test_back_to_edit_keeps_everything_and_changes_the_same_message(sender: Sender) -> None:
    typed = template(**{"values-0": "Deniz", "header": "text", "header_value": "News", "mmlite": "y"})
    review = sender.browser.get(write(sender, is_fake="y", **typed).goes_to)
    back = review.select_one("a", text="Edit message")
    form = sender.browser.get(back.attrib["href"])
    values = form.values()
    assert (values["to"], values["name"], values["language"]) == (RECIPIENT, "order_update", "en_US")
    assert (values["values-0"], values["header_value"]) == ("Deniz", "News")
    assert form.select_one("#kind-template[checked]") is not None
    assert form.select_one("#mmlite[checked]") is not None
    assert form.select_one("#is_fake[checked]") is not None
    again = write(sender, **(typed | {"intent": values["intent"], "values-0": "Ada"}))
    assert again.goes_to == review.path
    assert "Ada" in sender.browser.get(review.path).text
    assert len(sender.portal.rows(Message)) == 1


def test_sent_it_leads_to_its_own_page_wherever_one_looks(sender: Sender) -> None:
    review = sender.browser.get(write(sender).goes_to)
    detail = sender.browser.submit(review).goes_to
    assert detail == review.path.removesuffix("/review")
    assert sender.browser.get(review.path).goes_to == detail
    assert sender.browser.submit(review).goes_to == detail
    assert sender.browser.submit(review, htmx=True).goes_to == detail
    assert len(sender.calls()) == 1


def test_the_form_sent_again_by_the_back_button(sender: Sender) -> None:
    """The same is the same message; something else is a new one, which is looked at like any other."""
    first = write(sender, intent="one", body="Hello")
    sender.browser.submit(sender.browser.get(first.goes_to))
    assert write(sender, intent="one", body="Hello").goes_to == first.goes_to
    other = write(sender, intent="one", body="Hello again")
    assert other.goes_to != first.goes_to
    assert "Hello again" in sender.browser.get(other.goes_to).text
    assert write(sender, intent="one", body="Hello again").goes_to == other.goes_to
    assert len(sender.calls()) == 1


@pytest.mark.parametrize("htmx", [False, True])
def test_the_same_a_moment_ago_is_asked_about(sender: Sender, htmx: bool) -> None:
    waiting = sender.browser.get(write(sender).goes_to)  # in another tab
    send(sender)
    asked = sender.browser.submit(waiting, htmx=htmx)
    assert asked.status == 422
    assert "You sent the same message to this number" in asked.text
    assert len(sender.calls()) == 1
    shown = sender.browser.get(waiting.path)
    assert "Send message again" in shown.text
    assert sender.browser.submit(shown, htmx=htmx).status in (303, 204)
    assert len(sender.calls()) == 2


def test_only_what_was_looked_at_is_sent(sender: Sender) -> None:
    review = sender.browser.get(write(sender, intent="one", body="One").goes_to)
    write(sender, intent="one", body="Two")
    refused = sender.browser.submit(review)
    assert refused.status == 422
    assert "changed in another window" in refused.text
    assert sender.calls() == []
    assert sender.browser.submit(refused).status == 303
    assert json.loads(sender.calls()[0]["body"])["text"]["body"] == "Two"


def test_a_key_that_is_gone_is_said(sender: Sender) -> None:
    review = sender.browser.get(write(sender).goes_to)
    sender.portal.sql("DELETE FROM credential")
    refused = sender.browser.submit(review)
    assert refused.status == 422
    assert "no longer in the vault" in refused.text
    form = sender.browser.get(f"{sender.root}new")
    assert "Add an API key first" in form.text


@pytest.mark.parametrize("htmx", [False, True])
def test_a_key_that_goes_while_somebody_writes(sender: Sender, htmx: bool) -> None:
    typed = {"intent": "one", "to": "0532 123 45 67", "kind": "text", "body": "Precious words", "credential": "x"}
    sender.portal.sql("UPDATE credential SET sealed_key = NULL")
    page = sender.browser.post(f"{sender.root}new", typed, htmx=htmx)
    assert page.status == 422
    assert "no API key left" in page.errors["credential"]
    assert "Precious words" in page.select_one("#body").text_content()
    assert page.select_one("a", text="Add API key (opens in a new tab)") is not None
    preview = sender.browser.post(f"{sender.root}preview", typed, htmx=True)
    assert "Precious words" in preview.select_one("#preview").text_content()


# --- the form ----------------------------------------------------------------------------------------


def test_send_again_and_write_to(sender: Sender) -> None:
    send(sender, body="Hello *again*")
    row = sender.portal.one(Message)
    form = sender.browser.get(f"{sender.root}new?again={row.id}")
    assert "Hello *again*" in form.text
    assert form.values()["to"] == RECIPIENT
    assert form.values()["intent"] != row.intent
    assert sender.browser.get(f"{sender.root}new?to=%2B905321234567").values()["to"] == RECIPIENT
    for nonsense in ("x", "0f6c8f5e-5f0e-4c52-9a3c-0d6a4b1d7b11"):
        assert sender.browser.get(f"{sender.root}new?again={nonsense}&type=x&template=y").status == 200


def test_a_message_of_somebody_else_is_none(sender: Sender) -> None:
    write(sender)
    row = sender.portal.one(Message)
    other, account = sender.portal.customer(contact_email="other@tenant.example.com", name="Other Ltd")
    root = f"/accounts/{account}/messages/"
    assert other.get(f"{root}{row.id}/review").status == 404
    assert other.post(f"{root}{row.id}/send").status == 404
    assert "Hello" not in other.get(f"{root}new?again={row.id}").text


def test_the_key_that_was_used_last_comes_first(sender: Sender) -> None:
    trial = sender.control.issue_gateway_key(sender.uuid)
    vault = f"/accounts/{sender.account_id}/tokens/gateway/new"
    sender.browser.post(vault, {"name": "Trying out", "key": trial, "is_trial": "y"})
    keys = {row.name: str(row.id) for row in sender.portal.rows(Credential)}

    def chosen() -> str:
        [option] = sender.browser.get(f"{sender.root}new").select("#credential option[selected]")
        return option.text_content()

    send(sender, credential=keys["Trying out"])
    assert chosen() == f"Trying out (…{trial[-4:]}, test key)"
    send(sender, credential=keys["Shop gateway"])
    assert chosen() == f"Shop gateway (…{sender.key[-4:]})"


def test_while_it_is_written(sender: Sender) -> None:
    typed = {"to": "0532 123 45 67", "kind": "text", "body": "*Hi*\r\n<script>", "intent": "x"}
    page = sender.browser.post(f"{sender.root}preview", typed, htmx=True)
    assert tostring(page.select_one("#preview .bubble b"), encoding="unicode", with_tail=False) == "<b>Hi</b>"
    assert page.select_one("script") is None
    assert "+90 532 123 45 67" in page.select_one("#to-said").text_content()
    assert "4,083 characters left" in page.select_one("#body-left").text_content()
    assert sender.portal.rows(Message) == []
    assert sender.control.requests() == []


def test_what_is_still_refused_is_told_while_it_is_written(sender: Sender) -> None:
    refused = write(sender, to="", body="")
    assert set(refused.errors) == {"to", "body"}

    def still(**typed: Any) -> dict[str, list[str]]:
        page = sender.browser.post(f"{sender.root}preview", typed, htmx=True)
        told: dict[str, list[str]] = json.loads(page.select_one("#still-refused").attrib["data-refusals"])
        return told

    credential = str(sender.portal.rows(Credential)[0].id)
    assert set(still(kind="text", credential=credential)) == {"to", "body"}
    assert set(still(kind="text", credential=credential, to=RECIPIENT)) == {"body"}
    assert set(still(kind="text", to=RECIPIENT, body="x")) == {"credential"}
    assert still(kind="text", credential=credential, to=RECIPIENT, body="x") == {}
    assert set(still(**template(to=RECIPIENT, credential=credential, **{"values-0": "a\tb"}))) == {"values-0"}


def test_another_key_brings_its_test_mode(sender: Sender) -> None:
    trial = sender.control.issue_gateway_key(sender.uuid)
    vault = f"/accounts/{sender.account_id}/tokens/gateway/new"
    sender.browser.post(vault, {"name": "Trying out", "key": trial, "is_trial": "y"})
    keys = {row.name: str(row.id) for row in sender.portal.rows(Credential)}
    typed = {"credential": keys["Trying out"], "mode_of": keys["Shop gateway"]}
    page = sender.browser.post(f"{sender.root}preview", typed, htmx=True)
    assert page.select_one("#mode #is_fake[checked]") is not None
    same = sender.browser.post(f"{sender.root}preview", typed | {"mode_of": typed["credential"]}, htmx=True)
    assert same.select_one("#mode") is None
    # Without a script nobody sees the box change.
    write(sender, intent="one", **typed)
    assert sender.portal.one(Message).is_fake
    write(sender, intent="one", credential=keys["Trying out"], mode_of=keys["Trying out"])
    assert not sender.portal.one(Message).is_fake
    write(sender, intent="one", credential=keys["Shop gateway"], mode_of=keys["Trying out"], is_fake="y")
    assert sender.portal.one(Message).is_fake, "no test becomes a real message by itself"


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("field", ["values-0", "header_value"])
def test_a_value_is_made_one_line_by_a_button(sender: Sender, htmx: bool, field: str) -> None:
    typed = template(
        header="text", **{"values-0": "a", "header_value": "b", "names-0": "kept"} | {field: "Ay\r\n\tse"}
    )
    page = write(sender, htmx=htmx, **typed)
    assert page.status == 422
    [button] = page.select("button[value^='one-line:']")
    assert button.attrib["value"] == f"one-line:{field}"
    page = write(sender, htmx=htmx, **typed, look=button.attrib["value"])
    assert page.status == 200
    assert page.values()[field] == "Ay se"
    assert page.values()["names-0"] == "kept"
    assert page.select("button[value^='one-line:']") == []


def test_the_offer_to_make_it_one_line_comes_while_it_is_written(sender: Sender) -> None:
    typed = template(**{"values-0": "Ay\tse", "values-1": "b"})
    page = sender.browser.post(f"{sender.root}preview", typed, htmx=True)
    assert page.select_one("#values-0-said button[value='one-line:values-0']") is not None
    assert page.select_one("#values-1-said button") is None


def test_what_a_button_does_is_previewed(sender: Sender) -> None:
    typed = {"buttons-0-number": "1", "buttons-0-kind": "url", "buttons-0-value": "ça va"}
    typed |= {"buttons-1-number": "2", "buttons-1-kind": "copy_code", "buttons-1-value": "SAVE10"}
    page = sender.browser.post(f"{sender.root}preview", template(**typed), htmx=True)
    said = [" ".join(texts(tag).split()) for tag in page.select(".chat-button")]
    assert said == ["Button 1 opens https://…%C3%A7a%20va", "Button 2 copies SAVE10"]


def test_a_one_time_code_is_typed_once(sender: Sender) -> None:
    typed = template(**{"buttons-0-number": "1", "buttons-0-kind": "one_time_code", "values-0": "123456"})
    send(sender, **typed)
    [call] = sender.calls()
    assert call["body"].count('"123456"') == 2
    message = sender.portal.one(Message)
    again = sender.browser.get(f"{sender.root}new?again={message.id}")
    values = again.values()
    assert (values["values-0"], values["buttons-0-value"]) == ("123456", "123456")
    assert again.select_one("[name='buttons-0-kind'] [value='one_time_code'][selected]") is not None


def test_more_room_for_values_without_a_script(sender: Sender) -> None:
    page = write(sender, **template(**{"look": "values", "values-0": "Deniz"}))
    assert page.status == 200
    assert page.select_one("[name='values-5']") is not None
    assert page.values()["values-0"] == "Deniz"
    assert sender.portal.rows(Message) == []


@pytest.mark.parametrize("htmx", [False, True])
def test_more_room_for_buttons(sender: Sender, htmx: bool) -> None:
    typed = template(look="buttons") | {f"buttons-{n}-value": f"v{n}" for n in range(8)}
    page = write(sender, htmx=htmx, **typed)
    rows = page.select(".button-row [name$='-value']")
    assert [row.get("value", "") for row in rows] == [*(f"v{n}" for n in range(8)), "", ""]
    assert page.select_one("details[open]") is not None
    assert page.select_one("#more-buttons") is None
    number = page.select_one("[name='buttons-9-number'] option[selected]")
    assert number is not None
    assert number.attrib["value"] == "10"


def test_the_overview_leads_to_the_first_message(sender: Sender) -> None:
    sender.control.create_channel(sender.uuid, name="Shop")
    sender.browser.get(f"/accounts/{sender.account_id}/channels/")
    overview = f"/accounts/{sender.account_id}/"
    assert "Send a message next" in sender.browser.get(overview).text
    send(sender)
    page = sender.browser.get(overview)
    assert "Send a message done" in page.text
    assert "Check that status events arrive next" in page.text
    assert page.select_one("a", text="Write a message") is not None


def test_a_text_far_too_long_is_shown_in_no_time(sender: Sender) -> None:
    page = sender.browser.post(f"{sender.root}preview", {"kind": "text", "body": "*_~a" * 200_000}, htmx=True)
    assert page.status == 200
    assert "795,904 characters too many" in page.text


def test_whoever_is_not_set_up_is_led_there(portal) -> None:
    portal.control.fault("status", "^/accounts/$", "POST", times=None, status=503)
    browser, account_id = portal.newcomer()
    assert browser.get(f"/accounts/{account_id}/messages/new").goes_to.endswith("/setup")


def test_an_operator_without_a_key_is_told_whom_to_ask(portal) -> None:
    _owner, account_id = portal.customer()
    operator = portal.member(account_id, role=Role.OPERATOR)
    page = operator.get(f"/accounts/{account_id}/messages/new")
    assert "Ask an owner or developer" in page.text
    assert page.select_one("main a.btn") is None
