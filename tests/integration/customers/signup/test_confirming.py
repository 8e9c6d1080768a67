"""The mailed link: what it is bound to, and what spends it."""

from functools import partial

import pytest

from portal.models import Account, Person
from tests.support.application.portal import DETAILS
from tests.support.suite.concurrent import at_once

JANE = DETAILS["contact_email"]


def test_a_link_is_spent_by_confirming_and_not_by_opening(verified):
    browser = verified.browser()
    verified.sign_up(browser)
    link = verified.link(JANE, "verify")
    for _ in range(3):
        assert browser.get(link).status == 200
    page = browser.get(link)
    assert browser.submit(page, "Confirm").status == 303
    assert browser.get(link).status == 410
    assert browser.follow(browser.submit(page, "Confirm")).status in (410, 400)


def test_every_link_is_spent_once_the_address_is_proven(verified):
    browser = verified.browser()
    verified.sign_up(browser)
    first = verified.link(JANE, "verify")
    logged_in = verified.log_in(JANE)
    account = verified.one(Account).id
    logged_in.submit(logged_in.get(f"/accounts/{account}/setup"), "Send email again")
    second = verified.link(JANE, "verify")
    assert first != second
    logged_in.submit(logged_in.get(second), "Confirm")
    assert browser.get(first).status == 410


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE email_link SET expires_at = '2020-01-01 00:00:00'",
        "UPDATE email_link SET used_at = '2020-01-01 00:00:00'",
        "UPDATE email_link SET purpose = 'reset'",
        "UPDATE person SET session_epoch = session_epoch + 1",
        "UPDATE person SET email = 'changed@acme.example.com'",
        "UPDATE person SET is_enabled = 0",
    ],
)
def test_a_link_is_bound_to_its_time_purpose_address_and_epoch(verified, change):
    browser = verified.browser()
    verified.sign_up(browser)
    link = verified.link(JANE, "verify")
    page = browser.get(link)
    verified.sql(change)
    assert browser.get(link).status == 410
    assert browser.follow(browser.submit(page, "Confirm")).status == 410
    assert verified.one(Person).email_verified_at is None


def test_nobody_keeps_the_page_behind_a_link(verified):
    verified.sign_up()
    page = verified.browser().get(verified.link(JANE, "verify"))
    assert page.response.headers["Cache-Control"] == "no-store"


def test_a_link_that_nobody_mailed(verified):
    for which in ("verify", "password/reset"):
        page = verified.browser().get(f"/{which}/{'x' * 43}")
        assert page.status == 410
        assert "no longer works" in page.text


def test_two_clicks_at_once_confirm_once(verified):
    browser = verified.browser()
    verified.sign_up(browser)
    link = verified.link(JANE, "verify")
    other = verified.log_in(JANE)
    clicks = [partial(each.submit, each.get(link), "Confirm") for each in (browser, other)]
    assert sorted("verify" in page.goes_to for page in at_once(*clicks)) == [False, True]
