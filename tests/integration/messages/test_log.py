"""The message log: what it shows to whom, how it is read on, and how it is taken away."""

import csv
import io
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlmodel import col

from portal.extensions import session
from portal.messages.log import export
from portal.messages.log import query as log_query
from portal.models import Account, Membership, Message, MessageState, MessageType, Role, StaffRole, now
from portal.web import csv_export
from tests.integration.messages.conftest import RECIPIENT, Sender, make_sender, text
from tests.support.application.pages import select
from tests.support.application.portal import Portal
from tests.support.suite.concurrent import meanwhile
from tests.support.suite.marks import both_databases

SECRET = "The code is 4711."


def fill(sender: Sender, count: int, **facts: Any) -> list[UUID]:
    """Messages that were confirmed a second after one another; ids, oldest first."""
    start = facts.pop("start", now() - timedelta(days=2))
    person = sender.portal.person("jane@acme.example.com")

    def make() -> list[UUID]:
        rows = [
            Message(
                account_id=sender.account_id,
                intent=uuid4().hex,
                state=facts.get("state", MessageState.DELIVERED),
                type=facts.get("type", MessageType.TEXT),
                recipient=facts.get("recipient", RECIPIENT),
                payload=text(facts.get("body", SECRET)).as_json(without_none=True),
                preview=SECRET,
                sender=person.email,
                sender_id=facts.get("sender_id", person.id),
                confirmed_at=start + timedelta(seconds=number if facts.get("apart", True) else 0),
            )
            for number in range(count)
        ]
        session().add_all(rows)
        session().commit()
        return [row.id for row in rows]

    made: list[UUID] = sender.portal.run(make)
    return made


def shown(sender: Sender, query: str = "", **options: Any) -> list[str]:
    page = sender.browser.get(f"{sender.root}{query}", **options)
    assert page.status == 200
    return [link.attrib["href"].rpartition("/")[2] for link in page.select("th a")]


@both_databases
@pytest.mark.parametrize("apart", [True, False])
def test_pages_newest_first(portal, control, apart) -> None:
    sender = make_sender(portal, control)
    ids = fill(sender, 120, apart=apart)
    order = [str(key) for key in (ids[::-1] if apart else sorted(ids, key=lambda key: key.hex, reverse=True))]
    assert shown(sender) == order[:50]
    assert shown(sender, f"?before={order[49]}") == order[50:100]
    assert shown(sender, f"?before={order[99]}") == order[100:]
    assert shown(sender, f"?after={order[100]}") == order[50:100]
    assert shown(sender, f"?after={order[30]}") == order[:50]
    assert shown(sender, f"?before={uuid4()}") == order[:50]
    assert shown(sender, "?before=nothing") == order[:50]


