"""Confirming a campaign: once, for what was looked at, by who may send; and what it may cost and take."""

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from portal.campaigns import duration
from portal.campaigns.confirming import Wishes
from portal.models import (
    AuditEntry,
    Campaign,
    CampaignRow,
    CampaignTally,
    Contact,
    Credential,
    MessagePrice,
    Role,
    StaffRole,
    now,
)
from tests.integration.campaigns.conftest import Campaigner, campaigner
from tests.integration.campaigns.test_check import add, sent
from tests.support.suite.marks import both_databases

FILE = "Phone,Name\n0532 123 45 01,Ayşe\n0532 123 45 02,Mehmet\n+1 202 555 0123,Jane\n"
OWNER = "jane@acme.example.com"


@both_databases
def test_a_campaign_is_confirmed_once(portal, control) -> None:
    maker = campaigner(portal, control)
    sent(maker, "+905321234502")
    campaign = maker.checked(FILE)
    page = maker.browser.get(f"{maker.root}{campaign.id}/confirm")
    assert "Send to 2 people" in page.text
    fields = page.filled("What is sent")
    fields.pop("with_recent")
    first = maker.browser.post(page.path, fields)
    again = maker.browser.post(page.path, fields)  # the second click
    assert first.goes_to == again.goes_to == f"{maker.root}{campaign.id}/"
    campaign = portal.one(Campaign)
    assert (campaign.state, campaign.people, campaign.position, campaign.attempts) == ("running", 2, 0, 0)
    assert campaign.next_attempt_at <= now()
    assert (campaign.sender, campaign.author) == (OWNER, OWNER)
    entries = [entry for entry in portal.rows(AuditEntry) if entry.action == "campaign.confirmed"]
    assert [(entry.target, entry.details) for entry in entries] == [("Spring", {"people": 2})]
    portal.sql("UPDATE campaign SET next_attempt_at = NULL")  # this test sends nothing
    portal.work()
    portal.sweep()
    contacts = {(contact.number, contact.name, contact.source.value) for contact in portal.rows(Contact)}
    assert contacts == {("+905321234501", "Ayşe", "campaign"), ("+12025550123", "Jane", "campaign")}
    assert portal.one(Campaign).introduced is None
    book = f"/accounts/{maker.sender.account_id}/contacts/"
    assert "From a campaign" in maker.browser.get(f"{book}export.csv").response.get_data(as_text=True)
    assert "From a campaign" in maker.browser.get(f"{book}{portal.rows(Contact)[0].id}").text
    history = maker.browser.get(f"/accounts/{maker.sender.account_id}/history/")
    assert "confirmed the campaign “Spring” to 2 people" in history.text
    assert "2" in maker.browser.get(maker.root).text


def test_who_was_sent_the_same_lately_gets_it_where_somebody_says_so(maker: Campaigner) -> None:
    sent(maker, "+905321234502")
    campaign = maker.checked(FILE)
    page = maker.browser.get(f"{maker.root}{campaign.id}/confirm")
    fields = page.filled("What is sent") | {"with_recent": "y"}
    refused = maker.browser.post(page.path, fields)
    assert refused.status == 422  # the button named two
    assert "goes to 3 people" in refused.text
    seen = maker.browser.post(f"{maker.root}{campaign.id}/forecast", fields, htmx=True)
    assert "Send to 3 people" in seen.text
    assert maker.browser.submit(refused, "What is sent", with_recent="y").status == 303
    assert maker.portal.one(Campaign).people == 3
    assert {row.state for row in maker.portal.rows(CampaignRow)} == {"waiting"}
    assert {row.state.value: row.rows for row in maker.portal.rows(CampaignTally) if row.rows} == {"waiting": 3}


def test_what_is_not_as_it_was_checked_is_refused(maker: Campaigner) -> None:
    campaign = maker.checked(FILE)
    old = maker.browser.get(f"{maker.root}{campaign.id}/confirm")
    fields = old.filled("What is sent")
    fields.pop("with_recent", None)
    assert maker.browser.post(f"{maker.root}{campaign.id}/check").status == 303
    assert "The check isn't finished" in maker.browser.post(old.path, fields).text
    maker.portal.work()
    assert "changed in another window" in maker.browser.post(old.path, fields).text
    other = maker.checked(FILE, intent="intent-2")
    page = maker.browser.get(f"{maker.root}{other.id}/confirm")
    assert maker.confirm(campaign).status == 303
    refused = maker.browser.submit(page, "What is sent")
    assert "Another campaign with this template was confirmed" in refused.text
    empty = maker.checked("Phone,Name\n12,Short\n", intent="intent-3")
    assert "Nobody can get this message" in maker.check_page(empty).text
    key = next(row for row in maker.portal.rows(Credential) if row.name == "Shop gateway")
    maker.portal.sql("UPDATE credential SET sealed_key = NULL WHERE name = 'Shop gateway'")
    refused = maker.browser.submit(page, "What is sent")
    assert "no longer in the vault" in refused.text
    assert key.id == campaign.credential_id


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"starts_at": "2020-01-01T10:00"}, "starts_at", "This time has passed."),
        ({"ends_at": "2020-01-01T10:00"}, "ends_at", "Enter a time after the start."),
        ({"quiet_from": "21:00"}, "quiet_until", "Enter both times"),
        ({"quiet_from": "21:00", "quiet_until": "21:00"}, "quiet_until", "two different times"),
        ({"rate": "fast"}, "rate", "Enter a whole number."),
        ({"rate": "0"}, "rate", "1 to 1,000"),
        ({"most_failures": "101"}, "most_failures", "1 to 100"),
        ({"most_opt_outs": ""}, "most_opt_outs", "1 to 100"),
    ],
)
def test_a_choice_that_means_nothing_is_refused_at_its_field(maker: Campaigner, typed, field, words) -> None:
    campaign = maker.checked(FILE)
    page = maker.confirm(campaign, **typed)
    assert page.status == 422
    assert words in page.errors[field]
    assert page.values("What is sent")[next(iter(typed))] == next(iter(typed.values()))
    assert maker.portal.one(Campaign).state == "checked"


