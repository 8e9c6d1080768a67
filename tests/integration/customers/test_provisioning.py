"""Setting an account up at Connexease, whatever goes wrong: one account, one webhook, and a named state."""

from datetime import timedelta
from uuid import UUID

import pytest
import requests

from portal.customers.provisioning import state_machine
from portal.extensions import session
from portal.models import Account, AuditEntry, Membership, Person, PortalWebhook, Role, now
from tests.support.application.portal import DETAILS, PASSWORD
from tests.support.suite.concurrent import at_once
from tests.support.suite.marks import both_databases

JANE = DETAILS["contact_email"]
ACCOUNTS = "^/accounts/$"
WEBHOOKS = "^/accounts/[^/]+/webhooks/$"
HTML = {"Content-Type": "text/html"}

pytestmark = pytest.mark.usefixtures("no_transaction_during_a_call")

FAULTS = [
    ("timeout_before", {}, "unknown_outcome", "unreachable"),
    ("timeout_after", {}, "unknown_outcome", "unreachable"),
    ("reset_before", {}, "unknown_outcome", "unreachable"),
    ("reset_after", {}, "unknown_outcome", "unreachable"),
    ("status", {"status": 401}, "not_allowed", "not_allowed"),
    ("status", {"status": 403}, "not_allowed", "not_allowed"),
    ("status", {"status": 404}, "unexpected", "unexpected"),
    ("status", {"status": 429, "headers": {"Retry-After": "77"}}, "busy", "busy"),
    ("status", {"status": 429}, "busy", "busy"),
    ("status", {"status": 500}, "unknown_outcome", "unreachable"),
    ("status", {"status": 503, "after": True}, "unknown_outcome", "unreachable"),
    ("html", {}, "unknown_outcome", "unreachable"),
    ("html", {"status": 200}, "unknown_outcome", "unexpected"),
    ("truncated", {}, "unknown_outcome", "unexpected"),
    ("truncated", {"length": "cut"}, "unknown_outcome", "unexpected"),
    ("empty", {}, "unknown_outcome", "unexpected"),
]
IDS = ["-".join([kind, *map(str, more.values())])[:40] for kind, more, _, _ in FAULTS]


@pytest.mark.parametrize(("kind", "more", "problem", "_read"), FAULTS, ids=IDS)
@pytest.mark.parametrize("path", [ACCOUNTS, WEBHOOKS], ids=["account", "webhook"])
def test_trouble_when_something_is_made(portal, path, kind, more, problem, _read):
    portal.control.fault(kind, path, "POST", **more)
    browser = portal.browser()
    portal.sign_up(browser)
    portal.work()
    row = portal.set_up()
    assert row.step == ("creating_account" if path == ACCOUNTS else "registering_webhook")
    assert row.problem == problem
    assert row.attempts == 1
    assert row.claimed_until is None
    wait = (row.next_attempt_at - row.updated_at).total_seconds()
    assert (70 < wait < 78) if "headers" in more else (0 < wait < 4)
    page = browser.get(f"/accounts/{row.account_id}/setup")
    assert "We'll keep trying" in page.text
    assert page.select_one("[data-poll]") is not None
    portal.settle()
    portal.is_set_up_once()


@pytest.mark.parametrize(("kind", "more", "_written", "problem"), FAULTS, ids=IDS)
def test_trouble_when_looking_whether_the_account_exists(portal, kind, more, _written, problem):
    portal.control.fault(kind, ACCOUNTS, "GET", times=None, **more)
    portal.sign_up()
    portal.work()
    assert portal.set_up().step == "creating_account"
    assert portal.set_up().problem == problem
    assert portal.accounts_at_connexease() == []
    portal.control.clear_faults()
    portal.settle()
    portal.is_set_up_once()


@pytest.mark.parametrize(("kind", "more", "_written", "_problem"), FAULTS[1::3], ids=IDS[1::3])
@pytest.mark.parametrize("path", [ACCOUNTS, WEBHOOKS], ids=["account", "webhook"])
def test_trouble_when_finding_out_what_became_of_a_call(portal, path, kind, more, _written, _problem):
    portal.control.fault("timeout_after", path, "POST")
    portal.control.fault(kind, path, "GET", times=3, skip=1 if path == ACCOUNTS else 0, **more)
    portal.sign_up()
    portal.settle(rounds=8)
    portal.control.clear_faults()
    portal.settle(rounds=2)
    portal.is_set_up_once()


