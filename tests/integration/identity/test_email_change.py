"""Another address to log in with: asked for, proven by a link, and told to whoever it concerns."""

from datetime import timedelta

import pytest

from portal.identity.mailed_links import fingerprint
from portal.models import AuditEntry, EmailChange, LoginSession, Mail, Person, Role, StaffRole, Step, now
from tests.support.application.browser import Browser, Page
from tests.support.application.portal import DETAILS, PASSWORD, Portal
from tests.support.suite.concurrent import meanwhile
from tests.support.suite.marks import both_databases, both_databases_and_with_htmx

JANE = DETAILS["contact_email"]
NEW = "jane@new.example.com"
OTHER = "other@tenant.example.com"
FORM = "/profile/email"


@pytest.fixture
def jane(portal: Portal) -> Browser:
    return portal.customer()[0]


def ask(browser: Browser, email: str = NEW, password: str = PASSWORD, htmx: bool = False, **more: str) -> Page:
    page = browser.get(FORM)
    typed = {name: value for name, value in {"password": password, **more}.items() if name in page.values()}
    return browser.submit(page, "Email me a link", htmx=htmx, email=email, **typed)


def confirm(browser: Browser, link: str, htmx: bool = False, **typed: str) -> Page:
    return browser.submit(browser.get(link), "Confirm", htmx=htmx, **typed)


def actions(portal: Portal) -> list[str]:
    return [entry.action for entry in portal.rows(AuditEntry) if entry.action.startswith("person.email_change")]


def subjects(portal: Portal, to: str) -> list[str]:
    return [mail["subject"] for mail in portal.mails(to)]


@both_databases_and_with_htmx
def test_the_address_changes_once_the_link_is_confirmed(portal: Portal, htmx: bool) -> None:
    jane, account_id = portal.customer()
    elsewhere = portal.log_in(JANE)
    colleague = portal.member(account_id, "boss@acme.example.com", Role.OWNER)
    reset = portal.browser()
    reset.submit(reset.get("/password/forgot"), email=JANE)
    reset_link = portal.link(JANE, "reset")

    assert ask(jane, f" {NEW.upper()}", htmx=htmx).goes_to == "/profile"
    page = jane.get("/profile")
    assert f"To switch to {NEW}, open the link" in page.text
    assert JANE in page.text
    link = portal.link(NEW, "email")
    assert link.rpartition("/")[2] not in repr(portal.one(EmailChange))
    [warning] = [mail for mail in portal.mails(JANE) if mail["subject"] == "Your email address is about to change"]
    assert NEW in warning["text"]
    assert "http://localhost/password/forgot" in warning["links"]

    for _again in range(2):  # by a mail program, say
        assert f"instead of {JANE}" in jane.get(link).text
        assert portal.browser().get(link).status == 200
    assert portal.person(JANE).email == JANE
    assert confirm(jane, link, htmx).goes_to == "/profile"
    assert f"Your email address is now {NEW}." in jane.get("/profile").text
    assert "To switch to" not in jane.get("/profile").text
    assert elsewhere.get("/profile").goes_to.startswith("/login")
    assert len([row for row in portal.rows(LoginSession) if row.person_id == portal.person(NEW).id]) == 1
    assert jane.get(link).status == 410
    assert portal.rows(EmailChange) == []
    portal.log_in(NEW)
    old = portal.browser()
    assert old.submit(old.get("/login"), "Log in", email=JANE, password=PASSWORD).status == 422

    assert subjects(portal, JANE)[0] == "Your email address was changed"
    assert "write to help@reseller.example.com right away" in portal.mails(JANE)[0]["text"]
    assert reset.get(reset_link).status == 410
    assert actions(portal) == ["person.email_change_asked", "person.email_changed"]
    history = colleague.get(f"/accounts/{account_id}/history/").text
    assert f"Jane Doe changed their email address from {JANE} to {NEW}" in history
    assert portal.account(JANE).billing_email == JANE, "where Connexease writes is another matter"
    boss = portal.staff(StaffRole.ADMIN)
    assert "Acme Corp" in boss.get(f"/staff/accounts/?q={NEW}").text