def test_times_are_those_of_the_account(maker: Campaigner) -> None:
    campaign = maker.checked(FILE)
    typed = {"starts_at": "2098-03-31T14:30", "quiet_from": "21:00", "quiet_until": "08:30", "rate": "7"}
    assert maker.confirm(campaign, **typed).status == 303
    row = maker.portal.one(Campaign)
    assert row.starts_at.isoformat() == row.next_attempt_at.isoformat() == "2098-03-31T11:30:00+00:00"
    assert (row.quiet_from, row.quiet_until, row.rate) == (21 * 60, 8 * 60 + 30, 7)


def test_only_who_may_send_messages_makes_campaigns(maker: Campaigner) -> None:
    campaign = maker.checked(FILE)
    for role in (Role.DEVELOPER, Role.MEMBER):
        other = maker.portal.member(maker.sender.account_id, role=role)
        assert other.get(maker.root).status == 403
        assert other.post(f"{maker.root}{campaign.id}/confirm").status == 403
        assert "Campaigns" not in other.get(f"/accounts/{maker.sender.account_id}/").text
    operator = maker.portal.member(maker.sender.account_id, role=Role.OPERATOR)
    page = operator.get(f"{maker.root}{campaign.id}/confirm")
    assert operator.submit(page, "What is sent").status == 303


def test_contacts_are_the_people_of_a_campaign(maker: Campaigner) -> None:
    for number, name, tags in (
        ("+905321234501", "Ayşe", ["vip"]),
        ("", "Hidden", ["vip"]),
        ("+12025550123", "J", []),
    ):
        user = "" if number else "US.1"
        contact = Contact(number=number, user_id=user, name=name, tags=tags, fields={"City": "Izmir"})
        contact.account_id = maker.sender.account_id
        add(maker, contact)
    assert "You have no contacts" not in maker.browser.get(f"{maker.root}new").text
    page = maker.browser.post(f"{maker.root}new", {"name": "To all", "audience": "contacts", "intent": "a"})
    campaign = maker.campaign(page.goes_to)
    assert campaign.columns == ["Phone number", "Name", "Language", "City"]
    form = maker.browser.get(page.goes_to)
    assert form.filled("Check rows")["number_column"] == "0"
    maker.fill(campaign, **{"sources-0": "3"})
    maker.portal.work()
    assert maker.rows(campaign) == [
        (1, "+905321234501", "waiting", ""),
        (2, "", "wrong", "no_number"),
        (3, "+12025550123", "waiting", ""),
    ]
    assert {tuple(row.values) for row in maker.portal.rows(CampaignRow)} == {("Izmir",)}
    page = maker.browser.post(
        f"{maker.root}new", {"name": "X", "audience": "contacts", "tag": "nobody", "intent": "b"}
    )
    assert "No contact has this tag" in page.errors["tag"]


# --- what it costs, and how long it takes ------------------------------------------------------------


def test_the_cost_is_a_range_from_the_rate_card(maker: Campaigner) -> None:
    campaign = maker.checked(FILE)
    assert "there's no price list yet" in maker.check_page(campaign).text
    card = [("TR", "marketing", "0.01", 9), ("TR", "marketing", "0.5", -9), ("", "fee", "0.001", 9)]
    for region, category, amount, days in card:
        since = (now() - timedelta(days=days)).date()
        price = MessagePrice(region=region, category=category, since=since, amount=Decimal(amount))
        add(maker, price)
    text = maker.check_page(campaign).text
    assert (
        "$0.00 to $0.02" in text
    )  # the category is not known: it may be a free one; a price to come does not count
    assert "Without 1 person in a country whose price we don't know: United States." in text


