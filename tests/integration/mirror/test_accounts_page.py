"""The staff's list of accounts as a page: search, filters, order, export, refresh, and who may do what."""

import csv
import io

import pytest

from portal.mirror.query import lookup
from portal.models import AuditEntry, StaffRole
from tests.support.application.pages import select_one
from tests.support.suite.marks import both_databases

LIST = "/staff/accounts/"


@pytest.fixture
def support(portal):
    return portal.staff(StaffRole.SUPPORT)


def names(page):
    return [link.text_content() for link in page.select("table.accounts tbody th a")]


@both_databases
def test_a_sign_up_is_in_the_list_at_once_and_followed(portal, support):
    _browser, account_id = portal.newcomer(contact_phone_number="+905321234567")
    page = support.get(LIST)
    assert names(page) == ["Acme Corp"]
    assert "Setting up" in page.text
    portal.settle()
    assert "Ready" in support.get(LIST).select_one("table.accounts").text_content()
    for typed in (
        "acme",
        "jane@acme",
        "0532 123",
        str(account_id),
        portal.control.accounts()[0]["uuid"],
        "Jane Doe",
    ):
        assert names(support.get(LIST, query_string={"q": typed})) == ["Acme Corp"], typed
    assert names(support.get(LIST, query_string={"q": "acme", "state": "settingup"})) == []
    assert names(support.get(LIST, query_string={"state": "ready", "no_channel": "y"})) == ["Acme Corp"]


@both_databases
def test_the_account_is_found_by_everybody_who_belongs_to_it(portal, support):
    owner, account_id = portal.customer()
    colleague = portal.member(account_id, "deniz@elsewhere.example.com")
    person = f"/accounts/{account_id}/settings/people/{portal.person('deniz@elsewhere.example.com').id}"
    fields = {"first_name": "Deniz", "last_name": "Kaya", "time_zone": "Europe/Istanbul"}
    assert colleague.submit(colleague.get("/profile"), "Save", **fields).status == 303
    for typed in ("deniz@elsewhere.example.com", "deniz kaya"):
        assert names(support.get(LIST, query_string={"q": typed})) == ["Acme Corp"], typed
    assert owner.post(f"{person}/remove").status == 303
    assert names(support.get(LIST, query_string={"q": "deniz@elsewhere.example.com"})) == []


def test_an_empty_list_says_what_to_do(support):
    assert "No accounts yet" in support.get(LIST).text
    assert "No account matches" in support.get(LIST, query_string={"q": "nobody"}).text
    refused = support.get(LIST, query_string={"state": "nonsense"})
    assert refused.status == 422
    assert "Choose one from the list" in refused.text


def test_the_order_is_turned_by_the_headings(portal, support, mirror, control):
    control.create_accounts(3)
    mirror.run()
    assert names(support.get(LIST, query_string={"sort": "name"})) == ["Shop 1", "Shop 2", "Shop 3"]
    page = support.get(LIST, query_string={"sort": "name", "q": "shop"})
    heading = page.select_one("th[aria-sort]")
    assert heading.attrib["aria-sort"] == "ascending"
    assert names(support.get(select_one(heading, "a").attrib["href"])) == ["Shop 3", "Shop 2", "Shop 1"]
    assert names(support.get(LIST, query_string={"sort": "-name"})) == ["Shop 3", "Shop 2", "Shop 1"]


def test_pages_are_walked_by_their_links(portal, support, mirror, control):
    control.create_accounts(120)
    mirror.begin()
    portal.work()
    first = support.get(LIST, query_string={"sort": "name", "q": "shop", "no_channel": "y"})
    pages = [*support.pages(first)]
    seen = [name for page in pages for name in names(page)]
    assert sorted(seen) == sorted(f"Shop {number}" for number in range(1, 121))
    assert seen == sorted(seen)
    assert len(names(support.get(pages[-1].select_one("a[rel=prev]").attrib["href"]))) == 50
    assert support.get(LIST, query_string={"after": "nonsense"}).status == 200


def test_what_is_neither_near_nor_rare_is_looked_for_a_stretch_at_a_time(
    portal, support, mirror, control, monkeypatch
):
    """Without JavaScript by "More"; with it, a page that has nothing goes on by itself."""
    for name, value in {"NEAR": 2, "MOST_PUT_IN_ORDER": 0, "STRETCH": 4}.items():
        monkeypatch.setattr(lookup, name, value)
    control.create_account("first@example.com", name="Other")
    control.create_accounts(12)
    mirror.run()
    asked = {"q": "other", "sort": "-name"}
    page = support.get(LIST, query_string=asked)
    assert "No match in this part of the list" in page.text
    waited = page.select_one("[hx-trigger=load]")
    for _ in range(100):
        if waited is None:
            break
        assert names(page) == []
        assert "after=" in waited.attrib["hx-get"]
        page = support.get(waited.attrib["hx-get"])
        assert "HX-Push-Url" not in page.response.headers
        waited = page.select_one("#accounts [hx-trigger=load]")
    assert names(page) == ["Other"]
    back = support.get(page.select_one("a[rel=prev]").attrib["href"])
    assert "No match in this part of the list" in back.text


@both_databases
def test_the_export_has_everything_and_no_formula(portal, support, control, mirror):
    control.create_account("evil@example.com", name='=HYPERLINK("http://evil")')
    control.create_accounts(3)
    mirror.run()
    answer = support.client.get(f"{LIST}accounts.csv?sort=name", base_url=support.base)
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert [row["company"] for row in rows] == ['\'=HYPERLINK("http://evil")', "Shop 2", "Shop 3", "Shop 4"]
    assert {row["state"] for row in rows} == {"Only at Connexease"}
    assert all(len(row["connexease_uuid"]) == 36 for row in rows)
    [entry] = [entry for entry in portal.rows(AuditEntry) if entry.action == "account.list_exported"]
    assert entry.actor == "support@reseller.example.com"
    found = support.client.get(f"{LIST}accounts.csv?q=shop+2", base_url=support.base).get_data(as_text=True)
    assert found.count("\n") == 2
    assert support.client.get(f"{LIST}accounts.csv?state=nonsense", base_url=support.base).status_code == 400


