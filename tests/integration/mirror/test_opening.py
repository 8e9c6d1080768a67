"""Accounts that the staff open for a customer, and those of Connexease that a customer takes over by invitation."""

from datetime import timedelta

import pytest

from portal.identity import passwords
from portal.models import (
    Account,
    AccountInvitation,
    AuditEntry,
    Channel,
    Mail,
    MailKind,
    Membership,
    MirroredAccount,
    Person,
    Role,
    StaffRole,
    now,
)
from tests.support.application.pages import select
from tests.support.application.portal import DETAILS, PASSWORD
from tests.support.suite.concurrent import meanwhile
from tests.support.suite.marks import both_databases

LIST = "/staff/accounts/"
JANE = DETAILS["contact_email"]
NEWCOMER = {"first_name": "Ada", "last_name": "Lovelace", "time_zone": "Europe/Istanbul", "password": PASSWORD}


@pytest.fixture
def support(portal):
    return portal.staff(StaffRole.SUPPORT)


@pytest.fixture
def elsewhere(mirror, control):
    """An account that exists only at Connexease; its UUID."""
    uuid = control.create_account("info@elsewhere.example.com", name="Elsewhere")["uuid"]
    control.create_channel(uuid, name="Main line")
    mirror.run()
    return uuid


def opened(support, htmx=False, **typed):
    return support.submit(support.get(f"{LIST}new"), "Create account", htmx=htmx, **{**DETAILS, **typed})


def actions(portal):
    return [entry.action for entry in portal.rows(AuditEntry)]


# --- opened for a customer


@both_databases
def test_the_staff_open_an_account_and_the_customer_chooses_a_password(make_portal):
    portal = make_portal(signup_policy="verified")
    support = portal.staff(StaffRole.SUPPORT)
    answer = opened(support, htmx=True)
    assert answer.goes_to.startswith(LIST)
    portal.settle()
    portal.is_set_up_once()
    page = support.get(answer.goes_to)
    assert "The owner hasn't chosen a password yet" in page.text
    assert "opened the account “Acme Corp” for jane@acme.example.com" in page.text
    link = portal.link(JANE, "welcome")
    browser = portal.browser()
    assert browser.submit(browser.get("/login"), "Log in", email=JANE, password=passwords.NONE).status == 422
    weak = browser.submit(browser.get(link), "Save and log in", password="short")
    assert weak.status == 422
    assert "password" in weak.errors
    done = browser.submit(browser.get(link), "Save and log in", password=PASSWORD)
    assert done.status == 303
    assert "Acme Corp" in browser.open("/accounts/").text
    assert portal.person(JANE).email_verified_at is not None
    assert browser.get(link).status == 410
    assert "hasn't chosen a password" not in support.get(answer.goes_to).text
    assert portal.log_in(JANE).get("/accounts/").status == 303


def test_the_invitation_is_mailed_again_until_it_is_accepted(portal, support):
    address = opened(support).goes_to
    portal.settle()
    assert support.submit(support.get(address), "Send invitation again").goes_to == address
    portal.work()
    newest = portal.link(JANE, "welcome")
    browser = portal.browser()
    browser.submit(browser.get(newest), "Save and log in", password=PASSWORD)
    assert support.post(f"{address}/mail").status == 303
    assert "the owner can already log in" in support.get(address).text
    assert actions(portal).count("account.invited_again") == 1


def test_whoever_has_a_login_just_gets_another_account(portal, support):
    _browser, account_id = portal.customer()
    member = portal.member(account_id, "dev@acme.example.com")
    assert opened(support, name="Acme Two", contact_email="dev@acme.example.com").status == 303
    portal.settle()
    [mail] = [mail for mail in portal.mails("dev@acme.example.com") if "Acme Two" in mail["text"]]
    assert "Log in as usual" in mail["text"]
    assert not any("/welcome/" in link for link in mail["links"])
    assert "Acme Two" in member.get("/accounts/").text
    assert opened(support, name="Again", contact_email="dev@acme.example.com").status == 422
    assert len(portal.rows(Account)) == 2


def test_a_refused_form_keeps_what_was_typed(portal, support, elsewhere):
    page = opened(support, htmx=True, contact_email="no address", contact_name="")
    assert page.status == 422
    assert set(page.errors) == {"contact_email", "contact_name"}
    assert "the customer's first name" in page.errors["contact_name"]
    assert page.values("Create account")["name"] == "Acme Corp"
    staff = opened(support, contact_email="support@reseller.example.com")
    assert "belongs to a member of the staff" in staff.errors["contact_email"]
    known = opened(support, contact_email="info@elsewhere.example.com")
    assert "invite its owner" in known.errors["contact_email"]
    assert portal.rows(Account) == []


