"""The list of accounts: what is found, what is filtered, and pages that stay right under every order."""

import random
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from portal.extensions import session
from portal.mirror import directory, facets, facts, search_words
from portal.mirror.directory import Filter, Order, Sort
from portal.mirror.facets import Recency
from portal.mirror.facts import Facts
from portal.mirror.query import index_scan, lookup
from portal.mirror.search_index import put
from portal.models import MirroredAccount, Step, now
from portal.staff.accounts.forms.filter import STEP_WORDS
from tests.support.suite.marks import both_databases

NAMES = ("Çelik Gıda", "acme", "Acme", "ÅNGSTRÖM", "Zeta", "100% Other_Ltd", "Straße 12", "李记", "", "Émile & Co")


def add(**facts_of):
    """A row as the mirror or the projection makes it."""
    found = facts_of.pop("found", Facts(channels=1, webhooks=1))
    row = MirroredAccount(connexease_uuid=uuid4(), **facts_of)
    facts.apply(row, found)
    session().add(row)
    session().flush()
    put(session(), [row])
    session().commit()
    return row


@pytest.fixture
def made(portal):
    """Some accounts, inside the application."""
    with portal.app.app_context():
        yield add


def found(typed, **more):
    page = directory.first_page(Filter(words=tuple(search_words.wanted(typed)), **more), Order())
    return [row.name for row in page.rows]


@both_databases
def test_everything_that_finds_an_account(made):
    channel = uuid4()
    shop = Facts()
    shop.note_channel(channel, "Beşiktaş şube", is_connected=True)
    row = made(name="Çelik Gıda A.Ş.", contact_email="info@celik.example.com", phone="+905321234567", found=shop)
    made(name="Other", contact_email="other@example.com", phone="+442071838750")
    for typed in (
        *(
            "Çelik",
            "celik gida",
            "CELIK",
            "gıda çelik",
            "çel",
            "info@celik.example.com",
            "info@cel",
            "celik.example",
        ),
        *("+90 532 123 45 67", "0532 123 45 67", "05321234567", "532123", "905321234567", "(0532) 123-45"),
        *(str(row.connexease_uuid), row.connexease_uuid.hex, str(row.connexease_uuid)[:13]),
        *(str(row.connexease_uuid).upper(), f"  {row.connexease_uuid} "),
        *("besiktas", "Beşiktaş şube", "sube", str(channel)),
    ):
        assert found(typed) == ["Çelik Gıda A.Ş."], typed
    for typed in (
        "celikk",
        "elik",
        "celik other",
        str(uuid4()),
        "0533 123 45 67",
        "100%",
        "_",
        "'",
        '"',
        "a OR b",
    ):
        assert found(typed) == [] or not search_words.wanted(typed), typed
    for hostile in (
        '" OR marks : here',
        "celik) OR (other",
        "':*' | 'a'",
        "\\",
        "NOT",
        "NEAR(",
        "^celik",
        "celik*",
    ):
        assert set(found(hostile)) <= {"Çelik Gıda A.Ş.", "Other"}
    assert sorted(found("")) == ["Other", "Çelik Gıda A.Ş."]
    assert sorted(found("com")) == ["Other", "Çelik Gıda A.Ş."]


@both_databases
def test_what_is_filtered(made):
    soon, later, past = now() + timedelta(days=10), now() + timedelta(days=100), now() - timedelta(days=1)
    made(name="Fine", step=Step.READY, found=Facts(channels=1, webhooks=1, tokens=1, token_expires_at=later))
    made(name="No channel", step=Step.READY, found=Facts(webhooks=1))
    made(name="Disconnected", step=Step.READY, found=Facts(channels=2, channels_disconnected=1, webhooks=1))
    made(name="No webhook", step=Step.NEEDS_DETAILS, found=Facts(channels=1))
    made(name="Expiring", step=Step.CREATING_ACCOUNT, found=Facts(1, 0, 1, 1, token_expires_at=soon))
    made(name="Expired", step=Step.REGISTERING_WEBHOOK, found=Facts(1, 0, 1, 1, token_expires_at=past))
    made(name="Gone", step=Step.READY, gone_at=now())
    made(name="Quiet", last_activity_at=now() - timedelta(days=40))
    assert found("", marks=[facets.NO_CHANNEL]) == ["No channel"]
    assert found("", marks=[facets.DISCONNECTED]) == ["Disconnected"]
    assert found("", marks=[facets.NO_WEBHOOK]) == ["No webhook"]
    assert found("", marks=[facets.NO_WEBHOOK, facets.NO_CHANNEL]) == []
    assert found("", marks=[facets.GONE]) == ["Gone"]
    assert found("", marks=[facets.step_mark(Step.CREATING_ACCOUNT)]) == ["Expired", "Expiring"]
    assert found("", marks=[facets.EXPIRING]) == ["Expiring"]
    assert found("no", marks=[facets.step_mark(Step.READY)]) == ["No channel"]
    assert found("", recencies=[Recency.QUARTER, Recency.LONGER]) == ["Quiet"]
    assert len(found("", recencies=[Recency.DAY, Recency.WEEK])) == 7
    assert found("", recencies=[Recency.DAY], marks=[facets.EXPIRING]) == ["Expiring"]
    assert found("exp", recencies=[Recency.DAY], marks=[facets.EXPIRING]) == ["Expiring"]


