"""Signing up under each policy, with and without htmx: what is refused, what is kept, what nobody can learn."""

import threading

import pytest

from portal.models import Account, Mail, MailKind, Membership, Person, Role, StaffRole
from tests.support.concurrent import meanwhile
from tests.support.marks import both_databases
from tests.support.portal import DETAILS, PASSWORD

JANE = DETAILS["contact_email"]
BOB = "bob@acme.example.com"
OTHER_PASSWORD = "granite-lemon-orbit-9920"


@both_databases
@pytest.mark.parametrize("htmx", [False, True])
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
    assert "Check your mail" in browser.follow(page).text
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
    assert "Waiting for our approval" in browser.open("/accounts/").text
    assert portal.accounts_at_connexease() == []
    staff = portal.staff(StaffRole.SUPPORT)
    staff.submit(staff.get("/staff/provisioning/"), "Approve")
    portal.work()
    assert portal.set_up().step == "ready"
    assert portal.mails(JANE)[0]["subject"] == "Your account is approved"
    assert "is approved" in staff.get("/staff/provisioning/").text
    staff.post(f"/staff/provisioning/{portal.one(Account).id}/approve")
    assert "does not wait for approval any more" in staff.get("/staff/provisioning/").text


def test_approval_can_be_declined(make_portal):
    portal = make_portal(signup_policy="approval")
    browser = portal.browser()
    portal.sign_up(browser)
    browser.submit(browser.get(portal.link(JANE, "verify")), "Confirm")
    staff = portal.staff(StaffRole.ADMIN)
    staff.submit(staff.get("/staff/provisioning/"), "Decline")
    portal.settle()
    assert portal.set_up().step == "declined"
    assert portal.accounts_at_connexease() == []
    assert "declined" in browser.open("/accounts/").text
    assert portal.mails(JANE)[0]["subject"] == "About your sign-up"


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
        ("open", "Sign up", "That is all."),
        ("verified", "Sign up", "Open the link that we mail you"),
        ("approval", "Sign up", "Our team looks at it and mails you."),
        ("closed", "Get an account", "Our team opens it for you"),
    ],
)
def test_the_first_page_tells_a_newcomer_how_to_get_in_here(make_portal, policy, way, promise):
    front = make_portal(signup_policy=policy).browser().get("/")
    step = front.soup.select_one(".front-steps li").get_text(" ")
    assert way in step
    assert promise in step
    assert ("Create an account" in front.text) == (policy != "closed")


def test_nobody_is_promised_an_account_before_the_staff_have_looked(make_portal):
    portal = make_portal(signup_policy="approval")
    browser = portal.browser()
    assert "Our team looks at every new account" in browser.get("/signup").text
    portal.sign_up(browser)
    assert "then our team looks at your sign-up" in browser.get("/signup/sent").text


# --- what is refused


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 81),
        ("contact_name", ""),
        ("contact_name", "x" * 81),
        ("contact_lastname", ""),
        ("contact_email", ""),
        ("contact_email", "jane"),
        ("contact_email", "jane@"),
        ("contact_email", "@acme.example.com"),
        ("contact_email", "jane doe@acme.example.com"),
        ("contact_email", "jane@acme"),
        ("contact_email", "jane@acme..com"),
        ("contact_email", "a@b.co, c@d.co"),
        ("contact_email", "Jane <jane@acme.example.com>"),
        ("contact_email", "x" * 250 + "@acme.example.com"),
        ("billing_email", "nobody"),
        ("contact_phone_number", "12"),
        ("contact_phone_number", "call me"),
        ("contact_phone_number", "+99 999 999"),
        ("contact_phone_number", "+1 202 555 0123 0000 000000000000000000000000"),
        ("time_zone", ""),
        ("time_zone", "Atlantis"),
        ("time_zone", "Europe/Nowhere"),
        ("time_zone", "../../etc/passwd"),
        ("password", ""),
        ("password", "short"),
        ("password", "elevenchars"),
        ("password", "password1234"),
        ("password", "qwertyuiopas"),
        ("password", "aaaaaaaaaaaaaaaa"),
        ("password", "jane@acme.example.com"),
        ("password", "x" * 2000),
    ],
)
def test_each_refusal_stands_at_its_field(verified, htmx, field, typed):
    page = verified.sign_up(htmx=htmx, **{"billing_email": "bills@acme.example.com", field: typed})
    assert page.status == 422
    assert set(page.errors) == {field}
    assert page.errors[field].strip()
    assert page.summary.has_attr("autofocus")
    assert page.summary["tabindex"] == "-1"
    assert page.summary.find("a", href=f"#{field}")
    kept = page.values("Create account")
    for name, value in {**DETAILS, "billing_email": "bills@acme.example.com", field: typed}.items():
        assert kept[name] == ("" if name == "password" else value.strip()), name
    assert bool(page.soup.find("html")) is not htmx
    assert verified.rows(Person) == []
    assert verified.rows(Mail) == []


