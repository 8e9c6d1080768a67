"""The receivers as a WSGI application of their own, in front of Flask: no log-in, no cookie, no template.

What is answered with 200 is on disk and survives a power cut.
"""

import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from flask import Flask

from portal.db.group_commit import GroupCommit, Waiting
from portal.events.receiving import unpacking
from portal.events.receiving.addresses import Addresses, Kind
from portal.events.receiving.storing import Received, store
from portal.extensions import db
from portal.models import now
from portal.webhooks.portal_webhooks import SECRET_HEADER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BODY_LIMIT = 5 * 1024 * 1024
"""Bytes, packed and unpacked. Some events carry a whole conversation; the gateway's go up to three megabytes. A
larger body is refused before it is read: the vendor would repeat it in vain."""

_PATH = re.compile(r"/hooks/(connexease|gateway)/(.+?)/?")
_SECRET = "HTTP_" + SECRET_HEADER.upper().replace("-", "_")

log = logging.getLogger(__name__)


class Receiver:
    """Answers what is posted below `/hooks/`; everything else goes to the portal."""

    def __init__(self, app: Flask, portal: "WSGIApplication") -> None:
        with app.app_context():
            self._engine = db.engine
        self._portal = portal
        self._addresses = Addresses(self._engine)
        self._events = GroupCommit[Received](lambda events: store(self._engine, events))

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        place = _PATH.fullmatch(_text(environ["PATH_INFO"]))
        if place is None:
            return self._portal(environ, start_response)
        taken = self._take_in(Kind(place[1]), place[2], environ)
        if isinstance(taken, Refusal):
            return _say(start_response, taken.status, taken.words)
        return self._stored(self._events.enlist(taken), start_response)

    def _take_in(self, kind: Kind, key: str, environ: "WSGIEnvironment") -> "Received | Refusal":
        """Whatever the body is, it is kept: only a wrong secret or a huge body is refused."""
        if environ["REQUEST_METHOD"] != "POST":
            return Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "deliver with POST")
        owner = self._addresses.owner(kind, key, _secret(kind, environ))
        if owner is None:
            return Refusal(HTTPStatus.UNAUTHORIZED, "unknown address or wrong secret")
        try:
            taken = unpacking.unpack(_body(environ), environ.get("HTTP_CONTENT_ENCODING", ""), BODY_LIMIT)
        except unpacking.TooLargeError:
            return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too large")
        except _CutOffError:
            return Refusal(HTTPStatus.BAD_REQUEST, "the body is not whole")
        return Received(owner.webhook_id, owner.account_id, now(), taken.body, taken.problem)

    def _stored(self, waiting: Waiting[Received], start_response: "StartResponse") -> Iterator[bytes]:
        """The answer, which waits for the commit when it is asked for: so requests that are handled together,
        see `portal.web.serving.gunicorn_groups`, share one."""
        try:
            self._events.commit(waiting)
        except Exception:
            log.exception("an event could not be stored")
            yield from _say(start_response, HTTPStatus.SERVICE_UNAVAILABLE, "not stored: deliver it again")
        else:
            yield from _say(start_response, HTTPStatus.OK, "stored")


class Refusal(NamedTuple):
    """Why a request is not taken."""

    status: HTTPStatus
    words: str


def _say(start_response: "StartResponse", status: HTTPStatus, said: str) -> Iterable[bytes]:
    body = json.dumps({"status": said}).encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **_HEADERS}
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = "POST"
    start_response(f"{status.value} {status.phrase}", list(headers.items()))
    return [body]


class _CutOffError(Exception):
    """The sender ended before its body did."""


_HEADERS: Mapping[str, str] = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def _text(path: str) -> str:
    """A path as it was written: WSGI hands it over as Latin-1."""
    return path.encode("latin-1").decode("utf-8", "replace")


def _secret(kind: Kind, environ: "WSGIEnvironment") -> str:
    """What the sender proves itself by: the portal's own header, or the secret of the gateway's dashboard."""
    if kind == Kind.CONNEXEASE:
        return str(environ.get(_SECRET, ""))
    scheme, _, secret = str(environ.get("HTTP_AUTHORIZATION", "")).strip().partition(" ")
    return secret.strip() if scheme.casefold() == "bearer" else ""


def _body(environ: "WSGIEnvironment") -> bytes:
    stream, declared = environ["wsgi.input"], environ.get("CONTENT_LENGTH") or ""
    if not declared.isdecimal():  # it is sent in pieces, and ends by itself
        body: bytes = stream.read(BODY_LIMIT + 1) if environ.get("wsgi.input_terminated") else b""
        if len(body) > BODY_LIMIT:
            raise unpacking.TooLargeError
        return body
    length = int(declared)
    if length > BODY_LIMIT:
        raise unpacking.TooLargeError
    body = stream.read(length)
    if len(body) < length:
        raise _CutOffError
    return body