def every_page(wanted, order, size):
    """All of the list as somebody reads it, forwards, and backwards from its end."""
    page = directory.first_page(wanted, order, size)
    pages = [page]
    while page.has_after:
        assert len(pages) < 200, "pages without an end"
        page = directory.page_after(wanted, order, directory.position(page.last, order), size)
        pages.append(page)
    back = [page]
    while page.has_before:
        assert len(back) < 200, "pages without an end"
        page = directory.page_before(wanted, order, directory.position(page.first, order), size)
        back.append(page)
    return pages, back[::-1]


@both_databases
@pytest.mark.parametrize(
    ("few", "near", "stretch", "accounts"),
    [
        (lookup.MOST_PUT_IN_ORDER, lookup.NEAR, lookup.STRETCH, 20),
        *((99, 3, 99, 20), (3, 3, 9, 20)),
        (0, 1, 1, 14),  # each account is a page of its own, so there are fewer
    ],
)
def test_pages_show_everything_once_and_in_order(made, monkeypatch, few, near, stretch, accounts):
    """Whether what matches is near, few or neither: every way gives the same, a stretch at a time if need be."""
    sizes = {"MOST_PUT_IN_ORDER": few, "NEAR": near, "STRETCH": stretch, "OFTEN": few}
    for name, value in sizes.items():
        monkeypatch.setattr(lookup, name, value)
    monkeypatch.setattr(index_scan, "OF_EACH", 1)
    monkeypatch.setattr(index_scan, "MOST_AT_ONCE", 2)
    chance = random.Random(few)
    moment = now()
    for number in range(accounts):
        made(
            name=chance.choice(NAMES),
            contact_email=f"a{number}@example.com",
            step=chance.choice([None, Step.READY, Step.DECLINED]),
            created_at=moment - timedelta(days=chance.randrange(5)),
            last_activity_at=moment - timedelta(days=chance.choice((0, 3, 20, 50, 99))),
            found=Facts(
                chance.randrange(2), 0, chance.randrange(2), 1, moment + timedelta(days=chance.randrange(99))
            ),
        )
    rows = session().exec(select(MirroredAccount)).all()
    session().expunge_all()  # else each of them is read again whenever it is looked at

    def expires(row):
        return now() <= row.token_expires_at < now() + timedelta(days=60)

    checks = {
        Filter(): lambda row: True,
        Filter(words=("acme",)): lambda row: " acme" in row.terms,
        Filter(words=("ac", "a1")): lambda row: " ac" in row.terms and " a1" in row.terms,
        Filter(words=("example", "2")): lambda row: False,
        Filter(marks=(facets.NO_CHANNEL,)): lambda row: not row.channels,
        Filter(marks=(facets.step_mark(Step.READY), facets.NO_WEBHOOK)): lambda row: (
            row.step == Step.READY and not row.webhooks
        ),
        Filter(marks=(facets.EXPIRING,)): expires,
        Filter(recencies=(Recency.DAY, Recency.WEEK)): lambda row: (
            row.last_activity_at > moment - timedelta(days=7)
        ),
        Filter(
            words=("acme",), marks=(facets.EXPIRING,), recencies=(Recency.QUARTER, Recency.LONGER)
        ): lambda row: (
            " acme" in row.terms and row.last_activity_at < moment - timedelta(days=30) and expires(row)
        ),
    }
    keys = {Sort.CREATED: "created_at", Sort.NAME: "name_key", Sort.ACTIVITY: "last_activity_at"}
    for wanted, is_wanted in checks.items():
        for sort, key in keys.items():
            for descending in (False, True):
                order = Order(sort, descending)
                expected = sorted(filter(is_wanted, rows), key=lambda row: (getattr(row, key), row.id))
                numbers = [row.id for row in expected][:: -1 if descending else 1]
                forwards, backwards = every_page(wanted, order, 5)
                assert [row.id for page in forwards for row in page.rows] == numbers, (wanted, order)
                seen = dict.fromkeys(row.id for page in backwards for row in page.rows)
                assert list(seen) == numbers  # the first page may show once more what was seen before it
                assert [row.id for row in backwards[0].rows] == [row.id for row in forwards[0].rows]
                assert all(page.is_stretch or len(page.rows) == 5 for page in forwards[:-1])
                assert [row.id for row in directory.every(wanted, order, 6)] == numbers


def test_a_place_that_is_none_is_the_beginning(made):
    for order in (Order(), Order(Sort.NAME, descending=False)):
        for text in ("", "x", "====", "W10", "WzEsIDJd", "Wzk5OTksIC0xXQ", "äöü", "bnVsbA", "W1tbW1tbW1tbW10"):
            assert directory.position(text, order) is None or order.sort == Sort.NAME
    made(name="Only")
    assert found("") == ["Only"]


def test_an_account_is_found_by_either_uuid(made, portal):
    row = made(name="There")
    assert directory.find(row.connexease_uuid).name == "There"
    assert directory.find(UUID(int=0)) is None


def test_every_step_has_a_word_and_is_a_filter():
    assert set(STEP_WORDS) == set(Step)
    assert len({facets.step_mark(step) for step in Step}) == len(Step) - 1