def test_all_refusals_come_at_once(verified):
    page = verified.sign_up(name="", contact_email="x", time_zone="", password="short")
    assert set(page.errors) == {"name", "contact_email", "time_zone", "password"}
    assert len(page.summary.find_all("a")) == 4


@pytest.mark.parametrize(
    ("typed", "zone", "stored"),
    [
        ("+90 532 123 45 67", "UTC", "+905321234567"),
        ("0532 123 45 67", "Europe/Istanbul", "+905321234567"),
        ("(0532) 123-45-67", "Europe/Istanbul", "+905321234567"),
        ("030 901820", "Europe/Berlin", "+4930901820"),
        ("(202) 456-1111", "America/New_York", "+12024561111"),
        ("00 49 30 901820", "Europe/Istanbul", "+4930901820"),
        ("", "UTC", ""),
    ],
)
def test_phone_numbers_as_people_write_them(portal, typed, zone, stored):
    assert portal.sign_up(contact_phone_number=typed, time_zone=zone).status == 303
    portal.work()
    assert portal.one(Account).contact_phone_number == stored
    assert (portal.accounts_at_connexease()[0]["contact_phone_number"] or "") == stored


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_a_national_number_needs_a_country_that_has_it(portal, zone):
    page = portal.sign_up(contact_phone_number="0532 123 45 67", time_zone=zone)
    assert set(page.errors) == {"contact_phone_number"}


