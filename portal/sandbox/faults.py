"""Faults on request: what a network, a proxy or a bad day at Connexease can do to a call.

``timeout_before`` and ``reset_before`` strike before anything happened; ``timeout_after``, ``reset_after``,
``truncated``, ``slow`` and ``empty`` strike when the change was made. ``status``, ``html`` and ``gateway``
answer instead of Connexease, or after it when ``after`` is set.
"""

from __future__ import annotations

import json
import re
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from portal.sandbox.api.gateway_errors import gateway_error

Kind = Literal[
    "timeout_before",
    "timeout_after",
    "reset_before",
    "reset_after",
    "status",
    "html",
    "gateway",
    "truncated",
    "slow",
    "empty",
]
KINDS: tuple[str, ...] = Kind.__args__  # type: ignore[attr-defined]  # the one list of kinds

_HTML = """<!DOCTYPE html>
<html><head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body></html>
"""
_DRIPS = 50


class InvalidFaultError(ValueError):
    """A fault that says something the sandbox does not understand."""


class DroppedError(ConnectionError):
    """The client gets no answer, on purpose."""


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    pause: float = 0.0
    """Seconds between the pieces when the body is to drip."""

    def pieces(self, stopped: threading.Event) -> Iterator[bytes]:
        if not self.pause:
            yield self.body
            return
        size = max(1, -(-len(self.body) // _DRIPS))
        for start in range(0, len(self.body), size):
            stopped.wait(self.pause)
            yield self.body[start : start + size]

    def with_body(self, body: bytes, declared: int | None = None) -> Answer:
        """The same answer around another body; ``declared`` is the Content-Length when that should lie."""
        kept = [(name, value) for name, value in self.headers if name.lower() != "content-length"]
        length = len(body) if declared is None else declared
        return Answer(self.status, [*kept, ("Content-Length", str(length))], body)


@dataclass
class Fault:
    kind: Kind
    method: str = "*"
    path: str = ""
    """A regular expression searched for in the path; empty fits every path."""
    text: str = ""
    """A text that the call's body has to hold; empty fits every body."""
    times: int | None = 1
    """How many calls it strikes; None means until it is cleared."""
    skip: int = 0
    """How many fitting calls pass unharmed first."""
    after: bool = False
    seconds: float = 60.0
    """How long a time-out holds the connection at most, or a slow answer takes altogether."""
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    """Text is sent as it is, anything else as JSON."""
    length: Literal["whole", "cut"] = "whole"
    """Whether a truncated answer declares the length of the whole body or that of what is left."""
    code: str = "RATE_001"
    params: dict[str, str] | None = None
    """Of a gateway fault: the vendor's error code and the ``params`` of the error."""
    number: int = 0
    struck: int = 0

    def __post_init__(self) -> None:
        try:
            self._pattern = re.compile(self.path)
        except re.error as error:
            raise InvalidFaultError(f"path: not a regular expression ({error})") from error

    def fits(self, method: str, path: str, body: bytes) -> bool:
        is_meant = self.method.upper() in ("*", "", method) and self.text.encode() in body
        return is_meant and bool(self._pattern.search(path))


_ADAPTER = TypeAdapter(Fault)


def parse_fault(fields: dict[str, Any]) -> Fault:
    """A fault from JSON; raises InvalidFaultError naming what is wrong."""
    unknown = sorted(set(fields) - set(Fault.__dataclass_fields__))
    if unknown:
        raise InvalidFaultError(f"A fault has no {', '.join(unknown)}.")
    try:
        return _ADAPTER.validate_python(fields)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidFaultError(f"{'.'.join(map(str, first['loc'])) or 'fault'}: {first['msg']}") from None


class Faults:
    """The faults that wait for a call; each call meets at most one, the oldest that fits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self._last_number = 0
        self.released = threading.Event()
        """Set when held and dripping calls must end: at a reset, and when faults are cleared."""

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            self._last_number += 1
            fault.number = self._last_number
            self._waiting.append(fault)
            return fault

    def take(self, method: str, path: str, body: bytes) -> Fault | None:
        with self._lock:
            for fault in self._waiting:
                if not fault.fits(method, path, body):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                self._use(fault)
                return fault
            return None

    def _use(self, fault: Fault) -> None:
        fault.struck += 1
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times <= 0:
            self._waiting.remove(fault)

    def remove(self, number: int) -> bool:
        with self._lock:
            kept = [fault for fault in self._waiting if fault.number != number]
            found = len(kept) < len(self._waiting)
            self._waiting = kept
            return found

    def clear(self) -> None:
        """Forget all faults and let the calls go that are held by one."""
        with self._lock:
            self._waiting.clear()
            self.released.set()
            self.released = threading.Event()

    def rows(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._waiting]


def hold(connection: socket.socket, seconds: float, released: threading.Event) -> None:
    """Return when the client has left, after ``seconds``, or when the fault is cleared."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not released.is_set():
        if poll.poll(50):
            if not connection.recv(1, socket.MSG_PEEK):
                return
            released.wait(0.05)


def reset(connection: socket.socket) -> None:
    """Close with a TCP reset instead of an orderly end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.close(connection.detach())


def perform(
    fault: Fault, run: Callable[[], Answer], connection: socket.socket, released: threading.Event
) -> Answer:
    """What the client gets under this fault; raises DroppedError when that is nothing."""
    if fault.kind in ("timeout_before", "timeout_after", "reset_before", "reset_after"):
        if fault.kind.endswith("_after"):
            run()
        _drop(fault, connection, released)
    if fault.kind in ("status", "html", "gateway"):
        if fault.after:
            run()
        return _invented(fault)
    return _spoiled(fault, run())


def _drop(fault: Fault, connection: socket.socket, released: threading.Event) -> None:
    if fault.kind.startswith("timeout"):
        hold(connection, fault.seconds, released)
    else:
        reset(connection)
    raise DroppedError(fault.kind)


def _spoiled(fault: Fault, answer: Answer) -> Answer:
    if fault.kind == "slow":
        answer.pause = fault.seconds / min(_DRIPS, max(1, len(answer.body)))
        return answer
    if fault.kind == "empty":
        answer.status = fault.status or answer.status
        return answer.with_body(b"")
    left = answer.body[: len(answer.body) // 2]
    return answer.with_body(left, len(answer.body) if fault.length == "whole" else None)


def _invented(fault: Fault) -> Answer:
    if fault.kind == "gateway":
        status, content = gateway_error(fault.code, fault.params)
        return _answer(fault.status or status, content, fault.headers)
    if fault.kind == "html":
        page = _HTML if fault.body is None else fault.body
        return _answer(fault.status or 502, page, {"Content-Type": "text/html", **fault.headers})
    status = fault.status or 500
    content = {"detail": HTTPStatus(status).phrase + "."} if fault.body is None else fault.body
    return _answer(status, content, fault.headers)


def _answer(status: int, content: Any, headers: dict[str, str]) -> Answer:
    is_text = isinstance(content, str)
    body = content.encode() if is_text else json.dumps(content).encode()
    defaults = {
        "Content-Type": "text/plain" if is_text else "application/json",
        "Content-Length": str(len(body)),
    }
    return Answer(status, list({**defaults, **headers}.items()), body)
