"""A server on this machine that stands where the CDN of htmx is, under the CDN's own name.

Chromium is told that the name is here and which key to trust. So a page's own tag loads htmx, held against its
integrity hash, and nothing has to step in between the browser and its requests: whoever does slows down all of
them and keeps the browser from remembering anything. No other name leads anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portal.settings import HTMX_CDN_URL
from tests.support.processes.serving import Quiet

NAME = str(urlsplit(HTMX_CDN_URL).hostname)


@contextmanager
def serving_htmx(file: Path) -> Iterator[list[str]]:
    """Serve the file for as long as it is needed; what Chromium is to be started with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pin = _load_certificate(context)
    server = _Server(("127.0.0.1", 0), partial(_Htmx, file.read_bytes()))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.5}, daemon=True)
    thread.start()
    here = f"127.0.0.1:{server.server_port}"
    try:
        yield [
            f"--host-resolver-rules=MAP {NAME}:443 {here}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            f"--ignore-certificate-errors-spki-list={pin}",
            f"--ip-address-space-overrides={here}=public",  # any page may ask a CDN, and not any this machine
        ]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    """It does not wait for browsers that keep their connections."""

    daemon_threads = True
    block_on_close = False


class _Htmx(Quiet, BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, script: bytes, *arguments: object) -> None:
        self._script = script
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        is_there = self.path == urlsplit(HTMX_CDN_URL).path
        body = self._script if is_there else b""
        self.send_response(200 if is_there else 404)
        self.send_header("Content-Type", "application/javascript")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Cache-Control", "public, max-age=31536000, immutable")
        self.end_headers()
        self.wfile.write(body)


def _load_certificate(context: ssl.SSLContext) -> str:
    """Make a certificate for the CDN's name that lasts as long as the tests; the hash of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with tempfile.NamedTemporaryFile() as file:
        file.write(certificate.public_bytes(pem) + secret)
        file.flush()
        context.load_cert_chain(file.name)
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(hashlib.sha256(public).digest()).decode()