@pytest.mark.parametrize(
    ("field", "typed", "stored"),
    [
        ("name", "x" * 80, "x" * 80),
        ("name", "  Çağdaş & Söhne <GmbH>  ", "Çağdaş & Söhne <GmbH>"),
        ("contact_email", "  Jane@ACME.example.com ", "Jane@acme.example.com"),
        ("contact_email", "jane+tag@acme.example.com", "jane+tag@acme.example.com"),
        ("billing_email", "bills@acme.example.com", "bills@acme.example.com"),
        ("time_zone", "America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
    ],
)
def test_what_is_accepted_arrives(portal, field, typed, stored):
    assert portal.sign_up(**{field: typed}).status == 303
    portal.work()
    assert portal.set_up().step == "ready"
    assert portal.accounts_at_connexease()[0][field] == stored


def test_what_nobody_can_see_is_no_name(verified):
    page = verified.sign_up(name="\u200b\u2060 ")
    assert page.errors == {"name": "Enter your company's name."}


@both_databases
@pytest.mark.parametrize("field", ["name", "contact_name", "contact_email", "billing_email", "password"])
def test_characters_that_no_database_keeps(portal, field):
    """A NUL never comes from a keyboard; PostgreSQL refuses it, and that must not be an error of ours."""
    page = portal.sign_up(**{field: {**DETAILS, "password": PASSWORD}[field] + "a\0b.co"})
    assert page.status in (303, 422)


def test_the_address_is_ascii_on_the_wire(portal):
    """Case-folding "ß" makes "ss", which is another domain: mail for one must never prove the other."""
    assert portal.sign_up(contact_email="jane@straße.example.com").status == 303
    assert portal.one(Person).email == "jane@xn--strae-oqa.example.com"
    page = portal.sign_up(contact_email="jane@strasse.example.com")
    assert page.status == 303
    portal.log_in("jane@straße.example.com")
    assert set(portal.sign_up(contact_email="straße@acme.example.com").errors) == {"contact_email"}


def test_the_zone_can_be_searched(portal):
    soup = portal.browser().get("/signup").soup
    zones = {str(option["value"]) for option in soup.select("datalist option")}
    assert {"Europe/Istanbul", "America/New_York", "UTC"} <= zones
    assert soup.find("input", id="time_zone")["list"] == soup.datalist["id"]


def test_a_password_that_is_too_long_is_refused_and_never_cut_short_by_the_browser(portal):
    """Cut short without a word, it would not be the one that a password manager has stored."""
    browser = portal.browser()
    assert int(browser.get("/signup").soup.find("input", id="password")["maxlength"]) == 1024
    assert "at most 128" in str(portal.sign_up(browser, password="x7Zq " * 30).errors["password"])


# --- who is there already


def test_open_says_that_an_address_is_taken(portal):
    portal.sign_up()
    page = portal.sign_up(contact_email="JANE@acme.example.com", password=OTHER_PASSWORD)
    assert page.status == 422
    assert set(page.errors) == {"contact_email"}
    assert len(portal.rows(Person)) == 1


@pytest.mark.parametrize("htmx", [False, True])
def test_verified_tells_nobody_whether_an_address_is_known(verified, htmx):
    first = verified.browser()
    verified.sign_up(first)
    first.submit(first.get(verified.link(JANE, "verify")), "Confirm")
    browsers = [verified.browser(), verified.browser()]
    known = verified.sign_up(browsers[0], htmx=htmx, name="Evil", password=OTHER_PASSWORD)
    unknown = verified.sign_up(
        browsers[1], htmx=htmx, contact_email="new@acme.example.com", password=OTHER_PASSWORD
    )
    assert known.status == unknown.status
    assert known.response.data == unknown.response.data
    assert _comparable(known) == _comparable(unknown)
    assert browsers[0].cookies == browsers[1].cookies
    assert browsers[0].follow(known).text == browsers[1].follow(unknown).text
    assert verified.mails(JANE)[0]["subject"] == "You already have an account"
    assert not [link for link in verified.mails(JANE)[0]["links"] if "/verify/" in link]
    assert verified.mails("new@acme.example.com")[0]["subject"] == "Confirm your e-mail address"


def _comparable(page):
    headers = {name: value for name, value in page.response.headers if name not in ("Date", "Set-Cookie")}
    cookie = page.response.headers.get("Set-Cookie", "")
    return headers, cookie.partition("=")[0], cookie.partition(";")[2], len(cookie)


@pytest.mark.parametrize(
    "step", ["ready", "creating_account", "needs_details", "needs_proof", "waiting_for_approval"]
)
def test_a_live_account_is_never_overwritten(portal, make_portal, step):
    """Not even one whose address was never proven, under a policy that did not ask."""
    portal.sign_up()
    portal.sql("UPDATE provisioning SET step = :step", step=step)
    before = (portal.one(Person), portal.one(Account))
    verified = make_portal(signup_policy="verified")
    assert verified.sign_up(name="Evil", password=OTHER_PASSWORD).goes_to == "/signup/sent"
    assert (portal.one(Person), portal.one(Account)) == before
    portal.log_in(JANE)


def test_staff_cannot_be_overwritten(verified):
    verified.staff(StaffRole.ADMIN, "boss@reseller.example.com")
    verified.sign_up(contact_email="boss@reseller.example.com", password=OTHER_PASSWORD)
    verified.log_in("boss@reseller.example.com")
    assert verified.rows(Account) == []


# --- somebody signs up with an address that is not theirs


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
    """ "Not your password? Reset it": the reset proves the address, so the set-up must go on."""
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


# --- two at once


@both_databases
@pytest.mark.parametrize("policy", ["open", "verified"])
def test_the_same_address_twice_at_the_same_moment(make_portal, policy):
    portal = make_portal(signup_policy=policy)
    browsers = [portal.browser() for _ in range(4)]
    forms = [browser.get("/signup") for browser in browsers]
    answers: list[int] = []
    barrier = threading.Barrier(len(browsers))

    def send(browser, form):
        barrier.wait(10)
        fields = {**DETAILS, "password": PASSWORD}
        answers.append(browser.submit(form, "Create account", **fields).status)

    threads = [threading.Thread(target=send, args=pair) for pair in zip(browsers, forms, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
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


# --- confirming


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
    logged_in.submit(logged_in.get(f"/accounts/{account}/setup"), "Send the mail again")
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
        assert "does not work any more" in page.text


def test_two_clicks_at_once_confirm_once(verified):
    browser = verified.browser()
    verified.sign_up(browser)
    link = verified.link(JANE, "verify")
    other = verified.log_in(JANE)
    pages = [(browser, browser.get(link)), (other, other.get(link))]
    statuses = []
    threads = [
        threading.Thread(target=lambda b=b, p=p: statuses.append(b.submit(p, "Confirm").goes_to)) for b, p in pages
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted("verify" in goal for goal in statuses) == [False, True]


# --- correcting before the set-up goes on


def test_a_mistyped_address_is_corrected_and_proven_anew(verified):
    browser = verified.browser()
    verified.sign_up(browser, contact_email="jane@acne.example.com")
    old_link = verified.link("jane@acne.example.com", "verify")
    browser = verified.log_in("jane@acne.example.com")
    account = verified.one(Account).id
    details = browser.get(f"/accounts/{account}/setup/details")
    assert details.values()["name"] == "Acme Corp"
    page = browser.submit(details, contact_email=JANE)
    assert page.goes_to == f"/accounts/{account}/setup"
    assert JANE in browser.follow(page).text
    assert browser.get(old_link).status == 410
    verified.settle()
    assert verified.accounts_at_connexease() == []
    browser.submit(browser.get(verified.link(JANE, "verify")), "Confirm")
    verified.work()
    assert [each["contact_email"] for each in verified.accounts_at_connexease()] == [JANE]


def refused(portal):
    """An account whose details Connexease refused, with a second owner; the page of details as that one sees it."""
    portal.control.fault("status", "/accounts/", "POST", status=400, body={"name": ["Not this one."]})
    _jane, account_id = portal.newcomer()
    portal.work()
    assert portal.set_up().step == "needs_details"
    bob = portal.member(account_id, BOB, Role.OWNER)
    return bob, bob.get(f"/accounts/{account_id}/setup/details")


def test_another_owner_corrects_what_was_refused_and_keeps_their_own_login(portal):
    bob, details = refused(portal)
    page = bob.submit(details, name="Corrected Ltd", contact_name="Janet")
    assert page.status == 303, page.text
    portal.settle()
    assert [each["name"] for each in portal.accounts_at_connexease()] == ["Corrected Ltd"]
    assert portal.person(BOB).first_name == ""
    assert portal.person(JANE).first_name == "Jane", "nobody writes another's name"
    assert portal.account(JANE).contact_name == "Janet"


def test_another_owner_enters_their_own_address_or_leaves_the_one_that_was_there(portal):
    bob, details = refused(portal)
    page = bob.submit(details, contact_email="somebody@acme.example.com")
    assert page.status == 422
    assert "enter your own: bob@acme.example.com" in page.errors["contact_email"]
    assert portal.person(BOB).email == BOB
    assert bob.submit(details, contact_email=BOB).status == 303
    portal.settle()
    assert [each["contact_email"] for each in portal.accounts_at_connexease()] == [BOB]
    assert portal.person(JANE).email == JANE


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_details_are_not_changed_under_a_call_that_somebody_else_has_just_let_begin(portal):
    bob, details = refused(portal)
    with meanwhile(
        portal,
        lambda: bob.submit(details, name="Too late"),
        "UPDATE provisioning SET step = 'creating_account'",
    ) as page:
        assert page.status == 422
        assert "can no longer be changed" in page.text
    assert portal.account(JANE).name == "Acme Corp"


def test_an_address_that_was_proven_is_proven_anew_when_it_changes(verified):
    browser = verified.browser()
    verified.control.fault("status", "/accounts/", "POST", status=400, body={"contact_email": ["Not this one."]})
    verified.sign_up(browser)
    browser.submit(browser.get(verified.link(JANE, "verify")), "Confirm")
    verified.work()
    assert verified.set_up().step == "needs_details"
    account = verified.one(Account).id
    details = browser.get(f"/accounts/{account}/setup/details")
    assert "Not this one." in details.errors["contact_email"]
    browser.submit(details, contact_email="new@acme.example.com")
    verified.settle()
    assert verified.set_up().step == "waiting_for_email"
    assert verified.accounts_at_connexease() == []
    browser.submit(browser.get(verified.link("new@acme.example.com", "verify")), "Confirm")
    verified.work()
    assert verified.set_up().step == "ready"


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