@pytest.mark.parametrize("htmx", [False, True])
def test_what_is_refused(portal: Portal, jane: Browser, htmx: bool) -> None:
    assert set(ask(jane, "", htmx=htmx).errors) == {"email"}
    refused = ask(jane, "no address", htmx=htmx)
    assert refused.status == 422
    assert refused.values("Email me a link")["email"] == "no address"
    assert set(ask(jane, password="wrong", htmx=htmx).errors) == {"password"}
    assert set(ask(jane, password="", htmx=htmx).errors) == {"password"}
    assert "already log in with this address" in ask(jane, JANE.upper(), htmx=htmx).errors["email"]
    assert portal.rows(EmailChange) == []
    assert subjects(portal, NEW) == []


def test_who_has_an_app_types_a_code_as_well(portal: Portal, jane: Browser) -> None:
    portal.enrol(JANE)
    assert set(ask(jane, code="").errors) == {"code"}
    assert ask(jane, code=portal.code(JANE)).goes_to == "/profile"


@both_databases
def test_an_address_that_somebody_has_is_told_to_its_owner_alone(portal: Portal, jane: Browser) -> None:
    portal.customer(contact_email=OTHER, name="Other Ltd")
    answers = []
    for email in (OTHER, NEW):
        page = jane.follow(ask(jane, email))
        answers.append(page.timeless.replace(email, "X"))
        again = jane.submit(jane.get("/profile"), "Send again")
        answers.append(jane.follow(again).timeless.replace(email, "X"))
        portal.work()
    assert answers[:2] == answers[2:]
    mail = portal.mails(OTHER)[0]
    assert mail["subject"] == "Your email address already has a login"
    assert JANE not in mail["text"]
    assert not any("/email/" in link for link in mail["links"])


@both_databases
def test_who_takes_the_address_in_between_keeps_it(portal: Portal, jane: Browser) -> None:
    ask(jane)
    link = portal.link(NEW, "email")
    portal.customer(contact_email=NEW, name="Faster Ltd")
    assert confirm(jane, link).goes_to == "/profile"
    page = jane.get("/profile")
    assert f"Another login now uses {NEW}" in page.text
    assert "To switch to" not in page.text
    assert sorted(person.email for person in portal.rows(Person)) == [JANE, NEW]
    assert jane.get(link).status == 410
    assert subjects(portal, JANE).count("Your email address was changed") == 0
    assert actions(portal) == ["person.email_change_asked"]


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_who_takes_the_address_at_the_same_moment_keeps_it(portal: Portal, jane: Browser) -> None:
    ask(jane)
    page = jane.get(portal.link(NEW, "email"))
    columns = "password_hash, first_name, last_name, time_zone, is_enabled, session_epoch, created_at"
    with meanwhile(
        portal,
        lambda: jane.submit(page, "Confirm"),
        f"INSERT INTO person (id, email, {columns}) SELECT gen_random_uuid(), :email, {columns} FROM person",
        email=NEW,
    ) as answer:
        assert answer.goes_to == "/profile"
    assert "Another login now uses" in jane.get("/profile").text


def test_from_another_browser_it_takes_the_password(portal: Portal, jane: Browser) -> None:
    """The link to a mistyped address must give its owner nothing."""
    ask(jane)
    link = portal.link(NEW, "email")
    stranger, _ = portal.customer(contact_email=OTHER, name="Other Ltd")
    page = stranger.get(link)
    assert JANE not in page.text
    assert f"logged in as {OTHER}" in page.text
    for typed in ("", "wrong"):
        assert set(confirm(stranger, link, password=typed).errors) == {"password"}
    assert confirm(portal.browser(), link, password=PASSWORD).goes_to == "/profile"
    assert portal.person(NEW).email_verified_at is not None