def test_an_address_that_connexease_knows_is_adopted_once_it_is_proven(portal, support, control):
    control.create_account(JANE, name="Made elsewhere")
    address = opened(support).goes_to
    portal.settle()
    assert "Email not proven" in support.get(address).text
    browser = portal.browser()
    browser.submit(browser.get(portal.link(JANE, "welcome")), password=PASSWORD)
    portal.settle()
    portal.is_set_up_once()


def test_a_link_to_confirm_is_mailed_again(make_portal):
    portal = make_portal(signup_policy="verified")
    portal.sign_up()
    portal.settle()
    support = portal.staff(StaffRole.SUPPORT)
    address = f"{LIST}{portal.account(JANE).id}"
    assert support.submit(support.get(address), "Send confirmation email again").status == 303
    assert len(portal.mails(JANE)) == 2
    assert "account.verification_mailed" in actions(portal)


# --- taken over by invitation


def invite(support, uuid, email="ada@new.example.com", htmx=False):
    return support.submit(support.get(f"{LIST}{uuid}"), "Send invitation", htmx=htmx, email=email)


@both_databases
def test_somebody_new_takes_an_account_over(portal, support, control, elsewhere):
    page = support.get(f"{LIST}{elsewhere}")
    assert page.values("Send invitation")["email"] == "info@elsewhere.example.com"
    assert invite(support, elsewhere, htmx=True).goes_to == f"{LIST}{elsewhere}"
    assert "support@reseller.example.com invited ada@new.example.com" in support.get(f"{LIST}{elsewhere}").text
    link = portal.link("ada@new.example.com", "invited")
    assert portal.rows(Account) == []
    browser = portal.browser()
    weak = browser.submit(browser.get(link), "Accept and log in", htmx=True, **{**NEWCOMER, "password": "short"})
    assert weak.status == 422
    assert weak.values("Accept and log in")["first_name"] == "Ada"
    empty = browser.submit(browser.get(link), "Accept and log in", first_name="", last_name="", password="")
    refused = [link.attrib["href"] for link in select(empty.summary, "a")]
    assert refused == ["#first_name", "#last_name", "#time_zone", "#password"], "in the order of the page"
    done = browser.submit(browser.get(link), "Accept and log in", **NEWCOMER)
    account = portal.one(Account)
    assert done.goes_to == f"/accounts/{account.id}/"
    assert portal.one(MirroredAccount).last_activity_at >= account.created_at
    portal.settle()
    assert (account.name, account.contact_email) == ("Elsewhere", "info@elsewhere.example.com")
    assert str(account.connexease_uuid) == elsewhere
    portal.is_set_up_once("info@elsewhere.example.com")
    assert len(control.accounts()) == 1
    assert [channel.name for channel in portal.rows(Channel)] == ["Main line"]
    assert portal.one(MirroredAccount).account_id == account.id
    assert [row.role for row in portal.rows(Membership)] == [Role.OWNER]
    assert portal.person("ada@new.example.com").email_verified_at is not None
    assert "Main line" in browser.get(f"/accounts/{account.id}/").text
    assert browser.get(link).status == 410
    assert "accepted the invitation to manage the account “Elsewhere”" in support.get(f"{LIST}{elsewhere}").text
    assert {"invitation.account_sent", "account.taken_over"} <= set(actions(portal))


def test_somebody_with_a_login_logs_in_and_accepts(portal, support, elsewhere):
    customer, _account_id = portal.customer()
    portal.sql("UPDATE person SET email_verified_at = NULL WHERE email = :jane", jane=JANE)
    invite(support, elsewhere, JANE)
    link = portal.link(JANE, "invited")
    stranger = portal.browser()
    page = stranger.get(link)
    assert "Log in to accept" in page.text
    assert "/login?next=" in page.select_one("main a.btn").attrib["href"]
    assert stranger.post(link.removeprefix("http://localhost")).status in (303, 401)
    assert len(portal.rows(Account)) == 1
    other, _id = portal.customer(contact_email="other@tenant.example.com", name="Other")
    assert "You're logged in as other@tenant.example.com" in other.get(link).text
    refused = other.post(link.removeprefix("http://localhost"))
    assert refused.status == 422
    assert "another address" in refused.text
    done = customer.submit(customer.get(link), "Accept")
    assert done.status == 303
    portal.settle()
    assert portal.person(JANE).email_verified_at is not None
    assert "Elsewhere" in customer.get("/accounts/").text


