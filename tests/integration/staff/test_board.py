"""The board of sign-ups: what stands where and why, and what the staff can do about it, once."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from portal.extensions import db, session
from portal.models import (
    AttemptState,
    AuditEntry,
    Mail,
    OnboardingAttempt,
    Role,
    StaffRole,
    Step,
    now,
)
from portal.staff.signups import board
from tests.support.application.browser import Browser, Page
from tests.support.application.portal import DETAILS, Portal
from tests.support.suite.concurrent import beside, outcomes, waiting_for_locks
from tests.support.suite.marks import both_databases
from tests.support.suite.patience import wait_until

JANE = DETAILS["contact_email"]
ACCOUNTS = "^/accounts/$"
BOARD = "/staff/provisioning/"
THEIRS = "(SELECT id FROM person WHERE email = :email)"


def support(portal: Portal) -> Browser:
    return portal.staff(StaffRole.SUPPORT)


def actions(portal: Portal) -> list[str]:
    return [entry.action for entry in portal.rows(AuditEntry)]


def one(portal: Portal) -> str:
    return f"{BOARD}{portal.account(JANE).id}"


def said(browser: Browser, page: Page) -> str:
    assert page.status == 303, page.text
    return browser.follow(page).text


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "status", "status": 503}, "We couldn't reach Connexease."),
        ({"kind": "status", "status": 429}, "Connexease is limiting our requests."),
        (
            {"kind": "status", "status": 401},
            "Connexease doesn't accept our reseller token. Ask an operator to check it.",
        ),
        ({"kind": "html", "status": 200}, "Connexease sent an unexpected answer."),
    ],
)
def test_what_went_wrong_is_told_in_words_and_tried_again_at_once(portal, fault, words) -> None:
    portal.control.fault(fault.pop("kind"), ACCOUNTS, "GET", times=None, **fault)
    portal.newcomer()
    portal.work()
    browser = support(portal)
    page = browser.get(BOARD)
    assert words in page.text
    assert "Tried once. Next attempt:" in page.text
    portal.control.clear_faults()
    assert "trying to set up" in said(browser, browser.submit(page, "Try again now"))
    portal.work()
    portal.is_set_up_once()
    assert actions(portal).count("account.tried_again") == 1
    assert "No sign-ups in progress" in browser.get(BOARD).text


def test_what_the_dashboard_counts_as_stuck_the_board_calls_so(portal: Portal) -> None:
    portal.control.fault("status", ACCOUNTS, "GET", times=None, status=401)
    portal.newcomer()
    portal.work()
    browser = support(portal)
    assert "Sign-ups are stuck" in browser.get("/staff/").text
    assert "Stuck" in browser.get(BOARD).text


def test_an_outcome_that_is_unknown_is_looked_into_by_a_retry(portal: Portal) -> None:
    portal.control.fault("timeout_after", ACCOUNTS, "POST")
    portal.newcomer()
    portal.work()
    browser = support(portal)
    assert "The next try will check first" in browser.get(BOARD).text
    page = browser.get(one(portal)).text
    assert "Connexease may have carried it out" in page
    assert "Connexease didn't confirm" not in page, "that was said in other words before"
    browser.post(f"{one(portal)}/retry")
    portal.work()
    portal.is_set_up_once()
    assert len(portal.control.requests("POST", "/accounts/")) == 1


def test_pressed_twice_is_done_once(portal: Portal) -> None:
    portal.control.fault("status", ACCOUNTS, "GET", times=None, status=503)
    portal.newcomer()
    portal.work()
    browser = support(portal)
    for _ in range(2):
        assert "trying to set up" in said(browser, browser.post(f"{one(portal)}/retry"))
    for _ in range(2):
        assert "was stopped" in said(browser, browser.post(f"{one(portal)}/give-up"))
    for _ in range(2):
        assert "is being set up again" in said(browser, browser.post(f"{one(portal)}/take-up"))
    done = [action for action in actions(portal) if action in TOLD]
    assert sorted(done) == sorted(TOLD)


TOLD = ("account.tried_again", "account.given_up", "account.taken_up")


def test_what_a_worker_has_is_left_alone(portal: Portal) -> None:
    portal.newcomer()
    portal.sql("UPDATE provisioning SET claimed_until = :soon", soon=datetime(2099, 1, 1, tzinfo=UTC))
    browser = support(portal)
    assert "is running right now" in said(browser, browser.post(f"{one(portal)}/give-up"))
    assert not set(actions(portal)) & set(TOLD)


@pytest.mark.parametrize("step", ["creating_account", "ready"])
def test_to_try_what_a_worker_tries_already_is_no_mistake(portal: Portal, step: str) -> None:
    portal.newcomer()
    portal.sql("UPDATE provisioning SET step = :step, claimed_until = :soon", step=step, soon=now() + timedelta(1))
    before, browser = portal.set_up(), support(portal)
    assert "trying to set up" in said(browser, browser.post(f"{one(portal)}/retry"))
    assert portal.set_up() == before
    assert not set(actions(portal)) & set(TOLD)


@pytest.mark.parametrize("action", ["retry", "give-up", "take-up", "link", "approve", "decline"])
def test_what_is_ready_stays_so(portal: Portal, action: str) -> None:
    portal.customer()
    browser = support(portal)
    before = portal.set_up()
    browser.post(f"{one(portal)}/{action}")
    assert portal.set_up() == before
    assert "account.given_up" not in actions(portal)


# --- giving up


def test_giving_up_ends_it_and_tells_the_customer_why(portal: Portal) -> None:
    portal.control.fault("status", ACCOUNTS, "GET", times=None, status=503)
    customer, account_id = portal.newcomer()
    portal.work()
    browser = support(portal)
    page = browser.submit(browser.get(one(portal)), "Stop setup", note="Your company is not in our area.")
    assert "was stopped" in said(browser, page)
    assert portal.set_up().step == Step.GIVEN_UP
    listed = browser.get("/staff/accounts/", query_string={"state": "givenup"})
    assert [link.text_content() for link in listed.select("table.accounts tbody th a")] == ["Acme Corp"]
    [mail] = [mail for mail in portal.mails(JANE) if "stopped" in mail["subject"]]
    assert "not in our area" in mail["text"]
    portal.control.clear_faults()
    portal.settle()
    assert portal.set_up().step == Step.GIVEN_UP, "nothing goes on by itself"
    shown = customer.get(f"/accounts/{account_id}/setup")
    assert "We stopped setting up this account" in shown.text
    assert shown.select_one("[data-poll]") is None
    board_page = browser.get(BOARD)
    assert "Recently ended" in board_page.text
    browser.submit(board_page, "Resume sign-up")
    portal.settle()
    portal.is_set_up_once()
    history = customer.get(f"/accounts/{account_id}/history/").text
    assert "support@reseller.example.com) stopped the setup" in history


def test_an_account_that_may_have_been_made_is_found_when_it_is_taken_up_again(portal: Portal) -> None:
    portal.control.fault("timeout_after", ACCOUNTS, "POST")
    portal.newcomer()
    portal.work()
    browser = support(portal)
    assert "may be left at Connexease" in browser.get(one(portal)).text
    browser.post(f"{one(portal)}/give-up")
    browser.post(f"{one(portal)}/take-up")
    portal.settle()
    portal.is_set_up_once()
    assert len(portal.control.requests("POST", "/accounts/")) == 1


def test_what_was_never_proven_waits_for_the_proof_again(verified: Portal) -> None:
    verified.sign_up()
    browser = support(verified)
    browser.post(f"{one(verified)}/give-up")
    browser.post(f"{one(verified)}/take-up")
    assert verified.set_up().step == Step.WAITING_FOR_EMAIL
    assert verified.accounts_at_connexease() == []
    verified.settle()
    assert "Confirm" in verified.mails(JANE)[0]["subject"], "the link of the first mail may be over"


def test_what_was_never_proven_is_not_taken_up_for_an_owner_with_another_address(verified: Portal) -> None:
    verified.sign_up()
    browser = support(verified)
    browser.post(f"{one(verified)}/give-up")
    verified.sql("UPDATE person SET email = 'b@new.example.com' WHERE email = :jane", jane=JANE)
    verified.sql("UPDATE person SET email_verified_at = :now", now=now())
    page = browser.follow(browser.post(f"{one(verified)}/take-up"))
    assert "The owner now logs in with b@new.example.com" in page.text
    assert verified.set_up().step == Step.GIVEN_UP
    verified.settle()
    assert verified.accounts_at_connexease() == []


def undecided(make_portal) -> Portal:
    """A sign-up that waits for approval."""
    portal = make_portal(signup_policy="approval")
    portal.sign_up()
    portal.sql("UPDATE person SET email_verified_at = :now", now=now())
    portal.sql("UPDATE provisioning SET step = 'waiting_for_approval', next_attempt_at = NULL")
    return portal


def test_what_nobody_approved_waits_for_approval_again(make_portal) -> None:
    portal = undecided(make_portal)
    browser = support(portal)
    for step in (Step.WAITING_FOR_APPROVAL, Step.CREATING_ACCOUNT):
        assert portal.set_up().step == step
        browser.post(f"{one(portal)}/give-up")
        browser.post(f"{one(portal)}/take-up")
        assert portal.set_up().step == step, "what was approved needs no second approval"
        if step == Step.WAITING_FOR_APPROVAL:
            assert portal.accounts_at_connexease() == []
            browser.post(f"{one(portal)}/approve")


def test_what_was_declined_can_be_taken_up_again(make_portal) -> None:
    portal = undecided(make_portal)
    browser = support(portal)
    browser.post(f"{one(portal)}/decline", {"note": "No VAT number."})
    assert "declined the account: No VAT number." in browser.get(one(portal)).text
    assert "is waiting for approval again" in said(browser, browser.submit(browser.get(BOARD), "Resume sign-up"))
    assert portal.set_up().step == Step.WAITING_FOR_APPROVAL
    portal.settle()
    assert portal.accounts_at_connexease() == []


def test_whoever_was_told_of_the_end_is_told_that_it_goes_on(portal: Portal) -> None:
    portal.newcomer()
    browser = support(portal)
    browser.post(f"{one(portal)}/give-up")
    browser.post(f"{one(portal)}/take-up")
    portal.settle()
    assert portal.mails(JANE)[0]["subject"] == "We've resumed setting up your account"
    portal.is_set_up_once()


def test_a_page_that_waits_for_the_set_up_is_made_anew_when_it_is_ready(portal: Portal) -> None:
    portal.customer()
    browser = support(portal)
    polled = browser.get(one(portal), htmx=True)
    assert polled.goes_to == one(portal)
    assert "Stop setup" not in browser.get(one(portal)).text


@pytest.mark.parametrize("database_kind", ["postgresql"])
@pytest.mark.parametrize("first", ["approve", "decline"])
def test_two_who_decide_at_once_decide_once(make_portal, first: str) -> None:
    portal = undecided(make_portal)
    address = one(portal)
    colleagues = [support(portal), portal.staff(StaffRole.ADMIN)]
    ways = (first, {"approve": "decline", "decline": "approve"}[first])
    with portal.app.app_context(), db.engine.connect() as connection:
        connection.execute(sa.text("SELECT 1 FROM provisioning FOR UPDATE"))
        pairs = zip(colleagues, ways, strict=True)
        asked = [beside(partial(browser.post, f"{address}/{way}")) for browser, way in pairs]
        wait_until(lambda: waiting_for_locks() == 2, pause=0)
        connection.rollback()
        assert [page.status for page in outcomes(asked)] == [303, 303]
    done = [action for action in actions(portal) if action in ("account.approved", "account.declined")]
    assert len(done) == 1
    assert (portal.set_up().step == Step.DECLINED) is (done == ["account.declined"])


def test_a_link_to_prove_the_address_is_mailed_again(verified: Portal) -> None:
    verified.sign_up()
    browser = support(verified)
    assert "emailed a new link" in said(browser, browser.submit(browser.get(BOARD), "Email link again"))
    assert len([mail for mail in verified.mails(JANE) if "Confirm" in mail["subject"]]) == 2
    assert "account.link_mailed" in actions(verified)


def test_nobodys_mailbox_is_flooded_with_links(make_portal) -> None:
    portal = make_portal(signup_policy="verified", throttle_factor=1)
    portal.sign_up()
    browser = support(portal)
    said_last = [said(browser, browser.post(f"{one(portal)}/link")) for _ in range(6)][-1]
    assert "Too many attempts" in said_last
    assert len([mail for mail in portal.mails(JANE) if "Confirm" in mail["subject"]]) < 7


# --- adopting


@pytest.fixture
def claimed(portal: Portal) -> Portal:
    """Somebody signed up with an address that has an account at Connexease."""
    portal.control.create_account(JANE, name="Acme from before")
    portal.newcomer()
    portal.settle(rounds=2)
    assert portal.set_up().step == Step.NEEDS_PROOF
    return portal


def test_staff_vouch_for_a_customer(claimed: Portal) -> None:
    browser = support(claimed)
    page = browser.get(one(claimed))
    assert (
        "Connexease already has the account “Acme from before” with the address jane@acme.example.com" in page.text
    )
    done = browser.submit(page, "Vouch and connect account", reason="I called them.")
    assert "is being connected" in said(browser, done)
    claimed.settle()
    claimed.is_set_up_once()
    assert len(claimed.control.requests("POST", "/accounts/")) == 0, "nothing was made"
    [entry] = [entry for entry in claimed.rows(AuditEntry) if entry.action == "account.vouched_for"]
    assert entry.details["reason"] == "I called them."
    assert [mail for mail in claimed.mails(JANE) if "now has a login" in mail["subject"]]


def test_vouching_needs_a_reason(claimed: Portal) -> None:
    browser = support(claimed)
    page = browser.submit(browser.get(one(claimed)), "Vouch and connect account", reason="  ")
    assert page.status == 422
    assert page.errors == {"reason": "Enter how you know that the account is theirs."}
    assert "theirs? Enter how you know" in page.summary.text_content()
    assert claimed.set_up().step == Step.NEEDS_PROOF


def test_another_account_than_the_one_that_was_shown_is_not_adopted(claimed: Portal) -> None:
    browser = support(claimed)
    other = claimed.control.create_account("other@example.com")["uuid"]
    page = browser.post(f"{one(claimed)}/adopt", {"found": other, "reason": "I called them."})
    assert page.status == 422
    claimed.settle()
    assert claimed.set_up().step == Step.NEEDS_PROOF
    assert claimed.account(JANE).connexease_uuid is None


def test_an_account_that_was_exchanged_meanwhile_is_not_adopted(claimed: Portal) -> None:
    """What was vouched for is one account, and not whatever has the address later."""
    browser = support(claimed)
    claimed.sql("UPDATE provisioning SET found_uuid = :other", other="0" * 31 + "1")
    found = claimed.set_up().found_uuid
    page = browser.post(f"{one(claimed)}/adopt", {"found": str(found), "reason": "I called them."})
    assert page.status == 303
    claimed.settle()
    row = claimed.set_up()
    assert (row.step, row.vouched_uuid) == (Step.NEEDS_PROOF, None)
    assert claimed.account(JANE).connexease_uuid is None


def test_an_account_of_another_customer_is_not_adopted(claimed: Portal) -> None:
    uuid = claimed.set_up().found_uuid
    _other, other_id = claimed.newcomer(contact_email="o@other.example.com", name="Other")
    claimed.sql(
        "UPDATE account SET connexease_uuid = :uuid WHERE contact_email = 'o@other.example.com'", uuid=uuid.hex
    )
    claimed.sql("UPDATE provisioning SET step = 'ready' WHERE account_id = :id", id=other_id.hex)
    browser = support(claimed)
    browser.submit(browser.get(one(claimed)), "Vouch and connect account", reason="I called them.")
    claimed.work()
    row = claimed.set_up(JANE)
    assert (row.step, row.problem) == (Step.NEEDS_DETAILS, "taken")
    assert "belongs to another customer in the portal" in browser.get(one(claimed)).text


def test_another_address_takes_the_vouching_with_it(claimed: Portal) -> None:
    claimed.sql("UPDATE provisioning SET step = 'needs_details', vouched_uuid = found_uuid")
    customer = claimed.log_in(JANE)
    path = f"/accounts/{claimed.account(JANE).id}/setup/details"
    page = customer.submit(customer.get(path), "", contact_email="new@acme.example.com")
    assert page.status == 303
    row = claimed.set_up()
    assert (row.vouched_uuid, row.found_uuid) == (None, None)


def test_connexease_is_looked_at_again(claimed: Portal) -> None:
    browser = support(claimed)
    browser.submit(browser.get(one(claimed)), "Check Connexease again")
    claimed.settle(rounds=2)
    assert claimed.set_up().step == Step.NEEDS_PROOF


def test_details_that_were_refused_are_tried_as_they_are(portal: Portal) -> None:
    portal.control.fault("status", ACCOUNTS, "POST", status=400, body={"name": ["This name is reserved."]})
    portal.newcomer()
    portal.work()
    browser = support(portal)
    page = browser.get(one(portal))
    assert "This name is reserved." in page.text
    browser.submit(page, "Check Connexease again")
    portal.settle()
    portal.is_set_up_once()


# --- the list itself


def test_who_only_looks_finds_no_button(portal: Portal) -> None:
    portal.control.create_account(JANE)
    portal.newcomer()
    portal.settle(rounds=2)
    reader = portal.staff(StaffRole.READ_ONLY)
    for path in (BOARD, one(portal)):
        page = reader.get(path)
        assert page.status == 200
        assert page.select("main button") == []


def test_the_board_is_narrowed_to_a_step_and_asks_for_itself_again(make_portal) -> None:
    portal = make_portal(signup_policy="approval")
    portal.sign_up()
    portal.sign_up(contact_email="w@waiting.example.com", name="Waiting Ltd")
    portal.sql("UPDATE provisioning SET step = 'waiting_for_approval' WHERE account_id ="
               " (SELECT id FROM account WHERE name = 'Waiting Ltd')")  # fmt: skip
    browser = support(portal)
    page = browser.get(BOARD)
    assert [row.text_content() for row in page.select("tbody th a")] == ["Waiting Ltd", "Acme Corp"]
    narrowed = browser.get(page.select_one(".steps-filter a[href*=waiting_for_email]").attrib["href"])
    assert [row.text_content() for row in narrowed.select("tbody th a")] == ["Acme Corp"]
    polled = narrowed.select_one("#board").attrib["data-poll"]
    assert "Waiting Ltd" not in browser.get(polled, htmx=True).text
    assert browser.get(f"{BOARD}?step=nonsense").status == 200


def test_an_account_with_two_owners_is_one_row(portal: Portal) -> None:
    portal.control.fault("status", ACCOUNTS, "GET", times=None, status=503)
    _browser, account_id = portal.newcomer()
    portal.member(account_id, role=Role.OWNER)
    with portal.app.app_context():
        assert len(board.unfinished()) == 1
    assert portal.run(board.counts) == {Step.CREATING_ACCOUNT: 1}


@both_databases
def test_whoever_has_owned_it_longest_answers_for_it(portal: Portal) -> None:
    """PostgreSQL moves a row when it is written to."""
    portal.control.fault("status", ACCOUNTS, "GET", times=None, status=503)
    _browser, account_id = portal.newcomer()
    portal.member(account_id, role=Role.OWNER)
    portal.sql(f"UPDATE membership SET role = 'owner' WHERE person_id = {THEIRS}", email=JANE)
    with portal.app.app_context():
        found = board.find(account_id)
        assert found is not None
        assert found.owner.email == JANE
        assert [item.owner.email for item in board.unfinished()] == [JANE]


def test_a_set_up_that_is_none(portal: Portal) -> None:
    browser = support(portal)
    nothing = f"{BOARD}0f6c8f5e-5f0e-4c52-9a3c-0d6a4b1d7b11"
    assert browser.get(nothing).status == 404
    assert "sign-up doesn't exist" in said(browser, browser.post(f"{nothing}/retry"))


# --- attempts that came to nothing


def try_to_connect(portal: Portal, **changes: object) -> OnboardingAttempt:
    facts = {"state": AttemptState.CANCELLED, "ended_at": now(), **changes}

    def add() -> OnboardingAttempt:
        account, person = portal.account(JANE), portal.person(JANE)
        attempt = OnboardingAttempt(account_id=account.id, person_id=person.id, **facts)
        session().add(attempt)
        session().commit()
        return attempt

    made: OnboardingAttempt = portal.run(add)
    return made


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "Asked for the window but didn't open it"),
        ({"problem": "blocked"}, "The browser blocked the window"),
        ({"problem": "stopped_blocked"}, "The browser blocked the window"),
        ({"opened_at": now()}, "Opened the window and closed it"),
        ({"opened_at": now(), "reported_status": "no_phone"}, "The dialog reported: no_phone"),
        ({"problem_text": "We couldn't reach Connexease."}, "We couldn't reach Connexease"),
    ],
)
def test_where_somebody_left_off(portal: Portal, facts: dict[str, object], words: str) -> None:
    portal.customer()
    try_to_connect(portal, **facts)
    page = support(portal).get(BOARD)
    assert "Number not connected" in page.text
    assert words in page.text


def test_a_link_leads_the_customer_back_once(portal: Portal) -> None:
    _customer, account_id = portal.customer()
    attempt = try_to_connect(portal)
    browser = support(portal)
    for _ in range(2):
        page = browser.post(f"{BOARD}attempts/{attempt.id}/resume")
        assert "emailed Acme Corp a link" in said(browser, page)
    [mail] = [mail for mail in portal.mails(JANE) if "Finish connecting" in mail["subject"]]
    assert mail["links"] == [f"http://localhost/accounts/{account_id}/channels/"]
    assert actions(portal).count("channel.way_back_mailed") == 1
    assert "Link emailed" in browser.get(BOARD).text


@pytest.mark.parametrize("who", ["has left", "is of the staff"])
def test_the_owner_is_mailed_in_place_of_who_does_not_belong(portal: Portal, who: str) -> None:
    _customer, account_id = portal.customer()
    attempt = try_to_connect(portal)
    browser = support(portal)
    tried = "support@reseller.example.com"
    if who == "has left":
        portal.member(account_id, tried := "gone@acme.example.com", Role.OPERATOR)
        portal.sql(f"DELETE FROM membership WHERE person_id = {THEIRS}", email=tried)
    portal.sql(f"UPDATE onboarding_attempt SET person_id = {THEIRS}", email=tried)
    assert JANE in browser.get(BOARD).text
    browser.post(f"{BOARD}attempts/{attempt.id}/resume")
    assert [mail for mail in portal.mails(tried) if "Finish connecting" in mail["subject"]] == []
    assert len([mail for mail in portal.mails(JANE) if "Finish connecting" in mail["subject"]]) == 1


def test_nobody_is_mailed_who_has_gone_on(portal: Portal) -> None:
    portal.customer()
    attempt = try_to_connect(portal, requested_at=now().replace(year=2020))
    browser = support(portal)
    newer = try_to_connect(portal)
    page = browser.post(f"{BOARD}attempts/{attempt.id}/resume")
    assert "nothing to continue" in said(browser, page)
    browser.post(f"{BOARD}attempts/{newer.id}/resume")
    uuid = portal.control.accounts()[0]["uuid"]
    portal.control.create_channel(uuid, name="Main line")
    portal.log_in(JANE).post(f"/accounts/{portal.account(JANE).id}/channels/refresh")
    assert "Number not connected" not in browser.get(BOARD).text
    portal.work()
    assert [mail for mail in portal.mails(JANE) if "Finish connecting" in mail["subject"]] == []
    assert "dropped" in {mail.state for mail in portal.rows(Mail)}


def test_everything_is_told_in_the_account_s_history(claimed: Portal) -> None:
    browser = support(claimed)
    browser.submit(browser.get(one(claimed)), "Vouch and connect account", reason="I called them.")
    text = browser.get("/staff/audit/").text
    assert "belongs to this customer: I called them." in text
