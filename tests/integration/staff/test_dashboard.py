"""The staff's first page: numbers against known data, in whatever zone they are looked at, and what needs somebody."""

import re
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from portal.extensions import db, session
from portal.models import (
    Account,
    Channel,
    Delivery,
    Heartbeat,
    Message,
    PortalWebhook,
    StaffRole,
    Tally,
    now,
)
from portal.operations import heartbeats
from portal.staff.dashboard import counters, overview
from portal.web.rendering.charts import Chart
from tests.support.application.pages import select
from tests.support.application.portal import DETAILS, Portal
from tests.support.suite.concurrent import at_once
from tests.support.suite.marks import both_databases

JANE = DETAILS["contact_email"]
ZONES = ["UTC", "Europe/Istanbul", "Asia/Kathmandu", "Pacific/Kiritimati", "America/St_Johns"]


def events(portal: Portal, instants: list[datetime]) -> None:
    def add() -> None:
        hook = session().execute(sa.select(PortalWebhook)).scalars().first()
        facts = {"webhook_id": hook.id, "account_id": hook.account_id, "body": b"{}"}
        session().add_all([Delivery(received_at=at, body_hash=uuid4().hex, **facts) for at in instants])
        session().commit()

    portal.run(add)


def counted(portal: Portal, kind: str = counters.EVENTS) -> int:
    return sum(row.count for row in portal.rows(Tally) if row.kind == kind)


def test_what_could_not_be_read_at_connexease_needs_somebody(portal: Portal) -> None:
    portal.control.fault("status", "^/accounts/$", "GET", times=None, status=401)
    staff = portal.staff(StaffRole.SUPPORT)
    staff.post("/staff/accounts/refresh")
    portal.settle()
    page = staff.get("/staff/")
    assert "Accounts couldn't be read from Connexease" in page.text
    assert "refused the credentials" in page.text
    portal.control.clear_faults()
    staff.post("/staff/accounts/refresh")
    portal.settle()
    assert "could not be read" not in staff.get("/staff/").text


def test_large_numbers_are_read_in_groups(portal: Portal) -> None:
    chart = Chart("Accounts", [date(2026, 11, 23), date(2026, 11, 24)], [2_999, 3_004])
    with portal.app.test_request_context():
        drawn = str(portal.app.jinja_env.get_template("components/charts.html").module.bars(chart, 1))
    assert ["3,004" in drawn, "2,999" in drawn, "3004" in drawn] == [True, True, False]


def test_the_last_weeks_are_found_by_an_index(portal: Portal) -> None:
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_more) -> None:
        if re.search(">=|is_connected", statement) and statement.startswith("SELECT"):
            statements.append(statement)

    with portal.app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", note)
        overview.charts("UTC")
        overview.failures()
        sa.event.remove(db.engine, "before_cursor_execute", note)
        plans = []
        for statement in statements:
            rows = (
                session()
                .connection()
                .exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", ("2026-01-01",) * statement.count("?"))
            )
            plans.append(str(rows.all()))
    found = "\n".join(plans)
    created, seen, gone = "ix_account_created_at", "ix_channel_first_seen_at", "ix_channel_gone_at"
    for name in (created, seen, gone, "ix_channel_connected"):
        assert name in found
    assert not re.search("SCAN (account|channel|tally)", found)


@both_databases
@pytest.mark.parametrize("zone", ZONES[1:3])
def test_events_a_day_as_they_are_in_the_zone(portal: Portal, zone: str) -> None:
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    portal.customer()
    start = now() - timedelta(days=3)
    instants = [start + timedelta(minutes=37 * number) for number in range(100)]
    events(portal, instants)
    portal.run(counters.count, counters.EVENTS)
    with portal.app.app_context():
        days = overview.days(zone)
        shown = dict(zip(days, counters.per_day(counters.EVENTS, days, zone), strict=True))
    expected: dict[date, int] = dict.fromkeys(days, 0)
    for instant in instants:
        expected[instant.astimezone(ZoneInfo(zone)).date()] += 1
    assert shown == expected