def test_who_has_an_app_logs_in_with_a_code_after_confirming_elsewhere(portal: Portal) -> None:
    boss = portal.staff(StaffRole.ADMIN)
    email = "admin@reseller.example.com"
    ask(boss, code=portal.code(email))
    browser = portal.browser()
    done = confirm(browser, portal.link(NEW, "email"), password=PASSWORD)
    assert done.goes_to.startswith("/login/code")
    assert boss.get("/staff/").goes_to.startswith("/login")
    assert browser.submit(browser.get(done.goes_to), "Log in", code=portal.code(NEW)).goes_to == "/profile"
    assert "to jane@new.example.com" in browser.get("/staff/audit/").text


def test_passwords_are_not_guessed_by_the_link(make_portal) -> None:
    portal = make_portal(throttle_factor=1)
    jane, _account = portal.customer()
    ask(jane)
    link, stranger = portal.link(NEW, "email"), portal.browser("192.0.2.9")
    for _ in range(10):
        confirm(stranger, link, password="wrong")
    assert "Too many attempts" in confirm(stranger, link, password=PASSWORD).text
    assert portal.person(JANE)


def test_a_link_works_once_and_only_the_newest(portal: Portal, jane: Browser) -> None:
    ask(jane)
    first = portal.link(NEW, "email")
    jane.submit(jane.get("/profile"), "Send again")
    second = portal.link(NEW, "email")
    assert jane.get(first).status == 410
    ask(jane, "jane@third.example.com")
    third = portal.link("jane@third.example.com", "email")
    assert jane.get(second).status == 410
    page = jane.get(third)
    assert jane.submit(page, "Confirm").goes_to == "/profile"
    again = jane.post(third.removeprefix("http://localhost"))
    assert jane.follow(again).status == 410
    assert portal.one(Person).email == "jane@third.example.com"


@pytest.mark.parametrize("database_kind", ["postgresql"])
@pytest.mark.parametrize("email", [NEW, "jane@third.example.com"])
def test_a_link_that_is_written_at_the_moment_of_another_wish_does_nothing(
    portal: Portal, jane: Browser, email: str
) -> None:
    """It would prove another address than the one that it is mailed to."""
    ask(jane)
    write = "UPDATE email_change SET token_hash = :hash"

    def wish() -> Page:
        return jane.post(f"{FORM}/again") if email == NEW else ask(jane, email)

    with meanwhile(portal, wish, write, hash=fingerprint("early")) as answer:
        assert answer.goes_to == "/profile"
    assert portal.one(EmailChange).email == email
    assert jane.get("/email/early").status == 410
    assert jane.get(portal.link(email, "email")).status == 200


def test_it_is_cancelled(portal: Portal, jane: Browser) -> None:
    ask(jane)
    link = portal.link(NEW, "email")
    done = jane.submit(jane.get("/profile"), "Cancel")
    assert f"Your email address stays {JANE}." in jane.follow(done).text
    assert jane.get(link).status == 410
    assert jane.post(link.removeprefix("http://localhost")).goes_to
    jane.post(f"{FORM}/cancel")
    assert "no new address to confirm" in jane.follow(jane.post(f"{FORM}/again")).text
    assert actions(portal) == ["person.email_change_asked", "person.email_change_cancelled"]


def test_a_mail_of_a_cancelled_wish_is_not_sent(portal: Portal, jane: Browser) -> None:
    ask(jane)
    jane.post(f"{FORM}/cancel")
    assert subjects(portal, NEW) == []


def test_a_new_password_ends_the_wish(portal: Portal, jane: Browser) -> None:
    """Whoever did not ask for it is told by the warning to reset the password."""
    ask(jane)
    link = portal.link(NEW, "email")
    owner = portal.browser()
    owner.submit(owner.get("/password/forgot"), email=JANE)
    owner.submit(owner.get(portal.link(JANE, "reset")), password="granite-lemon-orbit-9920")
    assert owner.get(link).status == 410
    assert "To switch to" not in owner.get("/profile").text
    assert ask(owner, password="granite-lemon-orbit-9920").goes_to == "/profile"


