"""The log: every filter, reading on page by page, and what is newer."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.db import event_rows
from portal.events import log
from portal.events.log import Filter
from portal.extensions import session
from portal.models import Delivery, DeliveryState, now
from tests.integration.events.conftest import numbers_on
from tests.support.application.pages import texts
from tests.support.suite.marks import both_databases, both_databases_and_with_htmx


def test_a_log_without_events_says_what_events_are_and_how_to_watch(customer):
    page = customer.log()
    assert "No events yet" in page.text
    assert f"{customer.root}watch" in {link.get("href") for link in page.select(".empty a")}


@both_databases
def test_newest_first_with_what_became_of_each(customer):
    created = customer.had("channel.created")
    kept = customer.had("message.created", "Support")
    waiting = customer.receive("feedback.received")
    page = customer.log()
    assert numbers_on(page) == [waiting, kept, created]
    rows = [" ".join(texts(row).split()) for row in page.select("table.events tbody tr")]
    assert rows[0].startswith("Not processed yet none Queued")
    assert rows[1].startswith("message.created Support Stored")
    assert rows[2].startswith("Shop was connected channel.created Shop Processed")


def test_times_are_those_of_the_account(customer):
    number = customer.had()
    received = customer.delivery(number).received_at
    time = customer.log().select_one("table.events time")
    assert datetime.fromisoformat(time.attrib["datetime"]) == received.replace(microsecond=0)
    assert time.attrib["title"].endswith("Europe/Istanbul")
    assert f"{received.astimezone(ZoneInfo('Europe/Istanbul')):%M:%S}" in time.attrib["title"]


@both_databases_and_with_htmx
def test_filters(customer, htmx):
    shop = customer.had("message.created")
    support = customer.had("message.created", "Support")
    other = customer.had("feedback.received", "Support")
    unread = customer.receive("message.created")
    channel = customer.channels["Support"]

    def found(**arguments):
        page = customer.log(htmx=htmx, **arguments)
        assert page.status == 200
        assert page.is_fragment is htmx
        return numbers_on(page)

    assert found(trigger="message.created") == [support, shop]
    assert found(channel=channel) == [other, support]
    assert found(trigger="message.created", channel=channel) == [support]
    assert found(state="received") == [unread]
    assert found(state="kept") == [other, support, shop]
    assert found(state="kept", trigger="feedback.received", channel=channel, range="hour") == [other]
    assert found(trigger="no.such") == []


def test_the_form_keeps_what_was_chosen_and_offers_what_occurred(customer):
    customer.had("something.new")
    page = customer.log(trigger="something.new", q="acme", range="day")
    assert page.select_one("button[type=submit]", text="Filter") is not None  # for whom no script does it
    chosen = [option.attrib["value"] for option in page.select("option[selected]")]
    assert chosen == ["something.new", "", "", "day"]
    assert page.select_one("input[name=q]").attrib["value"] == "acme"
    offered = [option.attrib["value"] for option in customer.log().select("select[name=trigger] option")]
    assert offered.count("message.created") == 1
    assert "something.new" in offered


def test_the_address_of_what_is_seen_is_pushed_without_empty_fields(customer):
    page = customer.log(htmx=True, trigger="message.created", channel="", q="", since="")
    assert page.response.headers["HX-Push-Url"] == f"{customer.root}?trigger=message.created"


@both_databases
def test_times_between_two_minutes_of_the_accounts_zone(customer):
    numbers = [customer.had() for _ in range(4)]
    zone = ZoneInfo("Europe/Istanbul")
    start = datetime(2026, 3, 29, 10, 0, tzinfo=zone)
    for step, number in enumerate(numbers):
        at(customer, number, start + timedelta(minutes=10 * step, seconds=30))
    assert numbers_on(customer.log(since="2026-03-29T10:10", until="2026-03-29T10:20")) == numbers[2:0:-1]
    assert numbers_on(customer.log(since="2026-03-29T10:11")) == [numbers[3], numbers[2]]
    assert numbers_on(customer.log(until="2026-03-29T10:09")) == [numbers[0]]
    assert numbers_on(customer.log(since="2027-01-01T00:00")) == []
    assert numbers_on(customer.log(until="2025-01-01T00:00")) == []


@pytest.mark.parametrize(("preset", "kept"), [("hour", 1), ("day", 2), ("week", 3), ("", 4)])
def test_time_presets(customer, preset, kept):
    ages = [timedelta(days=30), timedelta(days=6), timedelta(hours=20), timedelta(minutes=50)]
    numbers = [customer.had() for _ in ages]
    for number, age in zip(numbers, ages, strict=True):
        at(customer, number, now() - age)
    assert numbers_on(customer.log(range=preset)) == numbers[-kept:][::-1]


def test_events_that_came_at_once_and_got_their_numbers_the_other_way_round(customer):
    numbers = [customer.had() for _ in range(3)]
    base = now().replace(microsecond=0) - timedelta(hours=1)
    for seconds, number in zip((20, 10, 0), numbers, strict=True):
        at(customer, number, base + timedelta(seconds=seconds))
    since = base + timedelta(seconds=5)
    page = customer.portal.run(log.page, customer.account(), Filter(since=since))
    assert [event.id for event in page.rows] == [numbers[1], numbers[0]]
    page = customer.portal.run(log.page, customer.account(), Filter(until=since))
    assert [event.id for event in page.rows] == [numbers[2]]


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"since": "yesterday"}, "for example 2026-03-31 14:30"),
        ({"since": "0001-01-01T00:00"}, "2000 and 2100"),
        ({"since": "2026-01-02T00:00", "until": "2026-01-01T00:00"}, "Enter a time after the start"),
        ({"state": "odd"}, "State"),
        ({"range": "ever"}, "When"),
        ({"channel": "x' OR 1=1"}, "Choose a channel from the list"),
        ({"q": "x" * 201}, "Search words"),
        ({"q": "%%% ***"}, "words or numbers"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_in_words(customer, arguments, words, htmx):
    page = customer.log(htmx=htmx, **arguments)
    assert page.status == 422
    assert words in page.summary.text_content()


def test_nothing_matches_and_the_way_out(customer):
    customer.had()
    page = customer.log(trigger="customer.updated")
    assert "No event matches" in page.text
    assert customer.root in {link.get("href") for link in page.select(".empty a")}


@both_databases
def test_reading_on_sees_every_event_once_though_their_times_are_equal(customer):
    numbers = add_many(customer, 123)
    for arguments in ({}, {"trigger": "message.created"}, {"state": "kept"}, {"range": "hour"}):
        pages = [*customer.browser.pages(customer.log(**arguments))]
        assert [number for page in pages for number in numbers_on(page)] == numbers[::-1], arguments
        back = [numbers_on(page) for page in customer.browser.pages(pages[-1], "a[rel=prev]")]
        assert back[-1] == numbers[::-1][:50]
        assert {number for part in back for number in part} == set(numbers)


def test_a_page_is_not_shifted_by_what_comes_meanwhile(customer):
    numbers = add_many(customer, 60)
    older = customer.log().select_one("a[rel=next]").attrib["href"]
    customer.had()
    assert numbers_on(customer.browser.get(older)) == numbers[9::-1]


def test_an_older_part_does_not_ask_for_newer_events(customer):
    add_many(customer, 60)
    assert customer.log().select_one("[data-poll]") is not None
    older = customer.browser.get(customer.log().select_one("a[rel=next]").attrib["href"])
    assert older.select_one("[data-poll]") is None
    assert "Show newest" in older.text


def test_newer_events_are_told_and_not_put_in(customer):
    customer.had()
    address = customer.log(trigger="message.created").select_one("#newer").attrib["data-poll"]
    quiet = customer.browser.get(address, htmx=True)
    assert quiet.text == ""
    assert quiet.select_one("#newer").attrib["data-poll-seconds"] == "10"
    customer.had("feedback.received")
    assert customer.browser.get(address, htmx=True).text == ""
    customer.had()
    assert customer.browser.get(address, htmx=True).text == "Show 1 new event"
    customer.had()
    told = customer.browser.get(address, htmx=True)
    assert told.text == "Show 2 new events"
    assert told.select_one("a").attrib["href"] == f"{customer.root}?trigger=message.created"


def test_an_empty_log_fills_by_itself(customer):
    address = customer.log().select_one("#newer").attrib["data-poll"]
    assert customer.browser.get(address, htmx=True).status == 200
    customer.had()
    assert customer.browser.get(address, htmx=True).response.headers["HX-Redirect"] == customer.root
    filtered = customer.log(trigger="feedback.received").select_one("#newer").attrib["data-poll"]
    assert customer.browser.get(filtered, htmx=True).status == 200


def test_asking_for_newer_events_grows_rare_and_never_stops_for_good(customer):
    address = customer.log().select_one("#newer").attrib["data-poll"]
    waits = []
    for _ in range(5):
        answer = customer.browser.get(address, htmx=True).select_one("#newer")
        waits.append(int(answer.attrib["data-poll-seconds"]))
        address = answer.attrib["data-poll"]
    assert waits == [10, 20, 30, 30, 30]


def test_many_newer_events_are_not_counted_out(customer):
    customer.had()
    address = customer.log().select_one("#newer").attrib["data-poll"]
    add_many(customer, 120)
    told = customer.browser.get(address, htmx=True)
    assert told.text == "Show 99+ new events"
    assert told.select_one("[data-poll]") is None


def test_a_forged_question_for_newer_events(customer):
    assert customer.browser.get(f"{customer.root}newer?than=x&wait=-5", htmx=True).status == 200
    assert customer.browser.get(f"{customer.root}newer?since=x", htmx=True).status == 400
    for name in ("before", "after"):
        for number in ("9" * 30, "-" + "9" * 30, "x", "1.5"):
            assert customer.browser.get(f"{customer.root}?{name}={number}").status == 200
    assert customer.browser.get(f"{customer.root}{'9' * 30}").status == 404


def test_tenants_do_not_see_each_other(customer, make_customer):
    mine = customer.had("message.created", text="ours")
    other = make_customer(contact_email="other@tenant.example.com", name="Other Ltd")
    theirs = other.had("message.created", text="theirs")
    assert numbers_on(customer.log()) == [mine]
    assert numbers_on(other.log()) == [theirs]
    assert numbers_on(other.log(q="ours")) == []
    assert numbers_on(other.log(q=customer.account_id.hex)) == []
    assert other.browser.get(f"{other.root}{mine}").status == 404
    assert other.browser.post(f"{other.root}{mine}/process").status == 404
    assert other.browser.get(f"{customer.root}{mine}").status == 404
    assert "0" not in other.browser.get(f"{other.root}newer?than={mine}", htmx=True).text


def test_a_member_may_see_the_log(customer):
    number = customer.had()
    member = customer.portal.member(customer.account_id)
    assert numbers_on(member.get(customer.root)) == [number]


def test_an_account_that_is_not_set_up_goes_to_its_set_up(portal):
    browser = portal.browser()
    account = portal.sign_up(browser).goes_to.split("/")[2]
    assert browser.get(f"/accounts/{account}/events/").goes_to.endswith("/setup")
    assert browser.get(f"/accounts/{account}/events/watch").goes_to.endswith("/setup")


def at(customer, number: int, time: datetime) -> None:
    customer.portal.sql(
        "UPDATE delivery SET received_at = :time WHERE id = :number", time=time.astimezone(UTC), number=number
    )


def add_many(customer, count: int) -> list[int]:
    """Events that came at the very same instant."""
    first = customer.had()
    template = customer.delivery(first)
    facts = template.model_dump(exclude={"id", "received_at", "state", "body_hash"})
    same = {"received_at": template.received_at, "state": DeliveryState.KEPT}
    with customer.portal.app.app_context():
        rows = [Delivery(**facts, **same, id=first + step, body_hash=str(step)) for step in range(1, count)]
        session().add_all(rows)
        session().flush()
        event_rows.file_under((row.account_id, row.id, [row.hook]) for row in rows)
        session().commit()
    return [first + step for step in range(count)]
