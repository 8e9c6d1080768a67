"""What was asked of the sandbox and what it answered, so that a test can count calls."""

from __future__ import annotations

import re
import threading
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

_KEPT = 2000
_LONGEST_BODY = 20_000
_SECRETS = (
    (re.compile(r"(Bearer\s+)[^\s\"\\]+", re.IGNORECASE), r"\1[hidden]"),
    (re.compile(r'("key"\s*:\s*")[^"]*'), r"\1[hidden]"),
)


@dataclass
class LoggedRequest:
    number: int
    at: float
    method: str
    path: str
    query: str
    body: str
    status: int | None = None
    """What the client got; None while it waits, and when it never got an answer."""
    inner_status: int | None = None
    """What the sandbox itself answered: 201 with ``status`` None means done, but nobody was told."""
    fault: str | None = None
    answer: str = ""
    milliseconds: int | None = None
    """None until the request has ended."""


def readable(body: bytes) -> str:
    """A body as text, cut to a sensible length and without bearer tokens."""
    text = body[:_LONGEST_BODY].decode("utf-8", "replace")
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


class RequestLog:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: deque[LoggedRequest] = deque(maxlen=_KEPT)
        self._last_number = 0

    def begin(self, at: float, method: str, path: str, query: str, body: bytes) -> LoggedRequest:
        with self._lock:
            self._last_number += 1
            row = LoggedRequest(self._last_number, at, method, path, query, readable(body))
            self._rows.append(row)
            return row

    def rows(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(row) for row in self._rows]

    def clear(self) -> None:
        with self._lock:
            self._rows.clear()
            self._last_number = 0