def test_it_runs_out_can_be_sent_again_and_is_forgotten(portal: Portal, jane: Browser) -> None:
    ask(jane)
    link = portal.link(NEW, "email")
    portal.sql("UPDATE email_change SET expires_at = :then", then=now() - timedelta(minutes=1))
    assert jane.get(link).status == 410
    page = jane.get("/profile")
    assert f"The link to {NEW} expired" in page.text
    jane.submit(page, "Send again")
    assert jane.get(portal.link(NEW, "email")).status == 200
    for age, left in ((6, 1), (8, 0)):
        portal.sql("UPDATE email_change SET expires_at = :then", then=now() - timedelta(days=age))
        portal.sweep()
        assert len(portal.rows(EmailChange)) == left


def test_mails_are_counted(make_portal) -> None:
    portal = make_portal(throttle_factor=1)
    jane, _account = portal.customer()
    for _ in range(3):
        ask(jane)
    for _ in range(3):
        page = jane.follow(jane.submit(jane.get("/profile"), "Send again"))
    assert "Too many attempts" in page.text
    assert "Too many attempts" in ask(jane, "another@new.example.com").text
    assert len(portal.mails(NEW)) == 5


def test_an_address_that_a_sign_up_waits_for_is_corrected_there(verified: Portal) -> None:
    verified.sign_up()
    jane = verified.log_in(JANE)
    page = jane.get(FORM)
    assert page.select_one("input[name=email]") is None
    details = page.select_one("main a.btn").attrib["href"]
    assert jane.get(details).values("Save and try again")["contact_email"] == JANE
    assert jane.post(FORM, {"email": NEW, "password": PASSWORD}).status == 422
    assert verified.rows(EmailChange) == []


@pytest.mark.parametrize("step", [Step.CREATING_ACCOUNT, Step.WAITING_FOR_APPROVAL])
def test_while_an_account_is_set_up_with_the_address_it_stays(portal: Portal, step: Step) -> None:
    """Whether the address is proven decides there what may be connected."""
    jane, _account = portal.customer()
    ask(jane)
    page = jane.get(portal.link(NEW, "email"))
    portal.sql("UPDATE provisioning SET step = :step, next_attempt_at = NULL", step=step.value)
    refused = jane.submit(page, "Confirm")
    assert refused.status == 422
    assert "“Acme Corp” is being set up with your current address" in refused.text
    assert "when the setup is finished" in jane.get(FORM).text
    assert portal.one(Person).email == JANE
    portal.sql("UPDATE provisioning SET step = 'ready'")
    assert jane.submit(page, "Confirm").goes_to == "/profile"


def test_a_set_up_that_is_taken_up_again_goes_on_with_the_new_address(portal: Portal) -> None:
    jane, account_id = portal.customer()
    portal.sql("UPDATE provisioning SET step = 'given_up', next_attempt_at = NULL")
    ask(jane)
    confirm(jane, portal.link(NEW, "email"))
    boss = portal.staff(StaffRole.ADMIN)
    assert f"{JANE} (logs in with {NEW})" in boss.get(f"/staff/provisioning/{account_id}").text
    portal.sql("UPDATE provisioning SET step = 'needs_details'")
    page = jane.get(f"/accounts/{account_id}/setup/details")
    refused = jane.submit(page, "Save and try again")
    assert refused.errors["contact_email"] == f"Enter your own address: {NEW}."
    assert jane.submit(page, "Save and try again", contact_email=NEW).status == 303
    assert portal.account(NEW)


def test_an_invitation_to_the_old_address_says_what_to_do(portal: Portal, jane: Browser) -> None:
    other, account_id = portal.customer(contact_email=OTHER, name="Other Ltd")
    other.submit(other.get(f"/accounts/{account_id}/settings/"), "Send invitation", email=JANE)
    invitation = portal.link(JANE, "invitations")
    ask(jane)
    confirm(jane, portal.link(NEW, "email"))
    assert f"Or ask for an invitation for {NEW}." in jane.get(invitation).text


def test_no_usable_link_lies_in_the_outbox(portal: Portal, jane: Browser) -> None:
    ask(jane)
    link = portal.link(NEW, "email")
    assert all(link.rpartition("/")[2] not in repr(row) for row in portal.rows(Mail))
