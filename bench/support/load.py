"""Sends requests over a number of connections from one process, as fast as they are answered or at a rate."""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

Request = Callable[[int], bytes]
"""Makes the request of a number, whole."""


@dataclass
class Result:
    """What came of it."""

    seconds: float = 0
    statuses: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Requests that were answered with 2xx."""
        return sum(count for status, count in self.statuses.items() if status // 100 == 2) / self.seconds

    def percentile(self, share: float) -> float:
        """Seconds within which this share of the requests was answered."""
        ordered = sorted(self.waits)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class _Connection:
    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answer, self.began, self.is_over = b"", 0.0, False

    def ask(self, request: bytes) -> None:
        self.answer, self.began = b"", time.perf_counter()
        with suppress(ConnectionError):  # reading tells
            self.socket.sendall(request)

    def read(self) -> int | None:
        """The status, once the answer is whole; `is_over` tells that the server closed the connection."""
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError:
            piece = b""
        self.is_over = not piece
        self.answer += piece
        head, end, body = self.answer.partition(b"\r\n\r\n")
        if not end:
            return None
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        return int(head.split(b" ", 2)[1]) if len(body) >= length else None


def load(url: str, request: Request, seconds: float, connections: int = 16, rate: float = 0) -> Result:
    """Send requests for a while.

    Args:
        rate: requests per second; as fast as they are answered when it is 0.
    """
    place, result, number = urlsplit(url), Result(), 0
    watch, idle = selectors.DefaultSelector(), []
    for _ in range(connections):
        connection = _Connection((place.hostname or "", place.port or 80))
        watch.register(connection.socket, selectors.EVENT_READ, connection)
        idle.append(connection)
    start = time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        while idle and (not rate or number < passed * rate):
            idle.pop().ask(request(number))
            number += 1
        for key, _events in watch.select(0.001 if rate else 0.1):
            connection = key.data
            status = connection.read()
            if connection.is_over:  # the server exchanges its processes now and then
                watch.unregister(connection.socket)
                connection = _Connection((place.hostname or "", place.port or 80))
                watch.register(connection.socket, selectors.EVENT_READ, connection)
                idle.append(connection)
            elif status is not None:
                result.statuses[status] += 1
                result.waits.append(time.perf_counter() - connection.began)
                idle.append(connection)
    result.seconds = time.perf_counter() - start
    for key in list(watch.get_map().values()):
        key.data.socket.close()
    return result
