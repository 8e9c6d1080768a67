"""Signing up does not flood a mailbox, nor us."""

from portal.models import Account, Mail, MailKind
from tests.support.application.portal import DETAILS

JANE = DETAILS["contact_email"]


def test_corrections_do_not_flood_a_mailbox(make_portal):
    portal = make_portal(signup_policy="verified", throttle_factor=1)
    portal.sign_up()
    browser = portal.log_in(JANE)
    account = portal.one(Account).id
    for number in range(12):
        fields = {**DETAILS, "contact_email": f"victim{number}@example.com"}
        browser.post(f"/accounts/{account}/setup/details", fields)
    assert len([mail for mail in portal.rows(Mail) if mail.kind == MailKind.VERIFY]) <= 9


def test_sign_ups_do_not_flood_a_mailbox(make_portal):
    """From many network addresses, for one mailbox."""
    portal = make_portal(signup_policy="verified", throttle_factor=1)
    statuses = [portal.sign_up(portal.browser(f"10.0.0.{number}")).status for number in range(8)]
    assert statuses == [303] * 5 + [422] * 3
    assert len(portal.rows(Mail)) == 5


def test_sign_ups_from_one_address_are_limited(make_portal):
    portal = make_portal(signup_policy="verified", throttle_factor=1)
    statuses = [portal.sign_up(contact_email=f"jane{number}@acme.example.com").status for number in range(12)]
    assert statuses == [303] * 10 + [422] * 2
    other = portal.sign_up(portal.browser("10.0.0.9"), contact_email="jane99@acme.example.com")
    assert other.status == 303
