"""Signing up with an address that is known already: nobody learns of it, and nothing is overwritten."""

import pytest

from portal.models import Account, Person, StaffRole
from tests.support.application.portal import DETAILS

JANE = DETAILS["contact_email"]
OTHER_PASSWORD = "granite-lemon-orbit-9920"


def test_open_says_that_an_address_is_taken(portal):
    portal.sign_up()
    page = portal.sign_up(contact_email="JANE@acme.example.com", password=OTHER_PASSWORD)
    assert page.status == 422
    assert set(page.errors) == {"contact_email"}
    assert "This address already has a login" in page.errors["contact_email"]
    assert len(portal.rows(Person)) == 1


@pytest.mark.parametrize("htmx", [False, True])
def test_verified_tells_nobody_whether_an_address_is_known(verified, htmx):
    first = verified.browser()
    verified.sign_up(first)
    first.submit(first.get(verified.link(JANE, "verify")), "Confirm")
    browsers = [verified.browser(), verified.browser()]
    known = verified.sign_up(browsers[0], htmx=htmx, name="Evil", password=OTHER_PASSWORD)
    unknown = verified.sign_up(
        browsers[1], htmx=htmx, contact_email="new@acme.example.com", password=OTHER_PASSWORD
    )
    assert known.status == unknown.status
    assert known.response.data == unknown.response.data
    assert _comparable(known) == _comparable(unknown)
    assert browsers[0].cookies == browsers[1].cookies
    assert browsers[0].follow(known).text == browsers[1].follow(unknown).text
    assert verified.mails(JANE)[0]["subject"] == "You already have a login"
    assert not [link for link in verified.mails(JANE)[0]["links"] if "/verify/" in link]
    assert verified.mails("new@acme.example.com")[0]["subject"] == "Confirm your email address"


def _comparable(page):
    headers = {name: value for name, value in page.response.headers if name not in ("Date", "Set-Cookie")}
    cookie = page.response.headers.get("Set-Cookie", "")
    return headers, cookie.partition("=")[0], cookie.partition(";")[2], len(cookie)


@pytest.mark.parametrize(
    "step", ["ready", "creating_account", "needs_details", "needs_proof", "waiting_for_approval"]
)
def test_a_live_account_is_never_overwritten(portal, make_portal, step):
    """Not even one whose address was never proven, under a policy that did not ask."""
    portal.sign_up()
    portal.sql("UPDATE provisioning SET step = :step", step=step)
    before = (portal.one(Person), portal.one(Account))
    verified = make_portal(signup_policy="verified")
    assert verified.sign_up(name="Evil", password=OTHER_PASSWORD).goes_to == "/signup/sent"
    assert (portal.one(Person), portal.one(Account)) == before
    portal.log_in(JANE)


def test_staff_cannot_be_overwritten(verified):
    verified.staff(StaffRole.ADMIN, "boss@reseller.example.com")
    verified.sign_up(contact_email="boss@reseller.example.com", password=OTHER_PASSWORD)
    verified.log_in("boss@reseller.example.com")
    assert verified.rows(Account) == []
