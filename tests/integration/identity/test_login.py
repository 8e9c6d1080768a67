"""Logging in and out, passwords, resets, and what a visitor cannot learn or reach by them."""

from urllib.parse import urlsplit

import pytest

from portal.db.engine import storable
from portal.extensions import db
from portal.identity import passwords
from portal.models import Account, AuditEntry, Mail, Person, StaffRole
from tests.support.application.portal import DETAILS, PASSWORD
from tests.support.suite.marks import both_databases, both_databases_and_with_htmx

JANE = DETAILS["contact_email"]
NEW_PASSWORD = "granite-lemon-orbit-9920"


@both_databases_and_with_htmx
def test_log_in_and_out(portal, htmx):
    portal.customer()
    browser = portal.browser()
    page = browser.submit(browser.get("/login"), "Log in", htmx=htmx, email=f" {JANE.upper()} ", password=PASSWORD)
    assert page.goes_to == "/accounts/"
    assert page.status == (204 if htmx else 303)
    assert browser.open("/accounts/").status == 200
    assert browser.get("/login").goes_to == "/accounts/"
    browser.post("/logout")
    assert browser.get("/accounts/").goes_to.startswith("/login")
    assert "You are logged out." in browser.get("/login").text


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("email", "password"),
    [(JANE, "wrong"), ("nobody@acme.example.com", PASSWORD), ("not an address", "wrong"), (JANE, PASSWORD + " ")],
)
def test_a_refused_log_in_says_the_same_words_for_the_same_work(portal, monkeypatch, htmx, email, password):
    portal.customer()
    verified = []
    hasher = passwords._hasher

    class Counting:
        def verify(self, stored, typed):
            verified.append(stored)
            return hasher.verify(stored, typed)

        def __getattr__(self, name):
            return getattr(hasher, name)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    browser = portal.browser()
    page = browser.submit(browser.get("/login"), "Log in", htmx=htmx, email=email, password=password)
    assert page.status == 422
    assert (
        "The email address or password is wrong. Try again, or reset your password." in page.summary.text_content()
    )
    assert page.errors == {}
    assert page.values("Log in")["email"] == email
    assert page.values("Log in")["password"] == ""
    assert "autofocus" in page.summary.attrib
    assert len(verified) == 1
    assert "_user_id" not in _session(browser)


def _session(browser):
    with browser.client.session_transaction(base_url=browser.base) as session:
        return dict(session)


def test_the_hash_of_nobody_costs_as_much_as_that_of_anybody():
    parameters = passwords.make_hash("x").rpartition("$")[0].rpartition("$")[0]
    assert passwords._nobodys_hash().startswith(parameters)


def test_no_transaction_is_open_while_a_password_is_checked(portal, monkeypatch):
    """On SQLite it would keep everybody else from writing for as long as the hash takes."""
    portal.customer()
    held = []
    hasher = passwords._hasher

    class Watching:
        def verify(self, stored, typed):
            held.append(db.engine.pool.checkedout())
            return hasher.verify(stored, typed)

        def hash(self, password):
            held.append(db.engine.pool.checkedout())
            return hasher.hash(password)

        def __getattr__(self, name):
            return getattr(hasher, name)

    monkeypatch.setattr(passwords, "_hasher", Watching())
    browser = portal.log_in(JANE)
    page = browser.get("/profile/password")
    assert browser.submit(page, current=PASSWORD, password=NEW_PASSWORD).status == 303
    portal.sign_up(contact_email="other@acme.example.com")
    other = portal.browser()
    other.submit(other.get("/password/forgot"), email=JANE)
    assert other.submit(other.get(portal.link(JANE, "reset")), password=PASSWORD).status == 303
    assert len(held) >= 5
    assert not any(held)


def test_a_weaker_hash_is_renewed_at_log_in(portal, monkeypatch):
    portal.customer()
    before = portal.one(Person).password_hash
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    portal.log_in(JANE)
    assert portal.one(Person).password_hash != before
    portal.log_in(JANE)


@pytest.mark.parametrize(
    "goal",
    [
        "https://evil.example.com/",
        "//evil.example.com/",
        "///evil.example.com/",
        "////evil.example.com",
        "/\\evil.example.com",
        "\\\\evil.example.com",
        "/\t/evil.example.com",
        "/\n/evil.example.com",
        "/%0d%0aLocation:%20https://evil.example.com\r\nX: y",
        "javascript:alert(1)",
        "evil.example.com",
        "http:evil.example.com",
        " //evil.example.com",
        "/\u2028/evil.example.com",
        "",
    ],
)
def test_log_in_leads_nowhere_else(portal, goal):
    portal.customer()
    for htmx in (False, True):
        browser = portal.browser()
        page = browser.get("/login", query_string={"next": goal})
        address = page.form("Log in").get("hx-post") or page.path
        page.path = str(address)
        done = browser.submit(page, "Log in", htmx=htmx, email=JANE, password=PASSWORD)
        assert done.goes_to == "/accounts/", goal
        assert browser.get("/login", query_string={"next": goal}).goes_to == "/accounts/"


