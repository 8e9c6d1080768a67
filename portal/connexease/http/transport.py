"""One place where calls are made: time-outs, repeats, limits, the log.

urllib3's `Retry` is not used: it reads a refused answer to its end whatever its size, shortens a long
`Retry-After` instead of giving up, does not see a body that breaks off, and knows no deadline for the whole
call.
"""

import logging
import random
import re
import time
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import requests
import urllib3
from pydantic import SecretStr
from requests.auth import AuthBase

from portal.connexease.errors import BadAnswer, OutcomeUnknown, Unauthorized
from portal.connexease.http.calls import Answer, Call, Silence
from portal.connexease.http.exchange import Exchange, Session, current
from portal.connexease.http.reachability import Probe, answered

logger = logging.getLogger("portal.connexease")

BODY_LIMIT = 5 * 1024 * 1024
_CHUNK = 64 * 1024
_CREDENTIAL = re.compile(r"[!-~]+")
# InvalidHeader and its kin are ValueErrors; what the socket throws while a body is read may come unwrapped.
_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, between two reads of the socket, and for a whole call with its repeats."""

    connect: float = 3.05
    read: float = 10.0
    total: float = 20.0


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a repeatable call is repeated, and how long it waits in between (seconds).

    A server that asks for more than `longest_wait` is not waited for: the caller learns what it asked for.
    """

    times: int = 2
    first_pause: float = 0.25
    longest_wait: float = 5.0

    def pause(self, repeat: int) -> float:
        """A random pause, twice as long with each repeat, so that many clients do not come back at once."""
        return min(self.longest_wait, self.first_pause * 2.0**repeat) * random.uniform(0.5, 1.0)  # noqa: S311


class _Bearer(AuthBase):
    """The token, put on at the last moment. Given as `auth`, it also wins over a user name in a URL."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        return request


class Transport:
    """Makes calls to one base URL. Threads may share it."""

    def __init__(
        self,
        base_url: str,
        session: Session,
        *,
        timeouts: Timeouts,
        retries: Retries,
        body_limit: int = BODY_LIMIT,
    ) -> None:
        self.base_url = _checked(base_url)
        self._session = session
        self._timeouts = timeouts
        self._retries = retries
        self._body_limit = body_limit

    def url(self, *segments: object, slash: bool = True) -> str:
        """The URL of a path below the base URL, as the vendor writes them: with a slash at the end."""
        path = "/".join(quote(str(segment), safe="") for segment in segments)
        return f"{self.base_url}{path}/" if slash else f"{self.base_url}{path}"

    def call(self, call: Call) -> Answer:
        """Make the call, repeating it where that is safe; one log record.

        An answer of any status comes back. Raises `Unavailable` or `OutcomeUnknown` when there was none,
        `OutcomeUnknown` also when an earlier try may have been carried out and the last one failed, and
        `Unauthorized` without a status when the token is no token.
        """
        if not _CREDENTIAL.fullmatch(call.token.get_secret_value()):
            raise Unauthorized(call.record(), Unauthorized.malformed)
        started = time.monotonic()
        result, doubtful = self._try(call, started + self._timeouts.total)
        _log(result, started)
        if isinstance(result, Silence):
            raise OutcomeUnknown(call.record()) if doubtful else result.error()
        if doubtful and not result.is_success:
            raise OutcomeUnknown(result.record)
        return result

    def probe(self) -> Probe:
        """Whether the host answers, asked once and without any credential."""
        started = time.monotonic()
        exchange = Exchange(started + self._timeouts.read, self._timeouts.read, on_its_own=True)
        mark = current.set(exchange)
        times = (self._timeouts.connect, self._timeouts.read)
        try:
            with self._session.get(self.base_url, timeout=times, allow_redirects=False, stream=True) as response:
                return answered(response.status_code, started, response.headers.get("Date"))
        except _FAILURES as failure:
            return Probe(None, time.monotonic() - started, type(failure).__name__)
        finally:
            current.reset(mark)

    def _try(self, call: Call, deadline: float) -> tuple[Answer | Silence, bool]:
        """The last result, and whether an earlier try may have been carried out."""
        doubtful = False
        repeat = 0
        while True:
            result = self._once(call, deadline)
            pause = self._pause(result, repeat)
            if pause is None or time.monotonic() + pause >= deadline:
                return result, doubtful
            doubtful = doubtful or result.may_be_done
            repeat += 1
            time.sleep(pause)

    def _pause(self, result: Answer | Silence, repeat: int) -> float | None:
        """Seconds until the call is repeated; None if it is not."""
        if repeat >= self._retries.times or not (result.call.is_repeatable and result.is_passing):
            return None
        asked = result.retry_after
        if asked is None:
            return self._retries.pause(repeat)
        return asked if asked <= self._retries.longest_wait else None

    def _once(self, call: Call, deadline: float) -> Answer | Silence:
        is_alone = not call.is_repeatable
        exchange = Exchange(deadline, self._timeouts.read, is_alone, call.is_one_of_many)
        mark = current.set(exchange)
        try:
            with self._send(call, exchange) as response:
                body, flaw = self._body(response)
                return Answer(call, response.status_code, response.headers, body, flaw)
        except _FAILURES as failure:
            return Silence(call, exchange.sent, type(failure).__name__)
        finally:
            current.reset(mark)

    def _send(self, call: Call, exchange: Exchange) -> requests.Response:
        left = max(exchange.time_left(), 0.001)
        return self._session.request(
            call.method,
            call.url,
            params=dict(call.query),
            json=call.body,
            headers={"X-Request-Id": call.request_id},
            auth=_Bearer(call.token),
            timeout=(min(self._timeouts.connect, left), min(self._timeouts.read, left)),
            allow_redirects=False,
            stream=True,
        )

    def _body(self, response: requests.Response) -> tuple[bytes, str | None]:
        """The body, or why there is none. It is counted as unpacked: a small one may grow large."""
        body = bytearray()
        try:
            for chunk in response.iter_content(_CHUNK):
                body += chunk
                if len(body) > self._body_limit:
                    return b"", BadAnswer.too_large
        except _FAILURES:
            return b"", BadAnswer.cut_short
        return bytes(body), None


def _checked(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError("a Connexease URL is http(s)://host[:port][/path]")
    if parts.query or parts.fragment:
        raise ValueError("a Connexease URL has no query and no fragment")
    return base_url.rstrip("/") + "/"


def _log(result: Answer | Silence, started: float) -> None:
    record = result.call.record(result.status)
    duration = round((time.monotonic() - started) * 1000)
    outcome = result.cause if isinstance(result, Silence) else result.status
    logger.info(
        "%s %s: %s in %d ms, request %s",
        record.method,
        record.path,
        outcome,
        duration,
        record.request_id,
        extra={
            "request_id": record.request_id,
            "method": record.method,
            "path": record.path,
            "status": record.status,
            "duration_ms": duration,
        },
    )