def test_counting_goes_on_where_it_was_and_counts_nothing_twice(portal: Portal, monkeypatch) -> None:
    monkeypatch.setattr(counters, "BATCH", 7)
    portal.customer()
    old = now() - timedelta(hours=1)
    events(portal, [old] * 20)
    for _ in range(2):
        portal.run(counters.count, counters.EVENTS)
        assert counted(portal) == 20
    events(portal, [old, now(), old])
    portal.run(counters.count, counters.EVENTS)
    assert counted(portal) == 21, "what is too new waits, and what comes after it"
    portal.sql("UPDATE delivery SET received_at = :old", old=old)
    portal.sweep()
    assert counted(portal) == 23
    portal.sql("DELETE FROM delivery")
    portal.sweep()
    assert counted(portal) == 23, "what is forgotten stays counted"


@both_databases
def test_two_workers_count_together_as_one(portal: Portal) -> None:
    portal.customer()
    events(portal, [now() - timedelta(hours=hours) for hours in range(1, 51)])
    at_once(*[lambda: portal.run(counters.count, counters.EVENTS)] * 3)
    portal.run(counters.count, counters.EVENTS)
    assert counted(portal) == 50


@both_databases
def test_messages_are_counted_when_they_are_confirmed(portal: Portal, monkeypatch) -> None:
    monkeypatch.setattr(counters, "BATCH", 2)
    portal.customer()
    account, old = portal.account(JANE), now() - timedelta(hours=2)

    def add(confirmed: datetime | None, number: int) -> None:
        for _ in range(number):
            facts = {"intent": uuid4().hex, "recipient": "+905321234567", "confirmed_at": confirmed}
            message = Message(account_id=account.id, type="text", content={}, content_hash="", **facts)
            session().add(message)
        session().commit()

    portal.run(add, old, 5)
    portal.run(add, None, 2)
    portal.run(add, old + timedelta(minutes=1), 4)
    for _ in range(2):
        portal.run(counters.count, counters.MESSAGES)
        assert counted(portal, counters.MESSAGES) == 9


@both_databases
def test_accounts_and_channels_as_they_stood(portal: Portal, monkeypatch) -> None:
    zone = "Pacific/Kiritimati"
    with portal.app.app_context():
        days = overview.days(zone)
        noon = datetime.combine(days[-1], datetime.min.time(), UTC) - timedelta(hours=2)
        facts = {"contact_email": "", "billing_email": "", "time_zone": "UTC"}
        made = [noon - timedelta(days=back) for back in (0, 0, 3, 200)]
        accounts = [Account(name="", created_at=at, **facts) for at in made]
        session().add_all(accounts)
        session().flush()
        for begin, end in ((2, None), (5, 1), (400, 300), (400, None)):
            gone = noon - timedelta(days=end) if end is not None else None
            seen = {"first_seen_at": noon - timedelta(days=begin), "gone_at": gone}
            session().add(Channel(account_id=accounts[0].id, connexease_uuid=uuid4(), **seen))
        session().commit()
        for counted in (0, 3, 4):  # what is counted and what is not yet, together
            monkeypatch.setattr(counters, "BATCH", counted)
            monkeypatch.setattr(counters, "MOST_BATCHES", 1)
            for kind in (counters.ACCOUNTS, counters.CHANNELS):
                counters.count(kind)
            shown = {chart.name: chart for chart in overview.charts(zone)}
            assert list(shown["Accounts"].values[-5:]) == [1, 2, 2, 2, 4]
            assert list(shown["Channels"].values[-7:]) == [1, 2, 2, 2, 3, 2, 2]
            assert len(shown["Accounts"].values) == 30


def test_the_funnel_of_sign_ups(portal: Portal) -> None:
    portal.customer()
    browser, account_id = portal.customer(contact_email="b@b.example.com", name="B")
    browser.post(f"/accounts/{account_id}/channels/connect")
    portal.customer(contact_email="c@c.example.com", name="C")
    portal.sql("UPDATE provisioning SET step = 'needs_details' WHERE account_id = :id",
               id=portal.account("c@c.example.com").id.hex)  # fmt: skip
    session_rows = portal.account(JANE)

    def connect() -> None:
        session().add(Channel(account_id=session_rows.id, connexease_uuid=uuid4()))
        session().commit()

    portal.run(connect)
    portal.newcomer(contact_email="old@old.example.com")
    portal.sql(
        "UPDATE account SET created_at = :old WHERE contact_email LIKE 'old%'", old=now().replace(year=2020)
    )
    with portal.app.test_request_context():
        stages = overview.funnel()
    assert [(stage.count, stage.percent) for stage in stages] == [(3, 100), (2, 67), (2, 67), (1, 33)]


def failures(portal: Portal) -> dict[str, int]:
    with portal.app.test_request_context():
        return {failure.kind: failure.count for failure in overview.failures()}