@pytest.mark.parametrize("goal", ["/profile/password", "/accounts/?page=2&x=a%20b", "/a//b"])
def test_log_in_leads_back(portal, goal):
    portal.customer()
    browser = portal.browser()
    page = browser.get("/login", query_string={"next": goal})
    page.path = page.form("Log in").attrib["hx-post"]
    assert browser.submit(page, "Log in", email=JANE, password=PASSWORD).goes_to == goal


def test_nothing_of_the_visit_before_survives_a_log_in(portal):
    portal.customer()
    browser = portal.browser()
    browser.get("/login")
    with browser.client.session_transaction(base_url=browser.base) as session:
        session["planted"] = "before"
        token = session["csrf_token"]
    portal.log_in(JANE, browser=browser)
    session = _session(browser)
    assert "planted" not in session
    assert session.get("csrf_token") != token


# --- reset


@both_databases_and_with_htmx
def test_a_reset_answers_the_same_whoever_asks(portal, htmx):
    portal.customer()
    answers = []
    for email in (JANE, "nobody@acme.example.com", "not an address"):
        browser = portal.browser()
        page = browser.submit(browser.get("/password/forgot"), htmx=htmx, email=email)
        headers = {name: value for name, value in page.response.headers if name not in ("Date", "Set-Cookie")}
        answers.append((page.status, page.response.data, headers, browser.cookies, browser.follow(page).text))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == (204 if htmx else 303)
    portal.settle()
    assert [mail["subject"] for mail in portal.mails(JANE)] == ["Reset your password"]
    assert portal.mails("nobody@acme.example.com") == []
    assert sorted(mail.state for mail in portal.rows(Mail)) == ["dropped", "dropped", "sent"]


@both_databases
def test_a_reset_ends_every_session_and_link(portal):
    owner, _ = portal.customer()
    elsewhere = portal.log_in(JANE)
    visitor = portal.browser()
    for _ in range(2):
        visitor.submit(visitor.get("/password/forgot"), email=JANE)
    portal.work()
    links = [mail["links"][0] for mail in portal.mails(JANE) if "Reset" in mail["subject"]]
    assert len(set(links)) == 2
    page = visitor.submit(visitor.get(links[0]), password=NEW_PASSWORD)
    assert page.goes_to == "/accounts/"
    assert visitor.open("/accounts/").status == 200
    for browser in (owner, elsewhere):
        assert browser.get("/accounts/").goes_to.startswith("/login")
    for link in links:
        assert visitor.get(link).status == 410
    portal.log_in(JANE, NEW_PASSWORD)
    assert portal.mails(JANE)[0]["subject"] == "Your password was changed"


def test_a_reset_link_is_not_spent_by_a_refused_password(portal):
    portal.customer()
    browser = portal.browser()
    browser.submit(browser.get("/password/forgot"), email=JANE)
    link = portal.link(JANE, "reset")
    for htmx in (False, True):
        page = browser.submit(browser.get(link), htmx=htmx, password="short")
        assert page.status == 422
        assert set(page.errors) == {"password"}
    assert browser.submit(browser.get(link), password=NEW_PASSWORD).status == 303
    page = browser.get(link)
    assert page.status == 410


def test_a_reset_link_expires_after_an_hour(portal):
    portal.customer()
    browser = portal.browser()
    browser.submit(browser.get("/password/forgot"), email=JANE)
    link = portal.link(JANE, "reset")
    page = browser.get(link)
    portal.sql("UPDATE email_link SET expires_at = '2020-01-01 00:00:00'")
    assert browser.get(link).status == 410
    assert browser.follow(browser.submit(page, password=NEW_PASSWORD)).status == 410
    portal.log_in(JANE)


def test_a_verify_link_resets_nothing(verified):
    verified.sign_up()
    token = verified.link(JANE, "verify").rpartition("/")[2]
    assert verified.browser().get(f"/password/reset/{token}").status == 410


def test_links_come_from_our_own_address_whatever_the_host_header_says(portal):
    portal.customer()
    browser = portal.browser()
    token = browser.token()
    browser.client.post(
        "/password/forgot", data={"email": JANE, "csrf_token": token}, headers={"Host": "evil.example.com"}
    )
    browser.send("POST", "/password/forgot", data={"email": JANE, "csrf_token": token})
    for mail in portal.mails(JANE):
        assert all(link.startswith("http://localhost/") for link in mail["links"])


# --- change


