"""Codes of an authenticator app: who needs one, what counts, and what to do when it is lost."""

import re
import time

import pyotp
import pytest

from portal.identity.second_factor import authenticator
from portal.models import AuditEntry, Authenticator, LoginSession, Person, RecoveryCode, StaffRole
from portal.staff.people import staff_members
from tests.support.application.browser import Browser, Page
from tests.support.application.portal import DETAILS, PASSWORD, Portal
from tests.support.suite.concurrent import meanwhile
from tests.support.suite.marks import both_databases, both_databases_and_with_htmx

JANE = DETAILS["contact_email"]
BOSS = "boss@reseller.example.com"


@pytest.fixture
def boss(portal: Portal) -> Browser:
    """Somebody of the staff who has never logged in."""
    portal.run(staff_members.create, BOSS, PASSWORD, StaffRole.ADMIN)
    return portal.browser()


def type_password(browser: Browser, email: str, *, htmx: bool = False, goal: str = "") -> Page:
    page = browser.get(f"/login{goal}")
    return browser.submit(page, "Log in", htmx=htmx, email=email, password=PASSWORD)


def secret_on(page: Page) -> str:
    key = page.select_one("#app-key")
    assert key is not None
    return key.text_content().replace(" ", "")


def codes_on(page: Page) -> list[str]:
    found = page.select_one("#codes")
    assert found is not None, page.text
    return found.text_content().split()


def at(secret: str, steps: int = 0) -> str:
    """What the app shows so many steps from now."""
    return pyotp.TOTP(secret).at(int(time.time()) + steps * authenticator.STEP)


def forget_last(portal: Portal) -> None:
    """As if the last code that was typed were long ago."""
    portal.sql("UPDATE authenticator SET last_step = NULL")


@both_databases_and_with_htmx
def test_staff_set_an_app_up_before_they_go_anywhere(portal: Portal, boss: Browser, htmx: bool) -> None:
    page = type_password(boss, BOSS, htmx=htmx)
    assert page.goes_to.startswith("/login/app")
    for path in ("/staff/", "/accounts/", "/profile", "/staff/accounts/"):
        assert boss.get(path).goes_to.startswith("/login")
    page = boss.get(page.goes_to)
    assert page.response.headers["Cache-Control"] == "no-store"
    assert page.select_one(".qr-frame svg path") is not None
    refused = boss.submit(page, "Turn on authenticator app", htmx=htmx, code="000000")
    assert refused.status == 422
    assert "is wrong" in refused.errors["code"]
    assert secret_on(refused) == secret_on(page), "the app that scanned it goes on working"
    assert boss.get("/staff/").goes_to.startswith("/login")
    done = boss.submit(refused, "Turn on authenticator app", htmx=htmx, code=at(secret_on(page)))
    assert (done.status, len(codes_on(done))) == (200, 10)
    assert done.response.headers["Cache-Control"] == "no-store"
    assert boss.get("/staff/").status == 200
    assert [entry.action for entry in portal.rows(AuditEntry)][-1] == "person.totp_enrolled"
    stored = portal.one(Authenticator).sealed_secret + "".join(r.code_hash for r in portal.rows(RecoveryCode))
    assert secret_on(page) not in stored
    assert not [code for code in codes_on(done) if code in stored]
    assert "authenticator app was turned on" in portal.mails(BOSS)[0]["subject"]


@both_databases_and_with_htmx
def test_afterwards_a_code_is_asked_for(portal: Portal, boss: Browser, htmx: bool) -> None:
    portal.enrol(BOSS)
    page = type_password(boss, BOSS, htmx=htmx, goal="?next=/staff/accounts/")
    assert page.goes_to == "/login/code?next=/staff/accounts/"
    assert boss.get("/staff/").goes_to.startswith("/login")
    form = boss.get(page.goes_to)
    refused = boss.submit(form, "Log in", htmx=htmx, code="12 34")
    assert refused.status == 422
    assert "autofocus" in refused.summary.attrib
    assert boss.submit(form, "Log in", htmx=htmx, code=portal.code(BOSS)).goes_to == "/staff/accounts/"
    assert boss.get("/staff/accounts/").status == 200


