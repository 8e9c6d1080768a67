"""Free text over the bodies: the same on both databases, whatever is typed and whatever was sent."""

from portal.events import search_index
from tests.integration.events.conftest import numbers_on
from tests.support.suite.marks import both_databases


@both_databases
def test_words_are_found_whole_and_the_last_by_its_beginning(customer):
    # A UUID in a body is five words too, of which one may begin like a short number: so these are not like theirs.
    hello = customer.had(text="Hello, is my order R4711 of 20264711 on its way?")
    other = customer.had(text="Ordering is easy: hello@example.com")

    def found(typed):
        return numbers_on(customer.log(q=typed))

    assert found("hello") == [other, hello]
    assert found("order hello") == [hello]
    assert found("hello order") == [other, hello]
    assert found("20264711") == found("r4711") == [hello]
    assert found("r47") == [hello]
    assert found("r4") == []
    assert found("HELLO@example.com") == [other]
    assert found("way hello nothing") == []
    assert found("essage") == []
    assert found("message.created") == [other, hello]


@both_databases
def test_case_and_accents_make_no_difference(customer):
    pairs = [("İSTANBUL", "istanbul"), ("kap\N{LATIN SMALL LETTER DOTLESS I}", "KAPI"), ("Çağan", "cagan")]
    numbers = [customer.had(text=sent) for sent, _typed in pairs]
    for number, (sent, typed) in zip(numbers, pairs, strict=True):
        assert numbers_on(customer.log(q=typed)) == [number], sent


HOSTILE = [
    '"',
    '"hello',
    "hello'",
    "hello*",
    "* hello",
    "-hello",
    "hello AND",
    "hello OR zzz",
    "NOT hello",
    "NEAR(hello, 5)",
    "words : hello",
    "account : x",
    "hello:* & !x",
    "hello | zzz",
    "hello <-> x",
    "(hello",
    "hello)",
    "\\hello",
    "hello'); DROP TABLE delivery;--",
    "%hello%",
    "{hello} + ^x",
    "hel\x00lo",
    "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace") + "hello",
    "ﷺ" * 60,
    "\u202e",
    "a " * 100,
]


@both_databases
def test_hostile_words_are_words(customer):
    number = customer.had(text="hello")
    for typed in HOSTILE:
        page = customer.log(q=typed)
        assert page.status in (200, 422), typed
        assert page.status == 200 or "words or numbers" in page.text
    assert numbers_on(customer.log(q="hello")) == [number]
    assert numbers_on(customer.log(q="'hello'")) == [number]
    assert numbers_on(customer.log(q="hello AND")) == []


@both_databases
def test_any_body_is_processed_shown_and_found(customer):
    bodies = (
        b"",
        b"\x00\x01 needle \xff\xfe",
        b'{"hook": "a\\u0000b needle", "x": "\\ud800"}',
        b"[" * 5000 + b'"needle"' + b"]" * 5000,
        b'{"hook": {"hook": 1}, "channel": [], "needle": ' + b"9" * 6000 + b"}",
        ("needle " + "ﷺ" * 5000).encode(),
        b'"needle ' + b"x" * 100_000 + b'"',
        " ".join(["needle", *(f"w{number}" for number in range(30_000))]).encode(),
    )
    numbers = [customer.had(body) for body in bodies]
    for number in numbers:
        assert customer.delivery(number).state == "kept"
        assert customer.event(number).status == 200
    assert numbers_on(customer.log()) == numbers[::-1]
    assert numbers_on(customer.log(q="needle")) == numbers[:0:-1]


@both_databases
def test_words_and_the_other_filters_together(customer):
    shop = customer.had("message.created", text="needle")
    support = customer.had("message.created", "Support", text="needle")
    other = customer.had("feedback.received", "Support", text="needle")
    customer.had("message.created", "Support", text="hay")
    support_line = customer.channels["Support"]
    assert numbers_on(customer.log(q="needle", trigger="message.created")) == [support, shop]
    assert numbers_on(customer.log(q="needle", channel=support_line)) == [other, support]
    found = customer.log(q="needle", channel=support_line, trigger="message.created", state="kept", range="hour")
    assert numbers_on(found) == [support]
    assert numbers_on(customer.log(q="needle", before=other)) == [support, shop]


@both_databases
def test_reading_on_in_what_was_found(customer):
    numbers = [customer.had(text="needle") for _ in range(55)]
    first = customer.log(q="needle")
    assert numbers_on(first) == numbers[:4:-1]
    second = customer.browser.get(first.select_one("a[rel=next]").attrib["href"])
    assert numbers_on(second) == numbers[4::-1]
    back = customer.browser.get(second.select_one("a[rel=prev]").attrib["href"])
    assert numbers_on(back) == numbers[:4:-1]


def test_a_search_that_finds_nothing_says_how_words_are_searched(customer):
    customer.had(text="ordering")
    assert "All words must be in the event" in customer.log(q="dering").text


@both_databases
def test_what_has_not_been_read_yet_is_found_once_it_is(customer):
    number = customer.receive(text="needle")
    assert numbers_on(customer.log(q="needle")) == []
    customer.process(number)
    assert numbers_on(customer.log(q="needle")) == [number]


@both_databases
def test_indexing_twice_leaves_one_entry(customer):
    number = customer.had(text="needle")

    def again():
        delivery = customer.delivery(number)
        search_index.put([search_index.entry(delivery.account_id, number, ["needle"], is_private=False)])
        search_index.put([search_index.entry(delivery.account_id, number, ["needle"], is_private=False)])
        search_index.session().commit()

    customer.portal.run(again)
    assert numbers_on(customer.log(q="needle")) == [number]
