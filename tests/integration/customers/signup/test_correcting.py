"""Correcting what was typed before the set-up goes on."""

import pytest

from portal.models import Account, Role
from tests.support.application.portal import DETAILS
from tests.support.suite.concurrent import meanwhile

JANE = DETAILS["contact_email"]
BOB = "bob@acme.example.com"


def test_a_mistyped_address_is_corrected_and_proven_anew(verified):
    browser = verified.browser()
    verified.sign_up(browser, contact_email="jane@acne.example.com")
    old_link = verified.link("jane@acne.example.com", "verify")
    browser = verified.log_in("jane@acne.example.com")
    account = verified.one(Account).id
    details = browser.get(f"/accounts/{account}/setup/details")
    assert details.values()["name"] == "Acme Corp"
    page = browser.submit(details, contact_email=JANE)
    assert page.goes_to == f"/accounts/{account}/setup"
    assert JANE in browser.follow(page).text
    assert browser.get(old_link).status == 410
    verified.settle()
    assert verified.accounts_at_connexease() == []
    browser.submit(browser.get(verified.link(JANE, "verify")), "Confirm")
    verified.work()
    assert [each["contact_email"] for each in verified.accounts_at_connexease()] == [JANE]


def refused(portal):
    """An account whose details Connexease refused, with a second owner; the page of details as that one sees it."""
    refusals = {"name": ["Not this one."], "contact_phone_number": ["Nobody answers it."]}
    portal.control.fault("status", "/accounts/", "POST", status=400, body=refusals)
    _jane, account_id = portal.newcomer(contact_phone_number="+905321234567")
    portal.work()
    assert portal.set_up().step == "needs_details"
    bob = portal.member(account_id, BOB, Role.OWNER)
    return bob, bob.get(f"/accounts/{account_id}/setup/details")


@pytest.mark.parametrize("htmx", [False, True])
def test_another_owner_corrects_what_was_refused_and_keeps_their_own_login(portal, htmx):
    bob, details = refused(portal)
    assert set(details.errors) == {"name", "contact_phone_number"}
    page = bob.submit(details, htmx=htmx, name="Corrected Ltd", contact_name="Janet", contact_phone_number="")
    assert page.goes_to == f"/accounts/{portal.one(Account).id}/setup", page.text
    portal.settle()
    portal.is_set_up_once()
    [made] = portal.accounts_at_connexease()
    assert (made["name"], made["contact_phone_number"] or "") == ("Corrected Ltd", "")
    assert portal.person(BOB).first_name == ""
    assert portal.person(JANE).first_name == "Jane", "nobody writes another's name"
    assert portal.account(JANE).contact_name == "Janet"


def test_another_owner_enters_their_own_address_or_leaves_the_one_that_was_there(portal):
    bob, details = refused(portal)
    page = bob.submit(details, contact_email="somebody@acme.example.com")
    assert page.status == 422
    assert "enter your own: bob@acme.example.com" in page.errors["contact_email"]
    assert portal.person(BOB).email == BOB
    assert bob.submit(details, contact_email=BOB).status == 303
    portal.settle()
    assert [each["contact_email"] for each in portal.accounts_at_connexease()] == [BOB]
    assert portal.person(JANE).email == JANE


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_details_are_not_changed_under_a_call_that_somebody_else_has_just_let_begin(portal):
    bob, details = refused(portal)
    with meanwhile(
        portal,
        lambda: bob.submit(details, name="Too late"),
        "UPDATE provisioning SET step = 'creating_account'",
    ) as page:
        assert page.status == 422
        assert "can't be changed here" in page.text
    assert portal.account(JANE).name == "Acme Corp"


def test_an_address_that_was_proven_is_proven_anew_when_it_changes(verified):
    browser = verified.browser()
    verified.control.fault("status", "/accounts/", "POST", status=400, body={"contact_email": ["Not this one."]})
    verified.sign_up(browser)
    browser.submit(browser.get(verified.link(JANE, "verify")), "Confirm")
    verified.work()
    assert verified.set_up().step == "needs_details"
    account = verified.one(Account).id
    details = browser.get(f"/accounts/{account}/setup/details")
    assert "Not this one." in details.errors["contact_email"]
    browser.submit(details, contact_email="new@acme.example.com")
    verified.settle()
    assert verified.set_up().step == "waiting_for_email"
    assert verified.accounts_at_connexease() == []
    browser.submit(browser.get(verified.link("new@acme.example.com", "verify")), "Confirm")
    verified.work()
    assert verified.set_up().step == "ready"
