"""A customer whose events are forwarded, and destinations on this machine that behave as a test tells them."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlmodel import select

from portal.extensions import session
from portal.models import (
    Account,
    Delivery,
    Destination,
    Forward,
    ForwardAttempt,
    Person,
    PortalWebhook,
    WebhookPurpose,
)
from portal.relay import destinations, signing
from portal.relay.destinations import Wish
from portal.relay.forwarding import sending
from portal.sandbox.client import SandboxControl
from portal.webhooks import portal_webhooks
from tests.support.application.browser import Browser
from tests.support.application.portal import Portal
from tests.support.processes.serving import Quiet, serving


@dataclass
class Request:
    """What reached a destination."""

    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass
class Server:
    """A customer's server, which answers as it is told."""

    url: str = ""
    status: int | list[int] = 200
    """One for all requests, or one for each in turn; the last one stays."""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"thank you"
    resets: bool = False
    """Whether it reads a request and breaks off without an answer."""
    waits: threading.Event | None = None
    """It answers only once this is set."""
    got: list[Request] = field(default_factory=list)

    def answer(self) -> int:
        if isinstance(self.status, int):
            return self.status
        return self.status.pop(0) if len(self.status) > 1 else self.status[0]

    @property
    def bodies(self) -> list[bytes]:
        return [request.body for request in self.got]

    @property
    def ids(self) -> list[str]:
        return [request.headers["webhook-id"] for request in self.got]


def handler_of(told: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(Quiet, BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.whole_body()
            headers = {name.lower(): value for name, value in self.headers.items()}
            told.got.append(Request(headers, body, self.client_address[1]))
            if told.waits is not None:
                told.waits.wait(30)
            if told.resets:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            self.send_response(told.answer())
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        def handle(self) -> None:
            with suppress(OSError):
                super().handle()

    return Handler


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(
        built.public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem")
    return context


def behind_tls(handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext) -> type[BaseHTTPRequestHandler]:
    class Secure(handler):  # type: ignore[misc, valid-type]
        def setup(self) -> None:
            self.request.settimeout(10)
            self.plain = self.request
            self.request = context.wrap_socket(self.request, server_side=True, do_handshake_on_connect=False)
            super().setup()

        def handle(self) -> None:
            with suppress(OSError):
                self.request.do_handshake()
                super().handle()

        def finish(self) -> None:
            with suppress(OSError):
                super().finish()
            self.request.close()

    return Secure


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start a destination's server."""
    with ExitStack() as stack:

        def make(*, is_self_signed: bool = False, **told: Any) -> Server:
            server = Server(**told)
            handler = handler_of(server)
            if is_self_signed:
                handler = behind_tls(handler, self_signed(tmp_path))
            url = stack.enter_context(serving(handler)) + "/hook?key=1"
            server.url = url.replace("http://", "https://") if is_self_signed else url
            return server

        yield make


@pytest.fixture
def server(make_server) -> Server:
    return make_server()


@dataclass
class Address:
    """A receiver of the portal's, and what proves who delivers."""

    path: str
    headers: dict[str, str]


@dataclass
class Customer:
    """A logged-in owner, the account, and what is forwarded."""

    portal: Portal
    browser: Browser
    account_id: UUID
    uuid: str
    channels: dict[str, str]
    count: int = 0

    def destination(self, server: Server | str, **wish: Any) -> UUID:
        """Make a destination, as the form does."""
        url = server if isinstance(server, str) else server.url

        def make() -> UUID:
            owner = session().exec(select(Person)).first()
            account = session().get_one(Account, self.account_id)
            facts = {"name": "Orders", "url": url, "kinds": ["message.created"], "channels": [], **wish}
            return destinations.create(owner, account, Wish(**facts), f"intent {self.count_up()}").id

        return self.portal.run(make)

    def count_up(self) -> int:
        self.count += 1
        return self.count

    def receive(self, hook: str = "message.created", channel: str = "Shop", **payload: Any) -> bytes:
        """Let an event come in; its body."""
        payload.setdefault("number", self.count_up())
        event = {"hook": hook, "account": {"uuid": self.uuid, "name": "Acme Corp"}, "payload": payload}
        if channel:
            event["channel"] = {"uuid": self.channels[channel], "name": channel, "backend": "whatsapp_cloud"}
        return self.receive_raw(json.dumps(event).encode())

    def receiver(self) -> "Address":
        """Where Connexease delivers to."""
        with self.portal.app.app_context():
            mine = select(PortalWebhook).where(PortalWebhook.account_id == self.account_id)
            webhook = session().exec(mine.where(PortalWebhook.purpose == WebhookPurpose.ONBOARDING)).one()
            return Address(f"/hooks/connexease/{webhook.key}", portal_webhooks.headers(webhook))

    def receive_raw(self, body: bytes) -> bytes:
        address, client = self.receiver(), self.portal.app.test_client()
        answer = client.post(address.path, data=body, headers=address.headers)
        assert answer.status_code == 200, answer.text
        return body

    def work(self) -> None:
        """Let the worker do what is due, and write it down."""
        self.portal.work()

    def let_pass(self, **columns: Any) -> None:
        """Make every forward that waits for its next attempt due, as if the wait were over."""
        self.portal.sql(
            "UPDATE forward SET next_attempt_at = created_at, claimed_until = NULL WHERE state = 'waiting'"
        )
        self.portal.sql("UPDATE destination SET ready_at = NULL")

    @property
    def forwards(self) -> list[Forward]:
        return sorted(self.portal.rows(Forward), key=lambda row: row.id or 0)

    @property
    def attempts(self) -> list[ForwardAttempt]:
        return sorted(self.portal.rows(ForwardAttempt), key=lambda row: (row.forward_id, row.number))

    @property
    def row(self) -> Destination:
        return self.portal.one(Destination)

    def secret(self) -> str:
        def read() -> str:
            return signing.secret_of(session().exec(select(Destination)).one()).get_secret_value()

        return self.portal.run(read)

    def events(self) -> list[Delivery]:
        return self.portal.rows(Delivery)


@pytest.fixture
def customer(portal: Portal, control: SandboxControl) -> Iterator[Customer]:
    browser, account_id = portal.customer()
    uuid = control.accounts()[0]["uuid"]
    channels = {name: control.create_channel(uuid, name=name)["uuid"] for name in ("Shop", "Support")}
    assert browser.get(f"/accounts/{account_id}/channels/").status == 200
    yield Customer(portal, browser, account_id, uuid, channels)
    portal.run(sending.finish)
