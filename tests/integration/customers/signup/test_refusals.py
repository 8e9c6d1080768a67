"""What is refused at signing up, at which field, and what is kept as it was typed."""

import pytest

from portal.models import Account, Mail, Person
from tests.support.application.pages import select, select_one
from tests.support.application.portal import DETAILS, PASSWORD
from tests.support.suite.marks import both_databases


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 81),
        ("contact_name", ""),
        ("contact_name", "x" * 81),
        ("contact_lastname", ""),
        ("contact_email", ""),
        ("contact_email", "jane"),
        ("contact_email", "jane@"),
        ("contact_email", "@acme.example.com"),
        ("contact_email", "jane doe@acme.example.com"),
        ("contact_email", "jane@acme"),
        ("contact_email", "jane@acme..com"),
        ("contact_email", "a@b.co, c@d.co"),
        ("contact_email", "Jane <jane@acme.example.com>"),
        ("contact_email", "x" * 250 + "@acme.example.com"),
        ("billing_email", "nobody"),
        ("contact_phone_number", "12"),
        ("contact_phone_number", "call me"),
        ("contact_phone_number", "+99 999 999"),
        ("contact_phone_number", "+1 202 555 0123 0000 000000000000000000000000"),
        ("time_zone", ""),
        ("time_zone", "Atlantis"),
        ("time_zone", "Europe/Nowhere"),
        ("time_zone", "../../etc/passwd"),
        ("password", ""),
        ("password", "short"),
        ("password", "elevenchars"),
        ("password", "password1234"),
        ("password", "qwertyuiopas"),
        ("password", "aaaaaaaaaaaaaaaa"),
        ("password", "jane@acme.example.com"),
        ("password", "x" * 2000),
    ],
)
def test_each_refusal_stands_at_its_field(verified, htmx, field, typed):
    page = verified.sign_up(htmx=htmx, **{"billing_email": "bills@acme.example.com", field: typed})
    assert page.status == 422
    assert set(page.errors) == {field}
    assert page.errors[field].strip()
    assert "autofocus" in page.summary.attrib
    assert page.summary.attrib["tabindex"] == "-1"
    assert select_one(page.summary, f"a[href='#{field}']") is not None
    kept = page.values("Create account")
    for name, value in {**DETAILS, "billing_email": "bills@acme.example.com", field: typed}.items():
        assert kept[name] == ("" if name == "password" else value.strip()), name
    assert page.is_fragment is htmx
    assert verified.rows(Person) == []
    assert verified.rows(Mail) == []


def test_all_refusals_come_at_once(verified):
    page = verified.sign_up(name="", contact_email="x", time_zone="", password="short")
    assert set(page.errors) == {"name", "contact_email", "time_zone", "password"}
    assert len(select(page.summary, "a")) == 4


@pytest.mark.parametrize(
    ("typed", "zone", "stored"),
    [
        ("+90 532 123 45 67", "UTC", "+905321234567"),
        ("0532 123 45 67", "Europe/Istanbul", "+905321234567"),
        ("(0532) 123-45-67", "Europe/Istanbul", "+905321234567"),
        ("030 901820", "Europe/Berlin", "+4930901820"),
        ("(202) 456-1111", "America/New_York", "+12024561111"),
        ("00 49 30 901820", "Europe/Istanbul", "+4930901820"),
        ("", "UTC", ""),
    ],
)
def test_phone_numbers_as_people_write_them(portal, typed, zone, stored):
    assert portal.sign_up(contact_phone_number=typed, time_zone=zone).status == 303
    portal.work()
    assert portal.one(Account).contact_phone_number == stored
    assert (portal.accounts_at_connexease()[0]["contact_phone_number"] or "") == stored


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_a_national_number_needs_a_country_that_has_it(portal, zone):
    page = portal.sign_up(contact_phone_number="0532 123 45 67", time_zone=zone)
    assert set(page.errors) == {"contact_phone_number"}


@pytest.mark.parametrize(
    ("field", "typed", "stored"),
    [
        ("name", "x" * 80, "x" * 80),
        ("name", "  Çağdaş & Söhne <GmbH>  ", "Çağdaş & Söhne <GmbH>"),
        ("contact_email", "  Jane@ACME.example.com ", "Jane@acme.example.com"),
        ("contact_email", "jane+tag@acme.example.com", "jane+tag@acme.example.com"),
        ("billing_email", "bills@acme.example.com", "bills@acme.example.com"),
        ("time_zone", "America/Argentina/Ushuaia", "America/Argentina/Ushuaia"),
        ("time_zone", "Asia/Calcutta", "Asia/Calcutta"),  # an old name, which browsers still guess
    ],
)
def test_what_is_accepted_arrives(portal, field, typed, stored):
    assert portal.sign_up(**{field: typed}).status == 303
    portal.work()
    assert portal.set_up().step == "ready"
    assert portal.accounts_at_connexease()[0][field] == stored


def test_what_nobody_can_see_is_no_name(verified):
    page = verified.sign_up(name="\u200b\u2060 ")
    assert page.errors == {"name": "Enter your company's name."}


@both_databases
@pytest.mark.parametrize("field", ["name", "contact_name", "contact_email", "billing_email", "password"])
def test_characters_that_no_database_keeps(portal, field):
    """A NUL never comes from a keyboard; PostgreSQL refuses it, and that must not be an error of ours."""
    page = portal.sign_up(**{field: {**DETAILS, "password": PASSWORD}[field] + "a\0b.co"})
    assert page.status in (303, 422)


def test_the_address_is_ascii_on_the_wire(portal):
    """Case-folding "ß" makes "ss", which is another domain: mail for one must never prove the other."""
    assert portal.sign_up(contact_email="jane@straße.example.com").status == 303
    assert portal.one(Person).email == "jane@xn--strae-oqa.example.com"
    page = portal.sign_up(contact_email="jane@strasse.example.com")
    assert page.status == 303
    portal.log_in("jane@straße.example.com")
    assert set(portal.sign_up(contact_email="straße@acme.example.com").errors) == {"contact_email"}


def test_the_zone_can_be_searched(portal):
    browser = portal.browser()
    page = browser.get("/signup")
    listed = page.select_one("datalist")
    assert page.select_one("input#time_zone").attrib["list"] == listed.attrib["id"]
    zones = browser.get(listed.attrib["hx-get"], htmx=True).select("option")
    assert {"Europe/Istanbul", "America/New_York", "UTC"} <= {zone.attrib["value"] for zone in zones}


def test_a_password_that_is_too_long_is_refused_and_never_cut_short_by_the_browser(portal):
    """Cut short without a word, it would not be the one that a password manager has stored."""
    browser = portal.browser()
    assert int(browser.get("/signup").select_one("input#password").attrib["maxlength"]) == 1024
    assert "at most 128" in str(portal.sign_up(browser, password="x7Zq " * 30).errors["password"])
