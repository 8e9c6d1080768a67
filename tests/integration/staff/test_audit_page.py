"""The audit log on its pages and as a file: who did what to which account."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest

from portal import audit
from portal.audit import log
from portal.extensions import session
from portal.models import Account, AuditEntry, Person, StaffRole, now
from portal.web import access, csv_export
from tests.support.application.browser import Browser
from tests.support.application.portal import Portal


@pytest.fixture
def acme(portal: Portal) -> UUID:
    _browser, account_id = portal.customer()
    return account_id


@pytest.fixture
def reader(portal: Portal) -> Browser:
    return portal.staff(StaffRole.READ_ONLY)


def record(
    portal: Portal, account_id: UUID | None, action: str, target: str, count: int = 1, **facts: str
) -> None:
    def add() -> None:
        person = session().get_one(Person, portal.person("jane@acme.example.com").id)
        for number in range(count):
            audit.record(person, account_id, action, f"{target}{number if count > 1 else ''}", **facts)
        session().commit()

    portal.run(add)


def test_who_did_what_to_which_account_by_day(portal: Portal, acme: UUID, reader: Browser) -> None:
    page = reader.get("/staff/audit/")
    assert "jane@acme.example.com signed up as Acme Corp" in page.text
    assert "The system created the account at Connexease Acme Corp" in page.text
    assert [heading.text_content() for heading in page.select(".day-name")] == ["Today"]
    assert page.select_one(f"a[href='/accounts/{acme}/']", text="Acme Corp") is not None


def test_staff_who_helped_are_named_as_such(portal: Portal, acme: UUID, reader: Browser) -> None:
    def help_them() -> None:
        staff = session().get_one(Person, portal.person("read_only@reseller.example.com").id)
        audit.record(staff, acme, "webhook.changed", "hooks.example.com")
        session().commit()

    portal.run(help_them)
    sentence = "Reseller portal (read_only@reseller.example.com) changed the webhook to hooks.example.com"
    assert sentence in reader.get("/staff/audit/").text
    assert sentence in portal.log_in("jane@acme.example.com").get(f"/accounts/{acme}/history/").text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"account": "acme co"}, {"Acme only", "key of Acme"}),
        ({"account": "JANE@acme"}, {"Acme only", "key of Acme"}),
        ({"account": "100%"}, {"Other only"}),
        ({"account": "nobody"}, set()),
        ({"actor": "jane@acme.example.com"}, {"Acme only", "Other only", "key of Acme"}),
        ({"actor": "JANE"}, {"Acme only", "Other only", "key of Acme"}),
        ({"actor": "portal"}, set()),
        ({"family": "key"}, {"key of Acme"}),
        ({"family": "webhook"}, {"Acme only", "Other only"}),
        ({"q": "only"}, {"Acme only", "Other only"}),
        ({"q": "%"}, set()),
        ({"range": "hour"}, {"Acme only", "Other only", "key of Acme"}),
        ({"until": "2001-01-01T00:00"}, set()),
        ({"since": "2001-01-01T00:00", "family": "key", "account": "acme"}, {"key of Acme"}),
    ],
)
def test_filters(portal: Portal, acme: UUID, reader: Browser, query: dict[str, str], found: set[str]) -> None:
    portal.customer(name="100% Other", contact_email="o@other.example.com")
    record(portal, acme, "webhook.created", "Acme only")
    record(portal, portal.account("o@other.example.com").id, "webhook.created", "Other only")
    record(portal, acme, "key.revealed", "key of Acme")
    page = reader.get("/staff/audit/", query_string=query)
    assert {words for words in ("Acme only", "Other only", "key of Acme") if words in page.text} == found
    row = list(csv.DictReader(io.StringIO(_file(reader, query))))
    assert {each["target"] for each in row} >= found


def test_an_account_is_found_by_either_uuid(portal: Portal, acme: UUID, reader: Browser) -> None:
    uuid = portal.account("jane@acme.example.com").connexease_uuid
    for wanted in (str(acme), str(uuid)):
        assert "signed up as Acme" in reader.get("/staff/audit/", query_string={"account": wanted}).text


def test_times_are_those_of_the_reader(portal: Portal, acme: UUID, reader: Browser) -> None:
    portal.sql("UPDATE person SET time_zone = 'Pacific/Kiritimati' WHERE staff_role = 'read_only'")
    local = (now() + timedelta(hours=14)).replace(tzinfo=None)
    for minutes, is_there in ((-2, True), (2, False)):
        since = (local + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M")
        page = reader.get("/staff/audit/", query_string={"since": since})
        assert ("signed up as Acme" in page.text) is is_there
    refused = reader.get("/staff/audit/", query_string={"since": "2026-02-02T00:00", "until": "2026-02-01T00:00"})
    assert refused.status == 422
    assert refused.errors == {"until": "Enter a time after the start."}


def test_pages_meet_without_a_gap(portal: Portal, acme: UUID, reader: Browser) -> None:
    record(portal, acme, "webhook.created", "number ", 120)
    pages = [*reader.pages(reader.get("/staff/audit/", query_string={"q": "number"}))]
    assert sum(len(page.select(".history li")) for page in pages) == 120
    back = reader.get(pages[-1].select_one("a[rel=prev]").attrib["href"])
    assert len(back.select(".history li")) == 50
    first = reader.get(back.select_one("a[rel=prev]").attrib["href"])
    assert first.select_one("a[rel=prev]") is None
    assert reader.get("/staff/audit/", query_string={"before": "x", "after": "-3"}).status == 200


def test_a_customer_reads_all_of_their_own_history_and_nothing_else(portal: Portal, acme: UUID) -> None:
    owner = portal.log_in("jane@acme.example.com")
    portal.customer(name="Other Ltd", contact_email="o@other.example.com")
    record(portal, acme, "webhook.created", "mine ", 60)
    record(portal, portal.account("o@other.example.com").id, "webhook.created", "theirs")
    overview = owner.get(f"/accounts/{acme}/")
    first = owner.get(overview.select_one("a", text="See full history").attrib["href"])
    assert len(first.select(".history li")) == 50
    second = owner.get(first.select_one("a[rel=next]").attrib["href"])
    assert "signed up as Acme Corp" in second.text
    assert "theirs" not in first.text + second.text


def test_what_is_rare_is_looked_for_a_stretch_at_a_time(
    portal: Portal, acme: UUID, reader: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(portal, acme, "webhook.created", "rare one")
    record(portal, acme, "webhook.created", "number ", 50)
    monkeypatch.setattr(log, "STRETCH", 20)
    first, *others = reader.pages(reader.get("/staff/audit/", query_string={"q": "rare"}))
    assert "Only part of the log was searched" in first.text
    assert "No entry matches" not in first.text
    assert "rare one" in "".join(page.text for page in others)
    assert 2 <= len(others) <= 5
    everything = reader.get("/staff/audit/", query_string={"actor": "jane@acme.example.com"})
    assert "Only part of the log" not in everything.text


def _file(reader: Browser, query: dict[str, str] | None = None) -> str:
    response = reader.client.get("/staff/audit/export.csv", query_string=query or {}, base_url=reader.base)
    assert response.status_code == 200
    assert response.mimetype == "text/csv"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="audit-')
    return response.get_data(as_text=True).removeprefix("\ufeff")


def test_a_file_holds_every_entry_and_no_formula(portal: Portal, acme: UUID, reader: Browser) -> None:
    evil = ["=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x")', "  =1", 'a"b\nc,d']
    for text in evil:
        record(portal, acme, "webhook.created", text)
    record(portal, acme, "key.handed_over", "key", to="=1+1")
    portal.sql("UPDATE account SET name = '=1+1'")
    rows = list(csv.DictReader(io.StringIO(_file(reader), newline="")))
    entries = sorted(portal.rows(AuditEntry), key=lambda entry: entry.id or 0)
    assert [row["hash"] for row in rows] == [entry.hash for entry in entries]
    for row in rows:
        for cell in row.values():
            assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert rows[-1]["In words"] == "read_only@reseller.example.com exported the audit log"
    harmless = [csv_export.harmless(text) for text in evil]
    assert [row["target"] for row in rows if row["target"] in harmless] == harmless
    assert rows[0]["In words"] == "jane@acme.example.com signed up as Acme Corp"


@pytest.mark.parametrize("path", ["/staff/audit/export.csv", "/staff/accounts/accounts.csv"])
def test_a_file_is_made_though_somebody_writes_meanwhile(
    portal: Portal, reader: Browser, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction that has read cannot write any more once another one wrote."""
    asked = access.person_or_401

    def and_meanwhile() -> Person:
        person = asked()
        session().refresh(person)
        with ThreadPoolExecutor(1) as somebody:
            somebody.submit(portal.sql, "UPDATE person SET last_name = 'Changed'").result()
        return person

    monkeypatch.setattr(access, "person_or_401", and_meanwhile)
    assert reader.client.get(path, base_url=reader.base).status_code == 200


