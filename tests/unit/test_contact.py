"""What people mean when they type a time zone or a phone number."""

import pytest

from portal import contact


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Europe/Istanbul", "Europe/Istanbul"),
        ("berlin", "Europe/Berlin"),
        (" New York ", "America/New_York"),
        ("europe/berlin", "Europe/Berlin"),
        ("Istanbul", "Europe/Istanbul"),
        ("utc", "UTC"),
        ("Atlantis", "Atlantis"),
    ],
)
def test_a_city_is_enough(typed: str, meant: str) -> None:
    assert contact.time_zone(typed) == meant


@pytest.mark.parametrize(
    "pasted",
    [
        "\u200bjane@acme.com",
        "jane\u200d@acme.com",
        "\ufeffjane@acme.com\u2060",
        "\u202ajane@ac\u00adme.com\u202c\r\n",
    ],
)
def test_invisible_signs_in_an_address_are_left_out(pasted: str) -> None:
    assert contact.normal_email(pasted) == contact.compared(pasted) == "jane@acme.com"
    assert contact.email(pasted, "email") == "jane@acme.com"
    assert contact.compared("\u200bno address") == "no address"


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Calcutta"])
def test_a_national_number_is_read_in_the_zones_country_whatever_the_browser_calls_the_zone(zone: str) -> None:
    assert contact.phone("098765 43210", zone, "phone") == "+919876543210"


@pytest.mark.parametrize("typed", ["İSTANBUL", "istanbul", "ıstanbul", "Istanbul", "Europe/Istanbul"])
def test_a_zone_is_found_however_its_city_is_written(typed: str) -> None:
    assert contact.time_zone(typed) == "Europe/Istanbul"


@pytest.mark.parametrize("typed", ["İSTİKLAL ŞUBESİ", "istiklal şubesi", "ISTIKLAL SUBESI", "ıstıklal subesı"])
def test_turkish_letters_are_found_however_they_are_written(typed: str) -> None:
    assert contact.folded(typed) == "istiklal subesi"