@both_databases
@pytest.mark.parametrize("policy", ["open", "verified"])
def test_an_account_that_was_made_without_an_answer_is_found(make_portal, policy):
    portal = make_portal(signup_policy=policy)
    portal.control.fault("timeout_after", ACCOUNTS, "POST")
    browser = portal.browser()
    portal.sign_up(browser)
    if policy == "verified":
        browser.submit(browser.get(portal.link(JANE, "verify")), "Confirm")
    portal.work()
    assert portal.set_up().step == "creating_account"
    assert portal.set_up().call_started_at is not None
    portal.settle()
    portal.is_set_up_once()
    assert len(portal.control.requests("POST", "/accounts/")) == 1


def test_the_account_is_found_on_a_later_page(portal):
    for number in range(5):
        portal.control.create_account(f"other{number}@example.com")
    portal.control.fault("reset_after", ACCOUNTS, "POST")
    portal.sign_up()
    portal.settle()
    portal.is_set_up_once()


def test_a_webhook_that_was_made_without_an_answer_is_found_and_set_right(portal):
    portal.control.fault("timeout_after", WEBHOOKS, "POST")
    portal.sign_up()
    portal.work()
    assert portal.set_up().step == "registering_webhook"
    assert len(portal.control.webhooks()) == 1
    portal.settle()
    portal.is_set_up_once()


def test_delays_grow_and_end_at_a_quarter_of_an_hour(portal):
    portal.control.fault("status", ACCOUNTS, "GET", status=403, times=None)  # which is not asked again at once
    portal.sign_up()
    waits = []
    for _ in range(13):
        portal.sweep()
        portal.work()
        row = portal.set_up()
        waits.append((row.next_attempt_at - row.updated_at).total_seconds())
        portal.let_time_pass()
    assert portal.set_up().attempts == 13
    for number, wait in enumerate(waits):
        planned = min(2 * 2**number, 900)
        assert 0.7 * planned <= wait <= 1.3 * planned, (number, wait)
    portal.control.clear_faults()
    portal.settle()
    portal.is_set_up_once()


def test_a_try_that_is_due_is_announced_for_now_and_not_as_something_past(portal):
    portal.control.fault("status", ACCOUNTS, "GET", status=403, times=None)
    browser = portal.browser()
    portal.sign_up(browser)
    portal.work()
    setup = f"/accounts/{portal.set_up().account_id}/setup"
    portal.sql("UPDATE provisioning SET next_attempt_at = :t", t=now() + timedelta(minutes=3))
    assert "Next attempt: in 3 minutes." in browser.get(setup).text.replace(" .", ".")
    portal.sql("UPDATE provisioning SET next_attempt_at = :t", t=now())
    assert "Next attempt: now." in browser.get(setup).text.replace(" .", ".")


@pytest.mark.parametrize(("method", "status"), [("POST", 429), ("GET", 503)])
def test_nothing_is_tried_before_its_time(portal, method, status):
    portal.control.fault("status", ACCOUNTS, method, status=status, headers={"Retry-After": "600"})
    portal.sign_up()
    portal.work()
    assert portal.set_up().next_attempt_at > now() + timedelta(minutes=9)
    portal.control.clear_requests()
    for _ in range(3):
        portal.sweep()
        portal.work()
        portal.run(state_machine.advance, portal.set_up().account_id)
    assert portal.control.requests() == []


def test_a_page_takes_the_set_up_on_when_no_worker_does(portal):
    browser = portal.browser()
    page = portal.sign_up(browser)
    assert portal.set_up().step == "creating_account"
    waiting = browser.get(page.goes_to)
    assert waiting.status == 200
    assert portal.accounts_at_connexease() == [], "the worker gets a moment first"
    portal.let_time_pass()
    assert browser.get(page.goes_to).goes_to.endswith(f"/accounts/{portal.one(Account).id}/")
    portal.is_set_up_once()


