"""Log-in sessions: each is a row that its owner sees and ends, and that ends by itself."""

import hashlib
from datetime import timedelta

import pytest

from portal.identity import sessions
from portal.models import LoginSession, StaffRole, now
from tests.support.application.browser import Browser, Page
from tests.support.application.pages import texts
from tests.support.application.portal import DETAILS, PASSWORD, Portal
from tests.support.suite.marks import both_databases, both_databases_and_with_htmx

JANE = DETAILS["contact_email"]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


def token_of(browser: Browser) -> str:
    with browser.client.session_transaction(base_url=browser.base) as cookie:
        return str(cookie["_user_id"])


def listed(page: Page) -> list[str]:
    return [" ".join(texts(item).split()) for item in page.select(".sessions li")]


def is_in(browser: Browser) -> bool:
    return browser.get("/profile").status == 200


def age(portal: Portal, hours: float) -> None:
    portal.sql("UPDATE login_session SET last_seen_at = :then", then=now() - timedelta(hours=hours))


@both_databases
def test_a_session_is_a_row_and_the_cookie_holds_what_only_its_hash_is_kept_of(portal: Portal) -> None:
    portal.customer()
    portal.sql("DELETE FROM login_session")
    browser = portal.log_in(JANE, browser=portal.browser("192.0.2.7"))
    row = portal.one(LoginSession)
    assert row.token_hash == hashlib.sha256(token_of(browser).encode()).hexdigest()
    assert row.address == "192.0.2.7"
    assert row.agent.startswith("Werkzeug/")
    assert token_of(browser) not in repr(row)


@both_databases_and_with_htmx
def test_one_sees_ones_sessions_and_ends_one_or_all(portal: Portal, htmx: bool) -> None:
    here, _account = portal.customer()
    others = [portal.log_in(JANE, browser=portal.browser(f"192.0.2.{n}")) for n in (1, 2, 3)]
    page = here.get("/profile")
    assert len(listed(page)) == 4
    assert sum("This browser" in line for line in listed(page)) == 1
    gone = next(form for form in page.select(".sessions form") if "192.0.2.2" in form.text_content())
    assert here.post(gone.attrib["action"], htmx=htmx).goes_to == "/profile"
    assert [is_in(browser) for browser in others] == [True, False, True]
    assert here.post(gone.attrib["action"], htmx=htmx).goes_to == "/profile", "a second click is no error"
    here.post("/profile/sessions/end", htmx=htmx)
    assert [is_in(browser) for browser in others] == [False, False, False]
    assert is_in(here)
    own = here.get("/profile").select_one(".sessions form")
    assert own is not None
    assert here.post(own.attrib["action"], htmx=htmx).goes_to == "/login"
    assert not is_in(here)


def test_nobody_ends_a_strangers_session(portal: Portal) -> None:
    jane, _account = portal.customer()
    row = portal.one(LoginSession)
    other, _ = portal.customer(contact_email="other@tenant.example.com", name="Other Ltd")
    other.post(f"/profile/sessions/{row.id}/end")
    assert is_in(jane)


def test_logging_out_takes_the_row_away_so_a_copied_cookie_is_worth_nothing(portal: Portal) -> None:
    browser, _account = portal.customer()
    copied = token_of(browser)
    browser.post("/logout")
    assert portal.rows(LoginSession) == []
    thief = portal.browser()
    with thief.client.session_transaction(base_url=thief.base) as cookie:
        cookie["_user_id"] = copied
    assert not is_in(thief)


def test_a_new_password_ends_every_other_session(portal: Portal) -> None:
    here, _account = portal.customer()
    other = portal.log_in(JANE)
    page = here.get("/profile/password")
    here.submit(page, current=PASSWORD, password="granite-lemon-orbit-9920")
    assert is_in(here)
    assert not is_in(other)
    assert len(portal.rows(LoginSession)) == 1


@both_databases
def test_a_session_runs_out_when_nobody_comes(portal: Portal) -> None:
    browser, _account = portal.customer()
    age(portal, 23.9)
    assert is_in(browser)
    assert portal.one(LoginSession).last_seen_at > now() - timedelta(minutes=1)
    age(portal, 24.1)
    assert not is_in(browser)
    portal.sweep()
    assert portal.rows(LoginSession) == []


@both_databases
def test_a_session_ends_with_time_however_often_somebody_comes_and_the_staffs_after_a_working_day(
    portal: Portal,
) -> None:
    jane, _account = portal.customer()
    boss = portal.staff(StaffRole.ADMIN)
    for hours, jane_is_in, boss_is_in in ((11.9, True, True), (12.1, True, False), (30 * 24 + 1, False, False)):
        portal.sql("UPDATE login_session SET created_at = :then", then=now() - timedelta(hours=hours))
        assert (is_in(jane), is_in(boss)) == (jane_is_in, boss_is_in)
    portal.log_in(JANE)
    with portal.app.app_context():
        assert len(sessions.of_person(portal.person(JANE).id)) == 1
    age(portal, 24.1)
    portal.sweep()
    assert portal.rows(LoginSession) == []


@both_databases
def test_a_visit_is_noted_coarsely_and_by_posts_as_well(portal: Portal) -> None:
    browser, account_id = portal.customer()
    age(portal, 0.05)
    before = portal.one(LoginSession).last_seen_at
    assert is_in(browser)
    assert portal.one(LoginSession).last_seen_at == before
    age(portal, 1)
    assert browser.post(f"/accounts/{account_id}/channels/refresh").status == 303
    row = portal.one(LoginSession)
    assert row.last_seen_at > now() - timedelta(minutes=1)
    assert row.address == "127.0.0.1"


def test_a_page_that_asks_by_itself_keeps_nobody_logged_in(portal: Portal) -> None:
    browser, account_id = portal.customer()
    age(portal, 2)
    browser.get(f"/accounts/{account_id}/events/newer", htmx=True, headers={"X-Portal-Poll": "true"})
    assert portal.one(LoginSession).last_seen_at < now() - timedelta(hours=1)


def test_a_browser_is_named_in_words(portal: Portal) -> None:
    browser, _account = portal.customer()
    portal.sql("UPDATE login_session SET agent = :agent, address = ''", agent=FIREFOX)
    assert "Firefox on Linux" in listed(browser.get("/profile"))[0]
    assert "unknown address" in listed(browser.get("/profile"))[0]
    for agent, words in (("curl/8.5.0", "curl/8.5.0"), ("", "Unknown browser"), ("<b>x", "<b>x")):
        portal.sql("UPDATE login_session SET agent = :agent", agent=agent)
        assert words in listed(browser.get("/profile"))[0]


@pytest.mark.parametrize("htmx", [False, True])
def test_everybody_changes_their_name_and_time_zone(portal: Portal, htmx: bool) -> None:
    browser, _account = portal.customer()
    page = browser.get("/profile")
    refused = browser.submit(page, "Save", htmx=htmx, first_name="", time_zone="Mars")
    assert refused.status == 422
    assert set(refused.errors) == {"first_name", "time_zone"}
    assert refused.values("Save")["time_zone"] == "Mars"
    done = browser.submit(page, "Save", htmx=htmx, first_name=" Ada ", last_name="King", time_zone="berlin")
    assert done.goes_to == "/profile"
    person = portal.person(JANE)
    assert (person.full_name, person.time_zone) == ("Ada King", "Europe/Berlin")
    assert "Your details are saved." in browser.get("/profile").text
