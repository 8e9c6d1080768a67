"""One event: what came, what became of it, its repeats, and trying again."""

from contextlib import contextmanager

import pytest

from portal.extensions import db
from portal.models import AuditEntry, Channel, Delivery
from tests.integration.events.conftest import numbers_on
from tests.support.suite.marks import both_databases, both_databases_and_with_htmx


def test_the_body_is_laid_out_and_escaped(customer):
    number = customer.had(text="</pre><script>alert(1)</script>", big=12345678901234567890123)
    page = customer.event(number)
    body = page.select_one("pre#body").text_content()
    assert '"text": "</pre><script>alert(1)</script>"' in body
    assert "12345678901234567890123" in body
    assert "<script>alert" not in page.response.get_data(as_text=True)
    assert "hidden" in page.select_one("[data-copy=body]").attrib  # only a script can copy


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "The body is empty."),
        (b"<b>hi</b>", "The body isn't JSON"),
        (b"caf\xe9", "Unreadable characters"),
        (b"[" * 5000 + b"]" * 5000, "nested too deeply"),
    ],
)
def test_a_body_that_is_not_json_says_so(customer, body, words):
    page = customer.event(customer.had(body))
    assert words in page.text
    assert page.select_one("pre#body b") is None


def test_nothing_of_the_secret_that_came_along_is_shown(customer):
    number = customer.had()
    assert "X-Portal-Secret" not in customer.event(number).response.get_data(as_text=True)


@both_databases
def test_repeats_point_to_the_first_and_the_first_to_its_repeats(customer):
    body = customer.body("message.created")
    first, second, third = (customer.had(body) for _ in range(3))
    other = customer.had("message.created")
    page = customer.event(first)
    links = [
        link.attrib["href"] for link in page.select("main a") if link.attrib["href"].rpartition("/")[2].isdigit()
    ]
    assert links == [f"{customer.root}{second}", f"{customer.root}{third}"]
    page = customer.event(third)
    assert page.select_one("dl a").attrib["href"] == f"{customer.root}{first}"
    assert "was stored but not processed again" in page.text
    assert "Duplicates" not in customer.event(other).text
    assert numbers_on(customer.log(state="repeat")) == [third, second]


def test_a_repeat_whose_first_is_forgotten_says_so(customer):
    body = customer.body("message.created")
    first, second = (customer.had(body) for _ in range(2))
    customer.portal.sql("DELETE FROM delivery WHERE id = :number", number=first)
    assert "an event that has been deleted" in customer.event(second).text


def test_every_state_has_its_words(customer):
    waiting = customer.receive()
    assert "will be processed in a moment" in customer.event(waiting).text
    customer.process(waiting)
    assert "needs no action from the portal" in customer.event(waiting).text
    assert "The portal processed the event." in customer.event(customer.had("channel.created")).text
    foreign = customer.had(customer.body("channel.created").replace(customer.uuid.encode(), b"0" * 8))
    assert customer.event(foreign).status == 200


@pytest.fixture
def failed(customer) -> int:
    """An event that could not be processed, however often it was tried; the reason is gone by now."""
    with no_channel_can_be_added(customer):
        number = customer.receive(new_channel(customer))
        customer.process(*[number] * 5)
    assert customer.delivery(number).state == "failed"
    return number


def new_channel(customer) -> bytes:
    return customer.body("channel.created", name="needle").replace(customer.channels["Shop"].encode(), _NEW)


_NEW = b"6f1c0d5e-5a1c-4c8e-9a52-0d6f3f3f2c11"


@contextmanager
def no_channel_can_be_added(customer):
    """The database itself refuses, so that processing fails as it would on a bad day."""
    with customer.portal.app.app_context():
        is_sqlite = db.engine.dialect.name == "sqlite"
    refuse, allow = _SQLITE if is_sqlite else _POSTGRESQL
    customer.portal.sql(refuse)
    yield
    customer.portal.sql(allow)


_SQLITE = (
    "CREATE TRIGGER refuse BEFORE INSERT ON channel BEGIN SELECT RAISE(ABORT, 'no'); END",
    "DROP TRIGGER refuse",
)
_POSTGRESQL = (
    "ALTER TABLE channel ADD CONSTRAINT refuse CHECK (false) NOT VALID",
    "ALTER TABLE channel DROP CONSTRAINT refuse",
)


@both_databases
def test_what_failed_is_shown_and_found(customer, failed):
    assert numbers_on(customer.log(state="failed", trigger="channel.created", channel=_NEW.decode())) == [failed]
    assert "Something went wrong on our side while processing this event." in customer.log().text
    assert numbers_on(customer.log(q="needle")) == [failed]


@both_databases_and_with_htmx
def test_what_failed_is_processed_again(customer, failed, htmx):
    page = customer.event(failed)
    answer = customer.browser.submit(page, "Process event again", htmx=htmx)
    assert answer.goes_to == f"{customer.root}{failed}"
    shown = customer.browser.follow(answer)
    assert "The event was processed." in shown.text
    assert "Process event again" not in shown.text
    assert customer.delivery(failed).state == "processed"
    assert customer.delivery(failed).problem_text == ""
    entries = [entry for entry in customer.portal.rows(AuditEntry) if entry.action == "event.processed_again"]
    assert [entry.target for entry in entries] == ["channel.created"]
    assert _NEW.decode() in {str(channel.connexease_uuid) for channel in customer.portal.rows(Channel)}


def test_what_fails_again_says_so_at_once(customer, failed):
    with no_channel_can_be_added(customer):
        shown = customer.browser.follow(customer.browser.submit(customer.event(failed), "Process event again"))
    assert "Processing failed again." in shown.text
    assert customer.delivery(failed).state == "failed"


def test_processing_again_what_has_not_failed_does_nothing(customer):
    number = customer.had("channel.created")
    done = customer.delivery(number).processed_at
    customer.browser.post(f"{customer.root}{number}/process")
    assert customer.delivery(number).processed_at == done
    assert not [entry for entry in customer.portal.rows(AuditEntry) if entry.action == "event.processed_again"]


def test_a_double_click_processes_once(customer, failed):
    page = customer.event(failed)
    for _ in range(2):
        customer.browser.submit(page, "Process event again")
    entries = [entry for entry in customer.portal.rows(AuditEntry) if entry.action == "event.processed_again"]
    assert len(entries) == 1


def test_there_is_no_such_event(customer):
    assert customer.event(4711).status == 404
    assert customer.browser.post(f"{customer.root}4711/process").status == 404
    assert customer.portal.rows(Delivery) == []


def test_the_history_tells_it_in_a_sentence(customer, failed):
    customer.browser.submit(customer.event(failed), "Process event again")
    overview = customer.browser.get(f"/accounts/{customer.account_id}/")
    assert "processed the event channel.created again" in overview.text
