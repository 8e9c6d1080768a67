"""Staff look at customers' accounts and help, within limits that the customer can see."""

import json
from uuid import UUID

import pytest

from portal.models import AuditEntry, Delivery, Role, StaffRole
from portal.sandbox.client import SandboxControl
from tests.support.application.portal import Portal

WORD = "plantedmessageword"


@pytest.fixture
def account(portal: Portal, control: SandboxControl) -> str:
    _browser, account_id = portal.customer()
    uuid = control.accounts()[0]["uuid"]
    control.create_channel(uuid, name="Main line")
    hook = portal.control.webhooks(uuid)[0]
    portal.browser().client.post(
        hook["callback_url"].removeprefix("http://localhost"),
        data=json.dumps({"hook": "message.created", "payload": {"text": WORD}}),
        headers=hook["headers"],
    )
    portal.work()
    return f"/accounts/{account_id}/"


def test_support_sees_and_changes_webhooks_and_the_customer_is_told(portal: Portal, account: str) -> None:
    support = portal.staff(StaffRole.SUPPORT)
    page = support.get(f"{account}webhooks/new")
    assert "account as staff" in page.text
    back = page.select_one("a", text="Back to the account's staff page")
    assert back is not None
    assert "Acme Corp" in support.get(back.attrib["href"]).text
    fields = {
        "intent": page.values("Save webhook")["intent"],
        "callback_url": "https://helped.example.com/",
        "triggers": ["agent.status_changed"],
        "is_active": "y",
    }
    assert support.post(f"{account}webhooks/new", fields).status == 303
    entry = next(entry for entry in portal.rows(AuditEntry) if entry.action == "webhook.created")
    assert entry.details["as_staff"] is True
    owner = portal.log_in("jane@acme.example.com")
    assert (
        "Reseller portal (support@reseller.example.com) created the webhook to helped" in owner.get(account).text
    )


def test_staff_who_belong_to_an_account_are_its_own_people_there(portal: Portal, account: str) -> None:
    email = "both@acme.example.com"
    both = portal.member(UUID(account.split("/")[2]), email, Role.OWNER)
    portal.sql("UPDATE person SET staff_role = 'support' WHERE email = :email", email=email)
    settings = both.get(f"{account}settings/")
    fields = {"csrf_token": settings.values("Send invitation")["csrf_token"], "email": "d@acme.example.com"}
    both.post(f"{account}settings/invitations", fields | {"role": "operator"})
    assert both.submit(both.get(f"{account}settings/"), "Leave account").status == 303
    done = [entry for entry in portal.rows(AuditEntry) if entry.actor == email and entry.account_id]
    assert [entry.action for entry in done] == ["member.invited", "member.left"]
    assert not any("as_staff" in entry.details for entry in done)
    assert "Reseller portal (both@" not in portal.log_in("jane@acme.example.com").get(account).text


def test_read_only_looks_and_changes_nothing(portal: Portal, account: str) -> None:
    reader = portal.staff(StaffRole.READ_ONLY)
    assert reader.get(f"{account}webhooks/").status == 200
    assert reader.post(f"{account}channels/refresh").status == 403


@pytest.mark.parametrize("role", list(StaffRole))
def test_staff_never_read_what_customers_receive(portal: Portal, account: str, role: StaffRole) -> None:
    staff = portal.staff(role)
    delivery = portal.one(Delivery)
    page = staff.get(f"{account}events/{delivery.id}")
    assert "Staff can't." in page.text
    assert WORD not in page.response.text
    found = staff.get(f"{account}events/?q={WORD}")
    nothing = staff.get(f"{account}events/?q=notthere")
    assert found.text == nothing.text
    owner = portal.log_in("jane@acme.example.com")
    assert WORD in owner.get(f"{account}events/{delivery.id}").text


def test_staff_find_accounts_by_name_address_and_uuid(
    portal: Portal, account: str, control: SandboxControl
) -> None:
    portal.customer(name="100% Other_Ltd", contact_email="o@other.example.com")
    support = portal.staff(StaffRole.SUPPORT)
    uuid = next(row["uuid"] for row in control.accounts() if row["name"] == "Acme Corp")
    for wanted in ("acme", "JANE@ACME", uuid, account.split("/")[2]):
        page = support.get("/staff/accounts/", query_string={"q": wanted})
        assert "Acme Corp" in page.text
        assert "Other_Ltd" not in page.text
    assert "100% Other_Ltd" in support.get("/staff/accounts/", query_string={"q": "100%"}).text
    assert "No account matches" in support.get("/staff/accounts/", query_string={"q": "1_0%"}).text