def test_staff_edit_the_rate_card(portal) -> None:
    admin, root = portal.staff(StaffRole.ADMIN), "/staff/prices/"
    page = admin.submit(admin.get(f"{root}new"), "Add price", region="tr", amount="0,0125", since="2026-10-01")
    assert page.status == 303
    assert "0.0125 USD" in admin.get(root).text
    again = admin.submit(admin.get(f"{root}new"), "Add price", region="TR", amount="1", since="2026-10-01")
    assert "already" in again.errors["since"]
    refused = admin.submit(admin.get(f"{root}new"), "Add price", region="XX", amount="1", since="2026-10-01")
    assert refused.status == 422
    price = portal.one(MessagePrice)
    page = admin.get(f"{root}{price.id}")
    assert admin.submit(page, "Save price", amount="0.02").status == 303
    assert portal.one(MessagePrice).amount == Decimal("0.02")
    text = "Region,Category,Since,Amount,Currency\nTR,marketing,2026-10-01,0.03,USD\n,fee,01.10.2026,0.001,USD\n"
    wrong = admin.post(f"{root}import", {"file": (io.BytesIO(text.replace("0.03", "x").encode()), "p.csv")})
    assert "Row 2" in wrong.errors["file"]
    assert admin.post(f"{root}import", {"file": (io.BytesIO(text.encode()), "p.csv")}).status == 303
    assert sorted(row.amount for row in portal.rows(MessagePrice)) == [Decimal("0.001"), Decimal("0.03")]
    assert admin.post(f"{root}{price.id}/remove").status == 303
    actions = [entry.action for entry in portal.rows(AuditEntry) if entry.action.startswith("price.")]
    assert actions == ["price.added", "price.corrected", "price.imported", "price.removed"]
    assert portal.staff(StaffRole.SUPPORT).get(root).status == 403
    assert "removed the price TR marketing 2026-10-01" in admin.get("/staff/audit/").text


@pytest.mark.parametrize(
    ("people", "wishes", "seconds", "left"),
    [
        (800, Wishes(), 10, 0),
        (800, Wishes(rate=8), 100, 0),
        (800, Wishes(rate=500), 10, 0),
        (
            800,
            Wishes(rate=8, ends_at=now() + timedelta(days=2, seconds=50), starts_at=now() + timedelta(days=2)),
            50,
            400,
        ),
    ],
)
def test_how_long_it_takes(portal, people, wishes, seconds, left) -> None:
    found = portal.run(duration.forecast, None, {"": people}, wishes, "Europe/Istanbul")
    assert abs(found.takes.total_seconds() - seconds) < 2
    assert abs(found.left - left) <= 8


def test_quiet_hours_make_it_longer(portal) -> None:
    start = (now() + timedelta(days=1)).replace(hour=19, minute=59, second=0, microsecond=0)  # 22:59 in Istanbul
    wishes = Wishes(starts_at=start, quiet_from=23 * 60, quiet_until=8 * 60, rate=1)
    found = portal.run(duration.forecast, None, {"": 120}, wishes, "Europe/Istanbul")
    assert found.takes == timedelta(minutes=2 + 9 * 60)


@pytest.mark.parametrize(
    ("people", "minutes"),
    [
        ({"Europe/Istanbul": 60}, 9 * 60 + 1),
        ({"Europe/Istanbul": 60, "Asia/Tokyo": 60}, 9 * 60 + 1),  # there the morning comes six hours earlier
        ({"America/New_York America/Chicago": 60}, 1),  # afternoon in both
        ({"Asia/Tokyo": 3600, "": 60}, 9 * 60 + 1),
        ({"Asia/Tokyo": 10 * 3600}, 13 * 60),
        ({"America/Los_Angeles": 12 * 3600}, 21 * 60),  # the night begins there after eleven hours
    ],
)
def test_quiet_hours_are_those_of_each_number(portal, people, minutes) -> None:
    """From 23:00 to 8:00, and it is 23:00 in Istanbul."""
    start = datetime(2098, 1, 15, 20, tzinfo=UTC)  # no clock is set in this night anywhere
    wishes = Wishes(starts_at=start, quiet_from=23 * 60, quiet_until=8 * 60, rate=1)
    found = portal.run(duration.forecast, None, people, wishes, "Europe/Istanbul")
    assert abs((found.ends_at - start) - timedelta(minutes=minutes)) < timedelta(seconds=2)


def test_the_confirmation_tells_an_end_by_the_zones_of_the_file(maker: Campaigner) -> None:
    campaign = maker.checked(FILE)
    assert campaign.zones == {"Europe/Istanbul": [2, 0], "America/New_York": [1, 0]}
    page = maker.browser.get(f"{maker.root}{campaign.id}/confirm")
    zone = ZoneInfo("Europe/Istanbul")
    start = (now() + timedelta(days=1)).astimezone(zone).replace(hour=23, minute=0, second=0, microsecond=0)
    fields = page.filled("What is sent") | {
        "starts_at": start.strftime("%Y-%m-%dT%H:%M"),
        "quiet_from": "23:00",
        "quiet_until": "08:00",
    }
    fields.pop("with_recent", None)
    seen = maker.browser.post(f"{maker.root}{campaign.id}/forecast", fields, htmx=True)
    starts, ends = (tag.attrib["datetime"] for tag in seen.select("time")[:2])
    assert datetime.fromisoformat(starts) == start, "it is afternoon in New York"
    assert datetime.fromisoformat(ends) >= start + timedelta(hours=9)
