"""One exchange over a socket: how long it may take, and whether anything of the request has left us.

urllib3's time-outs hold for a single read of the socket, so a server that sends a byte now and then could
keep us for ever; and its exceptions do not say reliably whether a request was sent (a stalled TLS handshake
is a "read time-out"). Both matter here, and both are known where the socket is used.
"""

import contextvars
import http.client
import io
import socket
import time
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

USER_AGENT = "connexease-reseller-portal"
_CONNECTIONS_KEPT = 64
_FRESH_FOR = 2.0
"""Seconds: far less than any server waits for the next request on a connection."""


@dataclass(slots=True)
class Exchange:
    """`deadline` is a `time.monotonic()`; `sent` turns true just before the first byte leaves.

    `on_its_own`: use no connection that was kept open. The server may close such a one just as we write to it,
    and a write that must not be repeated would be left with an unknown outcome for nothing. `is_one_of_many`
    takes one all the same where it was used a moment ago: no server closes it so soon.
    """

    deadline: float
    read_timeout: float
    on_its_own: bool
    is_one_of_many: bool = False
    sent: bool = False

    def time_left(self) -> float:
        return self.deadline - time.monotonic()


current: contextvars.ContextVar[Exchange] = contextvars.ContextVar("connexease_exchange")


class _PunctualReader(io.RawIOBase):
    """Reads a socket, giving each read no more time than the exchange has left."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, exchange: Exchange) -> None:
        self._raw, self._sock, self._exchange = raw, sock, exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._exchange.time_left()
        if left <= 0:
            raise TimeoutError("no time left for this exchange")
        self._sock.settimeout(min(left, self._exchange.read_timeout))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _PunctualResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_PunctualReader(self.fp.detach(), sock, current.get()))

    def begin(self) -> None:
        super().begin()
        # urllib3 logs the headers that it cannot parse, and a server may repeat our token in them.
        self.msg.defects.clear()
        self.msg.set_payload("")


class _Connection(HTTPConnection):
    response_class = _PunctualResponse
    used_at = 0.0

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        current.get().sent = True
        self.used_at = time.monotonic()
        super().send(data)


class _SecureConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)
        exchange = current.get()
        used_at = getattr(connection, "used_at", 0.0)
        is_fresh = exchange.is_one_of_many and time.monotonic() - used_at < _FRESH_FOR
        if exchange.on_its_own and not is_fresh:
            connection.close()  # it opens again by itself
        return connection


class _SecurePool(_Pool, HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


class Session(requests.Session):
    """A session that adds nothing of its own to a call; threads may share it.

    The environment is not trusted: `requests` lets an entry in `.netrc` replace our Authorization header, and
    a proxy variable would send the token through a host that nobody configured here. Cookies are not kept, as
    one session serves every account. Redirects are not even looked at: the token would go along, and
    `requests` would read the whole page, whatever its size.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
        adapter = _Adapter(pool_maxsize=_CONNECTIONS_KEPT)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None
