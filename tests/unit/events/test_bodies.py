"""Bodies may be anything: what is shown is what was sent, and nothing of it breaks the page."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.db import words
from portal.events import bodies


def test_json_is_laid_out_in_its_own_order():
    shown = bodies.show(b'{"b": [1, {"a": null}], "a": {}, "c": []}')
    assert shown.kind == "json"
    assert shown.text.splitlines() == [
        "{",
        '  "b": [',
        "    1,",
        "    {",
        '      "a": null',
        "    }",
        "  ],",
        '  "a": {},',
        '  "c": []',
        "}",
    ]


@pytest.mark.parametrize(
    "number",
    ["12345678901234567890123", "1.10", "1e400", "-0", "0.1000000000000000055511151231257827", "9" * 5000],
)
def test_numbers_stay_as_they_were_written(number):
    assert bodies.show(f'{{"n": {number}}}'.encode()).text == f'{{\n  "n": {number}\n}}'


def test_a_key_that_occurs_twice_is_shown_twice():
    assert bodies.show(b'{"a":1,"a":2}').text == '{\n  "a": 1,\n  "a": 2\n}'


def test_escapes_are_resolved_where_they_can_be_read():
    shown = bodies.show(rb'{"text": "\u0130stanbul \ud83d\ude00 \"quoted\" \n \u202e \ud800"}')
    assert shown.text.splitlines()[1] == '  "text": "İstanbul 😀 \\"quoted\\" \\n \\u202e \\ud800"'


def test_what_turns_the_line_around_is_not_let_through_raw():
    assert "\u202e" not in bodies.show('{"name": "\u202egnp.exe"}'.encode()).text


@pytest.mark.parametrize("body", [b"", b" \n\t"])
def test_nothing_is_empty(body):
    assert bodies.show(body).kind == "empty"


def test_text_that_is_not_json_is_shown_as_it_is():
    shown = bodies.show("merhaba <b>dünya</b>\r\nsecond line".encode())
    assert (shown.kind, shown.text) == ("text", "merhaba <b>dünya</b>\nsecond line")
    assert not shown.has_replacements


def test_bytes_that_are_no_text_are_replaced_and_it_says_so():
    shown = bodies.show(b"\xff\xfe\x00caf\xe9\x1b[31m")
    assert shown.kind == "text"
    assert shown.has_replacements
    assert "caf" in shown.text
    assert "\x1b" not in shown.text


def test_json_in_another_encoding_is_json():
    assert bodies.show('{"a": "ğ"}'.encode("utf-16")).text == '{\n  "a": "ğ"\n}'
    assert bodies.words_of('{"a": "Ğ"}'.encode("utf-16")) == ["a", "g"]


def test_deep_nesting_costs_no_more_than_it_is_worth():
    shown = bodies.show(b"[" * 100_000 + b"]" * 100_000)
    assert (shown.kind, len(shown.text)) == ("deep", bodies.FOLDED)
    deep = bodies.show(b"[" * 500 + b",".join([b"1"] * 100_000) + b"]" * 500)
    assert deep.kind == "json"
    assert len(deep.text) < 100_000 * (2 * bodies.DEEPEST_INDENT + 5)


def test_the_words_are_those_of_keys_and_values():
    body = json.dumps({"hook": "message.created", "payload": {"text": "Çay, KAPI & ışık!", "n": 42, "ok": None}})
    assert bodies.words_of(body.encode()) == (
        ["hook", "message", "created", "payload", "text", "cay", "kapi", "isik", "n", "42", "ok", "null"]
    )


@pytest.mark.parametrize(("typed", "stored"), [("ISPARTA", "ısparta"), ("İzmir", "izmir"), ("GROSS", "groß")])
def test_case_and_accents_make_no_difference(typed, stored):
    assert words.words_in(typed) == words.words_in(stored)


def test_words_are_bounded():
    found = words.words_in(" ".join(f"w{number}" for number in range(20_000)) + "x" * 1000)
    assert len(found) == words.MAX_WORDS
    assert words.words_in("y" * 1000) == ["y" * words.MAX_WORD]


@given(st.binary(max_size=300))
def test_any_bytes_can_be_shown_and_searched(body):
    shown = bodies.show(body)
    shown.text.encode()
    for word in bodies.words_of(body):
        assert word.isalnum()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(json_values, st.booleans())
def test_what_is_laid_out_means_the_same(value, ascii_only):
    body = json.dumps(value, ensure_ascii=ascii_only).encode(errors="surrogatepass")
    shown = bodies.show(body)
    if shown.kind == "json":
        assert json.loads(shown.text) == value
    else:
        assert not ascii_only
