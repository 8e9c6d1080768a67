"""The courier: brings events to their receivers, again and again until they answer 2xx.

An attempt goes where the webhook points at that moment, with the headers it has then; a delivery whose
webhook was switched off meanwhile is given up. One receiver gets one delivery at a time, oldest first;
a delivery that failed lets later ones pass until its next attempt, as with any queue that repeats.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import http.client
import json
import secrets
import threading
import time
import zlib
from typing import NamedTuple
from urllib.parse import urlsplit

from portal.sandbox.api.fields import is_loopback
from portal.sandbox.core import Core
from portal.sandbox.settings import Settings
from portal.sandbox.state import Attempt, Delivery, State

_WORKERS = 4
_MOST_READ = 65_536
_OURS = {"content-length", "content-type", "host", "transfer-encoding", "connection"}


class Receiver(NamedTuple):
    """Where a delivery goes, and the headers that go along."""

    url: str
    headers: dict[str, str]


class Courier:
    def __init__(self, core: Core) -> None:
        self._core = core
        self._busy: set[tuple[str, str]] = set()
        self._stopping = False
        self._signing_key = secrets.token_bytes(32)
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._work, name=f"sandbox-courier-{number}", daemon=True)
            for number in range(_WORKERS)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the attempts under way, which takes at most one attempt's time-out."""
        with self._core.changed:
            self._stopping = True
            self._core.changed.notify_all()
        for thread in self._threads:
            thread.join()

    def settle(self, timeout: float) -> bool:
        """Wait until nothing is due and nothing is under way; False when that took too long."""
        with self._core.changed:
            return self._core.changed.wait_for(lambda: not self._busy and self._next_due() is None, timeout)

    def _work(self) -> None:
        while (delivery := self._claim()) is not None:
            self._attempt(delivery)

    def _claim(self) -> Delivery | None:
        """The next due delivery, waiting for one; None when the courier stops."""
        with self._core.changed:
            while not self._stopping:
                delivery = self._next_due()
                if delivery is not None:
                    self._busy.add(_lane(delivery))
                    return delivery
                self._core.changed.wait(self._until_next())
            return None

    def _next_due(self) -> Delivery | None:
        now = self._core.now()
        for delivery in self._core.state.deliveries:
            if delivery.status == "pending" and delivery.next_at <= now and _lane(delivery) not in self._busy:
                return delivery
        return None

    def _until_next(self) -> float | None:
        now = self._core.now()
        waits = [
            delivery.next_at - now
            for delivery in self._core.state.deliveries
            if delivery.status == "pending" and _lane(delivery) not in self._busy
        ]
        return max(0.001, min(waits)) if waits else None

    def _attempt(self, delivery: Delivery) -> None:
        with self._core.reading():
            receiver = receiver_of(self._core.state, delivery)
            settings = self._core.settings
        attempt = None
        if receiver is not None:
            attempt = Attempt(self._core.now(), receiver.url, 0)
            began = time.monotonic()
            try:
                attempt.status = self._post(receiver, delivery.body, settings)
            except Exception as error:  # whatever a receiver does, the courier must live on
                attempt.error = f"{type(error).__name__}: {error}"
            attempt.milliseconds = round((time.monotonic() - began) * 1000)
        self._record(delivery, attempt)

    def _post(self, receiver: Receiver, content: object, settings: Settings) -> int:
        parts = urlsplit(receiver.url)
        host = parts.hostname or ""
        if not settings.deliver_outside and not is_loopback(host):
            raise ValueError(f"{host} is not this machine; the setting deliver_outside would allow it")
        body = _packed(json.dumps(content).encode(), settings.content_encoding)
        make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = make(host, parts.port, timeout=settings.attempt_timeout)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers = self._headers(receiver, body)
            if settings.content_encoding:
                headers["Content-Encoding"] = settings.content_encoding
            connection.request("POST", target, body, headers)
            with connection.getresponse() as response:
                response.read(_MOST_READ)
                return response.status
        finally:
            connection.close()

    def _headers(self, receiver: Receiver, body: bytes) -> dict[str, str]:
        sign = hmac.new(self._signing_key, body, hashlib.sha256).digest()
        custom = {name: value for name, value in receiver.headers.items() if name.lower() not in _OURS}
        return {
            "User-Agent": "Connexease-Sandbox",
            "X-Connexease-Webhook-Sign": base64.b64encode(sign).decode(),
            **custom,
            "Content-Type": "application/json",
        }

    def _record(self, delivery: Delivery, attempt: Attempt | None) -> None:
        with self._core.changing():
            self._busy.discard(_lane(delivery))
            if attempt is None:
                delivery.status = "given_up"
                return
            delivery.attempts.append(attempt)
            if attempt.status is not None and 200 <= attempt.status < 300:
                delivery.status = "delivered"
            elif len(delivery.attempts) >= self._core.settings.max_attempts:
                delivery.status = "given_up"
            else:
                delivery.next_at = self._core.now() + self._delay(len(delivery.attempts))

    def _delay(self, attempts: int) -> float:
        settings = self._core.settings
        return min(settings.retry_max_delay, settings.retry_delay * settings.retry_factor ** (attempts - 1))


def receiver_of(state: State, delivery: Delivery) -> Receiver | None:
    """Where a delivery goes now; none where nobody takes it any more."""
    if delivery.kind == "gateway":
        callback = state.callbacks.get(delivery.target)
        return Receiver(callback.url, {"Authorization": f"Bearer {callback.secret}"}) if callback else None
    webhook = state.webhooks.get(delivery.target)
    if webhook is None or not webhook.is_active:
        return None
    return Receiver(webhook.callback_url, webhook.headers or {})


def _packed(body: bytes, encoding: str) -> bytes:
    if encoding == "gzip":
        return gzip.compress(body)
    return zlib.compress(body) if encoding == "deflate" else body


def _lane(delivery: Delivery) -> tuple[str, str]:
    return delivery.kind, delivery.target
