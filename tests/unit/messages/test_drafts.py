"""A draft becomes a message and a message a draft again."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import FieldErrors
from portal.messages.compose import drafts, payloads, preview
from portal.messages.compose.drafts import ONE_TIME_CODE, Button, Draft
from portal.messages.compose.parameters import CODE_LIMIT, address_end, is_one_line, one_line
from portal.models import MessageType

TO = "+905321234567"


@pytest.fixture(autouse=True, scope="module")
def _languages() -> Iterator[None]:
    app = Flask(__name__)
    Babel(app)
    with app.test_request_context():
        yield


TEXTS = st.text(min_size=1, max_size=20).filter(str.strip)
VALUES = TEXTS.map(one_line).filter(str.strip)
CODES = VALUES.map(lambda text: text[:CODE_LIMIT]).filter(str.strip)
LINKS = st.sampled_from(["https://example.com/a.png", "https://example.com/a.pdf?x=1"])
NUMBERS = st.lists(st.integers(1, 10), max_size=3, unique=True)
BUTTONS = NUMBERS.flatmap(
    lambda numbers: st.tuples(
        *(
            st.builds(Button, st.just(n), st.sampled_from(["url", "quick_reply", "copy_code", "flow"]), CODES)
            for n in numbers
        )
    )
)
HEADERS = (
    st.just(("", "")) | st.tuples(st.just("text"), VALUES) | st.tuples(st.sampled_from(drafts.HEADER_FILES), LINKS)
)
DRAFTS = (
    st.builds(Draft, st.just(MessageType.TEXT), st.just(TO), body=TEXTS, link_preview=st.booleans())
    | st.builds(Draft, st.just(MessageType.IMAGE), st.just(TO), link=LINKS, caption=st.just("") | TEXTS)
    | st.builds(Draft, st.just(MessageType.AUDIO), st.just(TO), link=LINKS)
    | st.builds(
        lambda header, **rest: Draft(header=header[0], header_value=header[1], **rest),
        HEADERS,
        kind=st.just(MessageType.TEMPLATE),
        to=st.just(TO),
        name=st.just("order_update"),
        language=st.sampled_from(["tr", "pt_BR"]),
        values=st.lists(VALUES, max_size=4).map(tuple),
        buttons=BUTTONS,
    )
)


def payload_of(draft: Draft) -> dict[str, Any]:
    return payloads.message(draft, "UTC").as_json(without_none=True)


@given(DRAFTS)
def test_there_and_back(draft: Draft) -> None:
    payload = payload_of(draft)
    back = payloads.of_payload(payload, TO)
    assert payload_of(back) == payload
    if not any(button.kind == "url" for button in draft.buttons):  # of an address's end, spellings mean the same
        assert back == draft


@given(DRAFTS)
def test_every_draft_can_be_shown(draft: Draft) -> None:
    line = preview.line(draft)
    assert len(line) <= preview.LINE_LIMIT
    assert "\n" not in line
    assert not preview.of_draft(draft).is_empty


@pytest.mark.parametrize(
    "component",
    [
        {
            "type": "body",
            "parameters": [{"type": "currency", "currency": {"fallback_value": "1 EUR", "code": "EUR"}}],
        },
        {"type": "body"},
        {"type": "header"},
        {"type": "header", "parameters": []},
        {"type": "button", "sub_type": "copy_code", "index": 0, "parameters": [{"type": "coupon_code"}]},
        {"type": "button"},
    ],
)
def test_a_message_that_the_form_did_not_make_can_be_shown(component: dict[str, Any]) -> None:
    template = {"name": "sale", "language": {"code": "en"}, "components": [component]}
    draft = payloads.of_payload({"type": "template", "template": template}, TO)
    assert draft.name == "sale"
    assert not preview.of_draft(draft).is_empty


@pytest.mark.parametrize(
    ("typed", "code"), [("en-us", "en_US"), (" EN_gb ", "en_GB"), ("TR", "tr"), ("", ""), ("zh_cn", "zh_CN")]
)
def test_languages_as_people_write_them(typed: str, code: str) -> None:
    assert drafts.language_code(typed) == code


# --- what Meta asks of a template's values -----------------------------------------------------------


def template(**typed: Any) -> Draft:
    return Draft(MessageType.TEMPLATE, TO, name="order_update", language="tr", **typed)


def components(**typed: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = payload_of(template(**typed).with_code())["template"]["components"]
    return found


def refused(**typed: Any) -> dict[str, list[str]]:
    with pytest.raises(FieldErrors) as refusal:
        payload_of(template(**typed).with_code())
    return refusal.value.fields


def test_named_values_carry_their_names() -> None:
    header = {"header": "text", "header_value": "News", "header_name": "title"}
    sent = components(values=("Deniz", "42"), value_names=("first_name", "order_id"), **header)
    assert sent == [
        {"type": "header", "parameters": [{"type": "text", "parameter_name": "title", "text": "News"}]},
        {
            "type": "body",
            "parameters": [
                {"type": "text", "parameter_name": "first_name", "text": "Deniz"},
                {"type": "text", "parameter_name": "order_id", "text": "42"},
            ],
        },
    ]


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ({"values": ("a", "b"), "value_names": ("first_name", "")}, {"names-1"}),
        ({"values": ("a", "b"), "value_names": ("n", "n")}, {"names-0", "names-1"}),
        ({"values": ("a",), "value_names": ("First Name",)}, {"names-0"}),
        ({"values": ("a",), "value_names": ("n",), "header": "text", "header_value": "x"}, {"header_name"}),
        ({"values": ("a",), "header": "text", "header_value": "x", "header_name": "n"}, {"names-0"}),
        ({"values": ("a", "b"), "value_names": ("n", ""), "expected": ("N", "2")}, {"values-0"}),
        (
            {"values": ("a",), "expected": ("A",), "header": "text", "header_value": "x", "header_name": "n"},
            {"header_name"},
        ),
    ],
)
def test_numbered_and_named_values_do_not_mix(typed: dict[str, Any], fields: set[str]) -> None:
    assert set(refused(**typed)) == fields


@pytest.mark.parametrize("value", ["Ay\nse", "Ay\r\nse", "Ay\tse", "Ay    se", "Ay \u2028 se"])
def test_a_value_is_one_line(value: str) -> None:
    assert (
        "Enter one line, without line breaks, tabs or four spaces in a row."
        in refused(values=(value,))["values-0"][0]
    )
    assert (
        "Enter one line, without line breaks, tabs or four spaces in a row."
        in refused(header="text", header_value=value)["header_value"][0]
    )
    assert one_line(value) == "Ay se"


def test_three_spaces_are_taken() -> None:
    assert is_one_line("Ay   se")
    assert one_line("Ay   se") == "Ay   se"


@pytest.mark.parametrize(
    ("typed", "end"),
    [
        ("ça va", "%C3%A7a%20va"),
        ("orders/42?from=a&to=b#top", "orders/42?from=a&to=b#top"),
        ("%C3%A7a", "%C3%A7a"),
        ("100% sure", "100%25%20sure"),
    ],
)
def test_the_end_of_an_address_is_encoded(typed: str, end: str) -> None:
    [button] = components(buttons=(Button(1, "url", typed),))
    assert button == {
        "type": "button",
        "sub_type": "url",
        "index": "0",
        "parameters": [{"type": "text", "text": end}],
    }
    assert preview.of_draft(template(buttons=(Button(1, "url", typed),))).buttons == (
        (1, "url", f"https://…{end}"),
    )
    assert address_end(end) == end


def test_what_was_typed_comes_back() -> None:
    draft = template(buttons=(Button(1, "url", "ça va"),))
    assert payloads.of_payload(payload_of(draft), TO) == draft


@pytest.mark.parametrize(
    ("kind", "value", "parameter"),
    [
        ("quick_reply", "yes", {"type": "payload", "payload": "yes"}),
        ("copy_code", "SAVE10", {"type": "coupon_code", "coupon_code": "SAVE10"}),
        ("flow", "token-1", {"type": "action", "action": {"flow_token": "token-1"}}),
    ],
)
def test_kinds_of_buttons(kind: str, value: str, parameter: dict[str, Any]) -> None:
    [button] = components(buttons=(Button(2, kind, value),))
    assert button == {"type": "button", "sub_type": kind, "index": "1", "parameters": [parameter]}


@pytest.mark.parametrize(
    "typed", [{"values": ("123456",)}, {"values": ("",)}, {}, {"buttons": ("",), "values": ("123456",)}]
)
def test_a_one_time_code_is_sent_twice(typed: dict[str, Any]) -> None:
    [value] = typed.pop("buttons", ("123456",))
    text = [{"type": "text", "text": "123456"}]
    assert components(buttons=(Button(1, ONE_TIME_CODE, value),), **typed) == [
        {"type": "body", "parameters": text},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": text},
    ]


@pytest.mark.parametrize(
    ("kind", "value", "values", "words"),
    [
        ("copy_code", "S" * 16, (), "no more than 15 characters"),
        (ONE_TIME_CODE, "1" * 16, (), "no more than 15 characters"),
        (ONE_TIME_CODE, "", (), "Enter the one-time code."),
        (ONE_TIME_CODE, "1", ("2",), "the same code in the text and the button"),
    ],
)
def test_codes_that_are_refused(kind: str, value: str, values: tuple[str, ...], words: str) -> None:
    assert words in refused(buttons=(Button(1, kind, value),), values=values)["buttons"][0]