def test_a_file_of_a_filter_that_means_nothing(reader: Browser) -> None:
    assert reader.get("/staff/audit/export.csv", query_string={"range": "aeon"}).status == 400


def test_a_fragment_has_an_address_of_its_own(portal: Portal, acme: UUID, reader: Browser) -> None:
    page = reader.get("/staff/audit/", htmx=True, query_string={"family": "key"})
    assert page.response.headers["HX-Push-Url"] == "/staff/audit/?family=key"
    assert page.is_fragment
    assert "No entry matches" in page.text


def test_long_logs_are_read_by_their_indices(portal: Portal, acme: UUID) -> None:
    import sqlalchemy as sa  # noqa: PLC0415

    with portal.app.app_context():
        account = session().get_one(Account, acme)
        for wanted, index in [
            (log.Filter(accounts=(account.id,)), "ix_audit_entry_account"),
            (log.Filter(actor="jane@acme.example.com"), "ix_audit_entry_by"),
        ]:
            query = log._query(sa.select(AuditEntry), wanted).order_by(AuditEntry.id.desc()).limit(51)  # type: ignore[union-attr]
            text = str(query.compile(session().get_bind(), compile_kwargs={"literal_binds": True}))
            plan = " ".join(str(row) for row in session().execute(sa.text(f"EXPLAIN QUERY PLAN {text}")))
            assert index in plan
            assert "TEMP B-TREE" not in plan