# --- refused, corrected


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"name": ["This name is not allowed."]}, "name", "This name is not allowed."),
        ({"time_zone": ["Not a zone of ours."]}, "time_zone", "Not a zone of ours."),
        ({"contact_phone_number": ["No."]}, "contact_phone_number", "No."),
        ({"detail": "The reseller has too many accounts."}, None, "The reseller has too many accounts."),
        ({"non_field_errors": ["Both are odd."]}, None, "Both are odd."),
        ("plain words", None, "plain words"),
        ({"vat_number": ["This field is required."]}, None, "This field is required."),
    ],
)
@pytest.mark.parametrize("htmx", [False, True])
def test_a_refusal_lands_at_its_field_and_can_be_corrected(portal, htmx, body, field, words):
    portal.control.fault("status", ACCOUNTS, "POST", status=400, body=body)
    browser = portal.browser()
    portal.sign_up(browser, contact_phone_number="0532 123 45 67")
    portal.work()
    row = portal.set_up()
    assert (row.step, row.problem) == ("needs_details", "refused")
    assert row.call_started_at is None
    state = browser.get(f"/accounts/{row.account_id}/setup")
    assert words in state.text
    assert state.select_one("[data-poll]") is None
    details = browser.get(f"/accounts/{row.account_id}/setup/details")
    assert words in details.text
    if field:
        assert words in details.errors[field]
    assert details.values()["contact_phone_number"] == "+905321234567"
    portal.settle()
    assert portal.accounts_at_connexease() == [], "nothing is repeated before it was corrected"
    bad = browser.submit(details, htmx=htmx, name="")
    assert bad.status == 422
    assert set(bad.errors) == {"name"}
    done = browser.submit(details, htmx=htmx, name="Corrected Ltd")
    assert done.goes_to == f"/accounts/{row.account_id}/setup"
    portal.work()
    portal.is_set_up_once()
    assert portal.accounts_at_connexease()[0]["name"] == "Corrected Ltd"
    late = browser.submit(details, name="Too late")
    assert late.status == 422
    assert "can't be changed here" in late.text


def test_details_cannot_change_while_a_call_may_be_under_way(portal):
    portal.control.fault("timeout_after", ACCOUNTS, "POST")
    browser = portal.browser()
    portal.sign_up(browser)
    portal.work()
    account = portal.one(Account).id
    assert browser.get(f"/accounts/{account}/setup/details").goes_to == f"/accounts/{account}/setup"
    page = browser.post(f"/accounts/{account}/setup/details", {**DETAILS, "name": "Other"})
    assert page.status == 422
    portal.settle()
    portal.is_set_up_once()
    assert portal.accounts_at_connexease()[0]["name"] == "Acme Corp"


def test_a_correction_to_an_address_that_is_taken(portal):
    portal.control.fault("status", ACCOUNTS, "POST", status=400, body={"contact_email": ["Odd."]})
    browser = portal.browser()
    portal.sign_up(browser, contact_email="odd@acme.example.com")
    portal.work()
    portal.customer()
    account = portal.account("odd@acme.example.com").id
    page = browser.submit(browser.get(f"/accounts/{account}/setup/details"), contact_email=JANE.upper())
    assert page.status == 422
    assert set(page.errors) == {"contact_email"}


# --- whose account is it


@both_databases
@pytest.mark.parametrize("confirms", ["the browser that signed up", "another"])
def test_an_account_that_exists_is_never_handed_to_somebody_unproven(portal, confirms):
    existing = portal.control.create_account(JANE, name="Acme Corp")
    browser = portal.browser()
    portal.sign_up(browser)
    portal.work()
    assert portal.set_up().step == "needs_proof"
    assert portal.one(Account).connexease_uuid is None
    assert not portal.control.requests("POST", "/accounts/")
    page = browser.get(f"/accounts/{portal.one(Account).id}/setup")
    assert "An account with this address already exists" in page.text
    portal.settle()
    assert portal.set_up().step == "needs_proof"
    assert portal.one(Account).connexease_uuid is None
    typed = {}
    if confirms == "another":
        browser, typed = portal.browser(), {"password": PASSWORD}
    confirm = browser.get(portal.link(JANE, "verify"))
    assert ("password" in confirm.values()) is bool(typed)
    assert browser.submit(confirm, "Confirm", **typed).status == 303
    portal.work()
    portal.is_set_up_once()
    assert str(portal.one(Account).connexease_uuid) == existing["uuid"]


