"""400 bodies of every shape become sentences at fields, or one sentence."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.connexease import errors, schemas
from portal.connexease.http import refusals
from portal.connexease.texts import TEXT_LIMIT, filled, tidy

NEW_ACCOUNT = schemas.NewAccount(name="A", contact_email="a@a.test", billing_email="a@a.test", time_zone="UTC")


def refusal(cx, server, body) -> errors.Rejected:
    server.reply(400, body)
    with pytest.raises(errors.Rejected) as caught:
        cx.reseller.create_account(NEW_ACCOUNT)
    return caught.value


@pytest.mark.parametrize(
    ("body", "fields", "messages"),
    [
        ({"contact_email": ["In use."]}, {"contact_email": ["In use."]}, []),
        ({"name": ["Too long.", "Odd."]}, {"name": ["Too long.", "Odd."]}, []),
        ({"name": "Too long."}, {"name": ["Too long."]}, []),
        ({"non_field_errors": ["No."]}, {}, ["No."]),
        ({"__all__": ["No."]}, {}, ["No."]),
        ({"detail": "No."}, {}, ["No."]),
        ({"detail": "No.", "code": "not_valid"}, {}, ["No."]),
        ({"detail": ["No.", "Never."]}, {}, ["No.", "Never."]),
        ({"name": ["Bad."], "detail": "No."}, {"name": ["Bad."]}, ["No."]),
        ({"data": {"headers": ["Bad."]}}, {"data.headers": ["Bad."]}, []),
        ({"data": {"headers": {"X-A": ["Bad."]}}}, {"data.headers.X-A": ["Bad."]}, []),
        ({"data": {"non_field_errors": ["Bad."]}}, {"data": ["Bad."]}, []),
        ({"channels": {"0": ["Not a UUID."]}}, {"channels.0": ["Not a UUID."]}, []),
        ({"channels": [{}, {"uuid": ["Bad."]}]}, {"channels.1.uuid": ["Bad."]}, []),
        ({"channels": [[], ["Bad."]]}, {"channels.1": ["Bad."]}, []),
        ({"name": [{"message": "Bad.", "code": "bad"}]}, {"name": ["Bad."]}, []),
        ({"name": {"message": "Bad.", "code": "bad"}}, {"name": ["Bad."]}, []),
        ({"code": ["Bad."]}, {"code": ["Bad."]}, []),
        ({"status": 400, "error": "Bad request"}, {}, ["Bad request"]),
        ({"name": [None, 7, True, "Bad."]}, {"name": ["Bad."]}, []),
        ("No.", {}, ["No."]),
        (["No.", "Never."], {}, ["No.", "Never."]),
        ([{"name": ["Bad."]}], {"name": ["Bad."]}, []),
        ([{"name": ["Bad."]}, "No."], {"name": ["Bad."]}, ["No."]),
        (b"Account limit reached", {}, ["Account limit reached"]),
        ("Größe überschritten".encode(), {}, ["Größe überschritten"]),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else json.dumps(value),
)
def test_each_sentence_lands_where_it_belongs(cx, server, body, fields, messages):
    error = refusal(cx, server, body)
    assert (error.fields, error.messages) == (fields, messages)
    assert error.message == (messages[0] if messages else filled(errors.Rejected.see_fields, {}))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"<html><body>Bad Request</body></html>",
        b"\r\n <!DOCTYPE html><h1>400</h1>",
        b'{"name": ["broken o',
        b"[1, 2",
        b"null",
        b"{}",
        b"[]",
        b"42",
        b'{"name": []}',
        b'{"name": [""]}',
        b"[" * 200_000,
        b'{"a":' * 50_000,
        b"\x00\x01\x02",
    ],
)
def test_a_body_that_says_nothing_becomes_a_neutral_sentence(cx, server, body):
    error = refusal(cx, server, body)
    assert (error.fields, error.messages) == ({}, [])
    assert error.message == filled(errors.Rejected.sentence, {})


def test_texts_are_bounded_and_clean(cx, server):
    error = refusal(cx, server, {"na\x00me\n": ["One\r\ntwo\x1b[31m \u202ethree\ud800 " + "x" * 5000]})
    ((name, (text,)),) = error.fields.items()
    assert name == "na me"
    assert text.startswith("One two [31m three xxx")
    assert len(text) == TEXT_LIMIT
    text.encode()


def test_a_flood_of_fields_is_bounded(cx, server):
    error = refusal(cx, server, {"first": ["Bad."] * 500} | {f"field{n}": ["Bad."] for n in range(5000)})
    assert len(error.fields) == 50
    assert len(error.fields["first"]) == 10


def test_deep_nesting_ends(cx, server):
    body = ["Bad."]
    for _ in range(200):
        body = {"a": body}
    assert refusal(cx, server, body).fields == {}


def test_a_percent_sign_of_the_vendor_stays(cx, server):
    assert refusal(cx, server, {"detail": "100 %(field)s full"}).message == "100 %(field)s full"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON.map(lambda value: json.dumps(value).encode()) | st.binary())
def test_no_body_whatever_breaks_the_reading(body):
    fields, messages = refusals.read(body, tidy)
    for text in [*fields, *messages, *(text for texts in fields.values() for text in texts)]:
        assert text
        assert not {unicodedata.category(letter) for letter in text} & {"Cc", "Cs"}
        assert len(text) <= TEXT_LIMIT