def test_what_needs_somebody_is_named_and_leads_to_where_it_is_mended(portal: Portal) -> None:
    _browser, account_id = portal.customer()
    portal.sweep()
    assert failures(portal) == {}
    events(portal, [now()])
    portal.sql("UPDATE delivery SET state = 'failed'")
    portal.sql("UPDATE mail SET state = 'failed'")
    portal.sql("UPDATE heartbeat SET at = :old", old=now() - timedelta(minutes=4))
    portal.run(_add_broken, account_id)
    portal.newcomer(contact_email="s@stuck.example.com", name="Stuck")
    portal.sql("UPDATE provisioning SET attempts = 3 WHERE step = 'creating_account'")
    portal.sql("INSERT INTO mail (id, kind, \"to\", context, state, attempts, problem_text, created_at)"
               " VALUES ('00', 'reset', 'x', '{}', 'failed', 12, '', :at)", at=now())  # fmt: skip
    found = failures(portal)
    assert set(found) == {"worker", "set_up", "mail", "event", "channel", "webhook", "token"}
    page = portal.staff(StaffRole.READ_ONLY).get("/staff/")
    assert page.status == 200
    for part in ("channels", "webhooks", "tokens"):
        assert page.select_one(f"a[href='/accounts/{account_id}/{part}/']", text="Acme Corp") is not None


def _add_broken(account_id) -> None:
    from portal.models import Credential, CredentialKind, CredentialStep, Webhook  # noqa: PLC0415

    session().add(Channel(account_id=account_id, connexease_uuid=uuid4(), is_connected=False))
    session().add(Webhook(account_id=account_id, is_pending=True, attempts=5))
    waits = {"step": CredentialStep.REVOKING, "attempts": 7}
    session().add(Credential(account_id=account_id, kind=CredentialKind.ACCESS_TOKEN, **waits))
    session().commit()


def test_approvals_wait_where_they_are_given(make_portal) -> None:
    portal = make_portal(signup_policy="approval")
    portal.sign_up()
    portal.sql("UPDATE provisioning SET step = 'waiting_for_approval'")
    page = portal.staff(StaffRole.ADMIN).get("/staff/")
    waiting = page.select_one("a[href$='?step=waiting_for_approval']", text="Sign-ups are waiting for approval")
    assert waiting.attrib["href"] == "/staff/provisioning/?step=waiting_for_approval"


def test_the_page_reads_as_tables_and_refreshes_itself(portal: Portal) -> None:
    portal.customer()
    browser = portal.staff(StaffRole.SUPPORT)
    page = browser.get("/staff/")
    assert [caption.text_content() for caption in page.select(".chart h2")] == [
        "Accounts", "Channels", "Events per day", "Messages per day",
    ]  # fmt: skip
    for chart in page.select(".chart"):
        assert len(select(chart, "tbody tr")) == len(select(chart, "rect")) == 30
    assert "Signed up" in page.select_one(".funnel").text_content()
    polled = browser.get(page.select_one("#overview").attrib["data-poll"], htmx=True)
    assert polled.is_fragment


def test_staff_begin_at_the_dashboard(portal: Portal) -> None:
    browser = portal.staff(StaffRole.READ_ONLY)
    assert browser.get("/accounts/").goes_to == "/staff/"


def test_a_sign_of_life(portal: Portal) -> None:
    with portal.app.app_context():
        assert not heartbeats.is_alive()
        heartbeats.beat()
        heartbeats.beat()
        assert heartbeats.is_alive()
    assert len(portal.rows(Heartbeat)) == 1


def test_bars_fill_the_picture() -> None:
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(4)]
    bars = Chart("", days, [0, 1, 1000, 500]).bars
    assert [bar.height for bar in bars] == [0, 1.5, 120, 60]
    assert all(bar.y + bar.height == 120 for bar in bars)
    assert bars[-1].x + bars[-1].width < 600
    assert Chart("", days, [0, 0, 0, 0]).bars[0].height == 0
    assert Chart("", [], []).bars == []


def test_the_page_asks_few_questions_however_much_there_is(portal: Portal) -> None:
    portal.customer()
    asked: list[str] = []
    with portal.app.test_request_context():
        sa.event.listen(db.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
        overview.charts("UTC")
        overview.failures()
        overview.funnel()
    assert len(asked) < 30
    assert not [statement for statement in asked if "FROM delivery" in statement and "state" not in statement]
