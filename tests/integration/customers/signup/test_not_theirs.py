"""Somebody signs up with an address that is not theirs: its owner stays its owner."""

import pytest

from portal.models import Account, Membership
from tests.support.application.portal import DETAILS, PASSWORD
from tests.support.suite.marks import both_databases

JANE = DETAILS["contact_email"]
OTHER_PASSWORD = "granite-lemon-orbit-9920"


@both_databases
def test_the_owners_click_asks_for_a_password_that_only_the_signer_knows(verified):
    attacker = verified.browser()
    verified.sign_up(attacker)
    victim = verified.browser()
    link = verified.link(JANE, "verify")
    page = victim.get(link)
    assert "password" in page.values()
    refused = victim.submit(page, "Confirm", password="my own pass phrase 77")
    assert refused.status == 422
    assert set(refused.errors) == {"password"}
    assert victim.submit(page, "Confirm", password="").status == 422
    assert verified.person(JANE).email_verified_at is None
    verified.settle()
    assert verified.accounts_at_connexease() == []


@both_databases
def test_a_second_sign_up_replaces_the_unproven_first(verified):
    attacker = verified.browser()
    verified.sign_up(attacker, name="Evil Inc")
    attackers_link = verified.link(JANE, "verify")
    logged_in = verified.log_in(JANE)
    victim = verified.browser()
    verified.sign_up(victim, password=OTHER_PASSWORD)
    assert logged_in.get("/accounts/").status == 303, "the first one's session must have ended"
    assert attacker.get(attackers_link).status == 410, "the first one's link must be dead"
    victim.submit(victim.get(verified.link(JANE, "verify")), "Confirm")
    verified.work()
    assert [account["name"] for account in verified.accounts_at_connexease()] == ["Acme Corp"]
    page = attacker.submit(attacker.get("/login"), "Log in", email=JANE, password=PASSWORD)
    assert page.status == 422
    assert len(verified.rows(Membership)) == 1
    verified.log_in(JANE, OTHER_PASSWORD)


def test_a_mail_still_on_its_way_does_not_trust_the_browser_of_a_sign_up_that_was_replaced(verified):
    """The victim signs up, the attacker replaces it before the first mail is written: the click in the
    victim's browser must not confirm a sign-up whose password is the attacker's."""
    victim = verified.browser()
    verified.sign_up(victim)
    verified.sign_up(verified.browser(), name="Evil Inc", password=OTHER_PASSWORD)
    verified.work()
    links = [link for mail in verified.mails(JANE) for link in mail["links"] if "/verify/" in link]
    assert links
    for link in links:
        page = victim.get(link)
        if page.status == 200:
            assert "password" in page.values()
            assert victim.submit(page, "Confirm", password=PASSWORD).status == 422
    assert verified.person(JANE).email_verified_at is None


@pytest.mark.parametrize("policy", ["verified", "approval"])
def test_whoever_owns_the_mailbox_can_take_the_sign_up_over_by_a_reset(make_portal, policy):
    """ "Forgot your password?": the reset proves the address, so the set-up must go on."""
    portal = make_portal(signup_policy=policy)
    attacker = portal.browser()
    portal.sign_up(attacker)
    attackers_session = portal.log_in(JANE)
    victim = portal.browser()
    victim.submit(victim.get("/password/forgot"), email=JANE)
    page = victim.submit(victim.get(portal.link(JANE, "reset")), password=OTHER_PASSWORD)
    assert page.status == 303
    assert attackers_session.get("/accounts/").status == 303
    portal.work()
    if policy == "verified":
        assert portal.set_up().step == "ready"
    else:
        assert portal.set_up().step == "waiting_for_approval"
        assert portal.accounts_at_connexease() == []


def test_correcting_details_does_not_walk_around_the_approval(make_portal):
    portal = make_portal(signup_policy="approval")
    browser = portal.browser()
    portal.sign_up(browser)
    browser.submit(browser.get("/password/forgot"), email=JANE)
    browser.submit(browser.get(portal.link(JANE, "reset")), password=OTHER_PASSWORD)
    account = portal.one(Account).id
    browser.post(f"/accounts/{account}/setup/details", {**DETAILS, "name": "Corrected"})
    portal.settle()
    assert portal.set_up().step == "waiting_for_approval"
    assert portal.accounts_at_connexease() == []