@pytest.mark.parametrize("htmx", [False, True])
def test_refresh_now_shows_how_far_it_is_and_what_came_of_it(portal, support, control, htmx):
    control.create_accounts(3)
    assert "No accounts have been read from Connexease yet" in support.get(LIST).text
    answer = support.submit(support.get(LIST), "Refresh accounts", htmx=htmx)
    page = answer if htmx else support.get(answer.goes_to)
    progress = page.select_one("#mirror progress")
    assert progress.attrib["value"] == "0"
    assert page.select_one("#mirror").attrib["data-poll"].startswith("/staff/accounts/mirror")
    assert ("autofocus" in page.select_one("#mirror").attrib) is htmx  # the button that was pressed is gone
    portal.work()
    panel = support.get("/staff/accounts/mirror", htmx=True)
    assert "3 accounts at Connexease, 3 new, 0 gone." in panel.text
    assert panel.select_one("[hx-trigger=load]").attrib["hx-target"] == "#accounts"
    assert "data-poll" not in panel.select_one("#mirror").attrib
    assert "3 accounts at Connexease" in support.get(LIST).text
    assert support.get("/staff/accounts/mirror").goes_to == LIST
    assert "refreshed the copy of everything at Connexease" in support.get("/staff/audit/").text


def test_a_run_that_waits_or_failed_says_why(portal, support, control, mirror):
    control.fault("status", "^/accounts/$", status=429, headers={"Retry-After": "120"})
    mirror.run()
    assert "too many requests" in support.get(LIST).text
    control.fault("status", "^/accounts/$", status=401)
    mirror.take_up()
    page = support.get(LIST)
    assert "Failed" in page.text
    assert "refused the credentials" in page.text
    assert page.form("Refresh accounts") is not None


def test_read_only_looks(portal, support, control):
    reader = portal.staff(StaffRole.READ_ONLY)
    assert "Refresh accounts" not in reader.get(LIST).text
    assert reader.post("/staff/accounts/refresh").status == 403


def test_everything_works_while_connexease_is_down(portal, support, control, mirror):
    uuid = control.create_account("ada@elsewhere.example.com", name="Elsewhere")["uuid"]
    control.create_channel(uuid, name="Shop")
    mirror.run()
    control.fault("reset_before", "", times=None)
    assert names(support.get(LIST, query_string={"q": "shop"})) == ["Elsewhere"]
    assert "Shop" in support.get(f"{LIST}{uuid}").text


@both_databases
def test_the_page_of_one_account(portal, support, control, mirror):
    _browser, account_id = portal.customer()
    uuid = control.accounts()[0]["uuid"]
    control.create_channel(uuid, name="Main line", connected=False)
    control.create_webhook(uuid, "https://hook.example.com/secret-path", headers={"X-Key": "planted-header-value"})
    control.create_access_token(uuid, expires_in=86_400)
    mirror.run()
    page = support.get(f"{LIST}{account_id}")
    for text in ("Main line", "Disconnected", "hook.example.com", "Expires soon", "Jane Doe", "Owner", uuid):
        assert text in page.text, text
    assert "planted-header-value" not in page.text
    assert "secret-path" not in page.text
    assert "created the account at Connexease" in page.text
    assert support.get(f"{LIST}{uuid}").text == page.text
    for link in page.select(".link-row a"):
        assert support.get(link.attrib["href"]).status == 200, link
    assert support.get(f"{LIST}00000000-0000-0000-0000-000000000000").status == 404


def test_the_page_of_an_account_that_is_only_there_or_gone(portal, support, control, mirror):
    uuid = control.create_account("ada@elsewhere.example.com", name="Elsewhere")["uuid"]
    control.create_webhook(uuid, "https://hook.example.com/", headers={"X-Key": "planted-header-value"})
    mirror.run()
    page = support.get(f"{LIST}{uuid}")
    assert "Only at Connexease" in page.text
    assert "hook.example.com" in page.text
    control.delete_account(uuid)
    mirror.run()
    assert "Connexease no longer has this account" in support.get(f"{LIST}{uuid}").text
    assert "Gone from Connexease" in support.get(LIST).text


def test_one_account_is_read_again_from_its_page(portal, support, control, mirror):
    portal.customer()
    uuids = [control.accounts()[0]["uuid"], control.create_account("ada@elsewhere.example.com")["uuid"]]
    mirror.run()
    for uuid in uuids:
        control.create_channel(uuid, name="Main line")
        page = support.get(f"{LIST}{uuid}")
        assert "Main line" not in page.text
        page = support.get(support.submit(page, "Refresh").goes_to)
        assert "The account was refreshed from Connexease" in page.text
        assert "Main line" in page.text
    control.fault("status", "/webhooks/$", status=403, times=None)
    for uuid in uuids:
        page = support.get(support.submit(support.get(f"{LIST}{uuid}"), "Refresh").goes_to)
        assert "The last refresh from Connexease failed" in page.text
        assert "The account was refreshed" not in page.text
    control.delete_account(uuids[1])
    mirror.run()
    assert "Refresh" not in support.get(f"{LIST}{uuids[1]}").text
    assert support.post(f"{LIST}{uuids[1]}/refresh").status == 404
