"""Which addresses count as public, whatever form they hide in, and how an answer is read."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from portal import outbound
from tests.support.suite.patience import patient

Script = Callable[[socket.socket], None]
Serve = Callable[..., str]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::",
        "192.0.0.192", "168.63.129.16", "192.88.99.1", "64:ff9b:1::7f00:1", "::127.0.0.1",
        "::ffff:0:127.0.0.1", "fec0::1", "2002:a00:1::",
    ],
)  # fmt: skip
def test_not_public(address: str) -> None:
    assert not outbound.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public(address: str) -> None:
    assert outbound.is_public(address)


def read_request(connection: socket.socket) -> None:
    """All of it: a socket that closes with something unread resets the connection, and what it sent may be lost."""
    with connection.makefile("rb") as reader:
        lines = iter(reader.readline, b"\r\n")
        length = sum(int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length"))
        reader.read(length)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A server that answers one connection as a script says, after it has read the request or at once."""
    servers, threads = [], []

    def start(script: Script, reads: bool = True) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        server.settimeout(patient(20))

        def run() -> None:
            connection, _peer = server.accept()
            with connection:
                connection.settimeout(patient(20))
                if reads:
                    read_request(connection)
                script(connection)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        servers.append(server)
        threads.append(thread)
        return f"http://127.0.0.1:{server.getsockname()[1]}/path?query=1"

    yield start
    for server in servers:
        server.close()
    for thread in threads:
        thread.join(5)


def send(url: str) -> outbound.Answer:
    return outbound.send("POST", url, headers={"X-A": "b"}, body=b"{}", allow_loopback=True)


def test_an_answer_is_read_up_to_the_limit(serve: Serve) -> None:
    size = outbound.BODY_LIMIT + 5000

    def script(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        with suppress(OSError):  # the reader has left, as it should
            connection.sendall(b"x" * size)

    answer = send(serve(script))
    assert (answer.status, len(answer.body), answer.truncated) == (200, outbound.BODY_LIMIT, True)


@pytest.mark.parametrize(
    "raw", [b"", b"not http at all\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"]
)
def test_what_is_not_an_answer(serve: Serve, raw: bytes) -> None:
    with pytest.raises(outbound.NoAnswerError):
        send(serve(lambda connection: connection.sendall(raw)))


def test_an_answer_that_comes_before_all_is_read_counts(serve: Serve) -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 413 Too large\r\nContent-Length: 0\r\n\r\n")

    url = serve(script, reads=False)
    answer = outbound.send("POST", url, headers={}, body=b"x" * 20_000_000, allow_loopback=True)
    assert answer.status == 413


def test_headers_that_drip_are_cut_off(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "DEADLINE", 0.4)
    gone = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(100):
            try:
                connection.sendall(b"a")
            except OSError:
                break
            gone.wait(0.05)

    with pytest.raises(outbound.NoAnswerError) as trouble:
        send(serve(drip))
    gone.set()
    assert trouble.value.kind == "late"
