"""Clients that send slowly, or nothing more, keep nobody else waiting."""

import re
import socket
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from sqlmodel import select
from urllib3.util import Retry

from portal.extensions import session
from portal.models import Delivery, PortalWebhook
from portal.web.serving.gunicorn_worker import AHEAD, LONGEST_HEAD, is_delivery, is_whole
from portal.webhooks import portal_webhooks
from tests.support.processes.running import by_gunicorn
from tests.support.suite.patience import patient

MANY = 60
"""More than there are threads in both processes."""
BEGUN = {
    "nothing": b"",
    "half a head": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "half a body": b"POST /hooks/connexease/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{",
}


def begin(url: str, opened: ExitStack, sent: bytes) -> socket.socket:
    at = urlsplit(url)
    begun = opened.enter_context(socket.create_connection((at.hostname, at.port), timeout=patient(10)))
    begun.sendall(sent)
    return begun


def test_connections_that_are_begun_and_never_ended(portal, gunicorn):
    portal.customer()
    with portal.app.app_context():
        hook = session().exec(select(PortalWebhook)).one()
        headers, path = portal_webhooks.headers(hook), f"/hooks/connexease/{hook.key}"
    url = gunicorn()
    with ExitStack() as opened, requests.Session() as kept:
        assert kept.get(f"{url}/login", timeout=patient(20)).status_code == 200
        slow = [begin(url, opened, sent) for sent in BEGUN.values() for _ in range(MANY)]
        for number in range(10):
            answer = requests.post(url + path, f"{number}", headers=headers, timeout=patient(5))
            assert answer.status_code == 200
            assert kept.get(f"{url}/login", timeout=patient(5)).status_code == 200
            assert requests.get(f"{url}/healthz", timeout=patient(5)).status_code == 200
        assert len(portal.rows(Delivery)) == 10
        half = slow[MANY]
        half.sendall(b"done\r\nConnection: close\r\n\r\n")
        assert half.recv(1000).startswith(b"HTTP/1.1 200"), "who is slow is answered all the same"


def test_a_process_that_has_served_its_time_is_replaced_without_waiting_for_them(prepared, environment):
    """Who comes meanwhile is refused at once, and so may try again; nobody waits to be cut off."""
    only_one = "--workers 1 --max-requests 20 --max-requests-jitter 0"
    again = Retry(total=None, connect=50, read=0, backoff_factor=0.1, backoff_max=0.2)
    with ExitStack() as opened, by_gunicorn(prepared, {**environment, "GUNICORN_CMD_ARGS": only_one}) as url:
        slow, visitor = begin(url, opened, BEGUN["half a head"]), opened.enter_context(requests.Session())
        visitor.mount(url, HTTPAdapter(max_retries=again))
        visitor.headers["Connection"] = "close"
        for _ in range(30):
            assert visitor.get(f"{url}/healthz", timeout=patient(5)).status_code == 200
        assert slow.recv(1000) == b"", "its process is gone"


def test_requests_in_pieces_and_in_a_row_on_one_connection(portal, gunicorn):
    url = gunicorn()
    one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with ExitStack() as opened:
        connection = begin(url, opened, one[:20])
        for piece in (one[20:30], one[30:] + one, one):
            connection.sendall(piece)
        connection.sendall(one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        answers = b""
        while piece := connection.recv(65536):
            answers += piece
    assert len(re.findall(rb"HTTP/1.1 200 OK", answers)) == 4


def test_deliveries_in_a_row_and_at_once(portal, gunicorn):
    """They are handled in groups; each is answered for itself, and its connection is kept."""
    portal.customer()
    with portal.app.app_context():
        hook = session().exec(select(PortalWebhook)).one()
        head = "".join(f"{name}: {value}\r\n" for name, value in portal_webhooks.headers(hook).items())
        path = f"/hooks/connexease/{hook.key}"
    right = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{head}Content-Length: 2\r\n\r\n".encode()
    wrong = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n".encode()
    broken = f"POST {path} HTTP/1.1\r\nHost localhost\r\nContent-Length: 2\r\n\r\n".encode()
    url = gunicorn()
    with ExitStack() as opened:
        kept = [begin(url, opened, b"") for _ in range(20)]
        for number in range(10, 13):
            for connection in kept:
                connection.sendall(right + b"%d" % number + wrong + b"no")
            for connection in kept:
                answers = b""
                while answers.count(b'"}') < 2:
                    piece = connection.recv(65536)
                    assert piece, "it was closed"
                    answers += piece
                assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"200", b"401"]
        at_fault = begin(url, opened, broken + b"no")
        assert at_fault.recv(1000).startswith(b"HTTP/1.1 400")
    assert sorted(row.body for row in portal.rows(Delivery)) == sorted([b"10", b"11", b"12"] * 20)
    assert len([row for row in portal.rows(Delivery) if row.repeat_of is None]) == 3


def test_a_large_body_and_one_that_is_asked_for(portal, gunicorn):
    portal.customer()
    with portal.app.app_context():
        hook = session().exec(select(PortalWebhook)).one()
        headers, path = portal_webhooks.headers(hook), f"/hooks/connexease/{hook.key}"
    url, body = gunicorn(), b"x" * 3_000_000
    assert requests.post(url + path, body, headers=headers, timeout=patient(20)).status_code == 200
    assert (
        requests.post(url + path, iter([body[:5], b"y"]), headers=headers, timeout=patient(20)).status_code == 200
    )
    with ExitStack() as opened:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        waiting = begin(url, opened, f"{head}Content-Length: 5\r\n\r\n".encode())
        assert waiting.recv(1000).startswith(b"HTTP/1.1 100")
        waiting.sendall(b"hello")
        assert b"200 OK" in waiting.recv(1000)
    assert sorted(len(row.body) for row in portal.rows(Delivery)) == [5, 6, 3_000_000]


@pytest.mark.parametrize(
    ("arrived", "whole"),
    [
        (b"", False),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nCONTENT-LENGTH: 5\r\n\r\n1234", False),
        (b"POST / HTTP/1.1\r\nContent-Length:5\r\n\r\n12345", True),
        (b"POST / HTTP/1.1\r\nContent-Length: 9000000\r\n\r\n" + b"x" * AHEAD, True),
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nContent-Length: five\r\n\r\n", True),
        (b"x" * (LONGEST_HEAD + 1), True),
    ],
)
def test_when_a_thread_can_begin(arrived, whole):
    assert is_whole(arrived) is whole


@pytest.mark.parametrize(
    ("arrived", "grouped"),
    [
        (b"POST /hooks/gateway/x HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", True),
        (b"POST /hooks/gateway/x HTTP/1.1\r\nContent-Length: 0\r\n\r\n", True),
        (b"POST /hooks/gateway/x HTTP/1.1\r\nContent-Length: 3\r\n\r\n{}", False),
        (b"POST /hooks/gateway/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", False),
        (b"POST /hooks/gateway/x HTTP/1.1\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n", False),
        (b"POST /hooks/gateway/x HTTP/1.1\r\nX: y\r\n\r\n\r\nContent-Length: 0\r\n", False),
        (b"POST /login HTTP/1.1\r\nContent-Length: 0\r\n\r\n", False),
        (b"POST /hooks/" + b"x" * (LONGEST_HEAD + 1), False),
    ],
)
def test_what_is_handled_together(arrived, grouped):
    assert is_delivery(arrived) is grouped