@both_databases_and_with_htmx
def test_a_change_of_password_ends_every_other_session(portal, htmx):
    browser, _ = portal.customer()
    elsewhere = portal.log_in(JANE)
    page = browser.submit(browser.get("/profile/password"), htmx=htmx, current=PASSWORD, password=NEW_PASSWORD)
    assert page.goes_to == "/profile/password"
    assert "You're logged out of every other browser." in browser.follow(page).text
    assert elsewhere.get("/accounts/").goes_to.startswith("/login")
    portal.log_in(JANE, NEW_PASSWORD)
    assert portal.mails(JANE)[0]["subject"] == "Your password was changed"
    assert "person.password_changed" in {entry.action for entry in portal.rows(AuditEntry)}


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [
        ("wrong", NEW_PASSWORD, "current"),
        (PASSWORD, "short", "password"),
        (PASSWORD, "password1234", "password"),
        ("", NEW_PASSWORD, "current"),
        (PASSWORD, "", "password"),
    ],
)
def test_a_change_that_is_refused(portal, current, new, field):
    browser, _ = portal.customer()
    for htmx in (False, True):
        page = browser.submit(browser.get("/profile/password"), htmx=htmx, current=current, password=new)
        assert page.status == 422
        assert set(page.errors) == {field}
    portal.log_in(JANE)


@pytest.mark.parametrize(
    ("path", "leads_to"), [("/login", "/accounts/"), ("/login/code", "/login"), ("/login/app", "/login")]
)
def test_no_address_to_go_to_afterwards_leads_away_or_breaks_anything(portal, path, leads_to):
    portal.customer()
    for goal in (
        "//[",
        "//[::1",
        "http://[",
        "//evil.example.com",
        "/\\[",
        "\\\\evil",
        "/\tx",
        "javascript:x",
        "[",
        "\0",
    ):
        browser, query = portal.browser(), {"next": goal}
        shown = browser.get(path, query_string=query)
        assert shown.status == (200 if path == "/login" else 303)
        assert not urlsplit(shown.goes_to).netloc
        page = browser.post(path, {"email": JANE, "password": PASSWORD}, query_string=query)
        assert page.status == 303
        assert urlsplit(page.goes_to)[:3] == ("", "", leads_to)


# --- throttling


def tries_refused(portal, addresses, email=JANE):
    answers = []
    for address in addresses:
        browser = portal.browser(address)
        page = browser.submit(browser.get("/login"), "Log in", email=email, password="wrong")
        answers.append("Too many attempts" in page.text)
    return answers


def test_tries_for_one_account_are_limited_wherever_they_come_from(make_portal):
    portal = make_portal(throttle_factor=1)
    portal.customer()
    assert tries_refused(portal, [f"10.0.0.{number}" for number in range(62)]) == [False] * 60 + [True] * 2
    browser = portal.browser("10.0.0.99")
    page = browser.submit(browser.get("/login"), "Log in", email=JANE.upper(), password=PASSWORD)
    assert page.status == 422
    portal.staff(StaffRole.ADMIN)  # somebody else still gets in


def test_a_stranger_locks_nobody_out_of_their_login_or_of_what_takes_their_password(make_portal):
    portal = make_portal(throttle_factor=1)
    jane, _account = portal.customer()
    refused = tries_refused(portal, ["10.0.0.1"] * 20)
    assert refused == [False] * 10 + [True] * 10
    portal.log_in(JANE, browser=portal.browser("10.0.0.2"))
    tries_refused(portal, [f"10.0.1.{number}" for number in range(50)])
    browser = portal.browser("10.0.0.2")
    assert browser.submit(browser.get("/login"), "Log in", email=JANE, password=PASSWORD).status == 422
    page = jane.get("/profile/app")
    assert jane.submit(page, "Continue", password=PASSWORD).goes_to == "/profile/app/scan"
    page = jane.get("/profile/password")
    assert jane.submit(page, current=PASSWORD, password=NEW_PASSWORD).status == 303


def test_whoever_is_logged_in_does_not_guess_the_password_either(make_portal):
    portal = make_portal(throttle_factor=1)
    jane, _account = portal.customer()
    page = jane.get("/profile/password")
    answers = [jane.submit(page, current="wrong", password=NEW_PASSWORD).text for _ in range(11)]
    assert ["Too many attempts" in answer for answer in answers] == [False] * 10 + [True]
    assert "Too many attempts" in jane.submit(jane.get("/profile/app"), "Continue", password=PASSWORD).text


def test_tries_from_one_address_are_limited_whomever_they_are_for(make_portal):
    portal = make_portal(throttle_factor=1)
    browser = portal.browser("10.0.0.1")
    form = browser.get("/login")
    answers = []
    for number in range(32):
        page = browser.submit(form, "Log in", email=f"a{number}@acme.example.com", password="wrong")
        answers.append("Too many attempts" in page.text)
    assert answers == [False] * 30 + [True] * 2
    # When the next is let through is said; that the entries are wrong is not.
    assert "Too many attempts. Try again in 1 minute." in page.text
    assert "Check what you entered" not in page.text