def test_an_account_that_exists_is_adopted_once_the_address_is_proven(verified):
    existing = verified.control.create_account(JANE.upper().replace("@ACME", "@acme"), name="Made by hand")
    browser = verified.browser()
    verified.sign_up(browser)
    browser.submit(browser.get(verified.link(JANE, "verify")), "Confirm")
    verified.work()
    assert verified.set_up().step == "ready"
    assert str(verified.one(Account).connexease_uuid) == existing["uuid"]
    assert len(verified.accounts_at_connexease()) == 1


def test_an_account_of_another_reseller_is_a_refusal(portal):
    """It is not in our list, and the address is in use all the same."""
    portal.control.create_account(JANE, foreign=True)
    portal.sign_up()
    portal.work()
    row = portal.set_up()
    assert (row.step, row.problem) == ("needs_details", "refused")
    assert "contact_email" in row.refused_fields["fields"]


@pytest.mark.parametrize("lookup", ["answers", "fails first"])
def test_an_account_that_appears_between_look_and_call_is_not_ours(portal, lookup):
    """Refused is certainly not done: whatever is found afterwards was made by somebody else, even when it
    bears the same name and the lookup had to be repeated."""
    taken = {"contact_email": ["account with this contact email already exists."]}
    portal.control.fault("status", ACCOUNTS, "POST", status=400, body=taken)
    if lookup == "fails first":
        portal.control.fault("status", ACCOUNTS, "GET", status=503, times=3, skip=1)
    portal.sign_up()
    send = requests.Session.send

    def before_the_refusal(self, request, **options):
        if request.method == "POST":
            portal.control.create_account(JANE, name="Acme Corp")
            requests.Session.send = send
        return send(self, request, **options)

    requests.Session.send = before_the_refusal
    try:
        portal.work()
    finally:
        requests.Session.send = send
    portal.settle()
    assert portal.set_up().step == "needs_proof"
    assert portal.one(Account).connexease_uuid is None


def test_a_lost_answer_does_not_make_an_account_of_another_name_ours(portal):
    """Our call never arrived; somebody else's did, in between."""
    portal.control.fault("timeout_before", ACCOUNTS, "POST")
    portal.sign_up()
    portal.work()
    portal.control.create_account(JANE, name="Somebody Else Ltd")
    portal.settle()
    assert portal.set_up().step == "needs_proof"


def test_an_address_is_proven_by_its_owner_and_by_no_other_member(verified):
    browser, other = verified.browser(), verified.browser()
    for visitor, email in ((browser, JANE), (other, "other@acme.example.com")):
        verified.sign_up(visitor, contact_email=email)
    colleague, account = verified.person("other@acme.example.com"), verified.account(JANE)
    with verified.app.app_context():
        session().add(Membership(person_id=colleague.id, account_id=account.id, role=Role.OWNER))
        session().commit()
    other.submit(other.get(verified.link("other@acme.example.com", "verify")), "Confirm")
    verified.settle()
    assert verified.set_up(JANE).step == "waiting_for_email"
    assert verified.set_up("other@acme.example.com").step == "ready"


def test_an_account_of_another_customer_of_ours_is_taken(verified):
    """Two logins may come to claim one address, such as after a change of address at Connexease."""
    browser, other = verified.browser(), verified.browser()
    for visitor, email in ((browser, JANE), (other, "other@acme.example.com")):
        verified.sign_up(visitor, contact_email=email)
    other.submit(other.get(verified.link("other@acme.example.com", "verify")), "Confirm")
    verified.work()
    existing = verified.account("other@acme.example.com").connexease_uuid
    # At Connexease the account now has the first one's address.
    core_account = next(iter(verified.control.accounts()))
    assert core_account["uuid"] == str(existing)
    _rename_at_connexease(verified, str(existing), JANE)
    browser.submit(browser.get(verified.link(JANE, "verify")), "Confirm")
    verified.settle()
    row = verified.set_up(JANE)
    assert (row.step, row.problem) == ("needs_details", "taken")
    assert "belongs to another account" in browser.get(f"/accounts/{row.account_id}/setup").text
    assert verified.account("other@acme.example.com").connexease_uuid == existing


def _rename_at_connexease(portal, uuid: str, email: str) -> None:
    portal.sandbox.core.state.accounts[uuid].contact_email = email


@pytest.fixture
def verified(make_portal, sandbox):
    portal = make_portal(signup_policy="verified")
    portal.sandbox = sandbox
    return portal


