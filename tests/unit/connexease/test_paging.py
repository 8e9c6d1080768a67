"""Lists over several pages: all of them, and only on the host that the token is meant for."""

import itertools
import json
import uuid

import pytest

from portal.connexease import errors
from portal.connexease.http import paging
from portal.connexease.texts import filled

HOST = "https://api.example.test"


def account(number: int, email: str | None = None) -> dict:
    return {
        "uuid": str(uuid.UUID(int=number)),
        "name": f"Account {number}",
        "is_active": True,
        "contact_email": email or f"a{number}@acme.test",
    }


def page(results: list, following: str | None = None) -> dict:
    return {"next": following, "previous": None, "count": 99, "results": results}


def test_every_page_is_read_in_order(cx, server):
    server.reply(200, page([account(1), account(2)], server.url + "accounts/?page=2"))
    server.reply(200, page([account(3)], server.url + "accounts/?page=3&cursor=a%2Fb%20c"))
    server.reply(200, page([account(4)]))
    assert [one.uuid.int for one in cx.reseller.accounts()] == [1, 2, 3, 4]
    assert [seen.target for seen in server.requests] == [
        "/accounts/",
        "/accounts/?page=2",
        "/accounts/?page=3&cursor=a%2Fb%20c",
    ]
    assert {seen.headers["authorization"] for seen in server.requests} == {"Bearer reseller-token-4f1c9a"}


def test_pages_are_read_only_when_they_are_needed(cx, server):
    server.reply(200, page([account(1), account(2)], server.url + "accounts/?page=2"))
    assert [one.uuid.int for one in itertools.islice(cx.reseller.accounts(), 2)] == [1, 2]


def test_an_account_is_found_on_a_late_page_whatever_its_case(cx, server):
    server.reply(200, page([account(1)], server.url + "accounts/?page=2"))
    server.reply(200, page([account(2, "Jane.Doe@ACME.test")], server.url + "accounts/?page=3"))
    found = cx.reseller.find_account(" jane.doe@acme.TEST ")
    assert found is not None
    assert found.uuid.int == 2


def test_an_account_that_is_nowhere(cx, server):
    server.reply(200, page([account(1), account(2) | {"contact_email": None}]))
    assert cx.reseller.find_account("nobody@acme.test") is None


def test_one_page(cx, server):
    server.reply(200, page([account(1)], server.url + "accounts/?page=4"))
    got = cx.reseller.accounts_page(3)
    assert server.requests[0].target == "/accounts/?page=3"
    assert (got.count, len(got.results)) == (99, 1)


def test_a_page_that_does_not_exist(cx, server):
    server.reply(404, {"detail": "Invalid page."})
    with pytest.raises(errors.NotFound):
        cx.reseller.accounts_page(3)


def test_a_next_page_that_is_gone_is_not_a_missing_account(cx, server):
    server.reply(200, page([], server.url + "accounts/x/webhooks/?page=2"))
    server.reply(404, {"detail": "Invalid page."})
    with pytest.raises(errors.BadAnswer):
        cx.reseller.webhooks(uuid.UUID(int=1))


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_on_a_later_page_is_what_it_is(cx, server, status):
    server.reply(200, page([], server.url + "accounts/?page=2"))
    server.reply(status, {"detail": "no"})
    with pytest.raises(errors.Unauthorized):
        list(cx.reseller.accounts())


def test_a_next_page_elsewhere_is_not_asked_for(cx, server):
    host, port = server.listener.getsockname()
    for link in [
        f"https://{host}:{port}/accounts/?page=2",
        f"http://localhost:{port}/accounts/?page=2",
        f"http://{host}:{port + 1 if port < 65535 else 1}/accounts/?page=2",
        f"http://{host}/accounts/?page=2",
        f"http://{host}:{port}@evil.test/accounts/",
        f"http://evil.test@{host}:{port}/accounts/",
        f"http://{host}:{port}\\@evil.test/accounts/?page=2",
        f"//evil.test:{port}/accounts/?page=2",
        "http://[::1/accounts/",
        f"http://{host}:99999/accounts/",
        f"http://{host}:port/accounts/",
        f"ftp://{host}:{port}/accounts/",
        "javascript:alert(1)",
        "mailto:someone@acme.test",
    ]:
        server.requests.clear()
        server.reply(200, page([account(1)], link))
        with pytest.raises(errors.BadAnswer) as caught:
            list(cx.reseller.accounts())
        assert caught.value.message == filled(errors.BadAnswer.foreign_page, {}), link
        assert len(server.requests) == 1, link


@pytest.mark.parametrize(
    ("link", "followed"),
    [
        ("https://api.example.test/accounts/?page=2", "https://api.example.test/accounts/?page=2"),
        ("https://API.Example.TEST:443/accounts/?page=2", "https://api.example.test/accounts/?page=2"),
        ("?page=2", "https://api.example.test/accounts/?page=2"),
        ("/accounts/?page=2", "https://api.example.test/accounts/?page=2"),
        ("https://api.example.test/a b/?q=c d#e", "https://api.example.test/a%20b/?q=c%20d"),
        ("https://api.example.test/a\r\nX-Evil: 1/", "https://api.example.test/aX-Evil:%201/"),
        ("https://api.example.test", None),
        ("http://api.example.test/accounts/?page=2", None),
        ("https://api.example.test:8443/accounts/", None),
        ("https://api.example.test.evil.test/", None),
        ("https://api.example.test\\@evil.test/", None),
        ("https://evil.test\\@api.example.test/", None),
    ],
)
def test_where_a_link_leads(link, followed):
    assert paging.same_host(HOST + "/", HOST + "/accounts/", link) == followed


def test_a_page_that_comes_again(cx, server):
    first, second = server.url + "accounts/?page=1", server.url + "accounts/?page=2"
    server.reply(200, page([account(1)], second))
    server.reply(200, page([account(2)], first))
    server.reply(200, page([account(1)], second))
    with pytest.raises(errors.BadAnswer) as caught:
        list(cx.reseller.accounts())
    assert caught.value.message == filled(errors.BadAnswer.endless_pages, {})


def test_a_list_that_does_not_end(cx, server, monkeypatch):
    monkeypatch.setattr(paging, "MOST_PAGES", 20)
    for number in range(20):
        server.reply(200, page([], server.url + f"accounts/?page={number + 2}"))
    with pytest.raises(errors.BadAnswer) as caught:
        list(cx.reseller.accounts())
    assert caught.value.message == filled(errors.BadAnswer.endless_pages, {})


@pytest.mark.parametrize("base", ["", "/", "/reseller", "/reseller/"])
def test_a_base_url_with_or_without_slash_and_prefix(connect, server, base):
    root = server.url.rstrip("/")
    path = base.rstrip("/") + "/accounts/"
    cx = connect(url=root + base)
    server.reply(200, page([account(1)], f"{root}{path}?page=2"))
    server.reply(200, page([account(2)]))
    assert len(list(cx.reseller.accounts())) == 2
    assert [seen.target for seen in server.requests] == [path, path + "?page=2"]


@pytest.mark.parametrize(
    "url", ["", "api.example.test", "ftp://a.test", "https://", "https://u:p@a.test", "https://a.test/?x=1"]
)
def test_what_cannot_be_a_base_url(connect, url):
    with pytest.raises(ValueError, match="Connexease URL"):
        connect(url=url)


def test_items_of_a_long_page(cx, server):
    server.reply(200, json.dumps(page([account(n) for n in range(5000)])).encode())
    assert sum(1 for _ in cx.reseller.accounts()) == 5000
