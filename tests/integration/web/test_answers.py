"""What every answer carries, whatever it is: headers, errors in words, static files, health."""

import asyncio
import gzip
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from lxml.html import document_fromstring

from portal.extensions import session
from portal.models import Person, StaffRole
from portal.settings import HTMX_CDN_URL
from portal.web import access
from tests.support.application.pages import select
from tests.support.suite.marks import both_databases

ALWAYS = {
    "Content-Security-Policy",
    "Cross-Origin-Opener-Policy",
    "Permissions-Policy",
    "Referrer-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
}


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/", 200, "text/html"),
        ("/login", 200, "text/html"),
        ("/accounts/", 303, "text/html"),
        ("/nothing/here", 404, "text/html"),
        ("/healthz", 200, "application/json"),
        ("/readyz", 200, "application/json"),
        ("/static/css/bootstrap.css", 200, "text/css"),
        ("/static/css/components.css", 200, "text/css"),
        ("/static/portal.js", 200, "text/javascript"),
        ("/static/channels/popup.js", 200, "text/javascript"),
        ("/static/icon.svg", 200, "image/svg+xml"),
        ("/static/nothing.js", 404, "text/html"),
        ("/static/../settings.py", 404, "text/html"),
        ("/static/%2e%2e/settings.py", 404, "text/html"),
    ],
)
def test_headers_on_every_kind_of_answer(portal, path, status, kind):
    answer = portal.browser().get(path).response
    assert answer.status_code == status
    assert answer.mimetype == kind
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    if not path.startswith("/static/") or status != 200:
        assert set(answer.headers.keys()) >= ALWAYS, path
    answer.close()


def test_headers_when_the_portal_breaks(portal):
    portal.app.view_functions["accounts.front"] = access.public(lambda: 1 / 0)
    page = portal.browser().get("/")
    assert page.status == 500
    assert set(page.response.headers.keys()) >= ALWAYS
    assert "Something went wrong on our side" in page.text
    assert "ZeroDivision" not in page.text


@both_databases
def test_a_page_for_a_person_when_their_request_broke_in_the_database(portal):
    """The page's header names the person, whom the broken transaction has expired."""

    def breaks():
        access.person_or_401()
        session().add(Person(email="staff@example.com", password_hash="x"))
        session().add(Person(email="staff@example.com", password_hash="x"))
        session().flush()

    browser = portal.staff(StaffRole.ADMIN)
    portal.app.view_functions["auth.password"] = access.public(breaks)
    page = browser.get("/profile/password")
    assert page.status == 500
    assert "Something went wrong on our side" in page.text
    assert browser.get("/staff/").status == 200


def test_a_page_for_a_person_when_the_database_is_gone(portal):
    browser = portal.staff(StaffRole.ADMIN)
    portal.sql("ALTER TABLE person RENAME TO away")
    for options in ({}, {"htmx": True}):
        page = browser.get("/staff/", **options)
        assert page.status == 500
        assert "Something went wrong on our side" in page.text
        assert set(page.response.headers.keys()) >= ALWAYS
    portal.sql("ALTER TABLE away RENAME TO person")


def test_the_policy_lets_only_our_files_run(portal):
    policy = portal.browser().get("/").response.headers["Content-Security-Policy"]
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives["script-src"] == f"'self' {HTMX_CDN_URL}"
    assert directives["default-src"] == "'none'"
    assert "unsafe" not in policy
    assert directives["frame-ancestors"] == "'none'"
    assert portal.browser().get("/").response.headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"


def test_every_script_and_style_of_a_page_is_allowed_and_there(portal):
    page = portal.browser().get("/signup")
    for script in page.select("script"):
        source = script.attrib["src"]
        if urlsplit(source).netloc:
            assert source == HTMX_CDN_URL
            assert script.attrib["integrity"].startswith("sha384-")
            assert script.attrib["crossorigin"] == "anonymous"
        else:
            _is_there(portal, source)
    for link in page.select("link"):
        _is_there(portal, link.attrib["href"])


def _is_there(portal, address):
    answer = portal.browser().get(address).response
    assert answer.status_code == 200, address
    answer.close()


