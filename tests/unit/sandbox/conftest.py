"""One sandbox for all these tests, put back to its beginning before each of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from portal.sandbox.client import SandboxControl
from portal.sandbox.server import Sandbox
from tests.support.processes.serving import Quiet, serving

TOKEN = "reseller-secret"


@dataclass
class Reply:
    status: int
    headers: Any
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Caller:
    """Calls over HTTP; the reseller's token goes along unless ``token`` says otherwise (None: no header)."""

    def __init__(self, base: str, token: str | None = TOKEN) -> None:
        self.base = base
        self.token = token

    def get(self, path: str, **more: Any) -> Reply:
        return self.send("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Reply:
        return self.send("POST", path, body, **more)

    def patch(self, path: str, body: Any = None, **more: Any) -> Reply:
        return self.send("PATCH", path, body, **more)

    def form(self, url: str, /, **fields: str) -> Reply:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send("POST", url, urlencode(fields).encode(), headers=headers)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = "",
        headers: dict[str, str] | None = None,
        timeout: float = 5,
    ) -> Reply:
        url = path if path.startswith("http") else self.base + path
        token = self.token if token == "" else token
        sent = {"Content-Type": "application/json"} if body is not None else {}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = Request(url, data, {**sent, **(headers or {})}, method=method)
        try:
            with urlopen(request, timeout=timeout) as response:
                return Reply(response.status, response.headers, response.read().decode())
        except HTTPError as error:
            with error:
                return Reply(error.code, error.headers, error.read().decode())


@dataclass
class Arrived:
    headers: dict[str, str]
    body: Any


@dataclass
class Receiver:
    """A web server that takes deliveries and answers them with ``statuses``, then with 200."""

    url: str
    arrived: list[Arrived] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, headers: dict[str, str], body: bytes) -> int:
        with self.changed:
            self.arrived.append(Arrived(headers, json.loads(body)))
            self.changed.notify_all()
            return self.statuses.pop(0) if self.statuses else 200

    def wait_for(self, count: int, timeout: float = 5) -> list[Arrived]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.arrived) >= count, timeout), self.arrived
            return list(self.arrived)

    @property
    def hooks(self) -> list[str]:
        return [arrived.body["hook"] for arrived in self.arrived]


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    with Sandbox(reseller_token=TOKEN) as sandbox:
        yield sandbox


@pytest.fixture
def control(running: Sandbox) -> Iterator[SandboxControl]:
    control = SandboxControl(running.api_url)
    control.reset()
    control.set(retry_delay=0.02, retry_factor=1, status_gap=0)
    yield control
    control.reset()


@pytest.fixture
def sandbox(running: Sandbox, control: SandboxControl) -> Sandbox:
    return running


@pytest.fixture
def api(sandbox: Sandbox) -> Caller:
    return Caller(sandbox.api_url)


@pytest.fixture
def dialog(sandbox: Sandbox) -> Caller:
    return Caller(sandbox.dialog_url, None)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver("")

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.whole_body()
            self.send_response(receiver.take(dict(self.headers), body))
            self.send_header("Content-Length", "0")
            self.end_headers()

    with serving(Handler) as url:
        receiver.url = f"{url}/hooks/key"
        yield receiver


def account_fields(**changes: Any) -> dict[str, Any]:
    fields = {
        "name": "Acme Corp",
        "contact_email": "jane@example.com",
        "billing_email": "billing@example.com",
        "time_zone": "Europe/Istanbul",
    }
    return {name: value for name, value in {**fields, **changes}.items() if value is not ...}


@pytest.fixture
def fields() -> Callable[..., dict[str, Any]]:
    """The body of a good account call with changes; ``...`` leaves a field out."""
    return account_fields


@pytest.fixture
def account(api: Caller) -> str:
    """The UUID of one account."""
    return str(api.post("/accounts/", account_fields()).json["uuid"])


@pytest.fixture
def webhook_fields(account: str) -> Callable[..., dict[str, Any]]:
    def fields(**changes: Any) -> dict[str, Any]:
        usual = {
            "callback_url": "https://portal.example.com/hooks",
            "triggers": ["channel.created"],
            "channels": [],
            "is_active": True,
        }
        return {name: value for name, value in {**usual, **changes}.items() if value is not ...}

    return fields


@pytest.fixture
def onboard(api: Caller, account: str) -> Callable[..., str]:
    """Ask for an onboarding and return its token."""

    def ask(**more: Any) -> str:
        reply = api.post(f"/accounts/{account}/channels/onboarding/", {"type": "whatsapp", **more})
        assert reply.status == 201, reply.text
        return str(reply.json["onboarding_url"].partition("?token=")[2])

    return ask
