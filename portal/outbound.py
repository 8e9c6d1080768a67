"""Requests to addresses that a customer typed in, which must never reach our own network.

The name is resolved once, every address it has must be public, and the connection goes to that very address, so
that a second look-up cannot answer otherwise. No redirects, one deadline for all of it, and only the start of the
answer is read.
"""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException
from typing import Literal
from urllib.parse import urlsplit

DEADLINE = 5.0
"""Seconds for connecting, sending and reading together."""
BODY_LIMIT = 64 * 1024
"""Bytes of the answer's body that are read."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL_IPV6 = ipaddress.ip_network("2000::/3")
_NEVER = tuple(
    ipaddress.ip_network(text)
    # Protocol assignments and a cloud's metadata, the retired 6to4 relays, a cloud's host agent: Python's own
    # tables know these only in some versions.
    for text in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")
)
_resolver = ThreadPoolExecutor(max_workers=4, thread_name_prefix="resolver")


class RefusedAddressError(Exception):
    """The address is not one that we connect to."""


class UnknownHostError(Exception):
    """The name has no address."""


class SlowLookUpError(UnknownHostError):
    """Nobody said in time whether the name has one."""


Trouble = Literal["late", "tls", "not_http", "no_connection"]


class NoAnswerError(Exception):
    """Nothing, or nothing readable, came back in time; `kind` says what happened."""

    def __init__(self, kind: Trouble) -> None:
        super().__init__(kind)
        self.kind: Trouble = kind


@dataclass(frozen=True)
class Answer:
    """What came back. `body` is its start; `seconds` is how long all of it took."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    truncated: bool
    seconds: float


def is_public(text: str) -> bool:
    """Whether an IP address is one of the public Internet, whatever form it hides in."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        return address in _GLOBAL_IPV6 and address.is_global
    return address.is_global and not address.is_multicast and not any(address in net for net in _NEVER)


def addresses_of(host: str, port: int, deadline: float = DEADLINE) -> list[str]:
    """Every address that a name has, in the order of preference.

    Raises:
        UnknownHostError: it has none.
        SlowLookUpError: the answer took too long.
    """
    look_up = _resolver.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = look_up.result(timeout=deadline)
    except (TimeoutError, FutureTimeoutError):
        look_up.cancel()
        raise SlowLookUpError from None
    except (OSError, UnicodeError):
        raise UnknownHostError from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    allow_loopback: bool = False,
) -> Answer:
    """Send one request and read the start of its answer.

    Args:
        allow_loopback: in development, where a customer's receiver runs on the same machine.

    Raises:
        UnknownHostError: the name has no address.
        RefusedAddressError: one of its addresses is not public.
        NoAnswerError: it did not answer in time, or not in HTTP.
    """
    started = time.monotonic()
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    address = one_public(addresses_of(host, port), allow_loopback)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with _connected(parts.scheme, address, port, host, started + DEADLINE) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):  # it may answer without having read all: "413"
            connection.request(method, target, body, {"Host": parts.netloc, **headers})
        with closing(connection.getresponse()) as response:
            content = response.read(BODY_LIMIT + 1)
            if response.length and len(content) <= BODY_LIMIT:  # it promised more than it sent
                raise HTTPException
    return Answer(
        status=response.status,
        headers=response.getheaders(),
        body=content[:BODY_LIMIT],
        truncated=len(content) > BODY_LIMIT,
        seconds=time.monotonic() - started,
    )


def one_public(addresses: list[str], allow_loopback: bool) -> str:
    """The address to connect to.

    Raises:
        RefusedAddressError: one of them is not public.
    """
    for address in addresses:
        loopback = ipaddress.ip_address(address.partition("%")[0]).is_loopback
        if not is_public(address) and not (allow_loopback and loopback):
            raise RefusedAddressError(address)
    return addresses[0]


@contextmanager
def _connected(scheme: str, address: str, port: int, host: str, deadline: float) -> Iterator[HTTPConnection]:
    """A connection to exactly this address, cut off at the deadline whatever it is doing then.

    A socket's own time-out starts anew with every byte; a server that drips could hold us with it.
    """
    connection = HTTPConnection(host, port)
    late = threading.Event()
    guard: threading.Timer | None = None
    try:
        plain = socket.create_connection((address, port), timeout=max(0.01, deadline - time.monotonic()))
        # What is ready goes out: the body would wait until the headers are acknowledged.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sock = plain
        # http.client forgets its socket when the server will close it, so the guard holds on to it itself.
        held = [plain]
        guard = threading.Timer(max(0.01, deadline - time.monotonic()), cut, (held, late))
        guard.daemon = True
        guard.start()
        if scheme == "https":
            secure = tls().wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
            connection.sock = secure
            held.append(secure)
            secure.do_handshake()
        yield connection
        if late.is_set():
            raise TimeoutError
    except (HTTPException, OSError, ValueError) as error:
        raise NoAnswerError("late" if late.is_set() else kind_of(error)) from None
    finally:
        if guard is not None:
            guard.cancel()
        connection.close()


def cut(held: list[socket.socket], late: threading.Event) -> None:
    """End what a connection is waiting for, from another thread."""
    late.set()
    with suppress(OSError):
        # The plain shutdown: TLS's own would first want to say goodbye to a peer that does not answer.
        socket.socket.shutdown(held[-1], socket.SHUT_RDWR)


@cache
def tls() -> ssl.SSLContext:
    """How certificates are checked."""
    return ssl.create_default_context()


def kind_of(error: Exception) -> Trouble:
    """What happened, in a word."""
    if isinstance(error, TimeoutError):
        return "late"
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, HTTPException | ValueError):
        return "not_http"
    return "no_connection"
