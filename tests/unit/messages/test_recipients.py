"""Numbers in every way that people write them."""

from collections.abc import Iterator

import phonenumbers
import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import DomainError
from portal.messages.compose import recipients

ZONE = "Europe/Istanbul"


@pytest.fixture(autouse=True, scope="module")
def _languages() -> Iterator[None]:
    app = Flask(__name__)
    Babel(app)
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    "text",
    [
        "0532 123 45 67",
        "(0532) 123-45-67",
        "532.123.45.67",
        "+90 532 123 45 67",
        "+ 90 532 123 45 67",
        "＋90 532 123 45 67",
        "0090 532 123 45 67",
        "905321234567",
        "tel:+90-532-123-45-67",
        "whatsapp:+905321234567",
        "https://wa.me/905321234567?text=hello",
        "https://api.whatsapp.com/send?text=x&phone=905321234567",
        "\u202a+90\u00a0532\u00a0123\u00a045\u00a067\u202c",
        "٠٥٣٢ ١٢٣ ٤٥ ٦٧",
    ],
)
def test_the_usual_ways(text: str) -> None:
    found = recipients.read(text, ZONE)
    assert (found.e164, found.international, found.country) == ("+905321234567", "+90 532 123 45 67", "Türkiye")
    assert not found.is_doubtful


def test_which_country_is_meant() -> None:
    assert "Without a country code, we assume Türkiye." in recipients.hint(ZONE)
    assert "with its country code" in recipients.hint("UTC")


@pytest.mark.parametrize(
    ("text", "zone", "e164"),
    [
        ("491701234567", ZONE, "+491701234567"),
        ("0170 1234567", "Europe/Berlin", "+491701234567"),
        ("202 555 0123", "America/New_York", "+12025550123"),
        ("011 44 7400 123456", "America/New_York", "+447400123456"),
        ("+447400123456", "UTC", "+447400123456"),
        ("447400123456", "UTC", "+447400123456"),
        ("+52 1 55 1234 5678", ZONE, "+525512345678"),
        ("https://wa.me/5215512345678", ZONE, "+525512345678"),
    ],
)
def test_the_country_is_that_of_the_account(text: str, zone: str, e164: str) -> None:
    assert recipients.read(text, zone).e164 == e164


def test_a_number_that_the_plan_does_not_know_is_doubtful() -> None:
    assert recipients.read("+1 555 010 9999", ZONE).is_doubtful


@pytest.mark.parametrize("text", ["+229 97 12 34 56", "+22997123456", "+225 07 12 34 56"])
def test_a_number_of_an_older_plan_is_taken_with_a_doubt(text: str) -> None:
    found = recipients.read(text, ZONE)
    assert found.is_doubtful
    assert found.e164 == f"+{phonenumbers.normalize_digits_only(text)}"


@pytest.mark.parametrize(
    "text",
    [
        "+905321234567, +905321234568",
        "+905321234567;+905321234568",
        "+90 532 123 45 67 +90 532 123 45 68",
        "0532 123 45 67 / 0532 123 45 68",
        "+90 532 123 45 67\n+90 532 123 45 68",
        "0532 123 45 67\n0532 123 45 68",
        "05321234567 05321234568",
    ],
)
def test_several_numbers_are_told_so(text: str) -> None:
    with pytest.raises(DomainError, match="more than one number"):
        recipients.read(text, ZONE)


@pytest.mark.parametrize(
    ("text", "example"),
    [
        ("+44 20 79", "+44 7400 123456"),
        ("0044 20 79", "+44 7400 123456"),
        ("+49 170 1", "+49 1512 3456789"),
        ("+1 555", "+1 201-555-0123"),
        ("0532 12", "+90 501 234 56 78"),
        ("+999 123 456 789", "+90 501 234 56 78"),
    ],
)
def test_the_example_is_of_the_country_that_was_written(text: str, example: str) -> None:
    with pytest.raises(DomainError) as caught:
        recipients.read(text, ZONE)
    assert example in caught.value.message.replace("\N{NON-BREAKING HYPHEN}", "-")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Enter the recipient's phone number"),
        ("123", "number is too short"),
        ("+", "number is too short"),
        ("+90 532 123 45 67 89 01 23", "number is too long"),
        ("hello", "have no letters"),
        ("1-800-FLOWERS", "have no letters"),
        ("+999 123 456 789", "No country has this code"),
        ("202 555 0123", "doesn't exist in that country"),
    ],
)
def test_what_is_none_says_why_and_shows_one(text: str, says: str) -> None:
    with pytest.raises(DomainError, match=says) as caught:
        recipients.read(text, ZONE)
    assert caught.value.field == "to"
    assert not text or "+90 501 234 56 78" in caught.value.message


NUMBERS = st.text(st.sampled_from("+0123456789 ()-./٣extwa.me:\u202a\x00") | st.characters(), max_size=30)


@given(NUMBERS, st.sampled_from([ZONE, "UTC", "America/New_York", "Pacific/Niue"]))
def test_whatever_is_typed_is_a_number_or_refused(text: str, zone: str) -> None:
    try:
        found = recipients.read(text, zone)
    except DomainError:
        return
    assert found.e164[0] == "+"
    assert 7 <= len(found.e164) - 1 <= 15
    assert found.e164[1:].isascii()
    assert found.e164[1:].isdigit()
    assert recipients.read(found.international, zone).e164 == found.e164
    assert recipients.known(found.e164).international == found.international


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)))
def test_every_country_has_numbers(region: str) -> None:
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    if number is None:
        return
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    assert recipients.read(e164, ZONE).e164 == e164