def test_htmx_from_a_copy_of_the_operators_own(make_portal):
    portal = make_portal(htmx_url="/static/htmx.js", htmx_integrity="")
    page = portal.browser().get("/")
    assert page.response.headers["Content-Security-Policy"].split("; ")[1] == "script-src 'self'"
    assert page.select_one("script[src='/static/htmx.js']") is not None


def test_https_alone_makes_cookies_and_transport_strict(make_portal, database_url):
    portal = make_portal(
        portal_env="production",
        public_url="https://portal.example.com",
        connexease_api_url="https://api.example.com",
        connexease_account_api_url="https://api.example.com",
        connexease_gateway_url="https://api.example.com",
        connexease_dialog_origins="https://app.example.com",
    )
    answer = portal.browser().get("/login").response
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-portal=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize("path", ["/accounts/", "/profile/password", "/staff/"])
def test_pages_of_somebody_are_not_stored(portal, path):
    browser = portal.staff(StaffRole.ADMIN)
    assert browser.get(path).response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/logout", 405)])
def test_an_error_is_a_page_or_a_message(portal, path, status):
    page = portal.browser().get(path)
    assert page.status == status
    assert page.select_one("h1") is not None
    fragment = portal.browser().get(path, htmx=True)
    assert fragment.status == status
    assert fragment.is_fragment
    assert fragment.response.headers["HX-Retarget"] == "#messages"
    assert fragment.response.headers["HX-Reswap"] == "innerHTML"
    for answer in (page.response, fragment.response):
        assert "HX-Request" in answer.headers["Vary"]
    if status == 405:
        assert "POST" in page.response.headers["Allow"]


def test_the_page_has_a_place_for_messages(portal):
    assert portal.browser().get("/login").select_one("#messages[aria-live]") is not None


def test_a_form_that_is_too_large_is_refused_in_words(portal):
    browser = portal.browser()
    page = browser.post("/login", {"email": "x" * 1_100_000})
    assert page.status == 413
    assert page.select_one("h1") is not None


def test_a_forged_form_does_nothing(portal):
    browser = portal.staff(StaffRole.ADMIN)
    for path in ("/logout", "/profile/password", "/login", "/signup", "/password/forgot"):
        for data in ({}, {"csrf_token": "forged"}):
            page = browser.send("POST", path, data=data)
            assert page.status == 400, path
    assert browser.get("/staff/").status == 200


def test_a_token_of_another_visitor_does_not_count(portal):
    browser = portal.browser()
    browser.get("/login")
    foreign = portal.browser().get("/login").values()["csrf_token"]
    assert browser.send("POST", "/password/forgot", data={"csrf_token": foreign, "email": "a@b.co"}).status == 400


def test_somebody_unknown_is_sent_to_log_in_and_comes_back(portal):
    page = portal.browser().get("/profile/password?a=1")
    assert page.status == 303
    assert page.goes_to == "/login?next=/profile/password?a%3D1"
    htmx = portal.browser().get("/profile/password", htmx=True)
    assert htmx.status == 401
    assert htmx.goes_to == "/login"
    as_json = portal.browser().get("/profile/password", headers={"Accept": "application/json"})
    assert as_json.status == 401


def test_whoever_is_logged_out_while_they_type_keeps_what_they_typed(portal):
    browser = portal.browser()
    old = browser.send("POST", "/profile/password", htmx=True, data={"csrf_token": "over"})
    assert (old.status, old.response.headers["HX-Retarget"]) == (400, "#messages")
    token = old.select_one("[data-token]").attrib["data-token"]
    page = browser.send("POST", "/profile/password", htmx=True, data={"csrf_token": token})
    assert (page.status, page.response.headers["HX-Retarget"]) == (401, "#messages")
    assert "HX-Redirect" not in page.response.headers
    assert page.select_one("a[target=_blank]").attrib["href"] == "/login"


def test_static_files_do_not_need_the_database(portal):
    portal.sql("ALTER TABLE person RENAME TO away")
    answer = portal.browser().get("/static/portal.js").response
    assert answer.status_code == 200
    answer.close()


