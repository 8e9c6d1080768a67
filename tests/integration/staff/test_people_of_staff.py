"""The reseller's own people: invited, given roles, switched off, and an admin who always stays."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest

from portal.db.engine import writing
from portal.errors import DomainError
from portal.extensions import session
from portal.models import AuditEntry, Authenticator, LoginSession, Person, StaffRole
from portal.staff.people import staff_members
from tests.support.application.browser import Browser, Page
from tests.support.application.portal import DETAILS, PASSWORD, Portal
from tests.support.suite.marks import both_databases, both_databases_and_with_htmx
from tests.support.suite.patience import patient

JANE = DETAILS["contact_email"]
ADMIN = "admin@reseller.example.com"
SAM = "sam@reseller.example.com"
ROOT = "/staff/people/"


@pytest.fixture
def admin(portal: Portal) -> Browser:
    return portal.staff(StaffRole.ADMIN)


def one(portal: Portal, email: str) -> str:
    return f"{ROOT}{portal.person(email).id}"


def invite(browser: Browser, email: str = SAM, role: str = "support", htmx: bool = False) -> Page:
    token = browser.get(ROOT).values("Send invitation")["csrf_token"]
    fields = {"csrf_token": token, "email": email, "role": role}
    return browser.send("POST", f"{ROOT}invitations", data=fields, htmx=htmx)


@both_databases_and_with_htmx
def test_a_colleague_is_invited_and_sets_an_app_up_first(portal: Portal, admin: Browser, htmx: bool) -> None:
    assert invite(admin, htmx=htmx).goes_to == ROOT
    assert "emailed an invitation to sam@reseller.example.com" in admin.get(ROOT).text
    link = portal.link(SAM, "invitations")
    browser = portal.browser()
    page = browser.get(link)
    assert "to join as Support (helps customers, but can't see keys" in page.text
    typed = {"first_name": "Sam", "last_name": "Oz", "password": PASSWORD}
    assert set(browser.submit(page, "Join", htmx=htmx, time_zone="Mars", **typed).errors) == {"time_zone"}
    done = browser.submit(page, "Join", htmx=htmx, time_zone="Europe/Istanbul", **typed)
    assert done.goes_to.startswith("/login/app")
    assert portal.person(SAM).time_zone == "Europe/Istanbul"
    assert browser.get("/staff/").goes_to.startswith("/login")
    assert portal.person(SAM).staff_role == StaffRole.SUPPORT
    portal.enrol(SAM)
    support = portal.log_in(SAM)
    assert support.get("/staff/").status == 200
    assert support.get(one(portal, SAM)).status == 403
    assert support.post(f"{ROOT}invitations", {"email": "x@reseller.example.com", "role": "admin"}).status == 403
    page = support.get(ROOT)
    assert "Sam Oz" in page.text
    assert "Invite a colleague" not in page.text


def test_a_customers_login_that_joins_the_staff_logs_in_anew_with_an_app(portal: Portal, admin: Browser) -> None:
    jane, _account = portal.customer()
    elsewhere = portal.log_in(JANE)
    invite(admin, JANE, "read_only")
    done = jane.submit(jane.get(portal.link(JANE, "invitations")), "Accept as")
    assert done.goes_to.startswith("/login/app")
    assert jane.get("/accounts/").goes_to.startswith("/login")
    assert elsewhere.get("/accounts/").goes_to.startswith("/login"), "no session without a code is left"


@pytest.mark.parametrize("htmx", [False, True])
def test_switching_somebody_off_ends_their_sessions_at_once(portal: Portal, admin: Browser, htmx: bool) -> None:
    support = portal.staff(StaffRole.SUPPORT, SAM)
    assert support.get("/staff/").status == 200
    assert admin.post(f"{one(portal, SAM)}/off", htmx=htmx).goes_to == one(portal, SAM)
    assert "was switched off" in admin.get(one(portal, SAM)).text
    assert support.get("/staff/").goes_to.startswith("/login")
    browser = portal.browser()
    typed = {"email": SAM, "password": PASSWORD}
    assert browser.submit(browser.get("/login"), "Log in", **typed).status == 422
    admin.post(f"{one(portal, SAM)}/on", htmx=htmx)
    assert support.get("/staff/").goes_to.startswith("/login"), "the old session stays ended"
    portal.log_in(SAM)


@pytest.mark.parametrize("htmx", [False, True])
def test_roles_are_changed_and_count_at_once(portal: Portal, admin: Browser, htmx: bool) -> None:
    support = portal.staff(StaffRole.SUPPORT, SAM)
    assert admin.post(f"{one(portal, SAM)}/role", {"role": "king"}, htmx=htmx).status == 422
    assert admin.post(f"{one(portal, SAM)}/role", {"role": "read_only"}, htmx=htmx).goes_to == one(portal, SAM)
    assert support.post("/staff/accounts/refresh").status == 403
    entry = next(entry for entry in portal.rows(AuditEntry) if entry.action == "staff.role_changed")
    assert (entry.actor, entry.details) == (ADMIN, {"before": "support", "role": "read_only"})


def test_a_colleague_is_removed(portal: Portal, admin: Browser) -> None:
    support = portal.staff(StaffRole.SUPPORT, SAM)
    person = one(portal, SAM)
    assert admin.post(f"{person}/remove").goes_to == ROOT
    assert support.get("/staff/").goes_to.startswith("/login")
    assert admin.get(person).status == 404
    assert portal.log_in(SAM).get("/staff/").status == 404


def test_who_was_switched_off_and_removed_keeps_a_login_and_can_come_back(portal: Portal, admin: Browser) -> None:
    """Nobody could switch it on any more, and a reset of the password mails nothing to who is switched off."""
    portal.staff(StaffRole.SUPPORT, SAM)
    person = one(portal, SAM)
    admin.post(f"{person}/off")
    admin.post(f"{person}/remove")
    sam = portal.log_in(SAM)
    assert sam.get("/staff/").status == 404
    invite(admin, SAM)
    assert sam.submit(sam.get(portal.link(SAM, "invitations")), "Accept as").goes_to.startswith("/login/code")


def test_an_admin_sees_and_ends_sessions(portal: Portal, admin: Browser) -> None:
    support = portal.staff(StaffRole.SUPPORT, SAM)
    portal.log_in(SAM, browser=portal.browser("192.0.2.5"))
    page = admin.get(one(portal, SAM))
    form = next(form for form in page.select(".sessions form") if "192.0.2.5" in form.text_content())
    admin.post(form.attrib["action"])
    assert support.get("/staff/").status == 200
    admin.post(f"{one(portal, SAM)}/sessions/end")
    assert support.get("/staff/").goes_to.startswith("/login")
    admin.post(f"{one(portal, ADMIN)}/sessions/end")
    assert admin.get("/staff/").status == 200, "one's own session goes on"
    assert len(portal.rows(LoginSession)) == 1


def test_a_lost_app_is_reset_by_an_admin_who_shows_who_they_are(portal: Portal, admin: Browser) -> None:
    support = portal.staff(StaffRole.SUPPORT, SAM)
    page = admin.get(f"{one(portal, SAM)}/app")
    assert set(admin.submit(page, "Reset app", password=PASSWORD).errors) == {"code"}
    code = portal.code(ADMIN)
    assert admin.submit(page, "Reset app", password=PASSWORD, code=code).goes_to == one(portal, SAM)
    assert len(portal.rows(Authenticator)) == 1
    assert support.get("/staff/").goes_to.startswith("/login")
    assert "was reset" in portal.mails(SAM)[0]["subject"]
    entry = next(entry for entry in portal.rows(AuditEntry) if entry.action == "person.totp_reset")
    assert (entry.actor, entry.target) == (ADMIN, SAM)
    own = admin.post(f"{one(portal, ADMIN)}/app", {"password": PASSWORD})
    assert "in your profile" in own.text
    assert len(portal.rows(Authenticator)) == 1


@pytest.mark.parametrize("htmx", [False, True])
def test_the_last_admin_stays(portal: Portal, admin: Browser, htmx: bool) -> None:
    words = "The staff needs at least one admin who can log in."
    person = one(portal, ADMIN)
    assert words in admin.post(f"{person}/role", {"role": "support"}, htmx=htmx).text
    for what in ("off", "remove"):
        assert words in admin.get(admin.post(f"{person}/{what}", htmx=htmx).goes_to).text
    portal.staff(StaffRole.ADMIN, SAM)
    portal.sql("UPDATE person SET is_enabled = :no WHERE email = :email", no=False, email=SAM)
    assert words in admin.get(admin.post(f"{person}/off", htmx=htmx).goes_to).text, "who cannot log in is none"
    admin.post(f"{one(portal, SAM)}/on")
    assert admin.post(f"{person}/role", {"role": "support"}, htmx=htmx).goes_to == ROOT
    assert admin.get(person).status == 403


@both_databases
@pytest.mark.parametrize("act", ["switch_off", "remove", "demote"])
def test_of_two_admins_who_go_at_once_one_stays(portal: Portal, admin: Browser, act: str) -> None:
    portal.staff(StaffRole.ADMIN, SAM)
    ids = [portal.person(email).id for email in (ADMIN, SAM)]
    start = Barrier(2, timeout=patient(30))

    def go(person_id: UUID) -> str:
        with portal.app.app_context(), writing():
            actor = session().get_one(Person, person_id)
            session().commit()
            start.wait()
            try:
                if act == "demote":
                    staff_members.change_role(actor, person_id, StaffRole.READ_ONLY)
                else:
                    getattr(staff_members, act)(actor, person_id)
            except DomainError:
                return "refused"
            return "gone"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(go, ids)) == ["gone", "refused"]
    left = [p for p in portal.rows(Person) if p.staff_role == StaffRole.ADMIN and p.is_enabled]
    assert len(left) == 1


def test_what_is_refused(portal: Portal, admin: Browser) -> None:
    assert "already belongs to a member of the staff" in invite(admin, ADMIN).errors["email"]
    assert invite(admin, role="king").status == 422
    invite(admin)
    assert "already has an invitation" in invite(admin).errors["email"]
    portal.customer()
    assert admin.get(one(portal, JANE)).status == 404, "a customer is none of the staff"
    assert admin.post(f"{one(portal, JANE)}/off").goes_to
    assert portal.person(JANE).is_enabled


def test_an_account_does_not_reach_the_staffs_invitations(portal: Portal, admin: Browser) -> None:
    invite(admin)
    owner, account_id = portal.customer()
    from portal.models import Invitation  # noqa: PLC0415

    row = portal.one(Invitation)
    owner.post(f"/accounts/{account_id}/settings/invitations/{row.id}/withdraw")
    assert portal.one(Invitation).withdrawn_at is None


def test_who_belongs_to_an_account_as_well_is_led_to_both(portal: Portal, admin: Browser) -> None:
    _jane, account_id = portal.customer()

    def led_to(path: str) -> dict[str, bool]:
        links = admin.open(path).select(".site-nav > a")
        return {link.attrib["href"]: "aria-current" in link.attrib for link in links}

    assert set(led_to("/staff/")) == {"/staff/", "/staff/accounts/"}
    customers = f"/accounts/{account_id}/"
    assert led_to(customers) == {"/staff/": False, "/staff/accounts/": True}
    mine = portal.customer(contact_email="other@tenant.example.com", name="Other Ltd")[1]
    portal.sql(
        "INSERT INTO membership (person_id, account_id, role, created_at)"
        " SELECT person.id, account.id, 'member', person.created_at FROM person, account"
        " WHERE person.email = :email AND account.name = 'Other Ltd'",
        email=ADMIN,
    )
    for path, current in (
        ("/staff/", "/staff/"),
        ("/staff/accounts/", "/staff/accounts/"),
        (customers, "/staff/accounts/"),
        (f"/accounts/{mine}/", "/accounts/"),
    ):
        found = led_to(path)
        assert set(found) == {"/staff/", "/staff/accounts/", "/accounts/"}
        assert [href for href, is_current in found.items() if is_current] == [current]