def test_tries_for_one_account_are_counted_together_however_its_address_is_spelled(make_portal):
    portal = make_portal(throttle_factor=1)
    spellings = (JANE, JANE.upper(), "jane@\uff41cme.example.com", "jane@acme.exam\uff50le.com")
    statuses = []
    for number in range(8):
        browser = portal.browser(f"10.0.0.{number}")
        statuses.append(browser.submit(browser.get("/password/forgot"), email=spellings[number % 4]).status)
    assert statuses == [303] * 5 + [422] * 3


@pytest.mark.parametrize(
    ("addresses", "are_one"),
    [
        ([f"2001:db8:1:2::{number:x}" for number in range(32)], True),
        ([f"2001:db8:1:{number:x}::1" for number in range(32)], False),
        ([f"::ffff:10.0.0.{number}" for number in range(32)], False),
    ],
)
def test_whoever_has_a_whole_network_is_one_visitor(make_portal, addresses, are_one):
    portal = make_portal(throttle_factor=1)
    refused = []
    for number, address in enumerate(addresses):
        browser = portal.browser(address)
        page = browser.submit(
            browser.get("/login"), "Log in", email=f"a{number}@acme.example.com", password="wrong"
        )
        refused.append("Too many attempts" in page.text)
    assert refused == [False] * 30 + [are_one] * 2


def test_reset_mails_are_limited_for_a_known_and_an_unknown_address_alike(make_portal):
    portal = make_portal(throttle_factor=1)
    portal.sign_up()
    for email in (JANE, "nobody@acme.example.com"):
        statuses = []
        for number in range(7):
            browser = portal.browser(f"10.0.0.{number}")
            statuses.append(browser.submit(browser.get("/password/forgot"), email=email).status)
        # the sign-up itself counted one for its address
        assert statuses.count(422) == (3 if email == JANE else 2)


def test_mail_for_another_link_is_limited(make_portal):
    portal = make_portal(signup_policy="verified", throttle_factor=1)
    portal.sign_up()
    browser = portal.log_in(JANE)
    account = portal.one(Account).id
    for _ in range(8):
        browser.post(f"/accounts/{account}/setup/mail")
    assert "Too many attempts" in browser.open(f"/accounts/{account}/setup").text
    assert len(portal.rows(Mail)) == 5


def test_a_member_cannot_do_what_the_owner_can(verified):
    verified.sign_up()
    account = verified.one(Account).id
    member = verified.member(account)
    assert member.get(f"/accounts/{account}/setup").status == 200
    assert "Send email again" not in member.get(f"/accounts/{account}/setup").text
    assert member.post(f"/accounts/{account}/setup/mail").status == 403
    assert member.get(f"/accounts/{account}/setup/details").status == 403


# --- the staff's logins


def test_a_login_for_the_staff_is_checked_like_any_other(portal):
    from portal.errors import DomainError  # noqa: PLC0415
    from portal.staff.people import staff_members  # noqa: PLC0415

    portal.staff(StaffRole.ADMIN, "boss@reseller.example.com")
    bad = [
        ("boss@reseller.example.com", PASSWORD, "UTC", "email"),
        ("no address", PASSWORD, "UTC", "email"),
        ("new@reseller.example.com", "short", "UTC", "password"),
        ("new@reseller.example.com", PASSWORD, "Mars", "time_zone"),
    ]
    for email, password, zone, field in bad:
        with portal.app.app_context(), pytest.raises(DomainError) as caught:
            staff_members.create(email, password, StaffRole.ADMIN, time_zone=zone)
        assert caught.value.field == field


@pytest.mark.parametrize(
    ("text", "limit", "kept"), [("a\0b", None, "ab"), ("a\ud800b", None, "a?b"), ("abc", 2, "ab"), ("ğ", 1, "ğ")]
)
def test_storable(text, limit, kept):
    assert storable(text, limit) == kept


# --- behind a proxy


@pytest.mark.parametrize(("proxies", "is_believed"), [(0, False), (1, True)])
def test_the_address_that_a_proxy_reports_counts_only_behind_one(make_portal, proxies, is_believed):
    """Otherwise a header would be all that it takes to try passwords without end."""
    portal = make_portal(throttle_factor=1, trusted_proxies=proxies)
    browser = portal.browser("10.0.0.1")
    values = browser.get("/login").values("Log in")
    refused = 0
    for number in range(33):
        page = browser.send(
            "POST",
            "/login",
            data={**values, "email": f"a{number}@acme.example.com", "password": "wrong"},
            headers={"X-Forwarded-For": f"1.2.3.4, 192.0.2.{number}"},
        )
        refused += "Too many attempts" in page.text
    assert refused == (0 if is_believed else 3)
