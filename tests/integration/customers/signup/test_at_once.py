"""Two sign-ups, or a sign-up and a click, at the same moment."""

from functools import partial

import pytest

from portal.models import Account, Membership, Person
from tests.support.application.portal import DETAILS, PASSWORD
from tests.support.suite.concurrent import at_once, meanwhile
from tests.support.suite.marks import both_databases

JANE = DETAILS["contact_email"]
OTHER_PASSWORD = "granite-lemon-orbit-9920"


@both_databases
@pytest.mark.parametrize("policy", ["open", "verified"])
def test_the_same_address_twice_at_the_same_moment(make_portal, policy):
    portal = make_portal(signup_policy=policy)
    browsers = [portal.browser() for _ in range(4)]
    forms = [browser.get("/signup") for browser in browsers]
    send = [
        partial(browser.submit, form, "Create account", **DETAILS, password=PASSWORD)
        for browser, form in zip(browsers, forms, strict=True)
    ]
    answers = [page.status for page in at_once(*send)]
    assert len(portal.rows(Person)) == len(portal.rows(Account)) == len(portal.rows(Membership)) == 1
    if policy == "open":
        assert sorted(answers) == [303, 422, 422, 422]
    else:
        assert answers == [303] * 4


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_sign_up_does_not_overwrite_an_account_that_is_confirmed_at_that_moment(verified):
    verified.sign_up()
    before = verified.one(Person).password_hash
    attacker = verified.browser()
    form = attacker.get("/signup")
    fields = {**DETAILS, "name": "Evil Inc", "password": OTHER_PASSWORD}
    with meanwhile(
        verified,
        lambda: attacker.submit(form, "Create account", **fields),
        "UPDATE person SET email_verified_at = now()",
    ) as page:
        assert page.goes_to == "/signup/sent"
    assert verified.one(Person).password_hash == before
    assert verified.one(Account).name == "Acme Corp"


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_click_does_not_confirm_a_sign_up_that_replaces_the_clickers_at_that_moment(verified):
    victim = verified.browser()
    verified.sign_up(victim)
    page = victim.get(verified.link(JANE, "verify"))
    with meanwhile(
        verified,
        lambda: victim.submit(page, "Confirm"),
        "UPDATE person SET session_epoch = session_epoch + 1, password_hash = 'theirs'",
    ) as answer:
        assert "/verify/" in answer.goes_to
    assert verified.one(Person).email_verified_at is None
