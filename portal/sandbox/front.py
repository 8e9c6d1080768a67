"""The front door of both applications: logs every call to the vendor's side and lets faults strike it."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable
from http import HTTPStatus
from threading import Event
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException
from werkzeug.test import run_wsgi_app
from werkzeug.wsgi import get_input_stream

from portal.sandbox.core import Core
from portal.sandbox.faults import Answer, perform
from portal.sandbox.request_log import LoggedRequest, readable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LARGEST_BODY = 10 * 1024 * 1024
_OWN = ("/_control/", "/_page/", "/static/", "/mailbox", "/phone")


def is_own(path: str) -> bool:
    """Whether a path is the sandbox's own (control, mailbox, phone): never logged, never faulty."""
    return path in ("/", "/favicon.ico") or path.startswith(_OWN)


class Front:
    def __init__(self, app: WSGIApplication, core: Core) -> None:
        self._app = app
        self._core = core

    def now(self) -> float:
        """Unix seconds on the sandbox's clock."""
        return self._core.now()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if is_own(path):
            return self._app(environ, start_response)
        try:
            body = _take_body(environ)
        except HTTPException as refusal:
            return refusal(environ, start_response)
        method = environ["REQUEST_METHOD"]
        row = self._core.log.begin(self._core.now(), method, path, environ["QUERY_STRING"], body)
        began = time.monotonic()
        released = self._core.faults.released  # before the fault is taken: it may be cleared at any moment
        try:
            answer = self._answer(environ, row, body, released)
        finally:
            row.milliseconds = round((time.monotonic() - began) * 1000)
        start_response(f"{answer.status} {_phrase(answer.status)}", answer.headers)
        return answer.pieces(released)

    def _answer(self, environ: WSGIEnvironment, row: LoggedRequest, body: bytes, released: Event) -> Answer:
        fault = self._core.faults.take(row.method, row.path, body)
        if fault is None:
            answer = self._run(environ, row)
        else:
            row.fault = fault.kind
            answer = perform(fault, lambda: self._run(environ, row), environ["werkzeug.socket"], released)
        row.status, row.answer = answer.status, readable(answer.body)
        return answer

    def _run(self, environ: WSGIEnvironment, row: LoggedRequest) -> Answer:
        body, status, headers = run_wsgi_app(self._app, environ, buffered=True)
        row.inner_status = int(status.split()[0])
        return Answer(row.inner_status, list(headers), b"".join(body))


def _take_body(environ: WSGIEnvironment) -> bytes:
    """Read the whole body and leave it to be read again."""
    body = get_input_stream(environ, max_content_length=_LARGEST_BODY).read()
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ.pop("wsgi.input_terminated", None)
    return body


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Unknown"
