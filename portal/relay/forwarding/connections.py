"""Connections to destinations that are kept open between requests.

What holds for every address that a customer typed in (`portal.outbound`) holds here: the name is resolved once,
the address must be public, and the connection goes to that very address. One that lies idle with something to
read is not used again: that can only be its end, or an answer to nothing.
"""

import select
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import SplitResult, urlsplit

from portal import outbound
from portal.outbound import NoAnswerError, Trouble

DEADLINE = 10.0
"""Seconds for connecting, sending and reading together."""
ANSWER_LIMIT = 16 * 1024
"""Bytes of the answer's body that are read."""
KEPT_FOR = 15.0
"""Seconds that an idle connection is kept."""
MOST_KEPT = 4
"""Idle connections to one destination."""
STEP = 0.1
"""Seconds between two looks of the guard."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Line:
    """A connection to exactly one address."""

    origin: tuple[str, str, int]
    connection: HTTPConnection
    socket: socket.socket
    used_at: float = 0.0
    served: int = 0

    @property
    def is_good(self) -> bool:
        """Whether it may be used again: it is young, and nothing came that was not asked for, nor its end."""
        if time.monotonic() - self.used_at > KEPT_FOR:
            return False
        with suppress(OSError, ValueError):
            return not select.select([self.socket], [], [], 0)[0]
        return False


@dataclass
class _Limit:
    """A request that must be over by then."""

    deadline: float
    sockets: list[socket.socket] = field(default_factory=list)
    late: threading.Event = field(default_factory=threading.Event)


class Connections:
    """The connections of this process, and a guard that cuts off what takes too long.

    A socket's own time-out starts anew with every byte; a server that drips could hold us with it.
    """

    def __init__(self) -> None:
        self._idle: dict[tuple[str, str, int], list[Line]] = defaultdict(list)
        self._by_id: dict[int, _Limit] = {}
        self._lock = threading.Lock()
        self._guard: threading.Thread | None = None

    def post(self, url: str, headers: Mapping[str, str], body: bytes, *, allow_loopback: bool) -> Answer:
        """Post a body and read the start of the answer.

        Raises:
            UnknownHostError, RefusedAddressError: nothing was sent.
            NoAnswerError: nothing readable came back in time.
        """
        parts = urlsplit(url)
        origin = (parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        with self._limited(time.monotonic() + DEADLINE) as limit:
            try:
                return self._post(origin, parts, headers, body, limit, allow_loopback)
            except (HTTPException, OSError, ValueError) as error:
                kind: Trouble = "late" if limit.late.is_set() else outbound.kind_of(error)
                raise NoAnswerError(kind) from None

    def close(self) -> None:
        """Close what lies idle."""
        with self._lock:
            lines = [line for kept in self._idle.values() for line in kept]
            self._idle.clear()
        for line in lines:
            line.connection.close()

    def _post(
        self,
        origin: tuple[str, str, int],
        parts: SplitResult,
        headers: Mapping[str, str],
        body: bytes,
        limit: _Limit,
        allow_loopback: bool,
    ) -> Answer:
        line = self._kept(origin)
        while True:
            line = line or _connect(origin, limit, allow_loopback)
            limit.sockets.append(line.socket)
            try:
                return self._ask(line, parts, headers, body, limit)
            except (HTTPException, OSError, ValueError):
                line.connection.close()
                # Whoever closes a kept connection at the moment of our request has not answered it: ask once more.
                if not line.served or limit.late.is_set():
                    raise
                line = None

    def _ask(
        self, line: Line, parts: SplitResult, headers: Mapping[str, str], body: bytes, limit: _Limit
    ) -> Answer:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        line.socket.settimeout(max(0.01, limit.deadline - time.monotonic()))
        with suppress(BrokenPipeError, ConnectionResetError):  # it may answer without having read all: "413"
            line.connection.request("POST", target, body, {"Host": parts.netloc, **headers})
        response = line.connection.getresponse()
        content = response.read(ANSWER_LIMIT)
        is_whole = response.isclosed() or not response.read(1)
        if response.length and is_whole:  # it promised more than it sent
            raise HTTPException
        if limit.late.is_set():
            raise TimeoutError
        self._keep(line, response, is_whole=is_whole)
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, content)

    def _kept(self, origin: tuple[str, str, int]) -> Line | None:
        while True:
            with self._lock:
                line = self._idle[origin].pop() if self._idle[origin] else None
                if not self._idle[origin]:
                    del self._idle[origin]
            if line is None or line.is_good:
                return line
            line.connection.close()

    def _keep(self, line: Line, response: HTTPResponse, *, is_whole: bool) -> None:
        line.used_at, line.served = time.monotonic(), line.served + 1
        if is_whole and not response.will_close:
            with self._lock:
                if len(self._idle[line.origin]) < MOST_KEPT:
                    self._idle[line.origin].append(line)
                    return
        line.connection.close()

    @contextmanager
    def _limited(self, deadline: float) -> Iterator[_Limit]:
        limit = _Limit(deadline)
        with self._lock:
            self._by_id[id(limit)] = limit
            if self._guard is None:
                self._guard = threading.Thread(target=self._watch, name="relay-guard", daemon=True)
                self._guard.start()
        try:
            yield limit
        finally:
            with self._lock:
                del self._by_id[id(limit)]

    def _watch(self) -> None:
        """Cut off what is late, and drop what lay idle for too long, until there is neither."""
        while True:
            time.sleep(STEP)
            with self._lock:
                at = time.monotonic()
                late = [limit for limit in self._by_id.values() if limit.deadline <= at]
                stale = self._take_stale(at)
                if not self._by_id and not self._idle:
                    self._guard = None
                    return
            for limit in late:
                for held in limit.sockets:
                    outbound.cut([held], limit.late)
            for line in stale:
                line.connection.close()

    def _take_stale(self, at: float) -> list[Line]:
        stale = []
        for origin, lines in [*self._idle.items()]:
            old = [line for line in lines if at - line.used_at > KEPT_FOR]
            stale += old
            self._idle[origin] = [line for line in lines if line not in old]
            if not self._idle[origin]:
                del self._idle[origin]
        return stale


def _connect(origin: tuple[str, str, int], limit: _Limit, allow_loopback: bool) -> Line:
    scheme, host, port = origin
    left = max(0.01, limit.deadline - time.monotonic())
    address = outbound.one_public(outbound.addresses_of(host, port, deadline=left), allow_loopback)
    plain = socket.create_connection((address, port), timeout=max(0.01, limit.deadline - time.monotonic()))
    limit.sockets.append(plain)
    # What is ready goes out: the body would wait until the headers are acknowledged.
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection = HTTPConnection(host, port)
    if scheme != "https":
        connection.sock = plain
        return Line(origin, connection, plain)
    secure = outbound.tls().wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
    limit.sockets.append(secure)
    try:
        secure.do_handshake()
    except BaseException:
        secure.close()
        raise
    connection.sock = secure
    return Line(origin, connection, secure)