@pytest.mark.parametrize(
    ("accepted", "encoding"), [("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("identity", None)]
)
def test_static_files_are_named_by_their_content_compressed_and_kept_for_long(portal, accepted, encoding):
    sheet = portal.browser().get("/").select_one("link[rel=stylesheet]").attrib["href"]
    assert re.fullmatch(r"/static/css/bootstrap\.[0-9a-f]{12}\.css", sheet)
    answer = portal.browser().get(sheet, headers={"Accept-Encoding": accepted}).response
    assert answer.headers.get("Content-Encoding") == encoding
    assert "immutable" in answer.headers["Cache-Control"]
    assert "max-age=315360000" in answer.headers["Cache-Control"]
    assert "Accept-Encoding" in answer.headers["Vary"]
    answer.close()
    plain = portal.browser().get("/static/css/bootstrap.css").response
    assert "immutable" not in plain.headers["Cache-Control"]
    plain.close()


def test_the_first_view_is_small(portal):
    """60 KB compressed, beside htmx: the budget of DESIGN.md."""
    browser, accept = portal.browser(), {"Accept-Encoding": "gzip, br"}
    page = portal.app.test_client().get("/", headers=accept, base_url=browser.base)
    tags = select(document_fromstring(gzip.decompress(page.data)), "link[href], script[src], img[src]")
    files = [str(tag.get("href") or tag.get("src")) for tag in tags]
    ours = {file for file in files if not urlsplit(file).netloc}
    assert len(ours) >= 6
    total = len(page.data)
    for file in ours:
        answer = browser.get(file, headers=accept).response
        total += len(answer.get_data())
        answer.close()
    assert total < 60 * 1024


def test_pages_are_compressed_for_whoever_can_read_it(portal):
    client, base = portal.app.test_client(), portal.browser().base
    plain = client.get("/signup", base_url=base)
    assert "Content-Encoding" not in plain.headers
    packed = client.get("/signup", base_url=base, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) == packed.content_length < plain.content_length / 2
    assert gzip.decompress(packed.data).startswith(b"<!doctype html>")
    assert {"Accept-Encoding", "HX-Request"} <= {name.strip() for name in packed.headers["Vary"].split(",")}
    small = client.get("/healthz", base_url=base, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in small.headers


def test_the_length_of_a_compressed_page_tells_nothing(portal):
    """Else its secrets could be found out letter by letter, by how well a guess compresses (BREACH)."""
    client, base = portal.app.test_client(), portal.browser().base
    ask = {"Accept-Encoding": "gzip"}
    lengths = {client.get("/nothing", base_url=base, headers=ask).content_length for _ in range(12)}
    assert len(lengths) > 4


@both_databases
def test_ready_means_that_the_tables_are_those_of_this_version(portal):
    browser = portal.browser()
    assert browser.get("/readyz").response.json == {"status": "ok"}
    portal.sql("UPDATE alembic_version SET version_num = version_num || '-older'")
    answer = browser.get("/readyz").response
    # The next test has the same database.
    portal.sql("UPDATE alembic_version SET version_num = replace(version_num, '-older', '')")
    assert answer.status_code == 503
    assert "portal db upgrade" in answer.json["problem"]
    assert browser.get("/healthz").status == 200


def test_not_ready_without_a_database(make_portal, tmp_path):
    portal = make_portal(database_url="postgresql://portal@127.0.0.1:1/portal")
    answer = portal.browser().get("/readyz").response
    assert answer.status_code == 503
    assert answer.json["status"] == "unavailable"
    assert portal.browser().get("/healthz").status == 200


def test_health_checks_leave_no_cookie(portal):
    for path in ("/healthz", "/readyz"):
        assert "Set-Cookie" not in portal.browser().get(path).response.headers


def test_an_error_of_the_database_hides_its_values(portal):
    """Parameters are password hashes, sealed secrets, what people typed: no trace in a log may show them."""

    def twice():
        for _ in range(2):
            session().add(Person(email="twice@example.com", password_hash="planted-hash"))
        session().flush()

    with pytest.raises(sa.exc.IntegrityError) as caught:
        portal.run(twice)
    assert "planted-hash" not in str(caught.value)


def test_a_request_is_answered_where_an_event_loop_runs(portal):
    """In a thread of its own: a browser that another test opened keeps a loop in this one."""

    async def visit():
        return portal.browser().get("/login").status

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, visit()).result() == 200
