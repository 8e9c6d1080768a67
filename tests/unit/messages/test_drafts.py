"""A draft becomes a message and a message a draft again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.messages.compose import drafts, preview
from portal.messages.compose.drafts import Button, Draft
from portal.models import MessageType

TO = "+905321234567"
TEXTS = st.text(min_size=1, max_size=20).filter(str.strip)
LINKS = st.sampled_from(["https://example.com/a.png", "https://example.com/a.pdf?x=1"])
NUMBERS = st.lists(st.integers(1, 10), max_size=3, unique=True)
BUTTONS = NUMBERS.flatmap(
    lambda numbers: st.tuples(
        *(st.builds(Button, st.just(n), st.sampled_from(["url", "quick_reply"]), TEXTS) for n in numbers)
    )
)
HEADERS = (
    st.just(("", "")) | st.tuples(st.just("text"), TEXTS) | st.tuples(st.sampled_from(drafts.HEADER_FILES), LINKS)
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
        values=st.lists(TEXTS, max_size=4).map(tuple),
        buttons=BUTTONS,
    )
)


@given(DRAFTS)
def test_there_and_back(draft: Draft) -> None:
    payload = drafts.message(draft, "UTC").as_json(without_none=True)
    assert drafts.of_payload(payload, TO) == draft


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
    draft = drafts.of_payload({"type": "template", "template": template}, TO)
    assert draft.name == "sale"
    assert not preview.of_draft(draft).is_empty


@pytest.mark.parametrize(
    ("typed", "code"), [("en-us", "en_US"), (" EN_gb ", "en_GB"), ("TR", "tr"), ("", ""), ("zh_cn", "zh_CN")]
)
def test_languages_as_people_write_them(typed: str, code: str) -> None:
    assert drafts.language_code(typed) == code
