"""A server that says exactly what a test tells it to, byte for byte, over loopback."""

import contextlib
import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr

from portal.connexease import Connexease, Retries, Timeouts

TOKEN = "reseller-token-4f1c9a"

Step = Callable[["Peer"], None]


@dataclass
class Seen:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    port: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Peer:
    """The server's end of one exchange."""

    sock: socket.socket
    seen: Seen
    stopping: threading.Event
    keep_alive: bool

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def drip(self, data: bytes, seconds: float = 0.05) -> None:
        """Send a byte at a time until the client has had enough."""
        for byte in data:
            if self.stopping.wait(seconds):
                return
            self.send(bytes([byte]))

    def wait_for_the_client_to_leave(self) -> None:
        self.sock.settimeout(10)
        while self.sock.recv(1024):
            pass


@dataclass
class Server:
    """Answers each request with the next step of its script; every step must be used, and no more."""

    listener: socket.socket
    steps: deque[Step] = field(default_factory=deque)
    requests: list[Seen] = field(default_factory=list)
    unexpected: list[Seen] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    conversations: list[threading.Thread] = field(default_factory=list)
    keep_alive: bool = False

    @property
    def url(self) -> str:
        host, port = self.listener.getsockname()
        return f"http://{host}:{port}/"

    def script(self, *steps: Step) -> None:
        self.steps.extend(steps)

    def reply(
        self, status: int, content: Any = None, *, headers: dict[str, str] | None = None, times: int = 1
    ) -> None:
        """Script an ordinary answer: `content` is JSON, or bytes as they are."""
        self.steps.extend([answer(status, content, headers=headers)] * times)

    def serve(self) -> None:
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            conversation = threading.Thread(target=self._converse, args=(sock,), daemon=True)
            self.conversations.append(conversation)
            conversation.start()

    def _converse(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            while (seen := read_request(sock)) is not None:
                self.requests.append(seen)
                if not self.steps:
                    self.unexpected.append(seen)
                    return
                self.steps.popleft()(Peer(sock, seen, self.stopping, self.keep_alive))
                if not self.keep_alive:
                    return


def answer(status: int, content: Any = None, *, headers: dict[str, str] | None = None) -> Step:
    """A step that sends an ordinary, well-formed answer."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]

    def step(peer: Peer) -> None:
        last = [] if peer.keep_alive else ["Connection: close"]
        peer.send("\r\n".join(lines + last).encode() + b"\r\n\r\n" + body)

    return step


def read_request(sock: socket.socket) -> Seen | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        more = sock.recv(65536)
        if not more:
            return None
        body += more
    method, target, _ = first.split(" ")
    return Seen(method, target, headers, body, sock.getpeername()[1])


@pytest.fixture
def server() -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(listener)
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        yield server
        server.stopping.set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=10)
    for conversation in server.conversations:
        conversation.join(timeout=10)  # on a busy machine a client that had enough leaves before it is heard
    assert not server.unexpected, "a request came that the test did not script"
    assert not server.steps, "the script was not played to its end"


@pytest.fixture
def connect(server: Server) -> Iterator[Callable[..., Connexease]]:
    """Make an adapter whose every base URL is the scripted server, with times that even a busy machine keeps."""
    made: list[Connexease] = []

    def make(**settings: Any) -> Connexease:
        url = settings.pop("url", server.url)
        defaults: dict[str, Any] = {
            "reseller_token": SecretStr(TOKEN),
            "api_url": url,
            "account_api_url": url,
            "gateway_url": url,
            "timeouts": Timeouts(connect=2, read=2, total=4),
            "retries": Retries(times=2, first_pause=0.01, longest_wait=0.3),
        }
        made.append(Connexease(**(defaults | settings)))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def cx(connect: Callable[..., Connexease]) -> Connexease:
    return connect()