def test_filters(sender: Sender) -> None:
    [failed] = fill(sender, 1, state=MessageState.FAILED, start=now() - timedelta(days=4))
    [image] = fill(sender, 1, type=MessageType.IMAGE)
    [other] = fill(sender, 1, recipient="+491711234567", start=now() - timedelta(minutes=5))
    [colleague] = fill(sender, 1, sender_id=uuid4(), start=now() - timedelta(hours=3))
    every = [str(other), str(colleague), str(image), str(failed)]
    assert shown(sender) == every
    assert shown(sender, "?state=failed") == [str(failed)]
    assert shown(sender, "?type=image") == [str(image)]
    for number in ("%2B49+171+1234567", "https://wa.me/491711234567"):
        assert shown(sender, f"?recipient={number}") == [str(other)]
    assert shown(sender, "?recipient=0532+123+45+67&state=delivered") == [str(colleague), str(image)]
    jane = sender.portal.person("jane@acme.example.com").id
    assert shown(sender, f"?sender={jane}&range=week") == [str(other), str(image), str(failed)]
    assert shown(sender, "?range=hour") == [str(other)]
    since = (now() - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    assert shown(sender, f"?since={since}") == every[:3]
    assert shown(sender, f"?until={since}") == [str(failed)]
    page = sender.browser.get(f"{sender.root}?state=read")
    assert "No message matches" in page.text


@pytest.mark.parametrize(
    "query", ["recipient=12", "state=nothing", "sender=x", "since=1900-01-01T00:00", "type=fax"]
)
def test_a_filter_that_makes_no_sense(sender: Sender, query: str) -> None:
    fill(sender, 1)
    page = sender.browser.get(f"{sender.root}?{query}")
    assert page.status == 422
    assert "Check the filter" in page.text
    assert sender.browser.get(f"{sender.root}newer?{query}").status == 400
    assert sender.browser.get(f"{sender.root}export.csv?{query}").status == 303


def test_what_is_not_confirmed_is_not_in_the_log(sender: Sender) -> None:
    message_id = sender.prepare()
    assert shown(sender) == []
    assert "No messages yet" in sender.browser.get(sender.root).text
    member = sender.portal.member(sender.account_id)
    assert member.get(f"{sender.root}{message_id}").status == 404


def test_what_was_written_and_not_sent_is_not_lost(sender: Sender) -> None:
    message_id = sender.prepare(text("Later"))
    page = sender.browser.get(sender.root)
    assert "You have a draft that you haven't sent yet." in page.text
    assert page.select_one(f"a[href='{sender.root}{message_id}/review']") is not None
    operator = sender.portal.member(sender.account_id, role=Role.OPERATOR)
    assert "draft that you haven't sent" not in operator.get(sender.root).text
    sender.confirm(message_id)
    assert "draft that you haven't sent" not in sender.browser.get(sender.root).text


@both_databases
def test_what_was_written_can_be_discarded(portal, control) -> None:
    sender = make_sender(portal, control)
    for number in range(8):
        sender.prepare(text(f"n{number}"), f"i-{number}")
    page = sender.browser.get(sender.root)
    assert "You have 8 drafts that you haven't sent yet." in page.text
    assert len(page.select(".drafts li")) == 5
    [discard, *_more] = page.select(".drafts form")
    for _time in range(2):  # pressed twice
        assert sender.browser.post(discard.attrib["action"]).goes_to == sender.root
    assert "You have 7 drafts that you haven't sent yet." in sender.browser.get(sender.root).text
    history = sender.browser.get(f"/accounts/{sender.account_id}/").text
    assert history.count("discarded an unsent message to +90 ••• 67") == 1


def test_what_was_confirmed_is_not_discarded(sender: Sender) -> None:
    row = sender.send()
    assert sender.browser.post(f"{sender.root}{row.id}/discard").goes_to == f"{sender.root}{row.id}"
    assert sender.message(row.id).state == "accepted"


def test_nobody_discards_what_is_another_accounts(sender: Sender) -> None:
    message_id = sender.prepare()
    other, account_id = sender.portal.customer(contact_email="joe@other.example.com")
    assert other.post(f"/accounts/{account_id}/messages/{message_id}/discard").status == 303
    assert sender.message(message_id).state == "prepared"
    member = sender.portal.member(sender.account_id)
    assert member.post(f"{sender.root}{message_id}/discard").status == 403


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_what_is_confirmed_at_the_same_moment_is_not_discarded(portal, control) -> None:
    sender = make_sender(portal, control)
    message_id = sender.prepare()
    confirmed = "UPDATE message SET state = 'accepted', confirmed_at = now()"
    path = f"{sender.root}{message_id}/discard"
    with meanwhile(portal, lambda: sender.browser.post(path), confirmed) as answer:
        assert answer.goes_to == f"{sender.root}{message_id}"
    assert sender.message(message_id).state == "accepted"


def test_new_ones_announce_themselves(sender: Sender) -> None:
    ids = fill(sender, 2)
    page = sender.browser.get(sender.root)
    address = page.select_one("#newer").attrib["data-poll"]
    assert f"than={ids[-1]}" in str(address)
    assert sender.browser.get(str(address), htmx=True).select_one("a") is None
    fill(sender, 3, start=now())
    told = sender.browser.get(str(address), htmx=True)
    assert "Show 3 new messages" in told.text
    fill(sender, 100, start=now())
    assert "Show 99+ new messages" in sender.browser.get(str(address), htmx=True).text


def test_new_ones_announce_themselves_in_an_empty_log(sender: Sender) -> None:
    address = sender.browser.get(sender.root).select_one("#newer").attrib["data-poll"]
    fill(sender, 1)
    assert "Show 1 new message" in sender.browser.get(str(address), htmx=True).text


def test_rows_update_by_themselves(sender: Sender) -> None:
    ids = fill(sender, 3, state=MessageState.ACCEPTED, start=now() - timedelta(minutes=5))
    watched = sender.browser.get(sender.root).select_one("#message-rows").attrib["data-poll"]
    sender.portal.sql("UPDATE message SET state = 'read' WHERE id = :id", id=ids[1].hex)
    fill(sender, 1, start=now())
    fresh = sender.browser.get(watched, htmx=True)
    assert [select(row, ".chip")[0].text_content() for row in fresh.select("tbody tr")] == [
        "Accepted",
        "Read",
        "Accepted",
    ]


def test_rows_at_their_end_are_left_alone(sender: Sender) -> None:
    fill(sender, 3, state=MessageState.READ)
    rows = sender.browser.get(sender.root).select_one("#message-rows")
    assert rows is not None
    assert "data-poll" not in rows.attrib


def test_rows_of_another_account(sender: Sender) -> None:
    [message_id] = fill(sender, 1)
    other, account_id = sender.portal.customer(contact_email="joe@other.example.com")
    assert other.get(f"/accounts/{account_id}/messages/rows?id={message_id}", htmx=True).select("tbody tr") == []
    assert other.get(f"/accounts/{account_id}/messages/{message_id}").status == 404
    assert other.post(f"/accounts/{account_id}/messages/{message_id}/settle", {"arrived": "yes"}).status == 404


@pytest.mark.parametrize("who", [Role.MEMBER, Role.DEVELOPER, *StaffRole])
def test_who_may_not_read(sender: Sender, who: Role | StaffRole) -> None:
    row = sender.send(text(SECRET))
    fill(sender, 1, recipient="+491711234567")
    portal = sender.portal
    browser = portal.member(sender.account_id, role=who) if isinstance(who, Role) else portal.staff(who)
    pages = [
        browser.get(sender.root),
        browser.get(f"{sender.root}{row.id}"),
        browser.get(f"{sender.root}rows?id={row.id}", htmx=True),
        browser.get(f"/accounts/{sender.account_id}/"),
    ]
    for page in pages:
        assert page.status == 200
        html = page.response.get_data(as_text=True)
        for secret in ("4711", "1234567", "123 45 67"):
            assert secret not in html, page.path
    assert "+90 ••• 67" in pages[0].text
    assert "Accepted" in pages[1].text
    portal.sql("UPDATE message SET state = 'unknown'")
    unknown = browser.get(f"{sender.root}{row.id}").text
    assert "note below" not in unknown, "there is nothing below for them"
    assert "Owners and operators of the account can see what to do." in unknown
    found = browser.get(f"{sender.root}?recipient=%2B491711234567")
    assert len(found.select("tbody tr")) == 2, "searching for a number would be reading it"
    assert found.select_one("#recipient") is None
    for path in ("export.csv", ""):
        assert browser.get(f"{sender.root}{path}").status == (
            403 if path and isinstance(who, Role) else 404 if path else 200
        )


def test_an_operator_reads(sender: Sender) -> None:
    row = sender.send(text(SECRET))
    operator = sender.portal.member(sender.account_id, role=Role.OPERATOR)
    page = operator.get(f"{sender.root}{row.id}")
    assert SECRET in page.text
    assert "+90 532 123 45 67" in page.text
    assert sender.key not in page.response.get_data(as_text=True)
    body = page.select_one("#body")
    assert body is not None
    assert json.loads(body.text_content()) == row.payload


def test_an_empty_log_says_what_to_do(portal: Portal) -> None:
    browser, account_id = portal.customer()
    page = browser.get(f"/accounts/{account_id}/messages/")
    assert page.select_one(".empty a").attrib["href"].endswith("/tokens/gateway/new")
    page = portal.member(account_id).get(f"/accounts/{account_id}/messages/")
    assert "An owner or developer of the account can add it." in page.text


# --- as a file


def rows_of(sender: Sender, query: str = "") -> list[dict[str, str]]:
    answer = sender.browser.get(f"{sender.root}export.csv{query}").response
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="messages.csv"'
    written = answer.get_data(as_text=True)
    assert written.startswith(csv_export.BYTE_ORDER_MARK)
    return list(csv.DictReader(io.StringIO(written[1:])))


@both_databases
def test_the_whole_log_as_a_file(portal, control, monkeypatch) -> None:
    sender = make_sender(portal, control)
    monkeypatch.setattr(export, "AT_ONCE", 7)
    ids = fill(sender, 30)
    rows = rows_of(sender)
    assert [row["Reference"] for row in rows] == [str(key) for key in ids[::-1]]
    assert rows[0]["To"] == RECIPIENT
    assert (rows[0]["Content"], rows[0]["State"], rows[0]["Sent by"]) == (
        SECRET,
        "Delivered",
        "jane@acme.example.com",
    )
    assert datetime.fromisoformat(rows[0]["Confirmed"]).utcoffset() == timedelta(hours=3)
    assert "downloaded the message log" in sender.browser.get(f"/accounts/{sender.account_id}/").text


def test_a_file_of_what_is_filtered(sender: Sender) -> None:
    fill(sender, 2)
    [image] = fill(sender, 1, type=MessageType.IMAGE)
    assert [row["Reference"] for row in rows_of(sender, "?type=image")] == [str(image)]
    assert rows_of(sender, "?state=read") == []


def test_a_file_holds_the_whole_content(sender: Sender) -> None:
    long = f"Dear Deniz,\n{'x' * 4000}"
    fill(sender, 1, body=long)
    assert rows_of(sender)[0]["Content"] == long


@pytest.mark.parametrize("formula", ["=1+1", "\t=1", "=cmd|' /C calc'!A0", "hi;=1+1"])
def test_no_cell_is_a_formula(sender: Sender, formula: str) -> None:
    fill(sender, 1, body=formula)
    assert rows_of(sender)[0]["Content"] == csv_export.harmless(formula) != formula


def test_a_reader_who_goes_away(sender: Sender) -> None:
    fill(sender, 5)
    answer = sender.browser.client.get(f"{sender.root}export.csv", base_url=sender.browser.base, buffered=False)
    next(iter(answer.response))
    answer.close()
    assert sender.browser.get(sender.root).status == 200


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_place_that_is_not_in_the_log_is_none(sender: Sender, place) -> None:
    fill(sender, 60)
    newest, other = sender.browser.get(sender.root), sender.browser.get(f"{sender.root}?{place}={uuid4()}")
    assert other.status == 200
    assert other.select_one("main").text_content() == newest.select_one("main").text_content()


# --- plans


@both_databases
@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"state": "read"},
        {"type": "text"},
        {"recipient": RECIPIENT},
        {"sender_id": uuid4()},
        {"since": 1},
        {"until": 1},
    ],
)
def test_a_page_reads_no_more_than_it_shows(portal, control, facts) -> None:
    sender = make_sender(portal, control)
    ids = fill(sender, 3)
    if "state" in facts:
        facts = {"state": MessageState.READ}
    if "type" in facts:
        facts = {"type": MessageType.TEXT}
    times = {name: now() for name in facts if name in ("since", "until")}

    def plan() -> str:
        account = session().get_one(Account, sender.account_id)
        position = log_query._position(account, ids[1])
        query = log_query._matching(account, log_query.Filter(**(facts | times))).below(position).limit(51)
        connection = session().connection()
        compiled = query.compile(connection, compile_kwargs={"literal_binds": True})
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off")
            # Of a few rows it makes no difference to the planner whose index it walks: the general one goes, in a
            # transaction that is never committed.
            connection.exec_driver_sql("DROP INDEX ix_message_confirmed")
            return "\n".join(
                row[0] for row in connection.exec_driver_sql(f"EXPLAIN {compiled}".replace("%", "%%"))
            )
        return "\n".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}"))

    said = portal.run(plan)
    assert "ix_message_log" in said, said
    assert "Sort" not in said, said
    assert "TEMP B-TREE" not in said, said


@both_databases
def test_whoever_sent_and_left_can_be_chosen(portal, control) -> None:
    sender = make_sender(portal, control)
    portal.member(sender.account_id, email="left@acme.example.com", role=Role.OPERATOR)
    left = portal.person("left@acme.example.com").id
    fill(sender, 3)
    [theirs] = fill(sender, 1, sender_id=left, start=now() - timedelta(hours=3))
    portal.run(
        lambda: [
            session().execute(sa.delete(Membership).where(col(Membership.person_id) == left)),
            session().commit(),
        ]
    )
    page = sender.browser.get(sender.root)
    offered = [option.text_content() for option in page.select("#sender option")]
    assert offered == ["Any", "jane@acme.example.com", "left@acme.example.com"]
    assert shown(sender, f"?sender={left}") == [str(theirs)]
