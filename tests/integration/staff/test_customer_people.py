"""An admin helps somebody of a customer's who lost their authenticator app."""

from portal.extensions import session
from portal.models import AuditEntry, Authenticator, Membership, RecoveryCode, Role, StaffRole
from tests.support.application.portal import DETAILS, PASSWORD
from tests.support.suite.marks import both_databases

JANE = DETAILS["contact_email"]
ADMIN = "admin@reseller.example.com"


def link(page):
    return page.select_one("main a[href$='/app']")


@both_databases
def test_a_customers_lost_app_is_reset_told_and_in_the_history_of_each_of_their_accounts(portal):
    _owner, account_id = portal.customer()
    _other, other_id = portal.customer(contact_email="other@tenant.example.com", name="Other Ltd")
    jane = portal.person(JANE)
    with portal.app.app_context():
        session().add(Membership(person_id=jane.id, account_id=other_id, role=Role.MEMBER))
        session().commit()
    portal.enrol(JANE)
    browser = portal.log_in(JANE)
    admin = portal.staff(StaffRole.ADMIN, ADMIN)
    page = admin.get(f"/staff/accounts/{account_id}")
    address = link(page).attrib["href"]
    asked = admin.get(address)
    assert f"({JANE})" in asked.text
    assert set(admin.submit(asked, "Reset app", password="wrong", code="1").errors) == {"password"}
    assert len(portal.rows(Authenticator)) == 2
    done = admin.submit(asked, "Reset app", password=PASSWORD, code=portal.code(ADMIN))
    assert done.goes_to == f"/staff/accounts/{account_id}"
    assert "log in with their password alone" in admin.get(done.goes_to).text
    assert link(admin.get(done.goes_to)) is None
    assert [row.person_id for row in portal.rows(Authenticator)] == [portal.person(ADMIN).id]
    assert not [row for row in portal.rows(RecoveryCode) if row.person_id == jane.id]
    assert browser.get(f"/accounts/{account_id}/").goes_to.startswith("/login")
    assert "was reset" in portal.mails(JANE)[0]["subject"]
    entries = [row for row in portal.rows(AuditEntry) if row.action == "person.totp_reset"]
    assert {row.account_id for row in entries} == {account_id, other_id}
    again = portal.log_in(JANE)
    assert (
        f"Reseller portal ({ADMIN}) reset the authenticator app of {JANE}"
        in again.get(f"/accounts/{account_id}/").text
    )
    assert admin.get(address).status == 404


def test_colleagues_are_helped_elsewhere_and_support_sees_no_link(portal):
    _owner, account_id = portal.customer()
    support, page = portal.staff(StaffRole.SUPPORT), f"/staff/accounts/{account_id}"
    portal.enrol(JANE)
    assert "Authenticator app" in support.get(page).text
    assert link(support.get(page)) is None
    admin, jane = portal.staff(StaffRole.ADMIN, ADMIN), portal.person(JANE)
    assert link(admin.get(page)) is not None
    portal.sql("UPDATE person SET staff_role = 'support' WHERE email = :email", email=JANE)
    assert link(admin.get(page)) is None
    assert admin.get(f"{page}/people/{jane.id}/app").status == 404
    assert admin.post(f"{page}/people/{portal.person(ADMIN).id}/app").status == 404
