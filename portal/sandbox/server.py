"""The sandbox as something to start and stop: two web servers, a mail server and a courier."""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from flask import Flask, Response, request
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from portal.sandbox.api import account, gateway, reseller
from portal.sandbox.api.rest import Refusal
from portal.sandbox.control import calls, deliveries, state
from portal.sandbox.control import gateway as control_gateway
from portal.sandbox.core import Core
from portal.sandbox.delivery.courier import Courier
from portal.sandbox.front import Front
from portal.sandbox.mail import MailServer
from portal.sandbox.pages import actions, dialog, inbox, phone, views
from portal.sandbox.settings import Settings

DEFAULT_TOKEN = "sandbox-reseller-token"
_SELDOM = 5
"""Seconds between two looks of a server whether it should end: each look costs time that tests need."""

_API_MODULES = (
    reseller,
    account,
    gateway,
    calls,
    state,
    deliveries,
    control_gateway,
    views,
    actions,
    phone,
    inbox,
)

_log = logging.getLogger("portal.sandbox")


def _application(core: Core, courier: Courier) -> Flask:
    app = Flask(__name__)
    app.extensions.update(sandbox=core, sandbox_courier=courier)
    app.register_error_handler(Refusal, Refusal.response)

    @app.before_request
    def exact_paths() -> None:
        """A missing slash is 404, not a redirect: a redirect would hide the caller's mistake."""
        if isinstance(request.routing_exception, RequestRedirect):
            raise NotFound

    return app


def api_application(core: Core, courier: Courier) -> Flask:
    """Reseller API, account API, gateway, control calls, control page, mailbox, phone and a customer's server."""
    app = _application(core, courier)
    for module in _API_MODULES:
        app.register_blueprint(module.blueprint)

    @app.errorhandler(MethodNotAllowed)
    def refuse_method(error: MethodNotAllowed) -> Response | MethodNotAllowed:
        return reseller.refuse_method() if request.path.startswith("/accounts/") else error

    return app


def dialog_application(core: Core, courier: Courier) -> Flask:
    app = _application(core, courier)
    app.register_blueprint(dialog.blueprint)
    return app


class _Handler(WSGIRequestHandler):
    """Quiet, and done with a connection that was dropped on purpose."""

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        self.close_connection = True

    def date_time_string(self, _timestamp: float | None = None) -> str:
        """For the Date of every answer: what the clock says that tests may move."""
        front = cast(Front, self.server.app)
        return super().date_time_string(front.now())

    def log(self, _type: str, message: str, *args: Any) -> None:
        _log.debug(message, *args)


class Sandbox:
    """A whole local Connexease; port 0 takes any free port.

    >>> with Sandbox(reseller_token="secret") as sandbox:
    ...     sandbox.api_url, sandbox.dialog_url, sandbox.smtp_url
    """

    def __init__(  # each is named by whoever calls
        self,
        host: str = "127.0.0.1",
        api_port: int = 0,
        dialog_port: int = 0,
        smtp_port: int = 0,
        reseller_token: str = DEFAULT_TOKEN,
        page_size: int = 5,
        state_path: str | Path | None = None,
        settings: Settings | None = None,
    ) -> None:
        settings = settings or Settings(page_size=page_size)
        self.core = Core(reseller_token, settings, Path(state_path) if state_path else None)
        self._host = host
        self._ports = (api_port, dialog_port, smtp_port)
        self._courier = Courier(self.core)
        self._servers: list[BaseWSGIServer] = []
        self._threads: list[threading.Thread] = []
        self._mail: MailServer | None = None

    @property
    def api_url(self) -> str:
        return self.core.api_url

    @property
    def dialog_url(self) -> str:
        return self.core.dialog_url

    @property
    def smtp_url(self) -> str:
        return self.core.smtp_url

    def start(self) -> Self:
        """Bind the ports and serve; raises OSError when one of them is taken."""
        listeners: list[socket.socket] = []
        try:
            listeners.extend(socket.create_server((self._host, port)) for port in self._ports)
        except OSError:
            for listener in listeners:
                listener.close()
            raise
        self._name(listeners)
        self._serve(listeners)
        return self

    def stop(self) -> None:
        """End all servers; calls that a fault holds are let go."""
        self.core.faults.clear()
        for server, thread in zip(self._servers, self._threads, strict=True):
            _end(server, thread)
        self._courier.stop()
        if self._mail is not None:
            self._mail.stop()
        self._servers, self._threads, self._mail = [], [], None
        if self.core.settings.save_every:
            self.core.save()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _name(self, listeners: list[socket.socket]) -> None:
        host = "127.0.0.1" if self._host in ("", "0.0.0.0") else self._host  # noqa: S104  # compared, not bound
        api, dialog_, smtp = (listener.getsockname()[1] for listener in listeners)
        self.core.api_url = f"http://{host}:{api}"
        self.core.dialog_url = f"http://{host}:{dialog_}"
        self.core.smtp_url = f"smtp://{host}:{smtp}"

    def _serve(self, listeners: list[socket.socket]) -> None:
        api, dialog_, smtp = listeners
        for listener, application in ((api, api_application), (dialog_, dialog_application)):
            front = Front(application(self.core, self._courier), self.core)
            self._servers.append(_web_server(listener, front))
        self._threads = [
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": _SELDOM}, daemon=True)
            for server in self._servers
        ]
        self._mail = MailServer(self.core, smtp)
        self._mail.start()
        self._courier.start()
        for thread in self._threads:
            thread.start()


def _end(server: BaseWSGIServer, serving: threading.Thread) -> None:
    """End a server that looks only seldom whether it should: a connection wakes it up."""
    ending = threading.Thread(target=server.shutdown, daemon=True)
    ending.start()
    while serving.is_alive():
        with suppress(OSError):
            socket.create_connection((server.host, server.port), timeout=1).close()
        serving.join(0.05)
    ending.join()


def _web_server(listener: socket.socket, front: Front) -> BaseWSGIServer:
    host, port = listener.getsockname()[:2]
    server = make_server(host, port, front, threaded=True, request_handler=_Handler, fd=listener.fileno())
    listener.close()
    return server
