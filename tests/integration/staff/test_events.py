"""All accounts' events for the staff: filters, pages, and nothing of what was in them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from portal.db import event_rows
from portal.extensions import session
from portal.models import Delivery, PortalWebhook, StaffRole, now
from portal.staff.events import log
from tests.support.application.browser import Page
from tests.support.application.portal import Portal
from tests.support.suite.marks import both_databases

WORD = "plantedmessageword"


@pytest.fixture
def two(portal: Portal) -> tuple[UUID, UUID]:
    """Two customers."""
    _browser, acme = portal.customer()
    _browser, other = portal.customer(name="Other Ltd", contact_email="o@other.example.com")
    return acme, other


def came(portal: Portal, account_id: UUID, hook: str, count: int = 1, **facts: Any) -> None:
    def add() -> None:
        query = sa.select(PortalWebhook.id).where(PortalWebhook.account_id == account_id)  # type: ignore[arg-type]
        webhook_id = session().execute(query).scalars().first()
        usual = {"webhook_id": webhook_id, "account_id": account_id, "body": WORD.encode()}
        for _ in range(count):
            row = Delivery(hook=hook, body_hash=uuid4().hex, **{"state": "kept", **usual, **facts})
            session().add(row)
            session().flush()
            event_rows.file_under([(row.account_id, row.id, [hook])])
        session().commit()

    portal.run(add)


def listed(page: Page) -> list[str]:
    return [link.text_content() for link in page.select("tbody th a")]


def test_every_account_s_events_without_what_was_in_them(portal: Portal, two: tuple[UUID, UUID]) -> None:
    acme, other = two
    came(portal, acme, "message.created")
    came(portal, other, "conversation.created", state="failed", problem_text="It could not be read.")
    reader = portal.staff(StaffRole.READ_ONLY)
    page = reader.get("/staff/events/")
    assert listed(page) == ["conversation.created", "message.created"]
    assert "It could not be read." in page.text
    assert WORD not in page.response.text
    event = reader.get(page.select_one("tbody th a").attrib["href"])
    assert event.status == 200
    assert WORD not in event.response.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"account": "other"}, ["conversation.created"]),
        ({"account": "nobody"}, []),
        ({"trigger": "message.created"}, ["message.created"]),
        ({"trigger": "never.heard.of"}, []),
        ({"state": "failed"}, ["conversation.created"]),
        ({"state": "failed", "account": "acme"}, []),
        ({"range": "hour"}, ["message.created"]),
        ({"range": "week"}, ["message.created", "conversation.created"]),
    ],
)
def test_filters(portal: Portal, two: tuple[UUID, UUID], query: dict[str, str], found: list[str]) -> None:
    acme, other = two
    came(portal, other, "conversation.created", state="failed", received_at=now() - timedelta(hours=5))
    came(portal, acme, "message.created")
    page = portal.staff(StaffRole.SUPPORT).get("/staff/events/", query_string=query)
    assert listed(page) == found
    if not found:
        assert "No event matches" in page.text


def test_a_filter_that_means_nothing(portal: Portal) -> None:
    browser = portal.staff(StaffRole.SUPPORT)
    refused = browser.get("/staff/events/", query_string={"state": "odd"})
    assert (refused.status, refused.errors) == (422, {"state": "Choose one from the list."})
    for number in ("x", "-1", str(2**70)):
        assert browser.get("/staff/events/", query_string={"before": number}).status == 200
    part = browser.get("/staff/events/", htmx=True, query_string={"state": "failed"})
    assert part.response.headers["HX-Push-Url"] == "/staff/events/?state=failed"


def walk(portal: Portal, path: str) -> list[str]:
    """From the newest page to the oldest, and back to the first."""
    browser = portal.staff(StaffRole.SUPPORT, "walker@reseller.example.com")
    page, seen = browser.get(path), []
    for _ in range(20):
        seen += listed(page)
        following = page.select_one("a[rel=next]")
        if following is None:
            break
        page = browser.get(following.attrib["href"])
    back: list[str] = []
    for _ in range(20):
        before = page.select_one("a[rel=prev]")
        if before is None:
            break
        page = browser.get(before.attrib["href"])
        back = listed(page)
    assert back == seen[: len(back)]
    return seen


@both_databases
def test_pages_meet_without_a_gap(portal: Portal, two: tuple[UUID, UUID]) -> None:
    for _ in range(60):
        for account_id in two:
            came(portal, account_id, "message.created")
    assert len(walk(portal, "/staff/events/")) == 120


def test_a_trigger_is_looked_for_a_stretch_at_a_time(portal: Portal, two: tuple[UUID, UUID], monkeypatch) -> None:
    monkeypatch.setattr(log, "STRETCH", 10)
    came(portal, two[0], "customer.updated", 3)
    came(portal, two[1], "message.created", 25)
    came(portal, two[0], "customer.updated", 2)
    browser = portal.staff(StaffRole.SUPPORT)
    page = browser.get("/staff/events/?trigger=customer.updated")
    assert len(listed(page)) == 2
    assert "Only part of the log was searched" in page.text
    assert len(walk(portal, "/staff/events/?trigger=customer.updated")) == 5
    assert len(walk_of_account(portal)) == 5


def walk_of_account(portal: Portal) -> list[str]:
    browser = portal.staff(StaffRole.SUPPORT, "w2@reseller.example.com")
    page = browser.get("/staff/events/?trigger=customer.updated&account=acme")
    assert "Only part of the log" not in page.text
    return listed(page)


def test_a_time_is_found_by_halving(portal: Portal, two: tuple[UUID, UUID]) -> None:
    start = now() - timedelta(days=10)
    instants = [start + timedelta(minutes=number * 10) for number in range(300)]
    for instant in instants:
        came(portal, two[0], "message.created", received_at=instant)
    portal.sql("DELETE FROM delivery WHERE id % 7 = 0")
    with portal.app.app_context():
        for place in (0, 1, 17, 150, 299):
            since, until = instants[place], instants[min(place + 20, 299)] + timedelta(seconds=1)
            page = log.page(log.Filter(since=since, until=until))
            expected = [at for at in _kept(portal) if since <= at < until]
            assert sorted(event.received_at for event in page.events) == expected
        assert log._first_since(start - timedelta(days=1)) <= 1
        assert log.page(log.Filter(since=now())).events == []


def _kept(portal: Portal) -> list[datetime]:
    return sorted(row.received_at for row in portal.rows(Delivery))


def test_an_empty_log(portal: Portal) -> None:
    browser = portal.staff(StaffRole.SUPPORT)
    assert "No events yet" in browser.get("/staff/events/").text
    assert "No event matches" in browser.get("/staff/events/?trigger=message.created&range=day").text