# --- the webhook


def test_the_secret_header_is_what_the_receiver_checks(portal):
    portal.customer()
    hook = portal.one(PortalWebhook)
    headers = portal.control.webhooks()[0]["headers"]
    path = f"/hooks/connexease/{hook.key}"
    assert portal.browser().client.post(path, data="{}", headers=headers).status_code == 200
    assert portal.browser().client.post(path, data="{}").status_code == 401


@pytest.mark.parametrize("ours_first", [False, True])
def test_a_foreign_webhook_that_holds_the_trigger(portal, ours_first):
    portal.sign_up()
    portal.control.fault("timeout_before" if not ours_first else "status", WEBHOOKS, "POST", status=429)
    portal.work()
    uuid = portal.accounts_at_connexease()[0]["uuid"]
    foreign = portal.control.create_webhook(uuid, "https://elsewhere.example.com/hook")
    portal.settle()
    assert portal.set_up().step == "ready"
    assert portal.one(PortalWebhook).held_elsewhere
    assert portal.one(PortalWebhook).connexease_uuid is None
    assert [hook["uuid"] for hook in portal.control.webhooks()] == [foreign["uuid"]]
    assert "webhook.held_elsewhere" in {entry.action for entry in portal.rows(AuditEntry)}
    browser = portal.log_in(JANE)
    page = browser.open("/accounts/")
    assert "Another webhook already receives" in page.text


def test_a_webhook_of_ours_that_was_switched_off_is_switched_on(portal):
    portal.control.fault("timeout_after", WEBHOOKS, "POST")
    portal.sign_up()
    portal.work()
    [hook] = portal.control.webhooks()
    core = portal.sandbox.core.state.webhooks[hook["uuid"]]
    core.is_active, core.headers = False, {"X-Portal-Secret": "old"}
    portal.settle()
    portal.is_set_up_once()


@pytest.fixture
def portal(make_portal, sandbox):
    portal = make_portal()
    portal.sandbox = sandbox
    return portal


# --- several at once, and after a crash


@both_databases
@pytest.mark.parametrize("fault", [None, "slow"])
def test_many_workers_do_it_once(portal, fault):
    if fault:
        portal.control.fault("slow", ACCOUNTS, "POST", seconds=0.2)
    portal.sign_up()
    account_id = portal.one(Account).id
    at_once(*[lambda: portal.run(state_machine.advance, account_id)] * 6)
    portal.settle()
    portal.is_set_up_once()
    assert len(portal.control.requests("POST", "/accounts/")) == 1
    assert len([call for call in portal.control.requests("POST") if "webhooks" in call["path"]]) == 1


def test_a_claim_is_left_alone_until_it_ends(portal):
    portal.sign_up()
    row = portal.set_up()
    portal.sql("UPDATE provisioning SET claimed_until = :t", t=now() + timedelta(seconds=30))
    portal.sweep()
    portal.run(state_machine.advance, row.account_id)
    assert portal.accounts_at_connexease() == []
    portal.sql("UPDATE provisioning SET claimed_until = :t", t=now() - timedelta(seconds=1))
    portal.sweep()
    portal.is_set_up_once()


def test_something_unexpected_is_a_state_too(portal, caplog):
    portal.sign_up()
    portal.sql("DELETE FROM membership")
    portal.work()
    row = portal.set_up()
    assert (row.step, row.problem) == ("creating_account", "unexpected")
    assert row.next_attempt_at is not None
    assert row.claimed_until is None
    portal.sql(
        "INSERT INTO membership (person_id, account_id, role, created_at) VALUES (:p, :a, 'owner', :t)",
        p=portal.one(Person).id.hex,
        a=row.account_id.hex,
        t=now(),
    )
    portal.settle()
    portal.is_set_up_once()


def test_every_step_is_in_the_audit_log(portal):
    portal.customer()
    entries = {entry.action: entry for entry in portal.rows(AuditEntry)}
    assert set(entries) == {"account.signed_up", "account.created_at_connexease", "webhook.registered"}
    assert UUID(entries["account.created_at_connexease"].target) == portal.one(Account).connexease_uuid
    assert entries["account.signed_up"].actor == JANE
    assert entries["webhook.registered"].actor == "portal"
