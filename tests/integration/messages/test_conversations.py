"""Conversations: who wrote, what was written with one person, and how long they may be answered freely."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from portal.contact import international
from portal.extensions import session
from portal.messages.threads import incoming, window
from portal.models import Contact, Credential, InboundMessage, KeyTrial, Message, Person, now
from tests.integration.contacts.test_contacts import wrote
from tests.integration.messages.conftest import RECIPIENT, Sender, make_sender, text
from tests.integration.messages.test_composer import write
from tests.integration.messages.test_gateway_reports import Gateway, status
from tests.integration.messages.test_mixed_events import receive
from tests.support.application.browser import Page
from tests.support.application.pages import texts
from tests.support.suite.marks import both_databases

AYSE = "+905301112233"


@pytest.fixture
def gateway(sender: Sender) -> Gateway:
    return Gateway(sender)


def ago(**time: float) -> str:
    return str(int((now() - timedelta(**time)).timestamp()))


def written(number: str = AYSE, text: str = "Hello", to: str = "", **more: Any) -> Any:
    name, value = wrote(number, text=text, **({"timestamp": ago(minutes=1)} | more))
    return name, value | ({"metadata": {"display_phone_number": to}} if to else {})


def conversations(sender: Sender, **arguments: str) -> list[str]:
    page = sender.browser.get(f"/accounts/{sender.account_id}/conversations/", query_string=arguments)
    assert page.status == 200, page.text
    return [" ".join(texts(row).split()[:-3]) for row in page.select("#log tbody tr")]


def thread(sender: Sender, contact: Contact | None = None, query: str = "") -> Page:
    contact = contact or sender.portal.rows(Contact)[0]
    return sender.browser.get(f"/accounts/{sender.account_id}/conversations/{contact.id}{query}")


def lines(page: Page) -> list[str]:
    return [tag.text_content() for tag in page.select(".thread-text")]


@both_databases
def test_both_sides_stand_in_their_order_with_states(portal, control) -> None:
    gateway = Gateway(make_sender(portal, control))
    sender = gateway.sender
    receive(gateway, written(text="Where is my order?"))
    row = sender.send(text(to=AYSE))
    gateway.report(status(row.wamid, "read", to=AYSE))
    receive(gateway, written(text="Thanks", timestamp=ago(seconds=-2)))
    page = thread(sender)
    assert lines(page) == ["Where is my order?", "Your order is on its way.", "Thanks"]
    assert "Read" in page.text
    assert "Free text until" in page.text


def test_what_somebody_wrote_before_is_not_read_again_with_each_event(gateway: Gateway) -> None:
    for number in range(5):
        receive(gateway, written(text=f"Message {number}"))
    with gateway.sender.portal.app.app_context():  # as if Connexease had told of them first
        named = incoming.NAMELESS + col(InboundMessage.wamid)
        session().execute(sa.update(InboundMessage).values(wamid=named))
        session().commit()
    read: list[str] = []

    def note(row: InboundMessage, _context: Any) -> None:
        read.append(row.text)

    sa.event.listen(InboundMessage, "load", note)
    receive(gateway, written(text="Message 3"), written(text="Something else"))
    sa.event.remove(InboundMessage, "load", note)
    assert read == ["Message 3"]
    assert {row.text for row in gateway.sender.portal.rows(InboundMessage)} == {
        *(f"Message {number}" for number in range(5)),
        "Something else",
    }


@both_databases
def test_the_list_counts_what_nobody_read_and_finds_words(portal, control) -> None:
    gateway = Gateway(make_sender(portal, control))
    sender = gateway.sender
    receive(gateway, written(text="Where is it?", timestamp=ago(minutes=5)))
    receive(gateway, written(text="Please answer", timestamp=ago(minutes=4)))
    receive(gateway, written(RECIPIENT, "Good morning", timestamp=ago(minutes=3)))
    assert conversations(sender) == [
        f"{international(RECIPIENT)} Good morning 1",
        f"{international(AYSE)} Please answer 2",
    ]
    [ayse, _other] = portal.rows(Contact)
    assert thread(sender, ayse).status == 200
    assert conversations(sender) == [
        f"{international(RECIPIENT)} Good morning 1",
        f"{international(AYSE)} Please answer 0",
    ]
    receive(gateway, written(text="Hello again", timestamp=ago(minutes=1)))
    assert conversations(sender)[0] == f"{international(AYSE)} Hello again 1"
    assert conversations(sender, q="where") == [f"{international(AYSE)} Hello again 1"]
    assert conversations(sender, q="0532 123") == [f"{international(RECIPIENT)} Good morning 1"]
    assert conversations(sender, q="nothing") == []


def test_a_long_conversation_is_read_page_by_page(sender: Sender, gateway: Gateway) -> None:
    for number in range(55):
        receive(gateway, written(text=f"Line {number}", timestamp=ago(minutes=100 - number)))
    page = thread(sender)
    assert lines(page) == [f"Line {number}" for number in range(5, 55)]
    older = sender.browser.get(page.select_one("a", text="Older").attrib["href"])
    assert lines(older) == [f"Line {number}" for number in range(5)]
    assert older.select_one("a", text="Older") is None


def test_a_reply_goes_the_composers_way(sender: Sender, gateway: Gateway) -> None:
    receive(gateway, written())
    page = sender.browser.submit(thread(sender), "Review message", body="On its way")
    assert page.status == 303, page.text
    review = sender.browser.get(page.goes_to)
    assert "Free text until" in review.text
    sender.browser.submit(review)
    [row] = sender.portal.rows(Message)
    assert (row.state, row.recipient, lines(thread(sender))) == ("accepted", AYSE, ["Hello", "On its way"])


def test_after_24_hours_a_template_is_offered(sender: Sender, gateway: Gateway) -> None:
    receive(gateway, written(timestamp=ago(hours=25)))
    page = thread(sender)
    assert "more than 24 hours ago" in page.text
    assert page.select_one("textarea") is None
    assert "type=template" in page.select_one("a", text="Send template").attrib["href"]


def test_the_form_says_how_long_free_text_arrives(sender: Sender, gateway: Gateway) -> None:
    address = f"{sender.root}new?to=%2B905301112233"
    assert "when this person last wrote to you" in sender.browser.get(address).text
    receive(gateway, written(timestamp=ago(hours=20, minutes=47)))
    assert "(3 h 12 min)" in sender.browser.get(address).text
    live = sender.browser.post(f"{sender.root}preview", {"to": AYSE, "kind": "text"}, htmx=True)
    assert "(3 h 12 min)" in live.text
    sender.portal.sql("UPDATE inbound_message SET at = :at", at=now() - timedelta(hours=25))
    assert "more than 24 hours ago" in sender.browser.get(address).text
    review = sender.browser.get(write(sender, to=AYSE).goes_to)
    assert "more than 24 hours ago" in review.text


def test_the_window_is_of_the_number_that_the_key_sends_from(sender: Sender, gateway: Gateway) -> None:
    receive(gateway, written(to="905550000001", timestamp=ago(hours=1)))
    receive(gateway, written(to="905550000002", text="Hi", timestamp=ago(hours=30)))
    [key] = sender.portal.rows(Credential)

    def until(number: str) -> bool:
        return sender._inside(lambda *_: window.of_number(sender.account_id, number, key).is_open)

    assert until(AYSE)
    person = sender.portal.rows(Person)[0]
    trial = KeyTrial(
        account_id=sender.account_id,
        credential_id=key.id,
        intent="x",
        person_id=person.id,
        number="+905550000002",
        ended_at=now(),
    )
    _add(sender, trial)
    assert not until(AYSE)


def _add(sender: Sender, row: Any) -> None:
    from portal.extensions import session  # noqa: PLC0415

    def write_() -> None:
        session().add(row)
        session().commit()

    sender.portal.run(write_)


def test_who_hides_their_number_is_read_and_cannot_be_answered(sender: Sender, gateway: Gateway) -> None:
    receive(gateway, wrote(user_id="US.1", text="Hi"))
    page = thread(sender)
    assert lines(page) == ["Hi"]
    assert "hides their number" in page.text


@both_databases
def test_what_people_wrote_goes_with_its_time(portal, control) -> None:
    gateway = Gateway(make_sender(portal, control))
    receive(gateway, written())
    portal.sql("UPDATE inbound_message SET received_at = :at", at=now() - timedelta(days=91))
    portal.sweep()
    assert portal.rows(InboundMessage) == []
    assert len(portal.rows(Contact)) == 1
    assert lines(thread(gateway.sender)) == []