def test_a_code_counts_once_and_its_neighbours_count_too(
    portal: Portal, boss: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = time.time()  # no step may end between a code and its use
    monkeypatch.setattr(time, "time", lambda: stopped)
    portal.enrol(BOSS)
    portal.code(BOSS)  # as if the one that was typed to enrol were long ago
    row = portal.one(Authenticator)
    secret = portal.run(lambda: authenticator.secret_of(row)).get_secret_value()
    used = at(secret, -1)
    for code, is_taken in ((at(secret, -3), False), (used, True), (used, False), (at(secret, 1), True)):
        browser = portal.browser()
        page = browser.get(type_password(browser, BOSS).goes_to)
        done = browser.submit(page, "Log in", code=f" {code[:3]} {code[3:]} ")
        assert (done.status == 303) == is_taken, done.text
    browser = portal.browser()
    page = browser.get(type_password(browser, BOSS).goes_to)
    assert "already used" in browser.submit(page, "Log in", code=at(secret, 0)).errors["code"]


@both_databases
def test_a_recovery_code_counts_once(portal: Portal, boss: Browser) -> None:
    codes = portal.enrol(BOSS)
    assert len({*codes}) == 10
    assert all(re.fullmatch("[a-z2-9]{4}(-[a-z2-9]{4}){3}", code) for code in codes)
    page = boss.get(type_password(boss, BOSS).goes_to)
    assert boss.submit(page, "Log in", code=codes[0].upper().replace("-", " ")).status == 303
    assert "9 codes left" in boss.get("/profile").text
    assert "recovery codes was used" in portal.mails(BOSS)[0]["subject"]
    again = portal.browser()
    page = again.get(type_password(again, BOSS).goes_to)
    assert again.submit(page, "Log in", code=codes[0]).status == 422
    assert again.submit(page, "Log in", code=codes[9]).status == 303


def test_codes_are_not_guessed(make_portal) -> None:
    portal = make_portal(throttle_factor=1)
    portal.run(staff_members.create, BOSS, PASSWORD, StaffRole.ADMIN)
    codes = portal.enrol(BOSS)
    browser = portal.browser()
    page = browser.get(type_password(browser, BOSS).goes_to)
    answers = [browser.submit(page, "Log in", code="000000").text for _ in range(9)]
    assert "Too many attempts" in answers[-1]
    assert "Too many attempts" not in answers[-2]
    assert "Too many attempts" in browser.submit(page, "Log in", code=codes[0]).text


def test_the_password_alone_is_good_for_ten_minutes(portal: Portal, boss: Browser, monkeypatch) -> None:
    from portal.identity import browser_login  # noqa: PLC0415

    codes = portal.enrol(BOSS)
    page = boss.get(type_password(boss, BOSS).goes_to)
    monkeypatch.setattr(browser_login, "HALF_FOR", browser_login.HALF_FOR * 0)
    assert boss.submit(page, "Log in", code=codes[0]).goes_to.startswith("/login?")
    assert boss.get("/login/code").goes_to.startswith("/login")
    assert boss.get("/login/app").goes_to.startswith("/login")


def test_a_new_password_ends_a_log_in_halfway(portal: Portal, boss: Browser) -> None:
    codes = portal.enrol(BOSS)
    page = boss.get(type_password(boss, BOSS).goes_to)
    portal.sql("UPDATE person SET session_epoch = session_epoch + 1")
    assert boss.submit(page, "Log in", code=codes[0]).goes_to.startswith("/login?")


def test_what_one_browser_begins_no_other_finishes(portal: Portal, boss: Browser) -> None:
    """Somebody who learnt the password before the app was set up knows nothing of the app's secret."""
    other = portal.browser()
    first = boss.get(type_password(boss, BOSS).goes_to)
    second = other.get(type_password(other, BOSS).goes_to)
    assert secret_on(first) != secret_on(second)
    assert boss.submit(first, "Turn on authenticator app", code=at(secret_on(first))).status == 200
    late = other.submit(second, "Turn on authenticator app", code=at(secret_on(second)))
    assert late.goes_to.startswith("/login")
    assert len(portal.rows(Authenticator)) == 1


@pytest.mark.parametrize("database_kind", ["postgresql"])
@pytest.mark.parametrize("htmx", [False, True])
def test_the_password_alone_sets_no_app_up_in_place_of_one_that_was_confirmed_at_that_moment(
    portal: Portal, boss: Browser, htmx: bool
) -> None:
    page = boss.get(type_password(boss, BOSS).goes_to)
    confirmed = (
        "INSERT INTO authenticator (id, person_id, sealed_secret, created_at, confirmed_at)"
        " SELECT gen_random_uuid(), id, 'theirs', now(), now() FROM person"
    )
    code = at(secret_on(page))
    with meanwhile(
        portal, lambda: boss.submit(page, "Turn on authenticator app", htmx=htmx, code=code), confirmed
    ) as answer:
        assert answer.goes_to.startswith("/login?")
    assert "Log in with its code" in boss.get(answer.goes_to).text
    assert "theirs" in {row.sealed_secret for row in portal.rows(Authenticator) if row.confirmed_at}
    assert portal.rows(LoginSession) == portal.rows(RecoveryCode) == []
    assert boss.get("/staff/").goes_to.startswith("/login")


@both_databases
def test_an_app_that_was_begun_long_ago_is_confirmed_no_more_before_anybody_sweeps(
    portal: Portal, boss: Browser
) -> None:
    page = boss.get(type_password(boss, BOSS).goes_to)
    portal.sql("UPDATE authenticator SET created_at = '2020-01-01 00:00:00'")
    assert boss.submit(page, "Turn on authenticator app", code=at(secret_on(page))).goes_to.startswith("/login?")
    assert portal.one(Authenticator).confirmed_at is None


def test_a_reset_of_the_password_asks_for_the_code(portal: Portal, boss: Browser) -> None:
    portal.enrol(BOSS)
    boss.submit(boss.get("/password/forgot"), email=BOSS)
    page = boss.submit(boss.get(portal.link(BOSS, "reset")), password="granite-lemon-orbit-9920")
    assert page.goes_to.startswith("/login/code")
    assert boss.get("/accounts/").goes_to.startswith("/login")
    assert boss.submit(boss.get(page.goes_to), "Log in", code=portal.code(BOSS)).status == 303
    assert boss.open("/accounts/").status == 200


@pytest.mark.parametrize("htmx", [False, True])
def test_a_customer_may_have_an_app_too(portal: Portal, htmx: bool) -> None:
    jane, _account = portal.customer()
    assert "Off" in jane.get("/profile").text
    page = jane.get("/profile/app")
    assert jane.submit(page, "Continue", htmx=htmx, password="wrong").errors["password"]
    page = jane.submit(page, "Continue", htmx=htmx, password=PASSWORD)
    assert page.goes_to == "/profile/app/scan"
    page = jane.get(page.goes_to)
    secret = secret_on(page)
    assert jane.submit(page, "Turn on authenticator app", htmx=htmx, code="1").status == 422
    done = jane.submit(page, "Turn on authenticator app", htmx=htmx, code=at(secret))
    assert len(codes_on(done)) == 10
    assert jane.submit(page, "Turn on authenticator app", htmx=htmx, code=at(secret)).goes_to == "/profile/app"
    page = jane.get("/profile")
    assert "10 codes left" in page.text
    other = portal.browser()
    assert type_password(other, JANE).goes_to.startswith("/login/code")
    # What was confirmed a moment ago is not asked for again.
    forget_last(portal)
    assert jane.submit(jane.get("/profile/app/off"), "Turn off authenticator app", htmx=htmx).goes_to == "/profile"
    assert portal.rows(Authenticator) == portal.rows(RecoveryCode) == []
    assert type_password(portal.browser(), JANE).goes_to == "/accounts/"


def test_a_confirmation_takes_a_code_from_whoever_has_an_app(portal: Portal) -> None:
    portal.customer()
    codes = portal.enrol(JANE)
    jane = portal.log_in(JANE)
    page = jane.get("/profile/recovery")
    assert set(page.values("Create new codes")) == {"csrf_token", "password", "code"}
    assert set(jane.submit(page, "Create new codes", password=PASSWORD).errors) == {"code"}
    assert set(jane.submit(page, "Create new codes", password=PASSWORD, code="000000").errors) == {"code"}
    made = jane.submit(page, "Create new codes", password=PASSWORD, code=codes[0])
    assert len(codes_on(made)) == 10
    assert not set(codes_on(made)) & set(codes)
    browser = portal.browser()
    page = browser.get(type_password(browser, JANE).goes_to)
    assert browser.submit(page, "Log in", code=codes[1]).status == 422
    assert browser.submit(page, "Log in", code=codes_on(made)[0]).status == 303


def test_another_app_takes_the_place_of_the_first(portal: Portal, boss: Browser) -> None:
    portal.enrol(BOSS)
    browser = portal.log_in(BOSS)
    old = portal.one(Authenticator).id
    begun = browser.submit(
        browser.get("/profile/app"), "Continue", password=PASSWORD, code=portal.code(BOSS)
    ).goes_to
    assert type_password(portal.browser(), BOSS).goes_to.startswith("/login/code"), "the first one still counts"
    page = browser.get(begun)
    browser.submit(page, "Turn on authenticator app", code=at(secret_on(page)))
    assert portal.one(Authenticator).id != old


def test_staff_do_not_do_without(portal: Portal, boss: Browser) -> None:
    portal.enrol(BOSS)
    browser = portal.log_in(BOSS)
    page = browser.get("/profile/app/off")
    done = browser.submit(page, "Turn off authenticator app", password=PASSWORD, code=portal.code(BOSS))
    assert "always log in with a code" in done.text
    assert len(portal.rows(Authenticator)) == 1
    assert "Turn off authenticator app" not in browser.get("/profile").text


def test_the_command_resets_an_app(portal: Portal, boss: Browser, command) -> None:
    portal.enrol(BOSS)
    browser = portal.log_in(BOSS)
    done = command("staff", "reset-totp", BOSS)
    assert (done.returncode, done.stderr) == (0, "")
    assert portal.rows(Authenticator) == portal.rows(RecoveryCode) == portal.rows(LoginSession) == []
    assert browser.get("/staff/").goes_to.startswith("/login")
    assert type_password(portal.browser(), BOSS).goes_to.startswith("/login/app")
    entry = next(entry for entry in portal.rows(AuditEntry) if entry.action == "person.totp_reset")
    assert (entry.actor, entry.target) == ("portal", BOSS)
    none = command("staff", "reset-totp", "nobody@reseller.example.com")
    assert (none.returncode, none.stderr) == (1, "Error: No one logs in with this email address.\n")


def test_apps_that_were_never_confirmed_are_forgotten(portal: Portal, boss: Browser) -> None:
    type_password(boss, BOSS)
    portal.sweep()
    assert len(portal.rows(Authenticator)) == 1
    portal.sql("UPDATE authenticator SET created_at = '2020-01-01 00:00:00'")
    portal.sweep()
    assert portal.rows(Authenticator) == []


def test_a_secret_that_does_not_open_is_a_sentence_and_recovery_codes_still_work(
    portal: Portal, boss: Browser
) -> None:
    codes = portal.enrol(BOSS)
    portal.sql("UPDATE authenticator SET sealed_secret = 'v1.x.y.z'")
    page = boss.get(type_password(boss, BOSS).goes_to)
    assert "Use a recovery code" in boss.submit(page, "Log in", code="123456").text
    assert boss.submit(page, "Log in", code=codes[3]).status == 303


def test_nothing_of_it_is_in_the_open(portal: Portal, boss: Browser) -> None:
    page = boss.get(type_password(boss, BOSS).goes_to)
    boss.submit(page, "Turn on authenticator app", code=at(secret_on(page)))
    with boss.client.session_transaction(base_url=boss.base) as cookie:
        assert secret_on(page) not in str(dict(cookie))
    row = portal.one(Authenticator)
    assert secret_on(page) not in repr(row) + repr(portal.person(BOSS))
    assert row.sealed_secret not in repr(row)
    assert isinstance(portal.person(BOSS), Person)