def test_an_invitation_ends(portal, support, mirror, control, elsewhere):
    invite(support, elsewhere, "first@new.example.com")
    first = portal.link("first@new.example.com", "invited")
    support.submit(support.get(f"{LIST}{elsewhere}"), "Send invitation again")
    second = portal.link("first@new.example.com", "invited")
    browser = portal.browser()
    assert first != second
    assert browser.get(first).status == 410
    assert browser.get(second).status == 200
    support.submit(support.get(f"{LIST}{elsewhere}"), "Withdraw invitation")
    assert browser.get(second).status == 410
    invite(support, elsewhere, "second@new.example.com")
    third = portal.link("second@new.example.com", "invited")
    portal.sql("UPDATE account_invitation SET expires_at = :past", past=now() - timedelta(seconds=1))
    assert browser.get(third).status == 410
    assert browser.post(third.removeprefix("http://localhost")).status == 303
    assert portal.rows(Account) == []
    control.delete_account(elsewhere)
    mirror.run()
    assert support.post(f"{LIST}{elsewhere}/invite", {"email": "x@new.example.com"}).status == 422


def test_nobody_takes_over_what_is_gone_from_connexease(portal, support, mirror, control, elsewhere):
    invite(support, elsewhere, "first@new.example.com")
    browser = portal.browser()
    page = browser.get(portal.link("first@new.example.com", "invited"))
    control.delete_account(elsewhere)
    mirror.run()
    refused = browser.submit(page, "Accept and log in", **NEWCOMER)
    assert refused.status == 422
    assert "Connexease no longer lists this account" in refused.text
    assert refused.values("Accept and log in")["first_name"] == "Ada"
    assert portal.rows(Account) == portal.rows(Membership) == []


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_who_invites_sees_what_became_of_the_account_meanwhile(portal, support, elsewhere):
    invite(support, elsewhere, "first@new.example.com")
    page = support.get(f"{LIST}{elsewhere}")
    with meanwhile(
        portal,
        lambda: support.submit(page, "Send invitation again", email="second@new.example.com"),
        "UPDATE mirrored_account SET gone_at = now() WHERE connexease_uuid = CAST(:it AS uuid)",
        it=elsewhere,
    ) as answer:
        assert answer.status == 422
        assert "no longer has this account" in answer.text
    assert len(portal.rows(AccountInvitation)) == 1


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_an_account_that_somebody_opens_at_that_moment_is_not_opened_twice(portal, support):
    page = support.get(f"{LIST}new")
    with meanwhile(
        portal,
        lambda: support.submit(page, "Create account", **DETAILS),
        "INSERT INTO person (id, email, password_hash, first_name, last_name, time_zone, is_enabled, session_epoch,"
        " created_at) VALUES (gen_random_uuid(), :email, '!', '', '', 'UTC', true, 0, now())",
        email=JANE,
    ) as answer:
        assert answer.status == 422
        assert "used a moment ago" in answer.errors["contact_email"]


def test_two_invitations_never_make_two_owners(portal, support, elsewhere):
    invite(support, elsewhere, "first@new.example.com")
    link = portal.link("first@new.example.com", "invited")
    one, two = portal.browser(), portal.browser()
    pages = [browser.get(link) for browser in (one, two)]
    assert one.submit(pages[0], "Accept and log in", **NEWCOMER).goes_to.startswith("/accounts/")
    assert two.submit(pages[1], "Accept and log in", **NEWCOMER).goes_to.startswith("/invited/")
    assert len(portal.rows(Account)) == 1
    assert support.post(f"{LIST}{elsewhere}/invite", {"email": "x@new.example.com"}).status == 422


def test_an_address_that_cannot_be_invited_is_refused_at_its_field(portal, support, elsewhere):
    for email in ("", "no address", "support@reseller.example.com"):
        page = invite(support, elsewhere, email, htmx=True)
        assert page.status == 422
        assert "email" in page.errors, email
        assert page.select_one("#invitation") is not None
    assert portal.rows(AccountInvitation) == []
    assert MailKind.ACCOUNT_INVITATION not in {mail.kind for mail in portal.rows(Mail)}


def test_read_only_neither_opens_nor_invites(portal, elsewhere):
    reader = portal.staff(StaffRole.READ_ONLY)
    page = reader.get(f"{LIST}{elsewhere}")
    assert "Send invitation" not in page.text
    assert "New account" not in reader.get(LIST).text
    assert reader.get(f"{LIST}new").status == 403
    for path in ("new", f"{elsewhere}/invite", f"{elsewhere}/withdraw", f"{elsewhere}/mail"):
        assert reader.post(f"{LIST}{path}").status == 403
    assert len(portal.rows(Person)) == 1
