"""Trouble before TLS stands: nothing of the request has left us, so even a write was certainly not done."""

import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.connexease import Timeouts, errors, schemas

NEW_ACCOUNT = schemas.NewAccount(name="A", contact_email="a@a.test", billing_email="a@a.test", time_zone="UTC")


@pytest.fixture
def self_signed(tmp_path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def listen() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """Treat every connection with a function, in the background; gives an https URL to it."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(treat: Callable[[socket.socket], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            while True:
                try:
                    sock, _ = listener.accept()
                except OSError:
                    return
                with sock:
                    try:
                        treat(sock)
                    except OSError:
                        continue

        threads.append(threading.Thread(target=serve, daemon=True))
        threads[-1].start()
        return f"https://localhost:{listener.getsockname()[1]}/"

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join(timeout=10)


def speak_plainly(sock: socket.socket) -> None:
    sock.recv(1024)
    sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def never_answer(sock: socket.socket) -> None:
    sock.settimeout(10)
    while sock.recv(1024):
        pass


@pytest.mark.parametrize("treat", [speak_plainly, never_answer], ids=lambda treat: treat.__name__)
def test_a_failed_handshake_means_that_nothing_was_sent(connect, listen, treat):
    cx = connect(url=listen(treat), timeouts=Timeouts(connect=1, read=1, total=5))
    with pytest.raises(errors.ConnexeaseError) as caught:
        cx.reseller.create_account(NEW_ACCOUNT)
    assert type(caught.value) is errors.Unavailable


def test_a_certificate_that_nobody_vouches_for(connect, listen, self_signed):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed)
    received: list[bytes] = []

    def treat(sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) as secure:
            received.append(secure.recv(1024))

    cx = connect(url=listen(treat))
    with pytest.raises(errors.ConnexeaseError) as caught:
        cx.reseller.create_account(NEW_ACCOUNT)
    assert type(caught.value) is errors.Unavailable
    assert not any(received), "the token must not reach a server that could be anybody"


def test_a_trusted_server_is_read_and_its_time_limited(connect, listen, self_signed):
    """Through TLS the deadline holds as well."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed)
    stop = threading.Event()

    def treat(sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) as secure:
            secure.recv(4096)
            secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
            while not stop.wait(0.05):
                secure.sendall(b"[")

    cx = connect(url=listen(treat), timeouts=Timeouts(connect=3, read=3, total=3))
    cx._session.verify = str(self_signed)
    with pytest.raises(errors.ConnexeaseError) as caught:
        cx.reseller.create_account(NEW_ACCOUNT)
    stop.set()
    assert type(caught.value) is errors.OutcomeUnknown
    assert caught.value.status == 200
