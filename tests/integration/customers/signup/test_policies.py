"""Signing up under each policy, with and without htmx."""

import pytest

from portal.models import Account, Membership, Person, Role, StaffRole
from tests.support.application.pages import texts
from tests.support.application.portal import DETAILS, PASSWORD
from tests.support.suite.marks import both_databases_and_with_htmx

JANE = DETAILS["contact_email"]


@both_databases_and_with_htmx
def test_open_makes_the_account_at_once(portal, htmx):
    browser = portal.browser()
    page = portal.sign_up(browser, htmx=htmx)
    assert page.status == (204 if htmx else 303)
    assert page.goes_to == f"/accounts/{portal.one(Account).id}/setup"
    assert "Setting up your account" in browser.open(page.goes_to).text
    portal.work()
    overview = browser.open(page.goes_to)
    assert overview.path == f"/accounts/{portal.one(Account).id}/"
    assert portal.set_up().step == "ready"
    assert portal.one(Membership).role == Role.OWNER
    made = portal.accounts_at_connexease()
    assert [(each["name"], each["contact_email"], each["billing_email"]) for each in made] == [
        ("Acme Corp", JANE, JANE)
    ]
    assert made[0]["contact_name"] == "Jane"
    assert made[0]["time_zone"] == "Europe/Istanbul"


@pytest.mark.parametrize("htmx", [False, True])
def test_verified_waits_for_the_mailed_link(verified, htmx):
    browser = verified.browser()
    page = verified.sign_up(browser, htmx=htmx)
    assert page.goes_to == "/signup/sent"
    assert "Check your email" in browser.follow(page).text
    verified.settle()
    assert verified.accounts_at_connexease() == []
    assert verified.set_up().step == "waiting_for_email"
    confirm = browser.get(verified.link(JANE, "verify"))
    assert "password" not in confirm.values()  # this browser signed up
    done = browser.submit(confirm, "Confirm", htmx=htmx)
    assert done.goes_to == "/accounts/"
    verified.work()
    assert verified.set_up().step == "ready"
    assert len(verified.accounts_at_connexease()) == 1
    assert "Acme Corp" in browser.open("/").text


def test_approval_waits_for_the_staff_as_well(make_portal):
    portal = make_portal(signup_policy="approval")
    browser = portal.browser()
    portal.sign_up(browser)
    browser.submit(browser.get(portal.link(JANE, "verify")), "Confirm")
    portal.settle()
    assert portal.set_up().step == "waiting_for_approval"
    assert "Waiting for approval" in browser.open("/accounts/").text
    assert portal.accounts_at_connexease() == []
    staff = portal.staff(StaffRole.SUPPORT)
    staff.submit(staff.get("/staff/provisioning/"), "Approve")
    portal.work()
    assert portal.set_up().step == "ready"
    assert portal.mails(JANE)[0]["subject"] == "Your account is approved"
    assert "was approved" in staff.get("/staff/provisioning/").text
    staff.post(f"/staff/provisioning/{portal.one(Account).id}/approve")
    assert "no longer waiting for approval" in staff.get("/staff/provisioning/").text


def test_approval_can_be_declined(make_portal):
    portal = make_portal(signup_policy="approval")
    browser = portal.browser()
    portal.sign_up(browser)
    browser.submit(browser.get(portal.link(JANE, "verify")), "Confirm")
    staff = portal.staff(StaffRole.ADMIN)
    links = staff.get("/staff/provisioning/").select("a")
    [decide] = [link.attrib["href"] for link in links if "Decline" in link.text_content()]
    staff.submit(staff.get(decide), "Decline sign-up", note="We sell to companies only.")
    portal.settle()
    assert portal.set_up().step == "declined"
    assert portal.accounts_at_connexease() == []
    shown = browser.open("/accounts/").text
    assert "declined" in shown
    assert "We sell to companies only." in shown
    assert portal.mails(JANE)[0]["subject"] == "We couldn't open your account"
    assert "We sell to companies only." in portal.mails(JANE)[0]["text"]


def test_approval_is_not_before_the_address_is_proven(make_portal):
    portal = make_portal(signup_policy="approval")
    portal.sign_up()
    staff = portal.staff(StaffRole.ADMIN)
    staff.post(f"/staff/provisioning/{portal.one(Account).id}/approve")
    portal.settle()
    assert portal.set_up().step == "waiting_for_email"
    assert portal.accounts_at_connexease() == []


def test_closed_makes_nothing(make_portal, portal):
    closed = make_portal(signup_policy="closed")
    browser = closed.browser()
    assert "Sign-up is closed" in browser.get("/signup").text
    page = browser.post("/signup", {**DETAILS, "password": PASSWORD})
    assert page.status == 422
    assert "Sign-up is closed" in page.text
    assert closed.rows(Person) == []


@pytest.mark.parametrize(
    ("policy", "way", "promise"),
    [
        ("open", "Sign up", "your email address and a password."),
        ("verified", "Sign up", "open the link that we email you"),
        ("approval", "Sign up", "Our team reviews your sign-up and emails you."),
        ("closed", "Get an account", "Our team opens it for you"),
    ],
)
def test_the_first_page_tells_a_newcomer_how_to_get_in_here(make_portal, policy, way, promise):
    front = make_portal(signup_policy=policy).browser().get("/")
    step = texts(front.select_one(".front-steps li"))
    assert way in step
    assert promise in step
    assert ("Create an account" in front.text) == (policy != "closed")


def test_nobody_is_promised_an_account_before_the_staff_have_looked(make_portal):
    portal = make_portal(signup_policy="approval")
    browser = portal.browser()
    assert "Our team reviews every new account" in browser.get("/signup").text
    portal.sign_up(browser)
    assert "Then our team reviews your sign-up" in browser.get("/signup/sent").text
